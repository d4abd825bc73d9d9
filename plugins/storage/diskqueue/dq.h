/* One queue on disk.
 *
 * Its places, in order:
 *
 *	low         lowest record not released: the window's first, or `next` if nothing is outstanding. What the meta file
 *	            calls the reader's place, so that a crash brings back all that is not finished.
 *	next        the next record that fetch hands out
 *	end         where the next record is written
 *
 * Invariants:
 *	1. low <= next <= end, and `unread` counts the records from next to end (a count that a damaged file or a wrong meta file
 *	   made wrong is put right when next reaches end at the latest).
 *	2. Data files from first.file on exist, below it none of ours do; files below end.file are complete and never written again.
 *	3. The meta file never promises more than has been synced.
 *
 * Threads: operations run one at a time, except sync, which may run beside append, fetch and release. What sync looks at is
 * `shown`, `write_fd`, `due` and `busy`, under `lock`. `sync_lock` is held while the medium is waited for, and by whoever
 * closes write_fd or moves on to another write file; it is taken before `lock`. All other members belong to the operation.
 */
#ifndef DQ_H
#define DQ_H

#include <pthread.h>
#include <sys/types.h>

#include <pluq/storage.h>

#include "dq_due.h"
#include "dq_held.h"
#include "dq_meta.h"
#include "dq_names.h"
#include "dq_reader.h"
#include "dq_store.h"
#include "dq_window.h"

struct dq {
	uint32_t magic;
	const struct dq_store *store;
	pthread_mutex_t lock, sync_lock;

	/* under lock */
	struct dq_state shown; /* the state after the last completed step of an operation */
	struct dq_due due;     /* changed by operations under lock, read by them without */
	bool busy;             /* an operation is running: descriptors and memory that it uses stay */
	bool new_name;         /* a data file was made since the directory was synced */
	int write_fd, read_fd; /* -1: closed; opened when needed, closed at a sync */

	/* under sync_lock */
	struct dq_state saved;  /* what the meta file says */
	bool meta_valid;        /* there is a meta file, and it says that; else saved is what no file at all would mean */
	struct dq_at synced;    /* data before this place is on the medium */
	bool dropped;           /* an fsync has failed: what it was to write may no longer count as unwritten with the kernel */

	/* the operation's */
	struct dq_at next, end;
	int64_t unread;
	int64_t first;          /* lowest number that a data file of ours may have */
	struct dq_at own;       /* where this process began to write: a record begins there, whatever is before it */
	struct dq_at damage;    /* what was before `own` could not be read from here on (file -1: all could) */
	bool end_exists;        /* the write file has been made */
	bool end_dirty;         /* it may be longer than end.pos: a failed write could not be undone */
	int64_t read_file;      /* which one read_fd is */
	size_t usual_size;      /* of the records read last, on disk: how much to read at once */
	struct dq_window window;
	struct dq_held held;
	int64_t *bad;           /* damaged files: set aside once nothing in them is outstanding */
	size_t bad_count;

	char name[];
};

/* --- the operations of struct pluq_storage_ops */
int dq_open(void *self, const char *name, struct pluq_queue_info *, void **queue, struct pluq_why *);
int dq_append(void *queue, struct pluq_record *, size_t n, size_t *done, struct pluq_why *);
int dq_fetch(void *queue, size_t max_records, size_t max_bytes, pluq_record_fn, void *arg, struct pluq_fetched *, struct pluq_why *);
int dq_release(void *queue, const uint64_t *positions, size_t n, struct pluq_released *, struct pluq_why *);
int dq_sync(void *queue, struct pluq_why *);
int dq_empty(void *queue, struct pluq_why *);
int dq_close(void *queue, struct pluq_why *);
int dq_remove(void *queue, struct pluq_why *);

/* --- dq_queue.c */
struct dq *dq_queue(void *queue); /* checks the magic word */
void dq_free(struct dq *);
void dq_begin(struct dq *);       /* an operation begins that sync may run beside ... */
void dq_end(struct dq *);         /* ... and ends; shows the state */
void dq_show(struct dq *);        /* shows the state in between */
struct dq_at dq_low(const struct dq *);
uint64_t dq_count(const struct dq *); /* records that fetch has yet to hand out */
void dq_pass_held(struct dq *);   /* moves next past records that their owner has already */
void dq_settle(struct dq *);      /* moves next from the end of a complete file to the following one */
#define DQ_LOG(q, level, ...) ((q)->store->host->log((q)->store->host, (level), __VA_ARGS__))

/* --- dq_scan.c: counting without handing out. File numbers without a file are passed over. */
struct dq_tail {
	struct dq_at end; /* behind the last good record */
	int64_t count;    /* of good ones */
	enum dq_read how; /* DQ_END, DQ_TORN or DQ_BAD */
	int64_t size;     /* of the file */
};
int dq_scan_file(struct dq *, struct dq_at from, bool sync, struct dq_tail *, struct pluq_why *); /* PLUQ_EUNKNOWN: no file */
int dq_scan(struct dq *, struct dq_at from, struct dq_at to, int64_t *count, struct pluq_why *);
/* Lowest data file from `from` on, below `to`; `to` if there is none. */
int dq_next_file(struct dq *, int64_t from, int64_t to, int64_t *found, struct pluq_why *);

/* --- dq_recover.c: finds the state of a queue that is being opened */
int dq_recover(struct dq *, struct pluq_why *);

/* --- dq_damage.c */
/* What is from next up to `to` is given up: cause says why. `unread` is put right. */
void dq_give_up(struct dq *, const char *cause, struct dq_at to);
void dq_condemn(struct dq *, int64_t file); /* to be set aside when its last record has been released */
bool dq_is_bad(const struct dq *, int64_t file);
void dq_set_aside(struct dq *, int64_t file);
void dq_keep_bad(struct dq *, int64_t file); /* gives it the name `.bad` too */

/* --- dq_sync.c */
int dq_sync_held(struct dq *, struct pluq_why *); /* as dq_sync, with sync_lock held by the caller */
int dq_sync_data(struct dq *, struct dq_at upto, struct pluq_why *); /* the write file's part; with sync_lock held, or alone */
int dq_save_meta(struct dq *, const struct dq_state *, struct pluq_why *); /* with sync_lock held, or alone */
int dq_save_due(struct dq *, struct pluq_why *);  /* same */

/* --- dq_roll.c */
int dq_roll(struct dq *, struct pluq_why *);          /* the write file is complete: the next one begins */
void dq_end_file(struct dq *);                        /* the same without a sync, for a file that is not to be trusted */
int dq_open_write(struct dq *, struct pluq_why *);    /* write_fd is open after it */
void dq_close_write(struct dq *);                     /* with sync_lock held, or alone */
void dq_close_read(struct dq *);

/* --- dq_reclaim.c */
void dq_reclaim(struct dq *);                               /* deletes the files below low */
int dq_delete_files(struct dq *, int64_t from, int64_t to, struct pluq_why *); /* to not included; goes on after a failure */

/* --- dq_squeeze.c */
/* Before close: takes records that were released behind others that were not out of their files, so that they are never
 * offered again; and damage with records of this process behind it, so that these are found again. Alone. */
int dq_squeeze(struct dq *, struct pluq_why *);

#endif
