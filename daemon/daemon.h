/* Private to daemon/. The running daemon, as start, stop and reload share it. Made, changed and freed on main, which is loop 0
 * while the loops run. */
#ifndef PLUQ__DAEMON_H
#define PLUQ__DAEMON_H

#include "auth/auth.h"
#include "base/pool.h"
#include "base/trim.h"
#include "metrics/metrics.h"
#include "plugin/host_table.h"
#include "privileges.h"
#include "setup.h"
#include "validate/validate.h"

struct event;
struct pluq__reload;

enum { PLUQ__SIGNALS = 3 }; /* TERM, INT, HUP */

struct pluq__stop {
	bool begun;
	int phase;               /* rises as the stop goes on */
	struct pluq__timer watch;
	uint64_t seen_progress;  /* as of the last look, with seen_phase */
	int seen_phase;
	int64_t moved_ns;        /* when there was progress last */
	uint64_t lost;           /* messages that could not be kept */
};

struct pluq__daemon {
	struct pluq__setup *setup;
	const struct pluq__args *args; /* for the reload */

	struct pluq__loops loops;
	bool have_loops;
	struct pluq__pool *pool;
	struct pluq__lane *core_lane, *meta_lane;
	struct pluq__trim trim;
	struct pluq__net *net;
	struct pluq__broker *broker;
	struct pluq__auth *auth;
	struct pluq__validate *validate;
	struct pluq__metrics *metrics;
	struct pluq__process process;
	struct pluq__user user;
	struct event *signal[PLUQ__SIGNALS];

	struct pluq__stop stop;
	struct pluq__reload *reload; /* in progress, or NULL */
	bool reload_again;           /* asked for while one was in progress */
	struct pluq__conf settings_before;
};

/* run.c. Main. Starts, serves until it is told to stop, stops, frees. Returns the exit status. */
int pluq__daemon_run(struct pluq__setup *, const struct pluq__args *);

/* signals.c. Main, before the loops run; after they have ended. */
int pluq__signals_start(struct pluq__daemon *);
void pluq__signals_stop(struct pluq__daemon *);

/* stop.c. Loop 0. The second call ends the process at once. */
void pluq__daemon_stop(struct pluq__daemon *);

/* reload.c. Loop 0. */
void pluq__daemon_reload(struct pluq__daemon *);
void pluq__reload_free(struct pluq__daemon *); /* main, after the loops have ended */

#endif
