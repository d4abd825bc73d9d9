/* Private to the daemon. A channel and its subscriptions. Touched by the topic's home only.
 *
 * The order of its queue: requeued messages in turn with the rest; the rest is the memory head, then what was fetched from
 * storage, then what is there, then appends. The head takes nothing while anything stands behind it.
 */
#ifndef PLUQ__CHANNEL_H
#define PLUQ__CHANNEL_H

#include <pluq/broker.h>

#include "due.h"
#include "fifo.h"
#include "held.h"
#include "home.h"
#include "put.h"
#include "../base/latency.h"
#include "spill.h"
#include "window.h"

struct pluq_sub {
	struct pluq_sub_ops ops;
	void *arg;
	struct pluq__channel *channel;
	struct pluq_sub *next, *prev;             /* of the channel's */
	struct pluq_sub *ready_next, *ready_prev; /* of the channel's ready ones; is_ready */
	bool is_ready, blocked;
	int32_t sample_rate;
	int64_t ready, in_flight;
	int64_t msg_timeout_ns, touch_timeout_ns;
	struct pluq__held_list held; /* in flight; shorter than in_flight is never, equal but after an empty */
	uint64_t message_count, finish_count, requeue_count;
};

struct pluq__channel {
	struct pluq__channel *next; /* of the topic's */
	struct pluq_topic *topic;
	struct pluq__home *home;
	uint64_t uid; /* within the process */
	bool ephemeral, paused, ending;
	enum pluq__overflow overflow;

	struct pluq__turn turn;    /* hands out */
	struct pluq__fifo head;    /* struct pluq_msg *, one reference each */
	struct pluq__spill *spill; /* NULL unless overflow is SPILL */
	struct pluq__held_list requeued, deferred, orphans;
	bool requeued_next; /* whose turn it is */
	struct pluq__inflight inflight;

	struct pluq_sub *subs, *ready_first, *ready_last;
	int64_t sub_count, ready_count;

	uint64_t message_count, requeue_count, timeout_count;
	uint64_t message_bytes, delivered_count, delivered_bytes, finish_count;
	uint64_t dropped[PLUQ_DROP_REASONS];
	struct pluq__due *due;         /* NULL: nothing was ever deferred */
	struct pluq__latency *latency; /* from publish to finish; NULL: nothing was ever finished */
	struct pluq__window window;    /* the same of the recent past, if it is asked for */
	uint64_t from_memory_count; /* handed out from memory, or discarded by sampling */
	pluq_done_fn on_gone; /* who asked for its deletion */
	void *gone_arg;
	char queue_name[2 * PLUQ_NAME_MAX + 2]; /* "topic:channel" */
	char name[PLUQ_NAME_MAX + 1];
};

/* NULL: no memory. Opening its queue is the caller's (pluq__spill_open or _open_now). */
struct pluq__channel *pluq__channel_new(struct pluq_topic *, const char *name, size_t length, uint64_t uid);
/* Frees a channel that has ended or never began. */
void pluq__channel_free(struct pluq__channel **);

/* Is there room for n more without storage? (PLUQ__OVERFLOW_REJECT) */
bool pluq__channel_has_room(const struct pluq__channel *, uint64_t n);
/* Takes a message from the topic: one reference, in any case. A failure is settled through `put`. */
void pluq__channel_put(struct pluq__channel *, struct pluq_msg *, int64_t defer_ns, struct pluq__put *);
/* Something can be handed out, perhaps. */
void pluq__channel_kick(struct pluq__channel *);

void pluq__channel_pause(struct pluq__channel *, bool paused);
/* Drops everything, what is in flight included. done may be NULL. */
void pluq__channel_empty(struct pluq__channel *, void (*done)(void *, int, const struct pluq_why *), void *arg);
/* Ends every subscription (on_end) and the queue; fn comes once the channel may be freed, perhaps within the call. keep:
 * everything goes to storage (the daemon stops); else its files are removed. */
void pluq__channel_end(struct pluq__channel *, bool keep, void (*fn)(void *arg), void *arg);

int64_t pluq__channel_depth(const struct pluq__channel *);
int64_t pluq__channel_backend_depth(const struct pluq__channel *);
/* Messages in flight and requeued that are looked at for the oldest one, beside the first of as many consumers: all there are, but in very
 * busy channels. */
#define PLUQ__CHANNEL_LOOKS 256
int64_t pluq__channel_oldest_ns(const struct pluq__channel *); /* as in struct pluq_channel_stats */
/* Everything in it: waiting, in flight, deferred. */
uint64_t pluq__channel_holds(const struct pluq__channel *);
/* A consumer has finished the message: its time is taken down. */
void pluq__channel_note_finish(struct pluq__channel *, const struct pluq_msg *);

/* held messages, for the files that make up the channel */
/* Takes a held message that is on no list out of its state and makes it deliverable, in memory or by an append. */
void pluq__channel_make_ready(struct pluq__channel *, struct pluq__held *);
/* A delay that begins now is added to the clock, not to the loop's copy: the turn may have lasted, and no message comes
 * before its time. */
void pluq__channel_defer(struct pluq__channel *, struct pluq__held *, int64_t at_ns);
/* In flight no more: off the table, its list and its consumer's count; its timer is cleared. */
void pluq__channel_land(struct pluq__channel *, struct pluq__held *);
/* Finished for good: releases its record and frees it. It is on no list. */
void pluq__channel_finish(struct pluq__channel *, struct pluq__held *);
void pluq__channel_on_deadline(struct pluq__timer *);
extern const struct pluq__spill_owner pluq__channel_spill_owner;
void pluq__channel_on_turn(struct pluq__turn *);

/* Subscriptions. */
int pluq__sub_new(struct pluq__channel *, const struct pluq_sub_params *, const struct pluq_sub_ops *, void *arg,
    struct pluq_sub **out);
/* Is it to be handed something? Keeps the ready list true. */
void pluq__sub_review(struct pluq_sub *);
/* Off the channel, what it had in flight dealt with; frees it. */
void pluq__sub_leave(struct pluq_sub *);

#endif
