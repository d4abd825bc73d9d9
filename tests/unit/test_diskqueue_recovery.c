/* diskqueue after a crash, and with damaged files. */
#include "disk_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void nothing_bad(struct rig *r)
{
	assert_int_equal(rig_count(r, "*.bad"), 0);
	assert_int_equal(r->host.lines[PLUQ_ERROR], 0);
}

static void metadata_older_than_the_data(void **state)
{
	struct rig *r = *state;
	r->conf.max_bytes_per_file = 200;
	rig_start(r);
	rig_append(r, 0, 3, 10);
	rig_sync(r);
	rig_append(r, 3, 1, 10);
	rig_crash(r);
	rig_expect_meta(r, "3\n0,0\n0,120\n");
	rig_start(r);
	assert_int_equal(r->info.count, 4);
	rig_append(r, 4, 1, 10);
	rig_expect(r, 0, 5);
	nothing_bad(r);
	rig_restart(r);
	rig_expect(r, 0, 5);
}

/* The meta file could not be written when the writer rolled. */
static void files_above_the_writers(void **state)
{
	struct rig *r = *state;
	rig_write_records(r, 0, 0, 5, 10);
	rig_write_records(r, 1, 5, 5, 10);
	rig_write_records(r, 3, 10, 2, 10); /* 2 is missing */
	rig_write_meta(r, "2\n0,40\n0,120\n");
	rig_start(r);
	assert_int_equal(r->info.count, 11);
	rig_append(r, 12, 1, 10);
	rig_fetch(r, 100);
	assert_int_equal(r->taken_count, 12);
	assert_int_equal(r->taken[11].number, 12);
	assert_int_equal(r->left, 0);
	assert_int_equal(rig_count(r, "*.bad"), 0);
	assert_int_equal(rig_size(r, DATA3), 120);
}

static void torn_last_record_is_cut_off(void **state)
{
	struct rig *r = *state;
	for (int cut = 1; cut < 40; cut++) {
		rig_write_records(r, 0, 0, 5, 10);
		rig_resize(r, DATA0, -cut);
		rig_write_meta(r, "2\n0,0\n0,80\n");
		rig_start(r);
		assert_int_equal(r->info.count, 4);
		assert_int_equal(rig_size(r, DATA0), 160);
		rig_append(r, 4, 1, 10);
		rig_expect(r, 0, 5);
		nothing_bad(r);
		assert_true(mock_host_logged(&r->host, PLUQ_WARN, "torn record"));
		rig_stop(r);
		rig_forget(r);
		rig_expect_meta(r, "5\n0,0\n0,200\n");
	}
}

static void zeros_of_a_power_cut_are_cut_off(void **state)
{
	struct rig *r = *state;
	rig_write_records(r, 0, 0, 3, 10);
	rig_resize(r, DATA0, 10000);
	rig_write_meta(r, "3\n0,0\n0,120\n");
	rig_start(r);
	assert_int_equal(r->info.count, 3);
	assert_int_equal(rig_size(r, DATA0), 120);
	rig_expect(r, 0, 3);
	nothing_bad(r);
}

static void missing_meta_file(void **state)
{
	struct rig *r = *state;
	rig_write_records(r, 3, 0, 5, 10);
	rig_write_records(r, 4, 5, 5, 10);
	rig_resize(r, "t.diskqueue.000004.dat", -3);
	rig_start(r);
	assert_int_equal(r->info.count, 9);
	rig_expect_meta(r, "9\n3,0\n4,160\n");
	rig_append(r, 9, 3, 10);
	rig_expect(r, 0, 12);
	nothing_bad(r);
}

static void unreadable_meta_files(void **state)
{
	static const char *const texts[] = { "", "x", "1\n", "2\n0,0\n", "2\n0,0\n0", "2\n0,0\n0,80\nx", "2\n0 0\n0,80\n", "2\n-1,0\n0,80\n",
		"2\n0,-5\n0,80\n", "2\n1,0\n0,80\n", "2\n0,90\n0,80\n", "99999999999999999999\n0,0\n0,80\n" };
	struct rig *r = *state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		mock_host_forget(&r->host);
		rig_write_records(r, 0, 0, 2, 10);
		rig_write_meta(r, texts[i]);
		rig_start(r);
		assert_int_equal(r->info.count, 2);
		assert_true(mock_host_logged(&r->host, PLUQ_ERROR, META " is not a meta file"));
		rig_append(r, 2, 1, 10);
		rig_expect(r, 0, 3);
		rig_stop(r);
		rig_forget(r);
	}
	rig_unlink(r, DATA0);
	rig_write_meta(r, "junk");
	rig_start(r);
	assert_int_equal(r->info.count, 0);
	rig_expect_meta(r, "0\n0,0\n0,0\n");
}

static void leftover_files_below_the_readers(void **state)
{
	struct rig *r = *state;
	rig_write_records(r, 0, 0, 5, 10);
	rig_write_records(r, 1, 5, 5, 10);
	rig_write_records(r, 2, 10, 5, 10);
	rig_write_meta(r, "5\n2,0\n2,200\n");
	rig_start(r);
	assert_int_equal(rig_count(r, "*.0*.dat"), 1);
	rig_expect(r, 10, 5);
}

static void wrong_depth_is_put_right(void **state)
{
	static const char *const texts[] = { "0\n0,0\n0,200\n", "-3\n0,0\n0,200\n", "2\n0,0\n0,200\n", "900\n0,0\n0,200\n" };
	struct rig *r = *state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		rig_write_records(r, 0, 0, 5, 10);
		rig_write_meta(r, texts[i]);
		rig_start(r);
		if (i < 2)
			assert_int_equal(r->info.count, 5);
		for (uint32_t n = 0; n < 5; n++) {
			assert_true(n == 0 || r->left > 0);
			assert_int_equal(rig_fetch(r, 1), 1);
		}
		assert_int_equal(rig_fetch(r, 1), 0);
		assert_int_equal(r->left, 0);
		rig_release(r, 0, 5);
		rig_stop(r);
		rig_expect_meta(r, "0\n0,200\n0,200\n");
		rig_forget(r);
	}
}

static void write_file_cut_short(void **state)
{
	struct rig *r = *state;
	rig_write_records(r, 0, 0, 5, 10);
	rig_write_meta(r, "5\n0,0\n0,200\n");
	rig_resize(r, DATA0, -5);
	rig_start(r);
	assert_int_equal(r->info.count, 4);
	rig_append(r, 5, 1, 10);
	rig_crash(r);
	rig_start(r);
	assert_int_equal(r->info.count, 5);
	assert_int_equal(rig_fetch(r, 100), 5);
	assert_int_equal(r->taken[4].number, 5);
	rig_release(r, 0, 5);
	assert_int_equal(rig_count(r, "*.bad"), 0);
	rig_restart(r);
	assert_int_equal(r->info.count, 0);
}

/* The meta file names a place inside the file that is no record's any more. */
static void write_file_cut_short_and_the_meta_file_not_renewed(void **state)
{
	struct rig *r = *state;
	rig_write_records(r, 0, 0, 5, 10);
	rig_write_meta(r, "5\n0,0\n0,200\n");
	rig_resize(r, DATA0, -5);
	rig_faults(r, "write *.tmp ENOSPC\n");
	rig_start(r);
	rig_append(r, 4, 3, 50);
	rig_crash(r);
	rig_faults(r, "");
	rig_expect_meta(r, "5\n0,0\n0,200\n");
	rig_start(r);
	assert_int_equal(r->info.count, 7);
	rig_expect(r, 0, 7);
	assert_int_equal(rig_count(r, "*.bad"), 0);
}

static void write_file_missing(void **state)
{
	struct rig *r = *state;
	rig_write_records(r, 0, 0, 5, 10);
	rig_write_meta(r, "10\n0,0\n1,200\n");
	rig_start(r);
	assert_int_equal(r->info.count, 5);
	rig_append(r, 5, 1, 10);
	rig_expect(r, 0, 6);
	rig_stop(r);
	rig_expect_meta(r, "6\n0,0\n2,40\n");
	rig_unlink(r, "t.diskqueue.000002.dat");
	rig_unlink(r, DATA0);
	rig_forget(r);
	rig_start(r);
	assert_int_equal(r->info.count, 0);
}

static void readers_file_missing(void **state)
{
	struct rig *r = *state;
	rig_write_records(r, 2, 5, 5, 10);
	rig_write_meta(r, "10\n0,0\n2,200\n");
	rig_start(r);
	assert_int_equal(r->info.count, 5);
	rig_expect(r, 5, 5);
}

static void middle_file_missing(void **state)
{
	struct rig *r = *state;
	rig_write_records(r, 0, 0, 5, 10);
	rig_write_records(r, 2, 10, 5, 10);
	rig_write_meta(r, "15\n0,0\n2,200\n");
	rig_start(r);
	assert_int_equal(rig_fetch(r, 100), 10);
	assert_int_equal(r->taken[5].number, 10);
	assert_int_equal(r->left, 0);
	assert_true(mock_host_logged(&r->host, PLUQ_ERROR, DATA1 ": file is missing"));
	assert_int_equal(rig_count(r, "*.bad"), 0);
}

static void file_numbers_far_apart(void **state)
{
	struct rig *r = *state;
	rig_write_records(r, 0, 0, 5, 10);
	rig_write_records(r, 999999, 5, 1, 10);
	rig_write_meta(r, "6\n0,0\n8000000,0\n");
	rig_start(r);
	rig_append(r, 6, 1, 10);
	rig_expect(r, 0, 7);
	rig_release(r, 0, 7);
	assert_int_equal(rig_count(r, "*.0*.dat"), 0);
	assert_int_equal(rig_count(r, "*.8000000.dat"), 1);
	rig_stop(r);
	rig_forget(r);
	rig_unlink(r, META);
	rig_unlink(r, "t.diskqueue.8000000.dat");
	rig_write_records(r, 0, 0, 5, 10);
	rig_write_meta(r, "5\n0,0\n99999999999,0\n"); /* farther than any queue gets: not believed */
	rig_start(r);
	assert_true(mock_host_logged(&r->host, PLUQ_ERROR, META " is not a meta file"));
	rig_expect(r, 0, 5);
}

static void destroyed_length_in_a_complete_file(void **state)
{
	static const uint32_t lengths[] = { 0, 1, 25, 0xffffffff, 0x80000000, 0x7fffffff, (64 << 20) + 27, 1000 };
	struct rig *r = *state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
		mock_host_forget(&r->host);
		rig_write_records(r, 0, 0, 5, 10);
		rig_write_records(r, 1, 5, 5, 10);
		rig_write_records(r, 2, 10, 5, 10);
		rig_write_meta(r, "15\n0,0\n2,200\n");
		rig_poke(r, DATA1, 80, lengths[i]);
		rig_start(r);
		assert_int_equal(rig_fetch(r, 8), 8);
		assert_int_equal(r->left, 4); /* known exactly as soon as it has been met */
		assert_int_equal(r->taken[7].number, 10);
		assert_true(mock_host_logged(&r->host, PLUQ_ERROR, DATA1 ": record "));
		assert_true(mock_host_logged(&r->host, PLUQ_ERROR, "3 records lost"));
		rig_expect(r, 11, 4);
		rig_release(r, 0, 6);
		assert_int_equal(rig_count(r, "*.bad"), 0); /* 6 is outstanding, and would come back after a crash */
		rig_release(r, 6, 6);
		assert_int_equal(rig_size(r, DATA1 ".bad"), 200);
		rig_unlink(r, DATA1 ".bad");
		rig_stop(r);
		rig_expect_meta(r, "0\n2,200\n2,200\n");
		rig_forget(r);
	}
}

static void complete_file_cut_short(void **state)
{
	struct rig *r = *state;
	rig_write_records(r, 0, 0, 5, 10);
	rig_write_records(r, 1, 5, 5, 10);
	rig_resize(r, DATA0, -5);
	rig_write_meta(r, "10\n0,0\n1,200\n");
	rig_start(r);
	assert_int_equal(rig_fetch(r, 100), 9);
	assert_int_equal(r->left, 0);
	rig_release(r, 0, 9);
	assert_int_equal(rig_count(r, "*000000.dat.bad"), 1);
}

static void destroyed_length_in_the_write_file(void **state)
{
	static const uint32_t lengths[] = { 0, 0xffffffff, 200 };
	struct rig *r = *state;
	for (size_t i = 0; i < 3; i++) {
		rig_write_records(r, 0, 0, 5, 10);
		rig_write_meta(r, "5\n0,0\n0,200\n");
		rig_poke(r, DATA0, 80, lengths[i]);
		rig_start(r);
		rig_append(r, 5, 10, 10); /* into the damaged file, as nothing is known of the damage yet */
		assert_int_equal(rig_fetch(r, 3), 3);
		assert_int_equal(r->taken[2].number, 5);
		assert_int_equal(r->left, 9);
		rig_expect(r, 6, 9);
		rig_release(r, 0, 12);
		rig_restart(r);
		assert_int_equal(r->info.count, 0);
		rig_stop(r);
		rig_forget(r);
	}
}

static void damage_with_outstanding_records_on_both_sides(void **state)
{
	struct rig *r = *state;
	rig_write_records(r, 0, 0, 5, 10);
	rig_write_meta(r, "5\n0,0\n0,200\n");
	rig_poke(r, DATA0, 80, 0);
	rig_start(r);
	rig_append(r, 5, 10, 10);
	assert_int_equal(rig_fetch(r, 100), 12);
	rig_release(r, 0, 1);
	rig_release(r, 3, 1); /* 6 */
	rig_restart(r);
	assert_int_equal(r->info.count, 10);
	assert_int_equal(rig_fetch(r, 100), 10);
	static const uint32_t want[10] = { 1, 5, 7, 8, 9, 10, 11, 12, 13, 14 };
	for (size_t i = 0; i < 10; i++)
		assert_int_equal(r->taken[i].number, want[i]);
	assert_int_equal(rig_size(r, DATA0 ".bad"), 600);
	rig_release(r, 0, 10);
	rig_restart(r);
	assert_int_equal(r->info.count, 0);
}

static void destroyed_length_in_the_write_file_and_nothing_behind(void **state)
{
	struct rig *r = *state;
	rig_write_records(r, 0, 0, 5, 10);
	rig_write_meta(r, "5\n0,0\n0,200\n");
	rig_poke(r, DATA0, 80, 0);
	rig_start(r);
	assert_int_equal(rig_fetch(r, 100), 2);
	assert_int_equal(r->left, 0);
	rig_append(r, 5, 2, 10);
	rig_expect(r, 5, 2);
	rig_release(r, 0, 4);
	assert_int_equal(rig_count(r, "*000000.dat.bad"), 1);
	rig_restart(r);
	rig_expect_meta(r, "0\n1,80\n1,80\n");
}

static void damage_behind_the_writers_place(void **state)
{
	struct rig *r = *state;
	rig_write_records(r, 0, 0, 5, 10);
	rig_poke(r, DATA0, 120, 0x40414243);
	rig_write_meta(r, "2\n0,0\n0,80\n");
	rig_start(r);
	assert_int_equal(r->info.count, 3);
	rig_append(r, 9, 1, 10);
	assert_int_equal(rig_size(r, DATA0), 200); /* left as it is, for people */
	assert_int_equal(rig_fetch(r, 100), 4);
	assert_int_equal(r->taken[3].number, 9);
	rig_release(r, 0, 4);
	assert_int_equal(rig_count(r, "*.bad"), 1);
}

static void write_file_shrinks_while_open(void **state)
{
	struct rig *r = *state;
	rig_start(r);
	rig_append(r, 0, 5, 10);
	rig_resize(r, DATA0, -50);
	assert_int_equal(rig_fetch(r, 100), 3);
	assert_int_equal(r->left, 0);
	rig_append(r, 5, 1, 10);
	rig_expect(r, 5, 1);
	rig_release(r, 0, 4);
	rig_restart(r);
	assert_int_equal(r->info.count, 0);
}

static void write_file_vanishes_while_open(void **state)
{
	struct rig *r = *state;
	rig_start(r);
	rig_append(r, 0, 5, 10);
	rig_sync(r);
	rig_unlink(r, DATA0);
	rig_append(r, 5, 1, 10);
	rig_expect(r, 5, 1);
	rig_release(r, 0, 1);
	rig_restart(r);
	assert_int_equal(r->info.count, 0);
}

static void bad_files_are_not_read(void **state)
{
	struct rig *r = *state;
	rig_write_records(r, 0, 0, 5, 10);
	rig_write_meta(r, "0\n1,0\n1,0\n");
	char from[512], to[512];
	snprintf(from, sizeof(from), "%s/%s", r->dir, DATA0);
	snprintf(to, sizeof(to), "%s/%s.bad", r->dir, DATA0);
	rename(from, to);
	rig_start(r);
	assert_int_equal(r->info.count, 0);
	assert_int_equal(rig_count(r, "*.bad"), 1);
}

static void stale_temporary_files_go(void **state)
{
	struct rig *r = *state;
	rig_write(r, "nsqd.dat.123.tmp", "x", 1);
	rig_write(r, "t.diskqueue.meta.dat.4444.tmp", "x", 1);
	rig_write(r, "t.diskqueue.meta.dat.pluq.tmp", "x", 1);
	rig_write(r, "somebody.else.tmpx", "x", 1);
	rig_start(r);
	assert_int_equal(rig_count(r, "*"), 1);
	rig_stop(r);
	rig_write(r, "some.4.tmp", "x", 1);
	rig_start(r);
	assert_int_equal(rig_size(r, "some.4.tmp"), 1); /* not of a kind we know */
	rig_unlink(r, "some.4.tmp");
}

static void cannot_open_is_no_damage(void **state)
{
	static const char *const faults[] = { "open *.0*.dat EMFILE\n", "open *.0*.dat EACCES\n", "read *.0*.dat EIO\n" };
	struct rig *r = *state;
	for (size_t i = 0; i < 3; i++) {
		rig_write_records(r, 0, 0, 5, 10);
		rig_write_records(r, 1, 5, 5, 10);
		rig_write_meta(r, "10\n0,0\n1,200\n");
		rig_start(r);
		rig_faults(r, faults[i]);
		size_t got;
		assert_int_equal(rig_try_fetch(r, 5, &got), PLUQ_EIO);
		assert_int_equal(got, 0);
		assert_int_equal(r->left, 10);
		assert_non_null(strstr(r->why.text, DATA0 ": "));
		rig_faults(r, "");
		rig_expect(r, 0, 10);
		nothing_bad(r);
		rig_crash(r);
	}
}

static void cannot_look_at_start_is_no_damage(void **state)
{
	static const char *const faults[] = { "open *.0*.dat EMFILE\n", "open *.meta.dat EMFILE\n", "read *.0*.dat EIO\n",
		"read *.meta.dat EIO\n" };
	struct rig *r = *state;
	for (size_t i = 0; i < 4; i++) {
		rig_write_records(r, 0, 0, 5, 10);
		rig_write_meta(r, "3\n0,0\n0,120\n"); /* older than the data: they have to be looked at */
		rig_faults(r, faults[i]);
		assert_int_equal(rig_try_start(r), PLUQ_EIO);
		rig_faults(r, "");
		rig_expect_meta(r, "3\n0,0\n0,120\n");
		rig_start(r);
		rig_expect(r, 0, 5);
		nothing_bad(r);
		rig_crash(r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(metadata_older_than_the_data),
		RIG_TEST(files_above_the_writers),
		RIG_TEST(torn_last_record_is_cut_off),
		RIG_TEST(zeros_of_a_power_cut_are_cut_off),
		RIG_TEST(missing_meta_file),
		RIG_TEST(unreadable_meta_files),
		RIG_TEST(leftover_files_below_the_readers),
		RIG_TEST(wrong_depth_is_put_right),
		RIG_TEST(write_file_cut_short),
		RIG_TEST(write_file_cut_short_and_the_meta_file_not_renewed),
		RIG_TEST(write_file_missing),
		RIG_TEST(readers_file_missing),
		RIG_TEST(middle_file_missing),
		RIG_TEST(file_numbers_far_apart),
		RIG_TEST(destroyed_length_in_a_complete_file),
		RIG_TEST(complete_file_cut_short),
		RIG_TEST(destroyed_length_in_the_write_file),
		RIG_TEST(damage_with_outstanding_records_on_both_sides),
		RIG_TEST(destroyed_length_in_the_write_file_and_nothing_behind),
		RIG_TEST(damage_behind_the_writers_place),
		RIG_TEST(write_file_shrinks_while_open),
		RIG_TEST(write_file_vanishes_while_open),
		RIG_TEST(bad_files_are_not_read),
		RIG_TEST(stale_temporary_files_go),
		RIG_TEST(cannot_open_is_no_damage),
		RIG_TEST(cannot_look_at_start_is_no_damage),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
