/* What the tests of the diskqueue plugin share: a directory of their own, a store on it, one queue "t", and the original's files
 * made and read by hand. Anything unexpected fails the test. */
#ifndef DISK_RIG_H
#define DISK_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pluq/storage.h>

#include "../../plugins/storage/diskqueue/dq_store.h"
#include "mock_host.h"

struct taken {
	uint64_t position;
	int64_t timestamp_ns, due_ns;
	uint32_t length, number; /* number: which record, see rig_record */
	uint16_t attempts;
	uint8_t id[PLUQ_ID_LENGTH];
};

struct rig {
	char dir[64], rules[96];
	struct mock_host host;
	struct dq_conf conf;
	const struct pluq_storage_ops *ops;
	void *store, *queue;
	struct pluq_queue_info info; /* of the last open */
	struct pluq_why why;
	struct taken *taken; /* by all fetches since the last rig_forget */
	size_t taken_count, taken_capacity;
	uint64_t left;       /* of the last fetch */
	struct pluq_released released;
};

int rig_setup(void **state);
int rig_teardown(void **state); /* also checks that no temporary file is left */
#define RIG_TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

void rig_start(struct rig *); /* the store and the queue "t" */
int rig_try_start(struct rig *);
void rig_stop(struct rig *);  /* cleanly */
void rig_restart(struct rig *);
void rig_crash(struct rig *); /* as after kill -9: the queue in memory is dropped, the files stay as they are */

/* A record by number: its id, timestamp and body follow from it; the body has at least 4 bytes if it has any. */
struct pluq_record rig_record(uint32_t number, uint32_t length);
void rig_free_record(struct pluq_record *);
#define RIG_SIZE(length) (30 + (int64_t)(length))

void rig_append(struct rig *, uint32_t first, uint32_t count, uint32_t length);
int rig_try_append(struct rig *, uint32_t first, uint32_t count, uint32_t length, size_t *done);
uint64_t rig_append_held(struct rig *, uint32_t number, uint32_t length); /* its position */
void rig_append_due(struct rig *, uint32_t number, uint32_t length, int64_t due_ns);

int rig_on_record(void *rig, const struct pluq_record *);  /* pluq_record_fn: checks and notes it */
size_t rig_fetch(struct rig *, size_t most); /* how many; they are checked and noted in `taken` */
int rig_try_fetch(struct rig *, size_t most, size_t *got);
void rig_expect(struct rig *, uint32_t first, uint32_t count); /* fetches that many, then there is nothing more */
void rig_release(struct rig *, size_t first, size_t count);    /* of `taken` */
void rig_release_at(struct rig *, uint64_t position);
void rig_forget(struct rig *);
void rig_sync(struct rig *);

/* Files in the directory. */
void rig_write(struct rig *, const char *name, const void *data, size_t length);
void rig_write_meta(struct rig *, const char *text);
void rig_write_records(struct rig *, int file, uint32_t first, uint32_t count, uint32_t length);
void rig_expect_meta(struct rig *, const char *text);
int64_t rig_size(struct rig *, const char *name); /* -1: no such file */
void *rig_read(struct rig *, const char *name, size_t *length); /* malloc'ed */
void rig_resize(struct rig *, const char *name, int64_t by);
void rig_poke(struct rig *, const char *name, int64_t at, uint32_t big_endian);
void rig_unlink(struct rig *, const char *name);
size_t rig_count(struct rig *, const char *glob);
void rig_faults(struct rig *, const char *rules); /* tests/shim/faultfs.c; "": none */

#define META "t.diskqueue.meta.dat"
#define DATA0 "t.diskqueue.000000.dat"
#define DATA1 "t.diskqueue.000001.dat"
#define DATA2 "t.diskqueue.000002.dat"
#define DATA3 "t.diskqueue.000003.dat"

#endif
