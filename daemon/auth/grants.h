/* Private to daemon/auth. A good answer, compiled: what a client may do, and until when. */
#ifndef PLUQ__GRANTS_H
#define PLUQ__GRANTS_H

#include <stdatomic.h>

#include "answer.h"
#include "core.h"

/* One of them. Its patterns: the topic's, then the channels'. */
struct pluq__granted {
	uint32_t permissions;
	uint32_t channels; /* how many */
};

/* Counted; held by sessions and by what is kept. One block of memory, beside what PCRE2 compiles. Constant once compiled, but for
 * `complained`. */
struct pluq__grants {
	_Atomic uint32_t refs;
	_Atomic bool complained; /* of a pattern that takes too long */
	struct pluq__link *link; /* who has granted */
	const char *identity, *identity_url;
	int64_t told_ns, expires_ns; /* monotonic */
	uint32_t count, pattern_count, compiled;
	size_t text_bytes, bytes;    /* of patterns; of memory, about */
	struct pluq__granted *granted;
	struct pluq__pattern *patterns; /* of all grants, one grant after the other */
};

/* NULL: no memory. The answer is copied; one reference. The patterns are still to be compiled. */
struct pluq__grants *pluq__grants_new(const struct pluq__answer *, struct pluq__link *, int64_t now_ns);
/* Whether compiling would hold up a loop. */
bool pluq__grants_many(const struct pluq__grants *);
/* Any thread, before others see it. false: why (of `size` bytes) says what is wrong. */
bool pluq__grants_compile(struct pluq__grants *, char *why, size_t size);

static inline struct pluq__grants *pluq__grants_ref(struct pluq__grants *g)
{
	atomic_fetch_add_explicit(&g->refs, 1, memory_order_relaxed);
	return g;
}
void pluq__grants_unref(struct pluq__grants *); /* any thread; accepts NULL */

/* Whether one grant has any of the permissions (0: of whatever kind), matches the topic, and with one of its channels' patterns
 * the channel. channel NULL: channels are not looked at. */
bool pluq__grants_allow(struct pluq__grants *, struct pluq__matcher *, uint32_t permissions, const char *topic,
    size_t topic_length, const char *channel, size_t channel_length);

#endif
