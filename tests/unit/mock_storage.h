/* A storage back end in memory that does what a test tells it: fails, hangs, counts. Its data outlive the broker, so that a test can
 * start another one on them. It also watches whether the contract of <pluq/storage.h> is kept by the engine:
 * one operation of a queue at a time, one sync beside append, fetch and release only, no append before the metadata
 * names the queue, nothing released twice, positions known. What it finds is in `violation`.
 */
#ifndef MOCK_STORAGE_H
#define MOCK_STORAGE_H

#include <pluq/storage.h>
#include <pthread.h>
#include <stdatomic.h>

enum mock_op {
	MOCK_OPEN,
	MOCK_APPEND,
	MOCK_FETCH,
	MOCK_RELEASE,
	MOCK_SYNC,
	MOCK_EMPTY,
	MOCK_CLOSE,
	MOCK_REMOVE,
	MOCK_OPS
};

enum mock_state { MOCK_STORED, MOCK_HANDED_OUT, MOCK_HELD, MOCK_RELEASED };

struct mock_record {
	uint8_t id[PLUQ_ID_LENGTH];
	int64_t timestamp_ns, due_ns;
	uint64_t position;
	uint16_t attempts;
	enum mock_state state;
	uint32_t length;
	char body[40]; /* terminated; longer bodies are cut */
};

struct mock_queue {
	struct mock_queue *next;
	struct mock_storage *storage;
	char name[140];
	struct mock_record *record;
	size_t count, room;
	uint64_t next_position, forgotten; /* positions below `forgotten` were emptied */
	size_t first;                      /* no record before this one waits to be fetched */
	bool is_open, was_removed;

	/* the script; set under the lock, or before the engine runs */
	int fail[MOCK_OPS];   /* so many of the next calls fail */
	_Atomic int fail_at_record;   /* > 0: the append that reaches this many records from now on fails there, once */
	bool block[MOCK_OPS]; /* calls wait until it is cleared */
	_Atomic int pin;              /* so many releases say that the oldest record pins files */

	/* seen */
	_Atomic int calls[MOCK_OPS];
	_Atomic int inside[MOCK_OPS]; /* calls begun and not ended */
	size_t batch[256];            /* sizes of the appends */
};

struct mock_name {
	char name[140]; /* "topic" or "topic:channel" */
	bool paused;
};

#define MOCK_BUCKETS 1024

struct mock_storage {
	struct pluq_storage_ops ops; /* a copy, whose flags a test may change */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct mock_queue *queues[MOCK_BUCKETS]; /* by name */
	int64_t sync_every, sync_timeout_ns;
	int slow_us; /* what each append and fetch takes */

	struct mock_name *saved;
	size_t saved_count;
	int64_t ceiling_ns;
	_Atomic int saves, saving, probes;
	int fail_saves, fail_probes;
	bool block_save;
	_Atomic bool unnamed_appends; /* allowed */

	_Atomic int violations;
	char violation[240];
};

void mock_storage_init(struct mock_storage *);
void mock_storage_fini(struct mock_storage *);

/* The queue of that name, made if it is new, so that it can be scripted before it is opened. */
struct mock_queue *mock_queue(struct mock_storage *, const char *name);
/* Under the lock. */
void mock_block(struct mock_queue *, enum mock_op);
void mock_unblock(struct mock_queue *, enum mock_op);
void mock_unblock_all(struct mock_storage *); /* the metadata too */
void mock_fail(struct mock_queue *, enum mock_op, int times);
void mock_block_save(struct mock_storage *, bool blocked);
void mock_fail_saves(struct mock_storage *, int times);
/* Records not released. */
size_t mock_depth(struct mock_queue *);
size_t mock_count(struct mock_queue *, enum mock_state);
/* The n-th record not released; only while no operation is in progress. */
struct mock_record *mock_at(struct mock_queue *, size_t n);
/* true once calls[op] has reached n; false after 20 s. */
bool mock_await(struct mock_queue *, enum mock_op, int calls);
/* true once so many calls are inside the operation. */
bool mock_await_inside(struct mock_queue *, enum mock_op, int calls);
/* true once so many records are not released. */
bool mock_becomes(struct mock_queue *, size_t depth);
/* The name of a queue that is open, or NULL. */
const char *mock_any_open(struct mock_storage *);
bool mock_has_saved(struct mock_storage *, const char *name);
int64_t mock_ceiling_ns(struct mock_storage *);
/* true once the metadata name it, or name it no more. */
bool mock_saves(struct mock_storage *, const char *name, bool named);

#endif
