/* Private to the daemon. The part of a queue that is in storage: appends waiting and in progress, records on the medium, records
 * fetched ahead, positions to be released, and the syncs.
 *
 * Belongs to one loop, the queue's home. At most one operation of a queue is in progress on the I/O pool; what arrives
 * meanwhile makes up the next one. Syncs run beside it, at most one at a time.
 *
 * Invariants
 * 1. A message handed to append is held until it is written, refused to its publisher, or given up at the end.
 * 2. A failed append fails the parts of tickets that do not retry; everything else stays first in line and is tried again.
 * 3. A fetched record is released exactly once, or never if the process ends before.
 */
#ifndef PLUQ__SPILL_H
#define PLUQ__SPILL_H

#include <pluq/storage.h>

#include "../base/loop.h"
#include "../base/pool.h"
#include "fifo.h"
#include "message.h"
#include "ticket.h"

struct pluq__home;
struct pluq__held;
struct pluq__spill;
struct pluq__spill_work;

/* A message on its way to storage. */
struct pluq__spill_item {
	struct pluq_msg *msg;         /* one reference */
	struct pluq__ticket *ticket;  /* one part of it, or NULL */
	struct pluq__held *rewritten; /* PLUQ_RECORD_HELD: whose record this will be, or NULL */
	int64_t due_ns;               /* UNIX time, 0: none */
	uint64_t old_position;        /* released once this is written, if has_old */
	uint16_t attempts;
	bool has_old;
};

/* A record fetched ahead: in memory and still in storage. */
struct pluq__fetched {
	struct pluq_msg *msg;
	int64_t due_ns;
	uint64_t position;
	uint16_t attempts;
};

struct pluq__items {
	struct pluq__spill_item *item;
	size_t count, room;
};

struct pluq__positions {
	uint64_t *position;
	size_t count, room;
};

struct pluq__tickets {
	struct pluq__ticket **ticket;
	size_t count, room;
};

struct pluq__spill_owner {
	/* More was fetched, or less is waiting than before. */
	void (*on_change)(struct pluq__spill *);
	/* One record alone keeps storage from being freed: hand it to pluq__spill_rewrite if it can be found. NULL: ignored. */
	void (*on_pinned)(struct pluq__spill *, uint64_t position);
	/* The rewrite has ended; status 0: `position` is the new record. */
	void (*on_rewritten)(struct pluq__spill *, struct pluq__held *, int status, uint64_t position);
};

struct pluq__spill {
	struct pluq__home *home;
	const struct pluq__spill_owner *owner;
	const char *name; /* of the queue; the owner's */
	void *queue;      /* the plugin's, NULL until opened */

	uint64_t stored;               /* records that fetch has not handed out */
	int64_t edge_ns;               /* those are not older than this (UNIX time); 0: unknown */
	struct pluq__fifo fetched;     /* struct pluq__fetched */
	size_t fetched_bytes;
	struct pluq__items waiting;    /* appends not begun */
	size_t writing;                /* appends in progress */
	struct pluq__positions releases;

	struct pluq__spill_work *work; /* the operation in progress, or NULL */
	struct pluq__turn turn;        /* begins the next operation */
	struct pluq__timer retry;
	int failures;                  /* in a row */
	bool retrying, sync_failed;    /* counted by health */
	bool named;                    /* the metadata that names the queue is on the medium */
	bool want;                     /* fetch */
	bool look;                     /* at the first record, to know how old it is */
	bool emptying, ending, removing;

	int64_t sync_every, sync_timeout_ns;
	int64_t unsynced;              /* operations no sync has begun to cover */
	struct pluq__timer sync_timer;
	bool syncing, sync_again;
	struct pluq__tickets written, covered; /* sync_every 1: parts that wait for the next sync; for the one in progress */

	void (*on_empty)(void *arg, int status, const struct pluq_why *);
	void (*on_end)(void *arg);
	void *empty_arg, *end_arg;
};

/* Records fetched ahead of their delivery: enough that consumers do not wait for the disk, little enough that many queues
 * can afford it. */
#define PLUQ__FETCH_AHEAD 2048
#define PLUQ__FETCH_AHEAD_BYTES (4 << 20)

void pluq__spill_init(struct pluq__spill *, struct pluq__home *, const struct pluq__spill_owner *, const char *name);
/* Main, while nothing else runs: opens at once. The queue is named already. */
int pluq__spill_open_now(struct pluq__spill *, struct pluq_why *why);
/* Begins to open; until it is open appends wait. */
void pluq__spill_open(struct pluq__spill *);
/* The metadata that names the queue was saved, or (status < 0) could not be: publishers that wait are told. */
void pluq__spill_named(struct pluq__spill *, int status, const struct pluq_why *);

/* Taken on success. PLUQ_ENOMEM. */
int pluq__spill_append(struct pluq__spill *, const struct pluq__spill_item *);
/* Asks for more records if few are fetched. */
void pluq__spill_want(struct pluq__spill *);
struct pluq__fetched *pluq__spill_peek(struct pluq__spill *, uint64_t n);
void pluq__spill_pop(struct pluq__spill *, uint64_t n); /* the messages and positions are the caller's now */
void pluq__spill_release(struct pluq__spill *, uint64_t position);

/* Forgets every record and every append that waits (their publishers are told that all is well: what they gave was accepted, then
 * emptied). done may be NULL. */
void pluq__spill_empty(struct pluq__spill *, void (*done)(void *, int status, const struct pluq_why *), void *arg);
/* Writes what waits, then closes; or removes the queue with what it holds, as if emptied. done comes in a later step of the loop;
 * then the spill holds nothing and may be freed. What cannot be written is counted as lost. */
void pluq__spill_end(struct pluq__spill *, bool remove, void (*done)(void *arg), void *arg);

/* UNIX time of the oldest message that has not been handed out; PLUQ_OLDEST_*. */
int64_t pluq__spill_oldest_ns(struct pluq__spill *);
/* If that is not known it is found out: storage looks at its first record, which stays there. */
void pluq__spill_look(struct pluq__spill *);

/* Messages in the medium's care, fetched ones included. */
static inline uint64_t pluq__spill_backend_depth(const struct pluq__spill *s)
{
	return s->stored + s->fetched.count;
}
/* Appends not written yet. */
static inline uint64_t pluq__spill_backlog(const struct pluq__spill *s)
{
	return s->waiting.count + s->writing;
}
static inline bool pluq__spill_is_empty(const struct pluq__spill *s)
{
	return !s->stored && !s->fetched.count && !s->waiting.count && !s->writing;
}

#endif
