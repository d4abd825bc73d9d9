/* Private to daemon/auth. The facts of one client, copied: for plugins, for asking again, and as the key of what is kept. */
#ifndef PLUQ__QUESTION_H
#define PLUQ__QUESTION_H

#include <pluq/auth.h>
#include <stdatomic.h>

#include "cache.h"
#include "core.h"

/* Counted. Held by its session, and by each call to a plugin until that has answered. Constant once made. */
struct pluq__question {
	_Atomic uint32_t refs;
	size_t size; /* of the whole block, which holds the secret */
	struct pluq_auth_query query;
	unsigned char key[PLUQ__CACHE_KEY];
};

/* NULL: no memory. One reference. */
struct pluq__question *pluq__question_new(const struct pluq__auth *, const struct pluq_auth_query *);
static inline struct pluq__question *pluq__question_ref(struct pluq__question *q)
{
	atomic_fetch_add_explicit(&q->refs, 1, memory_order_relaxed);
	return q;
}
void pluq__question_unref(struct pluq__question *); /* any thread */

#endif
