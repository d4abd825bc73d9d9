/* Private to the daemon. Event loops: one libevent base, one timing wheel and one mailbox per thread.
 *
 * A turn of the loop: wait; run what libevent found ready (descriptors, mail, signals); fire due timers; then the end
 * of the turn, for which the clocks are read again: first every PLUQ__TURN_WORK item (queues that have something to hand out), then every PLUQ__TURN_FLUSH
 * item (connections with output), again while items add items, up to a bound; what is left runs in the next turn, which
 * then does not wait.
 */
#ifndef PLUQ__LOOP_H
#define PLUQ__LOOP_H

#include <pthread.h>
#include <stddef.h>

#include "latency.h"
#include "mail.h"
#include "wheel.h"

struct event_base;
struct event;

enum { PLUQ__TURN_WORK, PLUQ__TURN_FLUSH, PLUQ__TURN_KINDS };

/* Intrusive; zero-initialised it is not queued. */
struct pluq__turn {
	struct pluq__turn *next, *prev; /* NULL: not queued */
	void (*fn)(struct pluq__turn *);
};

struct pluq__loop {
	struct event_base *events;
	int index;
	int64_t now_ns;  /* monotonic, of this turn */
	int64_t real_ns; /* since the epoch, of this turn */
	uint64_t turn;   /* counts turns; the end of one belongs to it */
	int64_t busy_ns; /* spent in turns, not waiting */
	int64_t longest_ns; /* turn since somebody has set it back to 0 */
	struct pluq__latency *turn_times; /* how long they last; NULL: there was none */
	struct pluq__wheel wheel;
	struct pluq__turn turns[PLUQ__TURN_KINDS]; /* list heads */

	/* the loop's own */
	struct pluq__mailbox box;
	int wake_fd, wheel_fd;
	struct event *wake_event, *wheel_event;
	int64_t wheel_armed_ns;
	pthread_t thread;
	bool stopping;
	bool fresh;   /* now_ns and real_ns are of this turn */
	void *net;    /* per-loop state of the floors above; each sets its own */
	void *broker;
};

/* All loops of the process. */
struct pluq__loops {
	int count;
	struct pluq__loop *loop; /* array of count */
	_Atomic bool ended;      /* nothing posted is run any more */
};

/* Main. 0 or PLUQ_E*; nothing is owed after a failure. */
int pluq__loops_init(struct pluq__loops *, int count);
/* Runs loop 0 on the calling thread and the others on threads of their own, until pluq__loops_stop; joins them. */
int pluq__loops_run(struct pluq__loops *);
/* Loop 0. Ends every loop after the mail that is there now has been run. */
void pluq__loops_stop(struct pluq__loops *);
/* Main, after the loops have ended and nothing else posts any more: runs the letters that are left, as their loops would have, so
 * that what they carry finds its end. */
void pluq__loops_settle(struct pluq__loops *);
void pluq__loops_fini(struct pluq__loops *);

/* The loop this thread runs, or NULL. On main before pluq__loops_run: NULL. */
struct pluq__loop *pluq__loop_self(void);

/* Loop thread. Whatever libevent calls calls this first: it reads the clocks once for all of them. */
void pluq__loop_read_clocks(struct pluq__loop *);
static inline void pluq__loop_enter(struct pluq__loop *l)
{
	if (!l->fresh)
		pluq__loop_read_clocks(l);
}

/* Any thread. mail->fn runs on the loop. */
void pluq__loop_post(struct pluq__loop *, struct pluq__mail *mail);

/* Loop thread. Queues the item for the end of this turn; does nothing if it is queued already. */
void pluq__loop_turn(struct pluq__loop *, int kind, struct pluq__turn *item);
void pluq__loop_unturn(struct pluq__turn *item);

/* Loop thread. Timers of this loop. */
static inline void pluq__loop_set(struct pluq__loop *l, struct pluq__timer *t, int64_t at_ns)
{
	pluq__wheel_set(&l->wheel, t, at_ns);
}
static inline void pluq__loop_clear(struct pluq__loop *l, struct pluq__timer *t)
{
	pluq__wheel_clear(&l->wheel, t);
}

#endif
