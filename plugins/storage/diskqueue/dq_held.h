/* Records appended with PLUQ_RECORD_HELD that the reader has not come to yet, in queue order. */
#ifndef DQ_HELD_H
#define DQ_HELD_H

#include <stddef.h>

#include "dq_place.h"

struct dq_held_record {
	uint64_t name; /* DQ_LIVE cleared: released */
	uint32_t size; /* on disk */
};

struct dq_held {
	struct dq_held_record *record;
	size_t head, tail, capacity;
};

static inline size_t dq_held_count(const struct dq_held *h)
{
	return h->tail - h->head;
}

/* The next one the reader will meet, or NULL. */
static inline const struct dq_held_record *dq_held_first(const struct dq_held *h)
{
	return h->head != h->tail ? &h->record[h->head] : NULL;
}

bool dq_held_reserve(struct dq_held *, size_t more); /* room for so many pushes; false: no memory */
void dq_held_push(struct dq_held *, uint64_t name, uint32_t size); /* room was reserved */
void dq_held_pop(struct dq_held *);
bool dq_held_release(struct dq_held *, uint64_t name); /* false: not here, or released before */
void dq_held_clear(struct dq_held *);                  /* frees the memory too */

#endif
