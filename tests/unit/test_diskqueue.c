/* diskqueue in good times: bytes, rolling, order, release, what is there after a clean stop. */
#include "disk_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <pluq/plugin.h>

extern const struct pluq_plugin pluq_plugin_entry;

static void writes_the_original_bytes(void **state)
{
	struct rig *r = *state;
	static const uint8_t want[] = { 0x00, 0x00, 0x00, 0x1b, 0x18, 0xea, 0x64, 0xdf, 0xcd, 0x0e, 0x31, 0xe5, 0x00, 0x01, 0x31, 0x38,
		0x61, 0x34, 0x37, 0x30, 0x33, 0x65, 0x61, 0x30, 0x32, 0x36, 0x39, 0x30, 0x30, 0x31, 0x31 };
	struct pluq_record n = { .timestamp_ns = 0x18ea64dfcd0e31e5, .attempts = 1, .body = (const uint8_t *)"1", .length = 1 };
	size_t done, length;
	memcpy(n.id, "18a4703ea0269001", 16);
	rig_start(r);
	assert_int_equal(r->ops->append(r->queue, &n, 1, &done, &r->why), 0);
	rig_stop(r);
	uint8_t *data = rig_read(r, DATA0, &length);
	assert_int_equal(length, sizeof(want));
	assert_memory_equal(data, want, sizeof(want));
	free(data);
	rig_expect_meta(r, "1\n0,0\n0,31\n");
	char path[512];
	struct stat st;
	snprintf(path, sizeof(path), "%s/%s", r->dir, DATA0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	snprintf(path, sizeof(path), "%s/%s", r->dir, META);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void untouched_queue_leaves_no_file(void **state)
{
	struct rig *r = *state;
	rig_start(r);
	assert_int_equal(r->info.count, 0);
	assert_int_equal(r->info.sync_every, 2500);
	assert_int_equal(r->ops->empty(r->queue, &r->why), 0);
	rig_sync(r);
	rig_stop(r);
	assert_int_equal(rig_count(r, "*"), 0);
}

static void takes_over_the_originals_files(void **state)
{
	struct rig *r = *state;
	rig_write_records(r, 4, 0, 10, 1); /* reader at the sixth */
	rig_write_records(r, 5, 10, 3, 0); /* empty bodies */
	rig_write_meta(r, "8\n4,155\n5,90"); /* without the last line feed */
	rig_start(r);
	assert_int_equal(r->info.count, 8);
	rig_expect(r, 5, 8);
	rig_append(r, 13, 2, 40);
	rig_stop(r);
	rig_expect_meta(r, "10\n4,155\n5,230\n");
	assert_int_equal(rig_size(r, "t.diskqueue.000005.dat"), 230);
}

static void takes_over_an_idle_queue_of_the_original(void **state)
{
	struct rig *r = *state;
	rig_write_meta(r, "0\n0,0\n0,0\n");
	rig_start(r);
	assert_int_equal(r->info.count, 0);
	rig_append(r, 1, 1, 1);
	rig_stop(r);
	rig_expect_meta(r, "1\n0,0\n0,31\n");
}

static void rolls_where_the_original_does(void **state)
{
	struct rig *r = *state;
	r->conf.max_bytes_per_file = 100; /* three records of 31 are 93; a fourth would be 124 */
	rig_start(r);
	rig_append(r, 0, 7, 1);
	rig_append(r, 7, 1, 500); /* gets a file of its own */
	rig_append(r, 8, 1, 1);
	rig_stop(r);
	assert_int_equal(rig_size(r, DATA0), 93);
	assert_int_equal(rig_size(r, DATA1), 93);
	assert_int_equal(rig_size(r, DATA2), 31);
	assert_int_equal(rig_size(r, DATA3), 530);
	assert_int_equal(rig_size(r, "t.diskqueue.000004.dat"), 31);
	rig_expect_meta(r, "9\n0,0\n4,31\n");
	rig_start(r);
	assert_int_equal(r->info.count, 9);
	rig_expect(r, 0, 9);
	rig_release(r, 0, 9);
	assert_int_equal(rig_count(r, "*.0*.dat"), 1);
	rig_stop(r);
	rig_expect_meta(r, "0\n4,31\n4,31\n");
	assert_int_equal(rig_count(r, "*.bad"), 0);
}

static void fits_exactly_before_rolling(void **state)
{
	struct rig *r = *state;
	r->conf.max_bytes_per_file = 93;
	rig_start(r);
	rig_append(r, 0, 4, 1);
	rig_stop(r);
	assert_int_equal(rig_size(r, DATA0), 93);
	assert_int_equal(rig_size(r, DATA1), 31);
}

/* The original sets such files aside as bad. */
static void writer_rolls_while_the_reader_has_caught_up(void **state)
{
	struct rig *r = *state;
	r->conf.max_bytes_per_file = 100;
	rig_start(r);
	for (uint32_t i = 0; i < 60; i++) {
		rig_append(r, i, 1, 1);
		assert_int_equal(rig_fetch(r, 10), 1);
		if (i % 2)
			rig_release(r, i - 1, 2);
	}
	assert_int_equal(r->left, 0);
	rig_restart(r);
	assert_int_equal(r->info.count, 0);
	assert_int_equal(rig_count(r, "*.bad"), 0);
	assert_int_equal(rig_count(r, "*.0*.dat"), 1);
	assert_int_equal(r->host.lines[PLUQ_ERROR] + r->host.lines[PLUQ_WARN], 0);
}

/* As the original leaves it: the reader at the end of a complete file. */
static void complete_file_read_to_its_end_is_done(void **state)
{
	struct rig *r = *state;
	rig_write_records(r, 0, 0, 3, 1);
	rig_write_records(r, 1, 3, 1, 1);
	rig_write_meta(r, "1\n0,93\n1,31\n");
	rig_start(r);
	assert_int_equal(r->info.count, 1);
	assert_int_equal(rig_size(r, DATA0), -1);
	rig_expect(r, 3, 1);
	assert_int_equal(rig_count(r, "*.bad"), 0);
	assert_int_equal(r->host.lines[PLUQ_ERROR], 0);
}

static void what_is_not_released_comes_back(void **state)
{
	struct rig *r = *state;
	rig_start(r);
	rig_append(r, 0, 10, 5);
	assert_int_equal(rig_fetch(r, 6), 6);
	assert_int_equal(r->left, 4);
	rig_release(r, 0, 3);
	rig_sync(r);
	rig_expect_meta(r, "7\n0,105\n0,350\n");
	rig_restart(r);
	assert_int_equal(r->info.count, 7);
	rig_expect(r, 3, 7);
}

static void releases_in_any_order(void **state)
{
	struct rig *r = *state;
	r->conf.max_bytes_per_file = 1000;
	rig_start(r);
	rig_append(r, 0, 1000, 70);
	assert_int_equal(rig_fetch(r, 1000), 1000);
	srand(7);
	for (size_t i = 999; i > 0; i--) { /* shuffled */
		size_t j = (size_t)rand() % (i + 1);
		struct taken t = r->taken[i];
		r->taken[i] = r->taken[j];
		r->taken[j] = t;
	}
	for (size_t i = 0; i < 1000; i += 10) {
		rig_release(r, i, 10);
		rig_release(r, i, 10); /* twice does nothing */
	}
	assert_int_equal(rig_count(r, "*.0*.dat"), 1);
	rig_restart(r);
	assert_int_equal(r->info.count, 0);
}

static void released_behind_an_unreleased_one_never_comes_again(void **state)
{
	struct rig *r = *state;
	r->conf.max_bytes_per_file = 400;
	rig_start(r);
	rig_append(r, 0, 30, 20); /* 8 to a file */
	assert_int_equal(rig_fetch(r, 20), 20);
	rig_release(r, 0, 2);
	rig_release(r, 3, 2);  /* 2 stays */
	rig_release(r, 9, 10); /* 5..8 stay; 19 too */
	rig_restart(r);
	assert_int_equal(r->info.count, 30 - 14);
	assert_int_equal(rig_fetch(r, 100), 16);
	static const uint32_t want[16] = { 2, 5, 6, 7, 8, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29 };
	for (size_t i = 0; i < 16; i++)
		assert_int_equal(r->taken[i].number, want[i]);
	assert_int_equal(r->left, 0);
	assert_int_equal(r->host.lines[PLUQ_ERROR] + r->host.lines[PLUQ_WARN], 0);
	rig_release(r, 0, 16);
	rig_restart(r);
	assert_int_equal(r->info.count, 0);
}

static void fetch_stops_where_it_is_told(void **state)
{
	struct rig *r = *state;
	rig_start(r);
	rig_append(r, 0, 10, 100);
	struct pluq_fetched out;
	size_t before = r->taken_count, got;
	assert_int_equal(rig_try_fetch(r, 0, &got), 0);
	assert_int_equal(r->left, 10);
	assert_int_equal(r->ops->fetch(r->queue, 100, 250, rig_on_record, r, &out, &r->why), 0);
	assert_int_equal(r->taken_count - before, 2); /* a third would exceed 250 bytes */
	assert_int_equal(r->ops->fetch(r->queue, 100, 1, rig_on_record, r, &out, &r->why), 0);
	assert_int_equal(r->taken_count - before, 3); /* at least one */
	assert_int_equal(out.count, 7);
}

static int refuse_third(void *arg, const struct pluq_record *r)
{
	int *n = arg;
	return (*n)++ == 2 ? 77 : 0;
}

static void refused_record_is_fetched_again(void **state)
{
	struct rig *r = *state;
	struct pluq_fetched out;
	int n = 0;
	rig_start(r);
	rig_append(r, 0, 5, 9);
	assert_int_equal(r->ops->fetch(r->queue, 10, 1000, refuse_third, &n, &out, &r->why), 77);
	assert_int_equal(out.count, 3);
	rig_expect(r, 2, 3);
}

static void large_records(void **state)
{
	struct rig *r = *state;
	rig_start(r);
	rig_append(r, 0, 2, 40000);
	rig_append(r, 2, 2, 3000000);
	rig_append(r, 4, 300, 1000);
	rig_append(r, 304, 1, 64 << 20);
	size_t done;
	assert_int_equal(rig_try_append(r, 305, 1, (64 << 20) + 1, &done), PLUQ_EINVAL);
	assert_int_equal(done, 0);
	assert_int_equal(rig_fetch(r, 304) + rig_fetch(r, 1), 305);
	rig_release(r, 0, 305);
	rig_restart(r);
	assert_int_equal(r->info.count, 0);
}

static void held_record_is_not_fetched(void **state)
{
	struct rig *r = *state;
	rig_start(r);
	rig_append(r, 0, 2, 5);
	uint64_t a = rig_append_held(r, 2, 5);
	rig_append(r, 3, 1, 5);
	uint64_t b = rig_append_held(r, 4, 5);
	assert_int_not_equal(a, b);
	assert_int_equal(rig_fetch(r, 10), 3);
	assert_int_equal(r->taken[2].number, 3);
	assert_int_equal(r->left, 0);
	rig_release(r, 0, 3);
	rig_release_at(r, b);
	rig_restart(r); /* a is with its owner still */
	assert_int_equal(r->info.count, 1);
	rig_expect(r, 2, 1);
}

static void held_record_released_before_the_reader_comes(void **state)
{
	struct rig *r = *state;
	r->conf.max_bytes_per_file = 200;
	rig_start(r);
	rig_append(r, 0, 20, 10); /* five to a file */
	uint64_t a = rig_append_held(r, 20, 10);
	rig_append(r, 21, 20, 10);
	rig_release_at(r, a);
	rig_release_at(r, a);
	assert_int_equal(rig_fetch(r, 20), 20);
	assert_int_equal(r->left, 20);
	rig_expect(r, 21, 20);
	rig_release(r, 0, 40);
	assert_int_equal(rig_count(r, "*.0*.dat"), 1);
	rig_restart(r);
	assert_int_equal(r->info.count, 0);
}

static void held_and_released_ahead_of_the_reader_never_comes(void **state)
{
	struct rig *r = *state;
	r->conf.max_bytes_per_file = 200;
	rig_start(r);
	rig_append(r, 0, 22, 10);
	uint64_t a = rig_append_held(r, 99, 10), b = rig_append_held(r, 22, 10);
	rig_append(r, 23, 3, 10);
	rig_release_at(r, a);
	rig_restart(r);
	assert_int_equal(r->info.count, 26);
	rig_expect(r, 0, 26);
	rig_release_at(r, b); /* of another process: means another record, or none, by now; must not harm */
	assert_int_equal(rig_count(r, "*.bad"), 0);
}

static void only_held_records(void **state)
{
	struct rig *r = *state;
	r->conf.max_bytes_per_file = 200;
	rig_start(r);
	for (uint32_t i = 0; i < 100; i++) {
		uint64_t a = rig_append_held(r, i, 10), b = rig_append_held(r, i, 10);
		rig_release_at(r, b);
		rig_release_at(r, a);
	}
	assert_int_equal(rig_count(r, "*.0*.dat"), 1);
	assert_int_equal(rig_fetch(r, 5), 0);
	rig_restart(r);
	assert_int_equal(r->info.count, 0);
}

static void straggler_is_reported_and_moves(void **state)
{
	struct rig *r = *state;
	r->conf.max_bytes_per_file = 200;
	rig_start(r);
	rig_append(r, 0, 30, 10);
	assert_int_equal(rig_fetch(r, 8), 8);
	rig_release(r, 0, 2);
	rig_release(r, 3, 5);
	assert_false(r->released.pinned); /* one file only */
	assert_int_equal(rig_fetch(r, 12), 12);
	rig_release(r, 8, 11);
	assert_true(r->released.pinned);
	assert_int_equal(r->released.pinned_position, r->taken[2].position);
	assert_int_equal(rig_size(r, DATA0), 200);
	uint64_t again = rig_append_held(r, 2, 10);
	rig_release_at(r, r->taken[2].position);
	assert_false(r->released.pinned);
	assert_int_equal(rig_size(r, DATA0), -1);
	assert_int_equal(rig_size(r, DATA2), -1);
	rig_release(r, 19, 1);
	rig_release_at(r, again);
	rig_restart(r);
	rig_expect(r, 20, 10);
}

static void two_in_one_file_are_not_a_straggler(void **state)
{
	struct rig *r = *state;
	r->conf.max_bytes_per_file = 200;
	rig_start(r);
	rig_append(r, 0, 30, 10);
	assert_int_equal(rig_fetch(r, 30), 30);
	rig_release(r, 0, 2);
	rig_release(r, 4, 26);
	assert_false(r->released.pinned);
}

/* One or two in eight stay outstanding: each of them moves, until the files are given back. */
static void few_that_keep_files_are_stragglers_too(void **state)
{
	struct rig *r = *state;
	size_t moved = 0;
	r->conf.max_bytes_per_file = 320; /* eight to a file */
	rig_start(r);
	rig_append(r, 0, 80, 10);
	assert_int_equal(rig_fetch(r, 80), 80);
	for (size_t i = 0; i < 80; i++) {
		if (i % 8 != 3 && i % 40 != 4) /* two stay of files 0 and 5, one of the others */
			rig_release(r, i, 1);
	}
	assert_int_equal(rig_count(r, "*.0*.dat"), 10);
	while (r->released.pinned) {
		uint64_t old = r->released.pinned_position, again;
		assert_true(moved < 12);
		again = rig_append_held(r, 100 + (uint32_t)moved++, 10);
		rig_release_at(r, old);
		assert_int_not_equal(r->released.pinned_position, again);
	}
	assert_in_range(moved, 8, 12);
	assert_in_range(rig_count(r, "*.0*.dat"), 1, 4);
	rig_restart(r);
	assert_int_equal(r->info.count, 12);
}

static void empty_goes_to_the_next_file(void **state)
{
	struct rig *r = *state;
	r->conf.max_bytes_per_file = 200;
	rig_start(r);
	rig_append(r, 0, 12, 10);
	assert_int_equal(rig_fetch(r, 6), 6);
	assert_int_equal(r->ops->empty(r->queue, &r->why), 0);
	assert_int_equal(rig_count(r, "*.0*.dat"), 0);
	rig_release(r, 0, 6); /* late, ignored */
	assert_int_equal(rig_fetch(r, 6), 0);
	assert_int_equal(r->left, 0);
	rig_append(r, 50, 1, 10);
	rig_restart(r);
	rig_expect_meta(r, "1\n3,0\n3,40\n");
	rig_expect(r, 50, 1);
}

static void remove_leaves_only_bad_files(void **state)
{
	struct rig *r = *state;
	r->conf.max_bytes_per_file = 200;
	rig_start(r);
	rig_append(r, 0, 12, 10);
	rig_append_due(r, 12, 10, 5);
	rig_sync(r);
	rig_write(r, "t.diskqueue.000007.dat.bad", "x", 1);
	rig_write(r, "t:c.diskqueue.000000.dat", "", 0);
	assert_int_equal(r->ops->remove(r->queue, &r->why), 0);
	r->queue = NULL;
	assert_int_equal(rig_count(r, "*"), 2);
}

static void due_times_survive(void **state)
{
	struct rig *r = *state;
	rig_start(r);
	rig_append(r, 0, 3, 10);
	rig_append_due(r, 3, 10, 12345678901234);
	rig_append_due(r, 4, 10, 999);
	rig_append(r, 5, 1, 10);
	rig_append_due(r, 6, 10, 77);
	assert_int_equal(rig_fetch(r, 4), 4);
	assert_int_equal(r->taken[3].due_ns, 12345678901234);
	rig_release(r, 0, 1);
	rig_restart(r);
	rig_expect(r, 1, 6);
	static const int64_t want[6] = { 0, 0, 12345678901234, 999, 0, 77 };
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(r->taken[i].due_ns, want[i]);
	rig_append_due(r, 7, 10, 55);
	rig_release(r, 1, 2); /* the first stays: a hole, so that places move at the stop */
	rig_restart(r);
	assert_int_equal(rig_fetch(r, 100), 5);
	static const int64_t moved[5] = { 0, 999, 0, 77, 55 };
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(r->taken[i].due_ns, moved[i]);
	rig_release(r, 0, 5);
	rig_sync(r);
	assert_int_equal(rig_count(r, "*.due"), 0);
}

static void due_times_grow_by_appending(void **state)
{
	struct rig *r = *state;
	rig_start(r);
	for (uint32_t i = 0; i < 100; i++) {
		rig_append_due(r, i, 10, 1000 + i);
		rig_sync(r);
	}
	assert_int_equal(rig_size(r, "t.pluq.due"), 8 + 100 * 44);
	rig_crash(r);
	rig_resize(r, "t.pluq.due", -1); /* torn: the last one is lost, the others are not */
	rig_start(r);
	rig_expect(r, 0, 100);
	for (uint32_t i = 0; i < 100; i++)
		assert_int_equal(r->taken[i].due_ns, i < 99 ? 1000 + i : 0);
}

static void due_times_of_another_record_are_not_taken(void **state)
{
	struct rig *r = *state;
	rig_start(r);
	rig_append_due(r, 0, 10, 1000);
	rig_append_due(r, 1, 10, 1001);
	rig_stop(r);
	rig_write_records(r, 0, 50, 2, 10); /* as if the original had run, and come to the same places */
	rig_start(r);
	rig_expect(r, 50, 2);
	assert_int_equal(r->taken[0].due_ns, 0);
	assert_int_equal(r->taken[1].due_ns, 0);
	rig_stop(r);
	assert_int_equal(rig_count(r, "*.due"), 0);
	rig_write(r, "t.pluq.due", "garbage", 7);
	rig_start(r);
	rig_expect(r, 50, 2);
	assert_true(mock_host_logged(&r->host, PLUQ_WARN, "t.pluq.due is damaged"));
}

static void idle_queue_holds_no_descriptor(void **state)
{
	struct rig *r = *state;
	rig_start(r);
	rig_append(r, 0, 5, 5);
	rig_fetch(r, 2);
	rig_sync(r);
	rig_faults(r, "open *.0*.dat EMFILE\n");
	size_t done;
	assert_int_equal(rig_try_append(r, 5, 1, 5, &done), PLUQ_EIO); /* so it had been closed */
	rig_faults(r, "");
	rig_append(r, 5, 1, 5);
	rig_expect(r, 2, 4);
}

static void reopened_in_the_same_process(void **state)
{
	struct rig *r = *state;
	rig_start(r);
	for (uint32_t i = 0; i < 3; i++) {
		rig_append(r, i, 1, 5);
		assert_int_equal(r->ops->close(r->queue, &r->why), 0);
		assert_int_equal(r->ops->open(r->store, "t", &r->info, &r->queue, &r->why), 0);
		assert_int_equal(r->info.count, i + 1);
	}
	assert_int_equal(r->ops->remove(r->queue, &r->why), 0);
	assert_int_equal(r->ops->open(r->store, "t", &r->info, &r->queue, &r->why), 0);
	assert_int_equal(r->info.count, 0);
	rig_append(r, 9, 1, 5);
	rig_expect(r, 9, 1);
}

static void zero_sync_every_acts_like_one(void **state)
{
	struct rig *r = *state;
	r->conf.sync_every = 0;
	rig_start(r);
	assert_int_equal(r->info.sync_every, 1);
}

static void descriptor_is_complete(void **state)
{
	const struct pluq_plugin *p = &pluq_plugin_entry;
	const struct pluq_storage_ops *o = p->ops;
	assert_int_equal(p->kind, PLUQ_KIND_STORAGE);
	assert_int_equal(p->conf_size, sizeof(struct dq_conf));
	assert_int_equal(o->size, sizeof(*o));
	for (const struct pluq_option *x = p->options; x->key; x++) {
		assert_string_equal(x->key, x->original);
		assert_true(x->offset + 8 <= p->conf_size);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(writes_the_original_bytes),
		RIG_TEST(untouched_queue_leaves_no_file),
		RIG_TEST(takes_over_the_originals_files),
		RIG_TEST(takes_over_an_idle_queue_of_the_original),
		RIG_TEST(rolls_where_the_original_does),
		RIG_TEST(fits_exactly_before_rolling),
		RIG_TEST(writer_rolls_while_the_reader_has_caught_up),
		RIG_TEST(complete_file_read_to_its_end_is_done),
		RIG_TEST(what_is_not_released_comes_back),
		RIG_TEST(releases_in_any_order),
		RIG_TEST(released_behind_an_unreleased_one_never_comes_again),
		RIG_TEST(fetch_stops_where_it_is_told),
		RIG_TEST(refused_record_is_fetched_again),
		RIG_TEST(large_records),
		RIG_TEST(held_record_is_not_fetched),
		RIG_TEST(held_record_released_before_the_reader_comes),
		RIG_TEST(held_and_released_ahead_of_the_reader_never_comes),
		RIG_TEST(only_held_records),
		RIG_TEST(straggler_is_reported_and_moves),
		RIG_TEST(two_in_one_file_are_not_a_straggler),
		RIG_TEST(few_that_keep_files_are_stragglers_too),
		RIG_TEST(empty_goes_to_the_next_file),
		RIG_TEST(remove_leaves_only_bad_files),
		RIG_TEST(due_times_survive),
		RIG_TEST(due_times_grow_by_appending),
		RIG_TEST(due_times_of_another_record_are_not_taken),
		RIG_TEST(idle_queue_holds_no_descriptor),
		RIG_TEST(reopened_in_the_same_process),
		RIG_TEST(zero_sync_every_acts_like_one),
		cmocka_unit_test(descriptor_is_complete),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
