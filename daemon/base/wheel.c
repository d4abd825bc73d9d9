/* A hierarchical timing wheel.
 *
 * Invariants
 * 1. A timer in level l stands in slot (expiry >> 8l) & 255, where expiry is its deadline in ticks, rounded up.
 * 2. Every timer in level 0 has tick < expiry < tick + 256 between calls (during an advance also expiry == tick).
 * 3. A slot of level l > 0 is emptied into lower levels when the tick reaches the slot's first tick, before that tick's
 *    own timers fire.
 */
#include "wheel.h"

#include <stddef.h>
#include <string.h>

#define MASK (PLUQ__WHEEL_SLOTS - 1)
#define WORDS (PLUQ__WHEEL_SLOTS / 64)

static void list_init(struct pluq__timer *head)
{
	head->next = head->prev = head;
}

static void list_append(struct pluq__timer *head, struct pluq__timer *t)
{
	t->prev = head->prev;
	t->next = head;
	head->prev->next = t;
	head->prev = t;
}

/* Moves everything in `from` to the end of `to`, which is empty. */
static void list_take(struct pluq__timer *to, struct pluq__timer *from)
{
	if (from->next == from) {
		list_init(to);
		return;
	}
	to->next = from->next;
	to->prev = from->prev;
	to->next->prev = to;
	to->prev->next = to;
	list_init(from);
}

static int64_t expiry_of(const struct pluq__timer *t)
{
	int64_t at = t->at_ns;

	if (at > INT64_MAX - PLUQ__TICK_NS)
		at = INT64_MAX - PLUQ__TICK_NS;
	return (at + PLUQ__TICK_NS - 1) >> PLUQ__TICK_SHIFT;
}

static void mark(struct pluq__wheel *w, int level, int slot)
{
	w->used[level][slot / 64] |= UINT64_C(1) << (slot % 64);
}

/* earliest: the first tick that may still fire. */
static void insert(struct pluq__wheel *w, struct pluq__timer *t, int64_t earliest)
{
	int64_t expiry = expiry_of(t), delta;
	int level = 0, slot;

	if (expiry < earliest)
		expiry = earliest;
	delta = expiry - w->tick;
	while (level < PLUQ__WHEEL_LEVELS - 1 && delta >> ((level + 1) * PLUQ__WHEEL_BITS))
		level++;
	if (delta >> ((level + 1) * PLUQ__WHEEL_BITS)) /* beyond the last level: as late as it goes, then again */
		expiry = w->tick + (INT64_C(1) << (PLUQ__WHEEL_LEVELS * PLUQ__WHEEL_BITS)) - 1;
	slot = (expiry >> (level * PLUQ__WHEEL_BITS)) & MASK;
	list_append(&w->slot[level][slot], t);
	mark(w, level, slot);
}

void pluq__wheel_init(struct pluq__wheel *w, int64_t now_ns)
{
	memset(w, 0, sizeof(*w));
	w->tick = now_ns >> PLUQ__TICK_SHIFT;
	for (int l = 0; l < PLUQ__WHEEL_LEVELS; l++)
		for (int s = 0; s < PLUQ__WHEEL_SLOTS; s++)
			list_init(&w->slot[l][s]);
}

void pluq__wheel_set(struct pluq__wheel *w, struct pluq__timer *t, int64_t at_ns)
{
	pluq__wheel_clear(w, t);
	t->at_ns = at_ns;
	insert(w, t, w->tick + 1);
	w->count++;
}

void pluq__wheel_clear(struct pluq__wheel *w, struct pluq__timer *t)
{
	if (!t->next)
		return;
	/* The slot's bit stays: a scan that finds the slot empty clears it. */
	t->prev->next = t->next;
	t->next->prev = t->prev;
	t->next = t->prev = NULL;
	w->count--;
}

static bool slot_used(struct pluq__wheel *w, int level, int slot)
{
	const struct pluq__timer *head = &w->slot[level][slot];

	if (head->next != head)
		return true;
	w->used[level][slot / 64] &= ~(UINT64_C(1) << (slot % 64));
	return false;
}

/* Smallest n in 1..limit with slot (from + n) in use, or 0. */
static int next_used(struct pluq__wheel *w, int level, int from, int limit)
{
	for (int n = 1; n <= limit;) {
		int slot = (from + n) & MASK;
		uint64_t word = w->used[level][slot / 64] >> (slot % 64);

		if (!word) {
			n += 64 - slot % 64;
			continue;
		}
		n += __builtin_ctzll(word);
		if (n <= limit && slot_used(w, level, (from + n) & MASK))
			return n;
		n++;
	}
	return 0;
}

static void cascade(struct pluq__wheel *w)
{
	for (int l = 1; l < PLUQ__WHEEL_LEVELS; l++) {
		int slot = (w->tick >> (l * PLUQ__WHEEL_BITS)) & MASK;
		struct pluq__timer due;

		list_take(&due, &w->slot[l][slot]);
		while (due.next != &due) {
			struct pluq__timer *t = due.next;

			due.next = t->next;
			t->next->prev = &due;
			insert(w, t, w->tick);
		}
		if (slot)
			break;
	}
}

static void fire(struct pluq__wheel *w)
{
	struct pluq__timer due;

	/* A list of its own, so that callbacks may set and clear any timer, the due ones included. */
	list_take(&due, &w->slot[0][w->tick & MASK]);
	while (due.next != &due) {
		struct pluq__timer *t = due.next;

		pluq__wheel_clear(w, t);
		t->fn(t);
	}
}

void pluq__wheel_advance(struct pluq__wheel *w, int64_t now_ns)
{
	int64_t target = now_ns >> PLUQ__TICK_SHIFT;

	while (w->tick < target) {
		int at = w->tick & MASK, step;

		if (!w->count) {
			w->tick = target;
			return;
		}
		step = next_used(w, 0, at, MASK - at); /* within this turn of level 0 */
		if (!step)
			step = PLUQ__WHEEL_SLOTS - at;
		if (step > target - w->tick) {
			w->tick = target;
			return;
		}
		w->tick += step;
		if (!(w->tick & MASK))
			cascade(w);
		fire(w);
	}
}

int64_t pluq__wheel_next(struct pluq__wheel *w)
{
	int64_t best = INT64_MAX;

	if (!w->count)
		return INT64_MAX;
	for (int l = 0; l < PLUQ__WHEEL_LEVELS; l++) {
		int shift = l * PLUQ__WHEEL_BITS;
		int64_t at = w->tick >> shift;
		int n = next_used(w, l, at & MASK, PLUQ__WHEEL_SLOTS);

		if (n && ((at + n) << shift) < best)
			best = (at + n) << shift;
	}
	return best == INT64_MAX ? best : best << PLUQ__TICK_SHIFT;
}
