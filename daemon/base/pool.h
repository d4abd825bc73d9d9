/* Private to the daemon. The I/O pool: threads for what may block.
 *
 * Work is submitted to a lane; each plugin that blocks has one of its own, metadata another. A lane runs up to `width`
 * jobs at once. A job that has run for more than a second no longer counts against its lane, so that a hung disk holds
 * up the queues on it and not the others', up to PLUQ__POOL_CAP threads in all. If many jobs of a lane run and none of
 * them ends, a fifth of a second is enough.
 */
#ifndef PLUQ__POOL_H
#define PLUQ__POOL_H

#include "loop.h"

struct pluq__pool;
struct pluq__lane;

/* Threads in all. Isolation between hung queues is promised up to this many hung jobs. */
#define PLUQ__POOL_CAP 64

/* Intrusive; the submitter's until done has run. */
struct pluq__job {
	struct pluq__mail mail;        /* brings done back */
	struct pluq__job *next;
	struct pluq__loop *back;       /* where done runs */
	void (*work)(struct pluq__job *); /* on the pool */
	void (*done)(struct pluq__job *); /* on `back` */
	const char *what;              /* operation, for the log of slow ones; constant */
	struct pluq__lane *lane;       /* the pool's */
	int64_t started_ns;
};

/* Main. slow_ns: an operation that took longer is named in the log. */
int pluq__pool_init(struct pluq__pool **, int64_t slow_ns);
/* Main. name (copied): the plugin instance. NULL: no memory. */
struct pluq__lane *pluq__pool_lane(struct pluq__pool *, const char *name, int width);
/* Main, before the lane is used. It never has more than `most` threads, from its width up: of jobs that hang beyond that, none is given
 * up. For what strangers can make hang, so that they do not take the threads of others. */
void pluq__lane_limit(struct pluq__lane *, int most);
/* Loop. Never fails: jobs wait in the lane if no thread can be had. */
void pluq__pool_submit(struct pluq__lane *, struct pluq__job *);
/* Loop. Work and done at once, on the calling loop: for a plugin that does not block and wants no thread. The time counts as the lane's. */
void pluq__pool_run_here(struct pluq__job *);

/* What a lane has done. */
struct pluq__lane_figures {
	const char *name;
	uint64_t jobs, slow; /* ended; of those, longer than slow_ns */
	int64_t busy_ns;     /* time of those, and of the running ones so far */
	int64_t loop_ns;      /* time of those that have run on loops; not in the others */
	int running, hung, waiting; /* hung: of the running, given up as stuck */
};

/* Any thread. fn is called for every lane, under the pool's lock: it must not call the pool. */
void pluq__pool_each(struct pluq__pool *, void (*fn)(void *arg, const struct pluq__lane_figures *), void *arg);

/* Main, after the loops have ended. Waits for running jobs up to wait_ns, then abandons their threads. false: it has done
 * so, and nothing that their jobs use may be freed. */
bool pluq__pool_fini(struct pluq__pool **, int64_t wait_ns);

#endif
