/* Private to spill*.c. One operation of a queue in progress, and what the files that make up the spill call of each other:
 *
 *	spill.c       what the queue asks; which operation comes next
 *	spill_work.c  operations: made on the home loop, run on the pool
 *	spill_done.c  their results, on the home loop
 *	spill_sync.c  syncs, which run beside the operations
 */
#ifndef PLUQ__SPILL_WORK_H
#define PLUQ__SPILL_WORK_H

#include "spill.h"

enum pluq__spill_kind {
	PLUQ__SPILL_OPEN,
	PLUQ__SPILL_MOVE, /* release, append, fetch: whatever there is of each */
	PLUQ__SPILL_EMPTY,
	PLUQ__SPILL_CLOSE,
	PLUQ__SPILL_REMOVE
};

struct pluq__spill_batch {
	struct pluq__fetched *fetched;
	size_t count, room;
};

/* One operation in progress. */
struct pluq__spill_work {
	struct pluq__job job;
	struct pluq__spill *spill;
	enum pluq__spill_kind kind;
	const struct pluq_storage_ops *ops;
	void *self, *queue;
	const char *name;

	struct pluq_queue_info info;
	struct pluq__items items;
	uint64_t *new_positions; /* per item; made only if an item is a rewrite */
	struct pluq__positions releases;
	bool fetch;
	bool looks;   /* the fetch is for the age of the first record, which stays where it is: */
	int64_t seen_ns; /* that; 0: there was none */
	bool stale; /* the queue was emptied meanwhile: what was fetched is gone */

	int open_status, append_status, fetch_status, release_status, end_status;
	size_t appended;
	struct pluq__spill_batch batch;
	struct pluq_fetched left;
	struct pluq_released released;
	struct pluq_why why; /* of the failure reported last */
	struct pluq_why append_why;
};

/* Pauses between attempts of what fails: double from the first to the last. */
#define PLUQ__SPILL_RETRY_FIRST_NS (50 * PLUQ__MS)
#define PLUQ__SPILL_RETRY_LAST_NS (2 * PLUQ__SEC)

/* spill.c */
void pluq__spill_kick(struct pluq__spill *);        /* looks for the next operation at the end of this turn */
void pluq__spill_retry_later(struct pluq__spill *); /* after a failure that has been counted */
bool pluq__spill_grow(void **array, size_t *room, size_t need, size_t size);

/* spill_work.c. false: no memory, nothing has begun. */
bool pluq__spill_begin(struct pluq__spill *, enum pluq__spill_kind); /* not MOVE */
bool pluq__spill_begin_move(struct pluq__spill *, bool append);
void pluq__spill_submit(struct pluq__spill *, struct pluq__job *);

/* spill_done.c */
void pluq__spill_on_done(struct pluq__job *);
/* Settles all items and frees the list. */
void pluq__spill_drop(struct pluq__spill *, struct pluq__items *, int status, const struct pluq_why *);
/* What of w was not written: publishers are told, the rest goes back to the front of the waiting ones. */
void pluq__spill_refuse(struct pluq__spill *, struct pluq__spill_work *w);
/* The end of a queue that never opened. */
void pluq__spill_end_unopened(struct pluq__spill *);

/* spill_sync.c */
void pluq__spill_sync(struct pluq__spill *);
void pluq__spill_on_sync_timer(struct pluq__timer *);
void pluq__spill_operations(struct pluq__spill *, int64_t n); /* n more are to be covered by a sync */
bool pluq__spill_await_sync(struct pluq__tickets *, struct pluq__ticket *); /* false: no memory */
void pluq__spill_settle(struct pluq__tickets *, int status, const struct pluq_why *);

#endif
