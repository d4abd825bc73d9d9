#include "set.h"

#include <stdlib.h>

#define CAPACITY_LEAST 4

/* The slot of the item that `is` key, or the free one where it would go. There is always a free one. */
static uint32_t slot_of(const struct set *s, const struct set_kind *kind, uint32_t hash, const void *key)
{
	uint32_t mask = s->capacity - 1, at = hash & mask;

	while (s->slots[at] && (kind->hash(s->slots[at]) != hash || !kind->is(s->slots[at], key)))
		at = (at + 1) & mask;
	return at;
}

void *set_find(const struct set *s, const struct set_kind *kind, uint32_t hash, const void *key)
{
	return s->capacity ? s->slots[slot_of(s, kind, hash, key)] : NULL;
}

static void put(struct set *s, const struct set_kind *kind, void *item)
{
	uint32_t mask = s->capacity - 1, at = kind->hash(item) & mask;

	while (s->slots[at])
		at = (at + 1) & mask;
	s->slots[at] = item;
}

static bool resize(struct set *s, const struct set_kind *kind, uint32_t capacity)
{
	struct set larger = {.capacity = capacity, .count = s->count};

	larger.slots = calloc(capacity, sizeof(void *));
	if (!larger.slots)
		return false;
	for (uint32_t i = 0; i < s->capacity; i++)
		if (s->slots[i])
			put(&larger, kind, s->slots[i]);
	free(s->slots);
	*s = larger;
	return true;
}

bool set_add(struct set *s, const struct set_kind *kind, void *item)
{
	if (s->count >= s->capacity / 4 * 3) {
		if (s->capacity > UINT32_MAX / 2 || !resize(s, kind, s->capacity ? s->capacity * 2 : CAPACITY_LEAST))
			return false;
	}
	put(s, kind, item);
	s->count++;
	return true;
}

/* Closes the gap: an item further on that could not have its own slot moves up into it. */
static void close_gap(struct set *s, const struct set_kind *kind, uint32_t gap)
{
	uint32_t mask = s->capacity - 1;

	for (uint32_t at = (gap + 1) & mask; s->slots[at]; at = (at + 1) & mask) {
		uint32_t own = kind->hash(s->slots[at]) & mask;
		if (((at - own) & mask) < ((at - gap) & mask))
			continue; /* its own slot lies behind the gap */
		s->slots[gap] = s->slots[at];
		gap = at;
	}
	s->slots[gap] = NULL;
}

void set_remove(struct set *s, const struct set_kind *kind, const void *item)
{
	uint32_t mask = s->capacity - 1, at = kind->hash(item) & mask;

	while (s->slots[at] != item)
		at = (at + 1) & mask;
	close_gap(s, kind, at);
	s->count--;
	if (s->count == 0)
		set_free(s);
	else if (s->capacity > CAPACITY_LEAST && s->count < s->capacity / 8)
		resize(s, kind, s->capacity / 2); /* or stays large */
}

void set_free(struct set *s)
{
	free(s->slots);
	*s = (struct set){0};
}
