/* Private to the daemon. The daemon's own options: a table like a plugin's. */
#ifndef PLUQ__SETTINGS_H
#define PLUQ__SETTINGS_H

#include <pluq/host.h>

#include "../auth/auth.h"
#include "options.h"

#define PLUQ__LOG_WORDS "debug|info|warn|error|fatal"

struct pluq__settings {
	int64_t threads; /* 0: one per core */
	const char *user;
	int64_t log_level; /* index into PLUQ__LOG_WORDS */
	const char *log_to;
	const char *plugin_dir;
	int64_t memory_limit; /* bytes; 0: none, -1: half of the machine's memory */
	int64_t max_connections;
	int64_t shutdown_timeout_ns;
	int64_t slow_operation_ns;
	const char *auth_on_error;
	int64_t auth_deny_ttl_ns, auth_timeout_ns;
};

extern const struct pluq__table pluq__settings_table;

/* What a table cannot check. PLUQ_EINVAL with the problem, which names the place and what is accepted. */
int pluq__settings_check(const struct pluq__conf *, struct pluq__problem *);

static inline enum pluq_level pluq__settings_level(const struct pluq__settings *s)
{
	return (enum pluq_level)(s->log_level + PLUQ_DEBUG);
}

int pluq__settings_threads(const struct pluq__settings *);      /* at least 1 */
struct pluq__auth_config pluq__settings_auth(const struct pluq__settings *); /* of checked ones */
int64_t pluq__settings_memory(const struct pluq__settings *);   /* bytes; 0: none */

#endif
