/* <pluq/host.h>: what the daemon offers every plugin.
 *
 * The host table is made for one plugin instance and given to its init; it stays valid until fini has returned. Each
 * call takes it as its first argument, so that logs and timings name the instance. Members beyond `size` do not exist
 * (a plugin built against a newer header is not loaded, so a plugin need not check what its own header has).
 *
 * Threads: "loop" means one of the event loop threads 0 .. loops-1; "pool" a thread of the I/O pool; "main" the
 * thread that starts and ends the daemon.
 */
#ifndef PLUQ_HOST_H
#define PLUQ_HOST_H

#include <pluq/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pluq_net;
struct pluq_http;
struct pluq_broker;
struct pluq_auth;
struct pluq_metrics;
struct pluq_validators;
struct pluq_timer;

/* Longest body of a message, bytes: what every handler, the engine and every storage format can rely on. */
#define PLUQ_BODY_MAX (UINT32_C(64) << 20)

enum pluq_level { PLUQ_DEBUG = 1, PLUQ_INFO = 2, PLUQ_WARN = 3, PLUQ_ERROR = 4, PLUQ_FATAL = 5 };

#if defined(__GNUC__)
#define PLUQ_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define PLUQ_PRINTF(fmt, args)
#endif

/* A value of an option, found by the original's name. Valid until the next reload; borrowed. */
struct pluq_option_value {
	uint32_t type; /* enum pluq_option_type */
	uint32_t flags;
	const void *value; /* the member of the conf struct */
	const char *words; /* PLUQ_OPT_ENUM */
};

typedef void (*pluq_timer_fn)(void *arg);
typedef void (*pluq_post_fn)(void *arg);

struct pluq_host {
	uint32_t size;
	uint16_t abi_major, abi_minor; /* the daemon's */
	const char *daemon_version;    /* pluq's own, "0.1.0" */
	const char *instance;          /* this instance's name */
	uint32_t loops;                /* number of event loops, at least 1 */
	int64_t start_real_ns;         /* UNIX time at which the daemon started */
	const struct pluq_net *net;       /* handlers and auth plugins, else NULL; only handlers listen */
	const struct pluq_http *http;     /* as net */
	const struct pluq_broker *broker; /* handlers only, else NULL; the process has no queues unless one of them calls `use` */

	/* Any thread. One line, no line break. Costs a comparison when the level is off. */
	void (*log)(const struct pluq_host *, enum pluq_level, const char *fmt, ...) PLUQ_PRINTF(3, 4);
	bool (*log_on)(const struct pluq_host *, enum pluq_level); /* any thread */

	/* Nanoseconds: monotonic, and since the epoch. On a loop thread the time of this loop turn; elsewhere the
	 * clock is read. */
	int64_t (*now_ns)(const struct pluq_host *);
	int64_t (*real_ns)(const struct pluq_host *);

	/* Index of the loop this thread runs, or -1. */
	int32_t (*loop_self)(const struct pluq_host *);

	/* Any thread. Runs fn(arg) on the loop, after what was posted to it before. PLUQ_ENOMEM, or PLUQ_EEXITING once
	 * the loops have ended. */
	int (*post)(const struct pluq_host *, uint32_t loop, pluq_post_fn fn, void *arg);

	/* Loop. Runs work(arg) on the pool in this instance's lane, then done(arg) on the calling loop (always, once 0
	 * was returned). */
	int (*work)(const struct pluq_host *, pluq_post_fn work, pluq_post_fn done, void *arg);

	/* Timers belong to the loop that made them and are used on it only. A timer that is set again moves. The
	 * callback may set, clear or free its own timer. Due within 2 ms of `at_ns` (monotonic) on an idle loop. */
	struct pluq_timer *(*timer_new)(const struct pluq_host *, pluq_timer_fn fn, void *arg); /* NULL: no memory */
	void (*timer_set)(struct pluq_timer *, int64_t at_ns);
	void (*timer_clear)(struct pluq_timer *);
	void (*timer_free)(struct pluq_timer **); /* accepts NULL inside */

	/* Loop 0. Options of every plugin and of the daemon by the original's key. PLUQ_EUNKNOWN. */
	int (*option_get)(const struct pluq_host *, const char *original_key, struct pluq_option_value *out);

	/* Loop 0. Sets the level of the log for the running process. PLUQ_EINVAL: not one of debug, info, warn, error,
	 * fatal (any case). */
	int (*set_log_level)(const struct pluq_host *, const char *word);

	const struct pluq_auth *auth; /* handlers and auth plugins, else NULL */
	const struct pluq_metrics *metrics;       /* every plugin */
	const struct pluq_validators *validators; /* handlers of a process that has validators, else NULL */
};

#ifdef __cplusplus
}
#endif
#endif
