/* Private to the daemon. A message and its body: one block, counted.
 *
 * Holders: a topic's queue, each channel's queue, a held message (in flight, requeued, deferred), an append in progress,
 * an output buffer, a handler that fills it. The last one frees it, on whatever thread it is.
 */
#ifndef PLUQ__MESSAGE_H
#define PLUQ__MESSAGE_H

#include <pluq/storage.h>
#include <stdatomic.h>
#include <string.h>

struct pluq_msg {
	_Atomic uint32_t refs;
	uint32_t length;
	int64_t timestamp_ns;
	uint8_t id[PLUQ_ID_LENGTH];
	uint8_t body[];
};

struct pluq_msg *pluq__msg_new(uint32_t length); /* one reference; NULL: no memory, or longer than PLUQ_BODY_MAX */
void pluq__msg_free(struct pluq_msg *);          /* only through unref */

static inline struct pluq_msg *pluq__msg_ref(struct pluq_msg *m)
{
	atomic_fetch_add_explicit(&m->refs, 1, memory_order_relaxed);
	return m;
}

static inline void pluq__msg_unref(struct pluq_msg *m)
{
	/* A sole holder needs no atomic step: nobody else can take a reference. */
	if (atomic_load_explicit(&m->refs, memory_order_acquire) == 1 ||
	    atomic_fetch_sub_explicit(&m->refs, 1, memory_order_acq_rel) == 1)
		pluq__msg_free(m);
}

#endif
