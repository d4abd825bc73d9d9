/* <pluq/storage.h>: the storage kind: where messages and metadata go that do not stay in memory.
 *
 * A queue (a topic's, or a channel's) holds records in the order they were appended. The contract is append, fetch,
 * release: fetch hands out the oldest records not yet handed out; release says that records handed out are finished
 * for good. What was appended and not released is offered again by a later process; what was released may be offered
 * again after a crash, never after a clean close.
 *
 * Threads: load runs on main before any other thread; save on the pool, one at a time; the operations of one queue on
 * the pool, one at a time, except that sync may run beside append, fetch and release of its queue. A back end with
 * PLUQ_STORAGE_ON_LOOP is called on the loop instead and must not block. Queues are independent of each other.
 *
 * Every operation returns 0 or PLUQ_E* with `why` (one line that names file and cause). An operation that fails leaves
 * the queue usable.
 */
#ifndef PLUQ_STORAGE_H
#define PLUQ_STORAGE_H

#include <pluq/host.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PLUQ_ID_LENGTH 16

/* A message at rest. */
struct pluq_record {
	uint8_t id[PLUQ_ID_LENGTH];
	int64_t timestamp_ns; /* UNIX time of the publish */
	int64_t due_ns;       /* deferred until this UNIX time; 0: not deferred. A format that cannot hold it keeps the
	                       * message and forgets the time. */
	uint64_t position;    /* fetch: the record's name in release. append with PLUQ_RECORD_HELD: set by append. Opaque. */
	const uint8_t *body;  /* borrowed for the call */
	uint32_t length;      /* of the body, bytes; 0 occurs in data of the original */
	uint16_t attempts;    /* deliveries so far */
	uint16_t flags;       /* PLUQ_RECORD_HELD */
};

/* append: the record is already in its owner's hands; it is not to be fetched by this process, only released, by the
 * position that append has set. */
enum { PLUQ_RECORD_HELD = 1u << 0 };

/* Receives fetched records one by one, on the thread of the fetch. Not 0: fetch ends before that record, and returns
 * that value. */
typedef int (*pluq_record_fn)(void *arg, const struct pluq_record *);

struct pluq_queue_info {
	uint64_t count;          /* records that fetch has not handed out yet */
	int64_t sync_every;      /* appended and released records after which sync is called; 1: appends are answered after
	                          * the sync that covers them; 0: never by count */
	int64_t sync_timeout_ns; /* longest time from an operation to the sync that covers it; 0: never by time */
};

struct pluq_fetched {
	uint64_t count; /* out: as in pluq_queue_info, after this fetch: the back end's word on what is left */
};

struct pluq_released {
	bool pinned;              /* out: one record, alone or with a few others, keeps more than one file: */
	uint64_t pinned_position; /* out: this one. The owner appends it again (PLUQ_RECORD_HELD), then releases it. */
};

struct pluq_meta_channel {
	const char *name; /* terminated */
	bool paused;
};

struct pluq_meta_topic {
	const char *name;
	bool paused;
	struct pluq_meta_channel *channels;
	size_t channel_count;
};

/* What is known of durable topics and channels. */
struct pluq_meta {
	struct pluq_meta_topic *topics;
	size_t topic_count;
	int64_t id_ceiling_ns; /* UNIX time below which message ids may have been given; 0: unknown */
};

/* Called by load per topic, everything borrowed for the call. Not 0 ends the load with that value. */
typedef int (*pluq_meta_fn)(void *arg, const struct pluq_meta_topic *);

enum {
	PLUQ_STORAGE_ON_LOOP = 1u << 0, /* operations do not block: called on loops */
	PLUQ_STORAGE_REJECTS = 1u << 1  /* keeps nothing: a full memory queue refuses the publish; only load and save are
	                                 * called, the rest may be NULL */
};

struct pluq_storage_ops {
	uint32_t size;
	uint32_t flags;

	int (*load)(void *self, pluq_meta_fn fn, void *arg, int64_t *id_ceiling_ns, struct pluq_why *why);
	int (*save)(void *self, const struct pluq_meta *meta, struct pluq_why *why);

	/* Opens the queue, makes it if it is new (nothing need be written before the first append). name: a topic's
	 * "topic", or a channel's "topic:channel". */
	int (*open)(void *self, const char *name, struct pluq_queue_info *info, void **queue, struct pluq_why *why);

	/* Appends records[0 .. n-1] in order. *done says how many were written, in any case: those stay. */
	int (*append)(void *queue, struct pluq_record *records, size_t n, size_t *done, struct pluq_why *why);

	/* Hands out up to max_records records, or fewer once their bodies exceed max_bytes (at least one if there is any). */
	int (*fetch)(void *queue, size_t max_records, size_t max_bytes, pluq_record_fn fn, void *arg,
	    struct pluq_fetched *out, struct pluq_why *why);

	/* Positions in any order. Unknown positions are ignored (the queue may have been emptied meanwhile). */
	int (*release)(void *queue, const uint64_t *positions, size_t n, struct pluq_released *out, struct pluq_why *why);

	/* What was appended and released before the call is on the medium when it returns. */
	int (*sync)(void *queue, struct pluq_why *why);

	/* Forgets every record, handed out or not. If it fails too: this process is offered none of them any more, a later
	 * one may be. */
	int (*empty)(void *queue, struct pluq_why *why);

	/* Syncs, closes and frees the queue; freed in any case. */
	int (*close)(void *queue, struct pluq_why *why);

	/* Deletes the queue with its files and frees it; freed in any case. */
	int (*remove)(void *queue, struct pluq_why *why);

	/* Tells whether an append would succeed now, by really writing something; called every second or so after a
	 * failed write, until it answers 0, so that the daemon heals without traffic. May be NULL. */
	int (*probe)(void *self, struct pluq_why *why);
};

#ifdef __cplusplus
}
#endif
#endif
