/* diskqueue with a full or failing disk, a sync that runs beside the operations, and processes killed in the middle. */
#include "disk_rig.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void full_disk_keeps_whole_records(void **state)
{
	struct rig *r = *state;
	char rule[128];
	size_t done;
	rig_start(r);
	rig_append(r, 0, 2, 10);
	rig_sync(r);
	for (uint32_t room = 1; room < 200; room += 7) {
		snprintf(rule, sizeof(rule), "write *.dat room=%u ENOSPC\n", room);
		rig_faults(r, rule);
		int64_t before = rig_size(r, DATA0);
		uint64_t count = r->taken_count;
		assert_int_equal(rig_try_append(r, 2, 20, 10, &done), PLUQ_EIO);
		assert_string_equal(r->why.text, "write " DATA0 ": No space left on device");
		assert_int_equal(done, room / 40);
		assert_int_equal(rig_size(r, DATA0), before + (int64_t)done * 40);
		rig_faults(r, "");
		rig_fetch(r, 100);
		assert_int_equal(r->taken_count - count, done + (count == 0 ? 2 : 0));
	}
	rig_append(r, 2, 3, 10);
	rig_expect(r, 2, 3);
	rig_release(r, 0, r->taken_count);
	rig_restart(r);
	assert_int_equal(r->info.count, 0);
}

/* The original takes a queue without a meta file for a new one, whatever data files there are. */
static void data_file_that_got_nothing_has_a_meta_file(void **state)
{
	struct rig *r = *state;
	size_t done;
	rig_start(r);
	rig_faults(r, "write *.dat ENOSPC\n");
	assert_int_equal(rig_try_append(r, 0, 1, 10, &done), PLUQ_EIO);
	assert_int_equal(rig_size(r, DATA0), 0);
	rig_faults(r, "");
	rig_stop(r);
	rig_expect_meta(r, "0\n0,0\n0,0\n");
	rig_unlink(r, META);
	rig_start(r); /* and if there was none at the start */
	assert_int_equal(r->info.count, 0);
	rig_stop(r);
	rig_expect_meta(r, "0\n0,0\n0,0\n");
}

static void full_disk_with_large_bodies(void **state)
{
	struct rig *r = *state;
	size_t done;
	rig_start(r);
	rig_faults(r, "write *.dat room=250000 ENOSPC\n");
	assert_int_equal(rig_try_append(r, 0, 5, 100000, &done), PLUQ_EIO);
	assert_int_equal(done, 2);
	assert_int_equal(rig_size(r, DATA0), 2 * 100030);
	rig_faults(r, "");
	rig_append(r, 2, 3, 100000);
	rig_expect(r, 0, 5);
}

static void failed_write_that_cannot_be_undone(void **state)
{
	struct rig *r = *state;
	size_t done;
	rig_start(r);
	rig_append(r, 0, 2, 10);
	rig_faults(r, "write *.dat room=50 ENOSPC\ntruncate *.dat EIO\n");
	assert_int_equal(rig_try_append(r, 2, 5, 10, &done), PLUQ_EIO);
	assert_int_equal(done, 1);
	assert_int_equal(rig_size(r, DATA0), 130); /* ten bytes too many */
	rig_fetch(r, 100);
	assert_int_equal(r->taken_count, 3);
	rig_faults(r, "truncate *.dat EIO\n");
	assert_int_equal(rig_try_append(r, 3, 1, 10, &done), PLUQ_EIO);
	assert_string_equal(r->why.text, "truncate " DATA0 ": Input/output error");
	rig_faults(r, "");
	rig_restart(r);
	assert_int_equal(rig_size(r, DATA0), 120);
	rig_append(r, 3, 1, 10);
	rig_expect(r, 0, 4);
}

static void full_disk_at_the_meta_file_leaves_no_temporary_files(void **state)
{
	struct rig *r = *state;
	rig_start(r);
	rig_append(r, 0, 5, 10);
	rig_sync(r);
	rig_append(r, 5, 5, 10);
	static const char *const faults[] = { "write *.tmp ENOSPC\n", "open *.tmp ENOSPC\n", "fsync *.tmp EIO\n", "rename *.tmp EIO\n" };
	for (size_t i = 0; i < 4; i++) {
		rig_faults(r, faults[i]);
		assert_int_equal(r->ops->sync(r->queue, &r->why), PLUQ_EIO);
		assert_int_equal(rig_count(r, "*.tmp"), 0);
		rig_expect_meta(r, "5\n0,0\n0,200\n");
	}
	rig_faults(r, "");
	rig_sync(r);
	rig_expect_meta(r, "10\n0,0\n0,400\n");
}

static void failed_fsync_is_told_and_not_promised(void **state)
{
	struct rig *r = *state;
	size_t done;
	r->conf.max_bytes_per_file = 200;
	rig_start(r);
	rig_append(r, 0, 5, 10);
	rig_faults(r, "fsync *.0*.dat EIO\n");
	assert_int_equal(r->ops->sync(r->queue, &r->why), PLUQ_EIO);
	assert_string_equal(r->why.text, "fsync " DATA0 ": Input/output error");
	assert_int_equal(rig_size(r, META), -1);
	assert_int_equal(rig_try_append(r, 5, 1, 10, &done), PLUQ_EIO); /* rolling syncs */
	assert_int_equal(done, 0);
	rig_faults(r, "");
	rig_append(r, 5, 1, 10);
	rig_expect(r, 0, 6);
}

/* After a failed fsync the kernel takes the pages for written: the next sync must write them again. */
static void sync_after_a_failed_one_writes_again(void **state)
{
	struct rig *r = *state;
	rig_start(r);
	rig_append(r, 0, 5, 10);
	rig_sync(r);
	rig_append(r, 5, 5000, 100); /* several blocks */
	rig_faults(r, "fsync *.0*.dat EIO times=1\n");
	assert_int_equal(r->ops->sync(r->queue, &r->why), PLUQ_EIO);
	rig_append(r, 5005, 5, 10);
	rig_faults(r, "write *.0*.dat EIO\n");
	assert_int_equal(r->ops->sync(r->queue, &r->why), PLUQ_EIO);
	assert_string_equal(r->why.text, "write again " DATA0 ": Input/output error");
	rig_expect_meta(r, "5\n0,0\n0,200\n");
	rig_faults(r, "");
	rig_sync(r);
	rig_faults(r, "write *.0*.dat EIO\n"); /* once is enough */
	rig_expect(r, 0, 5010);
	rig_sync(r);
	rig_faults(r, "");
}

static void full_disk_gives_back_space_although_the_meta_file_cannot_be_written(void **state)
{
	struct rig *r = *state;
	r->conf.max_bytes_per_file = 200;
	rig_start(r);
	rig_append(r, 0, 12, 10);
	rig_sync(r);
	rig_fetch(r, 7);
	rig_faults(r, "write * ENOSPC\n");
	rig_release(r, 0, 6);
	assert_int_equal(rig_size(r, DATA0), -1);
	rig_crash(r);
	rig_faults(r, "");
	rig_start(r); /* the meta file still names the deleted file */
	assert_int_equal(r->info.count, 7);
	rig_expect(r, 5, 7);
	assert_int_equal(rig_count(r, "*.bad"), 0);
}

static void starts_on_a_full_disk(void **state)
{
	struct rig *r = *state;
	rig_write_records(r, 0, 0, 5, 10);
	rig_write_meta(r, "2\n0,0\n0,80\n");
	rig_faults(r, "write * ENOSPC\n");
	rig_start(r);
	assert_int_equal(r->info.count, 5);
	rig_expect(r, 0, 5);
	assert_int_equal(rig_count(r, "*.tmp"), 0);
}

static void out_of_descriptors_while_writing(void **state)
{
	struct rig *r = *state;
	size_t done;
	r->conf.max_bytes_per_file = 200;
	rig_start(r);
	rig_append(r, 0, 5, 10);
	rig_faults(r, "open * EMFILE\n");
	assert_int_equal(rig_try_append(r, 5, 5, 10, &done), PLUQ_EIO);
	assert_int_equal(done, 0);
	assert_string_equal(r->why.text, "open " DATA1 ": Too many open files");
	rig_faults(r, "");
	rig_append(r, 5, 5, 10);
	rig_expect(r, 0, 10);
	assert_int_equal(rig_count(r, "*.bad"), 0);
}

static void close_that_cannot_squeeze_says_so_and_loses_nothing(void **state)
{
	struct rig *r = *state;
	rig_start(r);
	rig_append(r, 0, 5, 10);
	rig_fetch(r, 5);
	rig_release(r, 1, 3);
	rig_sync(r);
	rig_faults(r, "write *.tmp ENOSPC\n");
	assert_int_equal(r->ops->close(r->queue, &r->why), PLUQ_EIO);
	r->queue = NULL;
	rig_faults(r, "");
	rig_stop(r);
	rig_forget(r);
	rig_start(r);
	rig_expect(r, 0, 5);
}

static void close_that_cannot_squeeze_keeps_due_times(void **state)
{
	struct rig *r = *state;
	rig_start(r);
	for (uint32_t i = 0; i < 4; i++)
		rig_append_due(r, i, 10, 100 + i);
	rig_fetch(r, 2);
	rig_release(r, 1, 1);
	rig_faults(r, "rename " DATA0 " EIO\n");
	assert_int_equal(r->ops->close(r->queue, &r->why), PLUQ_EIO);
	r->queue = NULL;
	rig_faults(r, "");
	rig_stop(r);
	rig_forget(r);
	rig_start(r);
	rig_expect(r, 0, 4);
	for (uint32_t i = 0; i < 4; i++)
		assert_int_equal(r->taken[i].due_ns, i == 1 ? 0 : 100 + i); /* 1 had been released */
}

static void failed_rename_to_bad_is_only_logged(void **state)
{
	struct rig *r = *state;
	rig_write_records(r, 0, 0, 2, 10);
	rig_write_records(r, 1, 2, 2, 10);
	rig_poke(r, DATA0, 40, 0);
	rig_write_meta(r, "4\n0,0\n1,80\n");
	rig_start(r);
	rig_faults(r, "rename *.bad EIO\n");
	assert_int_equal(rig_fetch(r, 10), 3);
	rig_release(r, 0, 3);
	assert_true(mock_host_logged(&r->host, PLUQ_ERROR, "rename " DATA0));
	rig_faults(r, "");
	rig_restart(r);
	assert_int_equal(r->info.count, 0);
}

static void due_times_on_a_full_disk(void **state)
{
	struct rig *r = *state;
	rig_start(r);
	rig_append_due(r, 0, 10, 100);
	rig_sync(r);
	rig_append_due(r, 1, 10, 101);
	rig_faults(r, "write *.due room=10 ENOSPC\n");
	assert_int_equal(r->ops->sync(r->queue, &r->why), PLUQ_EIO);
	rig_faults(r, "");
	rig_append_due(r, 2, 10, 102);
	rig_sync(r);
	rig_restart(r);
	rig_expect(r, 0, 3);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(r->taken[i].due_ns, 100 + i);
	assert_int_equal(r->host.lines[PLUQ_WARN], 0);
}

static void second_process_is_refused(void **state)
{
	struct rig *r = *state;
	rig_start(r);
	struct rig other = { .conf = r->conf, .ops = r->ops };
	mock_host_init(&other.host);
	assert_int_equal(rig_try_start(&other), PLUQ_EBUSY);
	assert_non_null(strstr(other.why.text, r->dir));
	assert_non_null(strstr(other.why.text, "in use"));
	rig_stop(r);
	assert_int_equal(rig_try_start(&other), 0);
	rig_stop(&other);
	mock_host_fini(&other.host);
}

static void unusable_directories_are_named(void **state)
{
	struct rig *r = *state;
	r->conf.data_path = "/nonexistent/pluq";
	assert_int_equal(rig_try_start(r), PLUQ_EIO);
	assert_string_equal(r->why.text, "open data_path /nonexistent/pluq: No such file or directory");
	r->conf.data_path = "/dev/null";
	assert_int_equal(rig_try_start(r), PLUQ_EIO);
	assert_string_equal(r->why.text, "open data_path /dev/null: Not a directory");
	r->conf.data_path = "";
	assert_int_equal(rig_try_start(r), PLUQ_EINVAL);
	r->conf.data_path = r->dir;
	if (geteuid() == 0)
		return; /* who may write everywhere */
	chmod(r->dir, 0500);
	assert_int_equal(rig_try_start(r), PLUQ_EIO);
	assert_non_null(strstr(r->why.text, "Permission denied"));
	chmod(r->dir, 0700);
}

/* --- sync beside the other operations; under ThreadSanitizer this is what it is for */

struct syncer {
	struct rig *r;
	_Atomic bool end;
	_Atomic int begun, syncs, failures;
};

static void *sync_all_the_time(void *arg)
{
	struct syncer *s = arg;
	struct pluq_why why;
	while (!s->end) {
		s->begun++;
		s->failures += s->r->ops->sync(s->r->queue, &why) != 0;
		s->syncs++;
	}
	return NULL;
}

static void sync_beside_everything(void **state)
{
	struct rig *r = *state;
	struct syncer s = { .r = r };
	pthread_t thread;
	uint32_t next = 0;
	uint64_t held = 0;
	r->conf.max_bytes_per_file = 5000;
	rig_start(r);
	pthread_create(&thread, NULL, sync_all_the_time, &s);
	for (uint32_t round = 0; round < 300; round++) {
		rig_append(r, 2 * round * 10, 19, 30);
		if (round % 3 == 0)
			rig_append_due(r, 2 * round * 10 + 19, 30, 1 + round);
		else
			rig_append(r, 2 * round * 10 + 19, 1, 30);
		if (held)
			rig_release_at(r, held);
		held = rig_append_held(r, 1000000 + round, 30);
		size_t before = r->taken_count;
		assert_int_equal(rig_fetch(r, 20), 20);
		for (size_t i = before; i < r->taken_count; i++, next++)
			assert_int_equal(r->taken[i].number, next);
		if (round % 2)
			rig_release(r, before - 20, 40);
	}
	s.end = true;
	pthread_join(thread, NULL);
	assert_int_equal(s.failures, 0);
	assert_true(s.syncs > 0);
	rig_release_at(r, held);
	rig_restart(r);
	assert_int_equal(r->info.count, 0);
	assert_int_equal(r->host.lines[PLUQ_ERROR] + r->host.lines[PLUQ_WARN], 0);
	assert_int_equal(rig_count(r, "*.due"), 0);
}

static double seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The appends must not wait for a sync that hangs. */
static void slow_fsync_does_not_hold_up_appends(void **state)
{
	struct rig *r = *state;
	struct syncer s = { .r = r };
	pthread_t thread;
	rig_start(r);
	rig_append(r, 0, 10, 30);
	rig_faults(r, "fsync * delay=3000 times=1\n");
	pthread_create(&thread, NULL, sync_all_the_time, &s);
	while (s.begun == 0)
		sched_yield();
	for (uint32_t n = 10; n < 1000; n += 10) {
		rig_append(r, n, 10, 30);
		assert_int_equal(rig_fetch(r, 10), 10);
		rig_release(r, n - 10, 10);
	}
	assert_int_equal(s.syncs, 0);
	s.end = true;
	pthread_join(thread, NULL);
	assert_int_equal(s.failures, 0);
}

/* --- killed in the middle: what append had reported done before must be there, in order, and nothing else that it had not begun */

struct progress {
	_Atomic uint32_t begun, done, released;
};

static void run_until_killed(struct rig *r, struct progress *p, const char *rule)
{
	rig_start(r);
	rig_faults(r, rule);
	size_t last = 0;
	for (uint32_t n = p->done; n < p->done + 2000; n += 7) {
		size_t done;
		p->begun = n + 7;
		if (rig_try_append(r, n, 7, 50, &done) != 0)
			_exit(1);
		p->done = n + 7;
		rig_fetch(r, 5);
		for (; last < r->taken_count; last++) {
			p->released = r->taken[last].number + 1; /* may be gone from here on */
			rig_release(r, last, 1);
		}
		if (n % 5 == 0)
			rig_sync(r);
	}
	_exit(0);
}

static void killed_at_any_operation(void **state)
{
	static const char *const operations[] = { "write *.0*.dat", "write *.tmp", "fsync *", "rename *", "unlink *", "open *" };
	struct rig *r = *state;
	struct progress *p = mmap(NULL, sizeof(*p), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char rule[128];
	r->conf.max_bytes_per_file = 1000;
	unsigned seed = 20, killed = 0;
	for (int round = 0; round < 120; round++) {
		int room = round % 3 == 0 ? 1 + (int)(rand_r(&seed) % 400) : 0;
		const char *operation = operations[rand_r(&seed) % 6];
		if (room) /* a write that is torn, then the end */
			snprintf(rule, sizeof(rule), "write *.0*.dat after=%d room=%d times=1\nwrite *.0*.dat after=%d kill\n",
			    (int)(rand_r(&seed) % 60), room, 0);
		else
			snprintf(rule, sizeof(rule), "%s after=%d kill\n", operation, (int)(rand_r(&seed) % 100));
		pid_t pid = fork();
		if (pid == 0)
			run_until_killed(r, p, rule);
		int status;
		waitpid(pid, &status, 0);
		assert_false(WIFEXITED(status) && WEXITSTATUS(status) != 0);
		killed += WIFSIGNALED(status);
		rig_faults(r, "");

		rig_start(r);
		uint64_t count = r->info.count;
		rig_fetch(r, 100000);
		assert_int_equal(r->taken_count, count); /* the depth was exact */
		for (size_t i = 1; i < r->taken_count; i++)
			assert_int_equal(r->taken[i].number, r->taken[i - 1].number + 1);
		if (count > 0) {
			assert_true(r->taken[0].number <= p->released);
			assert_true(r->taken[count - 1].number + 1 >= p->done);
			assert_true(r->taken[count - 1].number < p->begun);
			p->done = r->taken[count - 1].number + 1;
		} else {
			assert_true(p->released >= p->done);
			p->done = p->released;
		}
		rig_crash(r);
		assert_int_equal(rig_count(r, "*.bad"), 0);
	}
	munmap(p, sizeof(*p));
	assert_in_range(killed, 60, 120); /* else the rules do not bite */
}

/* Not asserted: what one core does with 200-byte records; printed for people. */
static int count_one(void *arg, const struct pluq_record *n)
{
	uint64_t **p = arg;
	*(*p)++ = n->position;
	return 0;
}

static void throughput(void **state)
{
	enum { RECORDS = 2000000, BATCH = 1000 };
	struct rig *r = *state;
	static struct pluq_record batch[BATCH];
	static uint64_t position[BATCH];
	rig_start(r);
	for (uint32_t i = 0; i < BATCH; i++)
		batch[i] = rig_record(i, 200);
	double begin = seconds();
	for (int i = 0; i < RECORDS / BATCH; i++) {
		size_t done;
		struct pluq_fetched out;
		uint64_t *p = position;
		assert_int_equal(r->ops->append(r->queue, batch, BATCH, &done, &r->why), 0);
		assert_int_equal(r->ops->fetch(r->queue, BATCH, 1 << 20, count_one, &p, &out, &r->why), 0);
		assert_int_equal(p - position, BATCH);
		assert_int_equal(r->ops->release(r->queue, position, BATCH, &r->released, &r->why), 0);
	}
	double took = seconds() - begin;
	for (uint32_t i = 0; i < BATCH; i++)
		rig_free_record(&batch[i]);
	print_message("# append, fetch and release of 200-byte records: %.2f M/s\n", RECORDS / took / 1e6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(full_disk_keeps_whole_records),
		RIG_TEST(data_file_that_got_nothing_has_a_meta_file),
		RIG_TEST(full_disk_with_large_bodies),
		RIG_TEST(failed_write_that_cannot_be_undone),
		RIG_TEST(full_disk_at_the_meta_file_leaves_no_temporary_files),
		RIG_TEST(failed_fsync_is_told_and_not_promised),
		RIG_TEST(sync_after_a_failed_one_writes_again),
		RIG_TEST(full_disk_gives_back_space_although_the_meta_file_cannot_be_written),
		RIG_TEST(starts_on_a_full_disk),
		RIG_TEST(out_of_descriptors_while_writing),
		RIG_TEST(close_that_cannot_squeeze_says_so_and_loses_nothing),
		RIG_TEST(close_that_cannot_squeeze_keeps_due_times),
		RIG_TEST(failed_rename_to_bad_is_only_logged),
		RIG_TEST(due_times_on_a_full_disk),
		RIG_TEST(second_process_is_refused),
		RIG_TEST(unusable_directories_are_named),
		RIG_TEST(sync_beside_everything),
		RIG_TEST(slow_fsync_does_not_hold_up_appends),
		RIG_TEST(killed_at_any_operation),
		RIG_TEST(throughput),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
