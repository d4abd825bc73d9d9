/* Private to the daemon. The engine's state: one struct pluq__broker, and per loop one struct pluq__home, which is touched by its
 * loop only.
 */
#ifndef PLUQ__HOME_H
#define PLUQ__HOME_H

#include <pluq/broker.h>
#include <pluq/storage.h>
#include <pthread.h>

#include "../base/loop.h"
#include "../base/pool.h"
#include "figures.h"

struct pluq__directory;
struct pluq__metadata;
struct pluq__held;
struct pluq__names;
struct pluq__relief;
struct pluq__slicer;
struct pluq__spent;
struct pluq__watcher;

/* A step of the stop, that a home takes when its letter comes. It stands where it cannot fail for want of memory. */
struct pluq__step {
	struct pluq__mail mail;
	struct pluq__home *home;
	void (*fn)(struct pluq__home *);
};

struct pluq__home {
	struct pluq__loop *loop;
	struct pluq__broker *broker;
	struct pluq_topic *topics; /* that live here: list, oldest first */
	struct pluq_topic **topics_end;
	struct pluq__names *cache; /* topics of every home by name, one reference each */
	struct pluq__held *spare;  /* held messages for reuse */
	uint32_t spare_count;
	uint64_t random;           /* state of the sampling generator, never 0 */
	uint64_t lost;             /* messages that could not be kept at the end */
	uint64_t unkept;           /* at the end: messages in memory that storage is not there to keep */
	uint64_t topics_ending;    /* whose end is not complete */
	bool stopping;             /* the stop waits until there are none */
	struct pluq__step stop, stopped;
	struct pluq__slicer *slicers; /* snapshots in progress */
	struct pluq__relief *relief; /* who waits for memory */
	struct pluq__timer relief_timer;
	int64_t relief_used, relief_since_ns; /* lowest use of memory seen, and when */
	struct pluq__figures figures;
	bool refusing;             /* nothing has drained for too long: publishes are refused */
};

/* What happens to a message that does not fit in the memory of a queue. */
enum pluq__overflow { PLUQ__OVERFLOW_SPILL, PLUQ__OVERFLOW_REJECT, PLUQ__OVERFLOW_DROP };

struct pluq__broker {
	struct pluq__loops *loops;
	struct pluq__home *homes; /* one per loop */
	const struct pluq_limits *limits; /* NULL: no handler uses queues */
	struct pluq__spent *spent; /* that handler's, per loop; NULL: nobody counts */
	size_t e2e_count;     /* limits->e2e_percentiles that there are */
	int64_t e2e_half_ns;  /* half of the window */
	const struct pluq_storage_ops *storage;
	void *storage_self;
	struct pluq__lane *lane, *meta_lane;
	const char *instance; /* of the storage plugin */
	struct pluq__directory *directory; /* loop 0 */
	struct pluq__metadata *metadata;   /* loop 0 */

	struct pluq__watcher *watchers; /* set before the loops run; told on loop 0 */
	pluq_gate_fn gate_fn;           /* NULL: topics begin at once */
	void *gate_arg;
	int64_t gate_most_ns;

	_Atomic bool draining;
	_Atomic uint64_t open_tickets; /* publishes that are answered later */
	_Atomic uint64_t progress;
	_Atomic int64_t id_ceiling_ns; /* on the medium; ids may be given below it */
	_Atomic bool id_ceiling_asked;

	pthread_mutex_t health_mutex;
	_Atomic bool storage_ok; /* written under the mutex */
	_Atomic int64_t retrying;
	struct pluq_why health_why;
	uint64_t errors[PLUQ__STORAGE_OPERATIONS]; /* since the start; under the mutex */
	uint64_t complaints; /* failures since it worked last */
	bool complained;     /* in the log, about one of them */
	int64_t failed_at_ns, complain_at_ns, complain_gap_ns;
	struct pluq__timer probe_timer; /* loop 0 */
	bool probing;

	struct pluq__step drain;
	_Atomic bool drain_posted;
	void (*drained)(void *arg);
	void (*stopped)(void *arg, uint64_t lost);
	void *drained_arg, *stopped_arg;
	int homes_left;
	uint64_t lost, unkept;
	_Atomic int64_t ids_above_ns; /* at the stop: every id given lies below */
};

static inline struct pluq__home *pluq__home_of(struct pluq__broker *b, const struct pluq__loop *l)
{
	return &b->homes[l->index];
}

/* Home. The end of a topic is complete. */
void pluq__broker_topic_ended(struct pluq__home *);
/* Any loop. A publish that was open has been answered. */
void pluq__broker_ticket_closed(struct pluq__broker *);

#endif
