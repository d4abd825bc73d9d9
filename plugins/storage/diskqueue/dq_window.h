/* Records that were handed out, in queue order, until they and all before them are released. Eight bytes each: the name, whose
 * top bit is cleared when it is released. Used by the queue's operations, one at a time. */
#ifndef DQ_WINDOW_H
#define DQ_WINDOW_H

#include <stddef.h>

#include "dq_place.h"
#include "dq_tally.h"

struct dq_window {
	uint64_t *slot;    /* ring of capacity slots, a power of two */
	size_t capacity;
	uint64_t head, tail; /* count up; slot of n is n % capacity */
	uint64_t hint;     /* where the next release is looked for first: they mostly come in order */
	struct dq_tally tally;
};

static inline size_t dq_window_count(const struct dq_window *w)
{
	return (size_t)(w->tail - w->head);
}

static inline uint64_t dq_window_get(const struct dq_window *w, uint64_t n)
{
	return w->slot[n & (w->capacity - 1)];
}

bool dq_window_reserve(struct dq_window *, size_t more); /* room for so many pushes; false: no memory */
void dq_window_push(struct dq_window *, uint64_t name);  /* released if DQ_LIVE is not set; room was reserved */
bool dq_window_release(struct dq_window *, uint64_t name); /* false: not here, or released before */
void dq_window_trim(struct dq_window *);                 /* drops released ones from the front */
/* The first live record, and the counts of its file; false: there is none. After dq_window_trim. */
bool dq_window_lowest(struct dq_window *, uint64_t *lowest, struct dq_tally_file *);
void dq_window_clear(struct dq_window *); /* frees the memory too */

#endif
