/* Private to the daemon. Messages that a channel holds one by one: in flight, requeued, deferred; and the table that finds
 * those in flight by id. One home.
 */
#ifndef PLUQ__HELD_H
#define PLUQ__HELD_H

#include "../base/wheel.h"
#include "message.h"

struct pluq__channel;
struct pluq__home;
struct pluq_sub;

enum pluq__held_state {
	PLUQ__HELD_IN_FLIGHT, /* in the table; on its consumer's list, or on the channel's orphans; timer: its deadline */
	PLUQ__HELD_DEFERRED,  /* on the channel's deferred list; timer: due */
	PLUQ__HELD_READY,     /* on the channel's requeued list */
	PLUQ__HELD_FINISHED   /* on no list: waits only for its rewrite to end */
};

struct pluq__held {
	struct pluq__timer timer;
	struct pluq__held *next, *prev;
	struct pluq__held *hash_next;
	struct pluq_msg *msg; /* one reference */
	struct pluq__channel *channel;
	struct pluq_sub *sub;  /* in flight: whose; NULL: it has left */
	uint64_t position;     /* if stored */
	int64_t delivered_ns;
	uint16_t attempts;
	uint8_t state;
	bool stored;    /* a record in storage stands for it until it is released */
	bool rewriting; /* that record is being appended again */
	uint16_t due_bin; /* deferred: where it is counted, see due.h; else 0 */
};

struct pluq__held_list {
	struct pluq__held *first, *last;
	uint64_t count;
};

struct pluq__held *pluq__held_new(struct pluq__home *); /* zeroed; NULL: no memory */
void pluq__held_free(struct pluq__home *, struct pluq__held *); /* drops its message; its timer must not be set */
void pluq__held_trim(struct pluq__home *); /* frees what is kept for reuse */

void pluq__held_append(struct pluq__held_list *, struct pluq__held *);
void pluq__held_prepend(struct pluq__held_list *, struct pluq__held *);
void pluq__held_unlink(struct pluq__held_list *, struct pluq__held *);

/* Chained hash table over hash_next; the bucket array grows and shrinks with what is in flight. */
struct pluq__inflight {
	struct pluq__held **bucket;
	uint64_t count;
	uint32_t room; /* power of two, or 0 */
};

/* Makes sure that `more` entries can be added without failing. PLUQ_ENOMEM only while there is no bucket at all. */
int pluq__inflight_reserve(struct pluq__inflight *, uint64_t more);
void pluq__inflight_add(struct pluq__inflight *, struct pluq__held *);
struct pluq__held *pluq__inflight_find(const struct pluq__inflight *, const uint8_t *id);
void pluq__inflight_remove(struct pluq__inflight *, struct pluq__held *);
void pluq__inflight_fini(struct pluq__inflight *);

#endif
