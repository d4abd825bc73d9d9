#include "held.h"

#include <pluq/error.h>
#include <stdlib.h>

#include "../base/memory.h"
#include "home.h"

/* Kept for reuse per home: more than any sane number in flight at once, small enough to be no waste (1.8 MiB). */
#define SPARE_MAX 16384
#define ROOM_FIRST 16

struct pluq__held *pluq__held_new(struct pluq__home *home)
{
	struct pluq__held *h = home->spare;

	if (h) {
		home->spare = h->next;
		home->spare_count--;
	} else {
		h = malloc(sizeof(*h));
		if (!h)
			return NULL;
		pluq__memory_add(sizeof(*h));
	}
	memset(h, 0, sizeof(*h));
	return h;
}

void pluq__held_free(struct pluq__home *home, struct pluq__held *h)
{
	if (h->msg)
		pluq__msg_unref(h->msg);
	if (home->spare_count < SPARE_MAX) {
		h->next = home->spare;
		home->spare = h;
		home->spare_count++;
		return;
	}
	pluq__memory_add(-(int64_t)sizeof(*h));
	free(h);
}

void pluq__held_trim(struct pluq__home *home)
{
	while (home->spare) {
		struct pluq__held *h = home->spare;

		home->spare = h->next;
		pluq__memory_add(-(int64_t)sizeof(*h));
		free(h);
	}
	home->spare_count = 0;
}

void pluq__held_append(struct pluq__held_list *l, struct pluq__held *h)
{
	h->next = NULL;
	h->prev = l->last;
	if (l->last)
		l->last->next = h;
	else
		l->first = h;
	l->last = h;
	l->count++;
}

void pluq__held_prepend(struct pluq__held_list *l, struct pluq__held *h)
{
	h->prev = NULL;
	h->next = l->first;
	if (l->first)
		l->first->prev = h;
	else
		l->last = h;
	l->first = h;
	l->count++;
}

void pluq__held_unlink(struct pluq__held_list *l, struct pluq__held *h)
{
	if (h->prev)
		h->prev->next = h->next;
	else
		l->first = h->next;
	if (h->next)
		h->next->prev = h->prev;
	else
		l->last = h->prev;
	h->next = h->prev = NULL;
	l->count--;
}

static uint32_t bucket_of(const struct pluq__inflight *t, const uint8_t *id)
{
	uint64_t high, low;

	memcpy(&high, id, 8);
	memcpy(&low, id + 8, 8);
	/* What differs between ids stands in the last bytes; multiplying carries differences upwards only, so all of both halves
	 * is folded down first. */
	low = (low ^ high * UINT64_C(0x9e3779b97f4a7c15));
	low = (low ^ low >> 32) * UINT64_C(0xff51afd7ed558ccd);
	low = (low ^ low >> 29) * UINT64_C(0xc4ceb9fe1a85ec53);
	return (uint32_t)(low >> 32) & (t->room - 1);
}

static bool resize(struct pluq__inflight *t, uint32_t room)
{
	struct pluq__inflight next = {.room = room, .count = t->count};

	next.bucket = calloc(room, sizeof(*next.bucket));
	if (!next.bucket)
		return false;
	for (uint32_t i = 0; i < t->room; i++)
		while (t->bucket[i]) {
			struct pluq__held *h = t->bucket[i], **at = &next.bucket[bucket_of(&next, h->msg->id)];

			t->bucket[i] = h->hash_next;
			h->hash_next = *at;
			*at = h;
		}
	free(t->bucket);
	*t = next;
	return true;
}

int pluq__inflight_reserve(struct pluq__inflight *t, uint64_t more)
{
	uint32_t room = t->room ? t->room : ROOM_FIRST;

	while (room < t->count + more && room < UINT32_C(1) << 30)
		room *= 2;
	if (room == t->room || resize(t, room) || t->room)
		return 0; /* a table that could not grow only gets slower */
	return PLUQ_ENOMEM;
}

void pluq__inflight_add(struct pluq__inflight *t, struct pluq__held *h)
{
	struct pluq__held **at = &t->bucket[bucket_of(t, h->msg->id)];

	h->hash_next = *at;
	*at = h;
	t->count++;
}

struct pluq__held *pluq__inflight_find(const struct pluq__inflight *t, const uint8_t *id)
{
	struct pluq__held *h;

	if (!t->room)
		return NULL;
	for (h = t->bucket[bucket_of(t, id)]; h; h = h->hash_next)
		if (memcmp(h->msg->id, id, PLUQ_ID_LENGTH) == 0)
			return h;
	return NULL;
}

void pluq__inflight_remove(struct pluq__inflight *t, struct pluq__held *h)
{
	struct pluq__held **at = &t->bucket[bucket_of(t, h->msg->id)];

	while (*at != h)
		at = &(*at)->hash_next;
	*at = h->hash_next;
	t->count--;
	if (!t->count && t->room > 4096)
		pluq__inflight_fini(t);
}

void pluq__inflight_fini(struct pluq__inflight *t)
{
	free(t->bucket);
	*t = (struct pluq__inflight){0};
}
