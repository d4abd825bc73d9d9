/* Private to the daemon. The auth core: asks the auth plugins, keeps what they say, judges by it. Stands on base only. */
#ifndef PLUQ__AUTH_H
#define PLUQ__AUTH_H

#include <pluq/auth.h>

#include "../base/host.h"

struct pluq__auth;

/* What can change while the daemon runs. */
struct pluq__auth_config {
	int64_t stale_ns;    /* how long beyond its time to live a verdict stays in force while the plugins answer with errors; 0: not */
	int64_t deny_ttl_ns; /* how long a refusal is kept for all connections with the same facts; 0: not */
	int64_t timeout_ns;  /* of one question to the whole chain */
};

extern const struct pluq_auth pluq__auth_table;

/* Main. lane: where many patterns are compiled. slow_ns: as of the pool. PLUQ_ENOMEM. */
int pluq__auth_new(struct pluq__auth **, struct pluq__loops *, struct pluq__lane *lane, int64_t slow_ns,
    const struct pluq__auth_config *);
/* Main, before any init, in configured order: one more plugin. `self` is looked at when it is asked. All borrowed. PLUQ_ENOMEM. */
int pluq__auth_add(struct pluq__auth *, const char *instance, const struct pluq_auth_ops *, void *const *self, struct pluq__lane *);
bool pluq__auth_required(const struct pluq__auth *);
/* Main, after the handlers' start. There are plugins, and no handler wants to ask them. */
bool pluq__auth_idle(const struct pluq__auth *);
/* Loop 0. Other values from now on; what is kept of refusals and for HTTP is forgotten, as the plugins may have new data. Sessions
 * stay. */
void pluq__auth_reload(struct pluq__auth *, const struct pluq__auth_config *);
/* What a plugin has answered. */
struct pluq__auth_figures {
	const char *instance;
	uint64_t verdicts[PLUQ_AUTH_ERROR + 1]; /* by enum pluq_verdict, from PLUQ_AUTH_ALLOW on; errors are also those that came too late */
	int64_t loop_ns;                        /* spent in `ask` on loops */
	uint32_t open;                          /* answers that are owed */
};
/* Any thread. */
void pluq__auth_each(const struct pluq__auth *, void (*fn)(void *arg, const struct pluq__auth_figures *), void *arg);
/* Main, after the loops and the pool have ended, before fini of any plugin: none is called any more. */
void pluq__auth_end(struct pluq__auth *);
/* Main, after fini of every plugin. Accepts NULL inside. */
void pluq__auth_free(struct pluq__auth **);

/* --- for HTTP requests -------------------------------------------------------------------------------------------- */

/* Loop. As pluq_auth.open, but a good answer is kept too, until its time to live, for all requests with the same facts: a client makes
 * a connection per request. */
int pluq__auth_open_shared(const struct pluq_host *, const struct pluq_auth_query *, pluq_auth_fn, void *arg,
    struct pluq_auth_session **out);
/* Loop. What the answer in force says, whatever its time to live; nothing is asked. permissions: any of them will do; 0: a grant of
 * any kind. channel NULL: channels are not looked at; "" is the empty channel, as for publishing. */
bool pluq__auth_may(struct pluq_auth_session *, uint32_t permissions, const char *topic, size_t topic_length, const char *channel,
    size_t channel_length);

#endif
