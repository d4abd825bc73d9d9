/* Private to the daemon. A topic: its own queue, its channels, its ids. The object outlives the topic: loops hold counted
 * references to it, and what they post to it after its deletion is told so.
 */
#ifndef PLUQ__TOPIC_H
#define PLUQ__TOPIC_H

#include <pluq/broker.h>
#include <stdatomic.h>

#include "fifo.h"
#include "home.h"
#include "idgen.h"
#include "put.h"
#include "spill.h"

struct pluq__channel;

/* In the topic's own queue. */
struct pluq__waiting {
	struct pluq_msg *msg;
	int64_t defer_ns; /* counted from when it leaves the topic */
};

struct pluq_topic {
	/* constant */
	_Atomic uint32_t refs;
	struct pluq__home *home;
	bool ephemeral;
	_Atomic bool dead; /* set by the home, once; any loop may look */
	char name[PLUQ_NAME_MAX + 1];

	/* the home's */
	struct pluq_topic *next, **link; /* of the home's list; link NULL: not in it */
	bool paused, ending;
	bool gated; /* new: passes nothing on yet */
	struct pluq__timer gate_timer;
	enum pluq__overflow overflow;
	struct pluq__turn turn;    /* moves messages on to the channels */
	struct pluq__fifo head;    /* struct pluq__waiting */
	struct pluq__spill *spill; /* NULL unless overflow is SPILL */
	struct pluq__idgen ids;
	struct pluq__channel *channels; /* in the order of their creation */
	struct pluq__channel *closing;  /* whose end is not complete */
	uint64_t next_uid;
	uint64_t message_count, message_bytes;
	uint64_t dropped[PLUQ_DROP_REASONS];
	bool keep; /* ending: into storage */
	void (*on_gone)(struct pluq_topic *, void *arg);
	void *gone_arg;
};

/* One reference; NULL: no memory. Any thread; not yet in the home's list. */
struct pluq_topic *pluq__topic_new(struct pluq__home *, const char *name, size_t length, int64_t id_floor_ns);
struct pluq_topic *pluq__topic_ref(struct pluq_topic *);
void pluq__topic_unref(struct pluq_topic *);

/* Home, from here on. Enters the home's list, which holds a reference. Opening the queue is the caller's. */
void pluq__topic_start(struct pluq_topic *);
/* Publishes; takes one reference of each message in any case. ids and timestamps are given here. Failures are in `put`. */
void pluq__topic_put(struct pluq_topic *, struct pluq_msg **, size_t n, int64_t defer_ns, struct pluq__put *);
/* Moves messages on to the channels at the end of this turn, if there are any. */
void pluq__topic_kick(struct pluq_topic *);

struct pluq__channel *pluq__topic_channel(struct pluq_topic *, const char *name, size_t length);
struct pluq__channel *pluq__topic_channel_by_uid(struct pluq_topic *, uint64_t uid);
/* Finds or makes. PLUQ_EEXITING: one of that name is going; PLUQ_ENOMEM. */
int pluq__topic_channel_get(struct pluq_topic *, const char *name, size_t length, struct pluq__channel **out);
/* Makes one as the metadata tells, at start; its queue is opened by the caller. */
struct pluq__channel *pluq__topic_channel_load(struct pluq_topic *, const char *name, size_t length);
/* Called by a channel whose last consumer has left, and for /channel/delete. done (may be NULL) comes once it is gone and
 * the metadata without it is saved. */
void pluq__topic_channel_delete(struct pluq_topic *, struct pluq__channel *,
    void (*done)(void *arg, int status, const struct pluq_why *), void *arg);

void pluq__topic_pause(struct pluq_topic *, bool paused);
void pluq__topic_empty(struct pluq_topic *, void (*done)(void *, int, const struct pluq_why *), void *arg);
/* The topic is dead from now on; on_gone (may be NULL) comes once its channels and queues have ended. keep as for channels. */
void pluq__topic_end(struct pluq_topic *, bool keep, void (*on_gone)(struct pluq_topic *, void *arg), void *arg);

int64_t pluq__topic_depth(const struct pluq_topic *);
int64_t pluq__topic_backend_depth(const struct pluq_topic *);
int64_t pluq__topic_oldest_ns(struct pluq_topic *); /* as in struct pluq_topic_stats */

#endif
