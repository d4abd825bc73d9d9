/* Due times of deferred records, which the original's record has no room for.
 *
 * Kept in memory in queue order, and beside the queue in `<name>.pluq.due`: a log of entries that grows by one per deferred
 * record, is rewritten when most of it is stale, and deleted when nothing is deferred. An entry counts only if its place is
 * still ahead in the queue and the record there has its id; so it does no harm if the original has run meanwhile.
 *
 *	"pluqdue1", then entries of 44 bytes, integers big-endian:
 *	i64 file, i64 offset, 16 bytes id, i64 UNIX time in ns, u32 CRC-32 of these 40 bytes
 */
#ifndef DQ_DUE_H
#define DQ_DUE_H

#include <stddef.h>

#include <pluq/storage.h>

#include "dq_place.h"

struct dq_due_entry {
	struct dq_at at;
	int64_t due_ns; /* 0: released */
	uint8_t id[PLUQ_ID_LENGTH];
};

struct dq_due {
	struct dq_due_entry *entry; /* head .. tail-1, by place */
	size_t head, tail, capacity;
	size_t live;     /* of these, not released */
	size_t next;     /* no entry before this one is at or behind the reader's place */
	size_t saved;    /* entries before this one are in the file, or need not be */
	uint64_t moved;  /* entries dropped from the array's front so far; a save in progress reckons with it */
	/* the file */
	size_t file_entries; /* stale ones included */
	bool on_disk;
	bool rewrite;        /* its content is not what we know: next time it is written anew */
};

/* Any number of these by the queue's operations, one at a time. */
bool dq_due_reserve(struct dq_due *, size_t more); /* room for so many pushes; false: no memory */
void dq_due_push(struct dq_due *, struct dq_at at, const uint8_t *id, int64_t due_ns); /* behind all others; room was reserved */
int64_t dq_due_find(struct dq_due *, struct dq_at at, const uint8_t *id); /* places ascend from call to call; 0: none */
void dq_due_release(struct dq_due *, struct dq_at at);
void dq_due_forget(struct dq_due *); /* all of them; the file stays until the next save */
void dq_due_fini(struct dq_due *);

/* What the file lacks, as bytes to write (see below). Under the lock that guards the calls above. */
struct dq_due_change {
	enum { DQ_DUE_NOTHING, DQ_DUE_APPEND, DQ_DUE_REPLACE, DQ_DUE_DELETE } what;
	uint8_t *bytes;  /* malloc'ed; freed by dq_due_write */
	size_t length;
	int64_t offset;  /* in the file, for DQ_DUE_APPEND */
	size_t entries;  /* in bytes */
	uint64_t upto;   /* moved + saved, after success */
};
bool dq_due_changes(const struct dq_due *, struct dq_due_change *); /* false: no memory */
/* Without the lock. Brings the change to the medium. */
int dq_due_write(struct dq_due_change *, int dir_fd, const char *file, struct pluq_why *);
/* Under the lock: tells the outcome. Pushes and releases may have come between. */
void dq_due_written(struct dq_due *, const struct dq_due_change *, bool good);

/* Reads the file, without entries before `from`. A damaged or strange file is as good as none; *odd says so. */
int dq_due_load(struct dq_due *, int dir_fd, const char *file, struct dq_at from, bool *odd, struct pluq_why *);

#endif
