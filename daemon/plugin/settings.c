#define _GNU_SOURCE /* sched_getaffinity */
#include "settings.h"

#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "values.h"

#define OPTION(key_, member, kind, standard_, low, high, help_, ...)                                                   \
	{.key = key_, .type = PLUQ_OPT_##kind, .standard = standard_, .offset = offsetof(struct pluq__settings, member), \
	    .min = low, .max = high, .help = help_, __VA_ARGS__}

#define LONGEST (INT64_MAX / 4) /* 73 years: added to any clock it does not overflow */
#define MOST_THREADS 256

static const struct pluq_option options[] = {
	OPTION("threads", threads, INT, "auto", 0, MOST_THREADS, "event loops; auto means one per core", .words = "auto"),
	OPTION("user", user, STRING, NULL, 0, 0,
	    "user to become when started as root, once the ports are bound; empty means none"),
	OPTION("log.level", log_level, ENUM, "info", 0, 0, "least level of the lines that are written",
	    .words = PLUQ__LOG_WORDS, .original = "log_level", .flags = PLUQ_OPT_RELOAD),
	OPTION("log.to", log_to, STRING, "stderr", 0, 0,
	    "stderr, or the path of a file, which is opened anew on SIGHUP"),
	OPTION("plugin_dir", plugin_dir, STRING, PLUQ_PLUGIN_DIR, 0, 0, "where plugins are looked for by name"),
	OPTION("memory_limit", memory_limit, SIZE, "auto", -1, LONGEST,
	    "bytes of messages and buffers past which messages spill and then producers are slowed; 0 means no limit, "
	    "auto half of the machine's memory",
	    .words = "auto"),
	OPTION("max_connections", max_connections, INT, "0", 0, LONGEST,
	    "connections of all listeners; 0 means as many as file descriptors allow"),
	OPTION("shutdown_timeout", shutdown_timeout_ns, DURATION, "30s", INT64_C(1000000), LONGEST,
	    "how long a stop may go on without any progress before it is given up", .flags = PLUQ_OPT_RELOAD),
	OPTION("slow_operation", slow_operation_ns, DURATION, "1s", 0, LONGEST,
	    "operations of plugins that take longer are named in the log; 0 means none are"),
	OPTION("auth.on_error", auth_on_error, STRING, "deny", 0, 0,
	    "what an expired authorization is worth while the auth plugins cannot tell: deny, or stale:DURATION to go by the last answer "
	    "for so much longer",
	    .flags = PLUQ_OPT_RELOAD),
	OPTION("auth.deny_ttl", auth_deny_ttl_ns, DURATION, "5s", 0, LONGEST,
	    "how long a refusal is kept for clients that come again with the same facts; 0 means not", .flags = PLUQ_OPT_RELOAD),
	OPTION("auth.timeout", auth_timeout_ns, DURATION, "10s", INT64_C(1000000), LONGEST,
	    "how long the auth plugins together may take to tell about a client", .flags = PLUQ_OPT_RELOAD),
	{.key = NULL},
};

const struct pluq__table pluq__settings_table = { options, sizeof(*options), sizeof(struct pluq__settings) };

/* Cores this process may run on, not those of the machine. */
static int cores(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set))
		return 1;
	return CPU_COUNT(&set);
}

int pluq__settings_threads(const struct pluq__settings *s)
{
	int n = s->threads ? (int)s->threads : cores();

	return n < 1 ? 1 : n > MOST_THREADS ? MOST_THREADS : n;
}

int64_t pluq__settings_memory(const struct pluq__settings *s)
{
	if (s->memory_limit >= 0)
		return s->memory_limit;
	return (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE) / 2;
}

/* --- auth.on_error ------------------------------------------------------------------------------------------------ */

#define STALE "stale:"

/* false: it is neither. */
static bool parse_on_error(const char *text, int64_t *stale_ns)
{
	*stale_ns = 0;
	if (strcmp(text, "deny") == 0)
		return true;
	return strncmp(text, STALE, strlen(STALE)) == 0 && pluq__parse_duration(text + strlen(STALE), stale_ns) && *stale_ns > 0 &&
	    *stale_ns <= LONGEST;
}

int pluq__settings_check(const struct pluq__conf *conf, struct pluq__problem *p)
{
	const struct pluq__settings *s = conf->block;
	long at = pluq__table_find(&pluq__settings_table, "auth.on_error");
	static const struct pluq__origin standard;
	char place[400];
	int64_t stale_ns;

	if (parse_on_error(s->auth_on_error, &stale_ns))
		return 0;
	return pluq__problem(p, PLUQ_EINVAL, "%s: auth.on_error: \"%.100s\" is neither deny nor stale:DURATION, as in stale:10m",
	    pluq__origin_text(conf->given[at] ? &conf->given[at]->origin : &standard, place, sizeof(place)), s->auth_on_error);
}

struct pluq__auth_config pluq__settings_auth(const struct pluq__settings *s)
{
	struct pluq__auth_config c = { .deny_ttl_ns = s->auth_deny_ttl_ns, .timeout_ns = s->auth_timeout_ns };

	parse_on_error(s->auth_on_error, &c.stale_ns);
	return c;
}
