#include "dq_window.h"

#include <stdlib.h>

#define CAPACITY_MIN 64

static void put(struct dq_window *w, uint64_t n, uint64_t name)
{
	w->slot[n & (w->capacity - 1)] = name;
}

bool dq_window_reserve(struct dq_window *w, size_t more)
{
	size_t used = dq_window_count(w);
	if (!dq_tally_reserve(&w->tally, more))
		return false;
	if (more <= w->capacity - used)
		return true;
	if (more > SIZE_MAX / 32 - used)
		return false;
	size_t capacity = w->capacity ? w->capacity : CAPACITY_MIN;
	while (capacity - used < more)
		capacity *= 2;
	uint64_t *slot = malloc(capacity * sizeof(*slot));
	if (!slot)
		return false;
	for (uint64_t n = w->head; n != w->tail; n++)
		slot[n & (capacity - 1)] = dq_window_get(w, n);
	free(w->slot);
	w->slot = slot;
	w->capacity = capacity;
	return true;
}

void dq_window_push(struct dq_window *w, uint64_t name)
{
	put(w, w->tail++, name);
	dq_tally_add(&w->tally, name);
}

/* Names ascend from the head, so distance from the first one is the key. */
static bool find(const struct dq_window *w, uint64_t name, uint64_t *at)
{
	uint64_t base = dq_window_get(w, w->head), key = dq_name_after(base, name);
	uint64_t low = w->head, high = w->tail;
	while (low < high) {
		uint64_t mid = low + (high - low) / 2;
		if (dq_name_after(base, dq_window_get(w, mid)) < key)
			low = mid + 1;
		else
			high = mid;
	}
	*at = low;
	return low != w->tail && dq_name_after(base, dq_window_get(w, low)) == key;
}

bool dq_window_release(struct dq_window *w, uint64_t name)
{
	uint64_t n = w->hint;
	if (w->head == w->tail)
		return false;
	if ((n < w->head || n >= w->tail || dq_window_get(w, n) != name) && !find(w, name, &n))
		return false;
	if (dq_window_get(w, n) != name)
		return false; /* released before, or not one of our names */
	put(w, n, name & ~DQ_LIVE);
	dq_tally_release(&w->tally, name);
	w->hint = n + 1;
	return true;
}

void dq_window_trim(struct dq_window *w)
{
	while (w->head != w->tail && !(dq_window_get(w, w->head) & DQ_LIVE))
		w->head++;
}

bool dq_window_lowest(struct dq_window *w, uint64_t *lowest, struct dq_tally_file *file)
{
	const struct dq_tally_file *f = dq_tally_first(&w->tally);
	if (!f)
		return false;
	*lowest = dq_window_get(w, w->head);
	*file = *f;
	return true;
}

void dq_window_clear(struct dq_window *w)
{
	free(w->slot);
	dq_tally_clear(&w->tally);
	*w = (struct dq_window){ .slot = NULL };
}
