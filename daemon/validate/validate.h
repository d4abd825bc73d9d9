/* Private to the daemon. The validators of the process: which judge what, what they said. Stands on base only. */
#ifndef PLUQ__VALIDATE_H
#define PLUQ__VALIDATE_H

#include <pluq/metrics.h>
#include <pluq/validator.h>

#include "../base/host.h"
#include "../base/problem.h"

struct pluq__validate;

extern const struct pluq_validators pluq__validators_table;

/* Main. slow_ns: as of the pool. PLUQ_ENOMEM. */
int pluq__validate_new(struct pluq__validate **, struct pluq__loops *, int64_t slow_ns);
/* Main, before any init, in configured order: one more validator. `self` and `conf` (where its conf struct is now) are looked at when
 * they are needed. All borrowed. PLUQ_ENOMEM. */
int pluq__validate_add(struct pluq__validate *, const char *instance, const struct pluq_validator_ops *, void *const *self,
    void *const *conf);
bool pluq__validate_required(const struct pluq__validate *);
/* Main, after init of every validator, before the loops run: what the options say is in force. PLUQ_ENOMEM. */
int pluq__validate_start(struct pluq__validate *);

/* Any thread. The options that all validators have. PLUQ_EINVAL with a problem that names the instance and the option. */
int pluq__validate_check(const struct pluq_validator_conf *, const char *instance, struct pluq__problem *);

/* Loop 0. What the options say now is in force on every loop from its next step on. PLUQ_ENOMEM: what was, stays. */
int pluq__validate_reload(struct pluq__validate *);

/* Loop 0. The topic is gone: no loop keeps what was counted for it. Without memory that stays, among the topics used least. */
void pluq__validate_topic_gone(struct pluq__validate *, const char *topic);

/* Main, within the init of a validator, whose host it is: what is counted goes to metrics, if there are any. PLUQ_ENOMEM. */
int pluq__validate_metrics(struct pluq__validate *, const struct pluq_host *);

/* Main, after the loops have ended; before fini of any plugin. Accepts NULL inside. */
void pluq__validate_free(struct pluq__validate **);

#endif
