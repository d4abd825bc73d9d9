/* Private to daemon/auth. What all questions of the process share. */
#ifndef PLUQ__AUTH_CORE_H
#define PLUQ__AUTH_CORE_H

#include <pthread.h>

#include "../base/complaint.h"
#include "auth.h"
#include "cache.h"
#include "pattern.h"

/* One auth plugin, as a link of the chain. */
struct pluq__link {
	const char *instance;
	const struct pluq_auth_ops *ops;
	void *const *self;
	struct pluq__lane *lane;
	_Atomic uint32_t open; /* calls whose answer is owed */
	_Atomic uint64_t verdicts[PLUQ_AUTH_ERROR + 1]; /* by enum pluq_verdict; PLUQ_AUTH_ERROR: also those that came too late */
	_Atomic int64_t loop_ns; /* spent in `ask` on loops */
	pthread_mutex_t mutex; /* of the complaints */
	struct pluq__complaint failed, slow;
};

struct pluq__auth {
	struct pluq__loops *loops;
	struct pluq__lane *lane;
	int64_t slow_ns;
	struct pluq__link **links;
	size_t link_count;
	_Atomic int64_t stale_ns, deny_ttl_ns, timeout_ns;
	struct pluq__matcher *matchers; /* one per loop */
	_Atomic uint64_t dice;          /* state of pluq__auth_random */
	struct pluq__cache *refused, *known; /* for all; for HTTP requests */
	pthread_mutex_t mutex;          /* of calls */
	struct pluq_auth_call *calls;   /* whose answer is owed */
	unsigned char salt[PLUQ__CACHE_KEY]; /* so that what is kept tells nothing about secrets, in a core dump either */
	bool ended;
	_Atomic bool wanted;            /* somebody has looked whether there are plugins */
};

static inline struct pluq__auth *pluq__auth_of(const struct pluq_host *h)
{
	return pluq__host(h)->auth;
}

/* Any thread. Below n. For jitter only. */
int64_t pluq__auth_random(struct pluq__auth *, int64_t n);

/* Loop. A plugin could not tell; link NULL: none was asked. Logged at growing gaps. */
void pluq__link_failed(struct pluq__link *, int64_t now_ns, const char *remote_ip, const char *why);
void pluq__link_answered(struct pluq__link *, int64_t now_ns); /* it could */
void pluq__link_slow(struct pluq__link *, int64_t now_ns, int64_t took_ns);

#endif
