/* The I/O pool: lanes, order, jobs that hang. */
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <pluq/host.h>

#include "../../daemon/base/clock.h"
#include "../../daemon/base/log.h"
#include "../../daemon/base/pool.h"
#include "cmocka_all.h"
#include "loop_rig.h"

static struct pluq__loops loops;
static struct pluq__pool *pool;
static char log_path[] = "test_pool.XXXXXX";

struct task {
	struct pluq__job job; /* first */
	struct pluq__lane *lane;
	sem_t *gate;          /* work waits for it, if there is one */
	_Atomic int *at_once; /* work counts itself in and out */
	_Atomic int *most;
	int64_t takes_ns;
	int number;
};

static _Atomic int begun, done_count, done_elsewhere;
static int order[1000];

static void work(struct pluq__job *job)
{
	struct task *t = (struct task *)job;

	if (t->at_once) {
		int now = ++*t->at_once, most = *t->most;

		while (now > most && !atomic_compare_exchange_weak(t->most, &most, now))
			;
	}
	begun++;
	if (t->gate)
		sem_wait(t->gate);
	if (t->takes_ns)
		usleep((useconds_t)(t->takes_ns / 1000));
	if (t->at_once)
		--*t->at_once;
}

static void done(struct pluq__job *job)
{
	struct task *t = (struct task *)job;

	done_elsewhere += pluq__loop_self() != job->back;
	order[done_count % 1000] = t->number;
	free(t);
	done_count++;
}

static struct task *task_new(struct pluq__lane *lane, int number)
{
	struct task *t = calloc(1, sizeof(*t));

	if (!t)
		abort();
	t->job.back = &loops.loop[0];
	t->job.work = work;
	t->job.done = done;
	t->job.what = "test operation";
	t->lane = lane;
	t->number = number;
	return t;
}

static void submit(void *arg)
{
	struct task *t = arg;

	pluq__pool_submit(t->lane, &t->job);
}

static void submit_on_loop(struct task *t)
{
	on_loop(&loops, 0, submit, t);
}

static int setup(void **state)
{
	begun = done_count = done_elsewhere = 0;
	loops_up(&loops, 1);
	return pluq__pool_init(&pool, PLUQ__SEC / 10);
}

static int teardown(void **state)
{
	loops_down(&loops);
	if (!pluq__pool_fini(&pool, 10 * PLUQ__SEC) || pool)
		return -1;
	pluq__loops_fini(&loops);
	return 0;
}

static void pool_runs_a_lane_of_one_in_order(void **state)
{
	struct pluq__lane *lane = pluq__pool_lane(pool, "narrow", 1);
	_Atomic int at_once = 0, most = 0;

	for (int n = 0; n < 1000; n++) {
		struct task *t = task_new(lane, n);

		t->at_once = &at_once;
		t->most = &most;
		submit_on_loop(t);
	}
	assert_true(until_at_least(&done_count, 1000));
	assert_int_equal(most, 1);
	assert_int_equal(done_elsewhere, 0);
	for (int n = 0; n < 1000; n++)
		assert_int_equal(order[n], n);
}

static void pool_runs_no_more_than_the_width_of_each_lane(void **state)
{
	struct pluq__lane *lane[2] = {pluq__pool_lane(pool, "three", 3), pluq__pool_lane(pool, "five", 5)};
	_Atomic int at_once[2] = {0}, most[2] = {0};
	sem_t gate;

	sem_init(&gate, 0, 0);
	for (int n = 0; n < 40; n++) {
		struct task *t = task_new(lane[n % 2], n);

		t->gate = &gate;
		t->at_once = &at_once[n % 2];
		t->most = &most[n % 2];
		submit_on_loop(t);
	}
	/* All that may run do so, at the same time. */
	assert_true(until_at_least(&begun, 8));
	assert_int_equal(at_once[0], 3);
	assert_int_equal(at_once[1], 5);
	for (int n = 0; n < 40; n++)
		sem_post(&gate);
	assert_true(until_at_least(&done_count, 40));
	assert_int_equal(most[0], 3);
	assert_int_equal(most[1], 5);
	sem_destroy(&gate);
}

struct pair {
	struct task *first, *second;
};

static void submit_pair(void *arg)
{
	struct pair *p = arg;

	pluq__pool_submit(p->first->lane, &p->first->job);
	pluq__pool_submit(p->second->lane, &p->second->job);
}

/* Two jobs given in one go must not both wait for the one thread that was idle. */
static void pool_gives_every_admitted_job_a_thread(void **state)
{
	struct pluq__lane *lane = pluq__pool_lane(pool, "wide", 4);
	sem_t gate;

	sem_init(&gate, 0, 0);
	for (int round = 0; round < 50; round++) {
		struct pluq__pool *fresh = NULL;

		/* A pool with one idle thread. */
		assert_int_equal(pluq__pool_init(&fresh, 0), 0);
		lane = pluq__pool_lane(fresh, "wide", 4);
		done_count = begun = 0;
		submit_on_loop(task_new(lane, 0));
		assert_true(until_at_least(&done_count, 1));
		begun = 0;
		struct pair p = {task_new(lane, 1), task_new(lane, 2)};

		p.first->gate = &gate;
		on_loop(&loops, 0, submit_pair, &p);
		assert_true(until_at_least(&done_count, 2)); /* the second, while the first hangs */
		assert_int_equal(order[1], 2);
		sem_post(&gate);
		assert_true(until_at_least(&done_count, 3));
		assert_true(pluq__pool_fini(&fresh, PLUQ__SEC));
	}
	sem_destroy(&gate);
}

static bool log_has(const char *text)
{
	char buffer[65536];
	FILE *f = fopen(log_path, "r");
	size_t n = f ? fread(buffer, 1, sizeof(buffer) - 1, f) : 0;

	if (f)
		fclose(f);
	buffer[n] = '\0';
	return strstr(buffer, text) != NULL;
}

static bool logged(const char *text)
{
	int64_t end = pluq__clock_mono_ns() + 5 * PLUQ__SEC;

	while (!log_has(text))
		if (pluq__clock_mono_ns() > end)
			return false;
		else
			look_again_soon();
	return true;
}

static void pool_lets_a_lane_pass_jobs_that_hang(void **state)
{
	struct pluq__lane *lane = pluq__pool_lane(pool, "disk", 2), *other = pluq__pool_lane(pool, "other", 1);
	int64_t start = pluq__clock_mono_ns();
	sem_t gate;

	sem_init(&gate, 0, 0);
	for (int n = 0; n < 3; n++) {
		struct task *t = task_new(lane, n);

		t->gate = &gate;
		submit_on_loop(t);
	}
	submit_on_loop(task_new(lane, 10));
	submit_on_loop(task_new(other, 20));
	assert_true(until_at_least(&done_count, 1));
	assert_int_equal(order[0], 20);
	assert_true(pluq__clock_mono_ns() - start < PLUQ__SEC); /* another lane knows nothing of it */
	assert_int_equal(begun, 3);                             /* two that hang, and the other lane's */
	assert_true(until_at_least(&done_count, 2));
	assert_int_equal(order[1], 10);
	assert_true(pluq__clock_mono_ns() - start >= PLUQ__SEC);
	assert_true(pluq__clock_mono_ns() - start < 5 * PLUQ__SEC);
	assert_true(logged("disk: slow operation: test operation has been running for"));

	/* What comes now does not wait a second again. */
	start = pluq__clock_mono_ns();
	submit_on_loop(task_new(lane, 11));
	assert_true(until_at_least(&done_count, 3));
	assert_true(pluq__clock_mono_ns() - start < PLUQ__SEC);

	/* Those that hung come back; the lane is as wide as ever, and no wider. */
	for (int n = 0; n < 3; n++)
		sem_post(&gate);
	assert_true(until_at_least(&done_count, 6));
	_Atomic int at_once = 0, most = 0;

	begun = 0;
	for (int n = 0; n < 10; n++) {
		struct task *t = task_new(lane, n);

		t->gate = &gate;
		t->at_once = &at_once;
		t->most = &most;
		submit_on_loop(t);
	}
	assert_true(until_at_least(&begun, 2));
	for (int n = 0; n < 10; n++)
		sem_post(&gate);
	assert_true(until_at_least(&done_count, 16));
	assert_int_equal(most, 2);
	sem_destroy(&gate);
}

/* What must take no threads from others waits for its own. */
static void pool_lets_nothing_pass_in_a_lane_limited_to_its_width(void **state)
{
	struct pluq__lane *lane = pluq__pool_lane(pool, "names", 2), *other = pluq__pool_lane(pool, "disk", 1);
	sem_t gate;

	pluq__lane_limit(lane, 2);
	sem_init(&gate, 0, 0);
	for (int n = 0; n < 2; n++) {
		struct task *t = task_new(lane, n);

		t->gate = &gate;
		submit_on_loop(t);
	}
	submit_on_loop(task_new(lane, 10));
	/* the other lane passes what hangs in it, and by then the first would have */
	struct task *hung = task_new(other, 20);
	hung->gate = &gate;
	submit_on_loop(hung);
	submit_on_loop(task_new(other, 21));
	assert_true(until_at_least(&done_count, 1));
	assert_int_equal(order[0], 21);
	assert_int_equal(begun, 4);
	for (int n = 0; n < 3; n++)
		sem_post(&gate);
	assert_true(until_at_least(&done_count, 5));
	sem_destroy(&gate);
}

/* A lane passes so many jobs that hang, and again so many once they have come back. */
static void pool_lets_a_limited_lane_pass_no_more_than_that(void **state)
{
	struct pluq__lane *lane = pluq__pool_lane(pool, "who", 1), *other = pluq__pool_lane(pool, "disk", 1);
	_Atomic int at_once = 0, most = 0;
	sem_t gate;

	pluq__lane_limit(lane, 3);
	sem_init(&gate, 0, 0);
	for (int round = 1; round <= 2; round++) {
		for (int n = 0; n < 5; n++) {
			struct task *t = task_new(lane, n);

			t->gate = &gate;
			t->at_once = &at_once;
			t->most = &most;
			submit_on_loop(t);
		}
		assert_true(until_at_least(&begun, 7 * (round - 1) + 3));
		/* by the time that another lane has passed one, this one would have, too */
		struct task *hung = task_new(other, 20);
		hung->gate = &gate;
		submit_on_loop(hung);
		submit_on_loop(task_new(other, 21));
		assert_true(until_at_least(&done_count, 7 * (round - 1) + 1));
		assert_int_equal(begun, 7 * (round - 1) + 5);
		for (int n = 0; n < 6; n++)
			sem_post(&gate);
		assert_true(until_at_least(&done_count, 7 * round));
		assert_int_equal(most, 3);
	}
	sem_destroy(&gate);
}

/* A wide lane of which no job ends does not take a second for each round. What hung is named all the same. */
static void pool_passes_many_jobs_that_hang_sooner(void **state)
{
	enum { WIDTH = 8, ROUNDS = 6 };
	struct pluq__lane *lane = pluq__pool_lane(pool, "wide disk", WIDTH);
	int64_t start = pluq__clock_mono_ns();
	sem_t gate;

	sem_init(&gate, 0, 0);
	for (int n = 0; n < ROUNDS * WIDTH; n++) {
		struct task *t = task_new(lane, n);

		t->gate = &gate;
		submit_on_loop(t);
	}
	submit_on_loop(task_new(lane, 1000));
	assert_true(until_at_least(&done_count, 1));
	assert_int_equal(order[0], 1000);
	assert_int_equal(begun, ROUNDS * WIDTH + 1);
	assert_true(pluq__clock_mono_ns() - start < ROUNDS * PLUQ__SEC);
	assert_true(logged("wide disk: slow operation: test operation has been running for 1"));
	for (int n = 0; n < ROUNDS * WIDTH; n++)
		sem_post(&gate);
	assert_true(until_at_least(&done_count, ROUNDS * WIDTH + 1));
	sem_destroy(&gate);
}

/* Up to the cap every hung job is passed by; past it work waits, and goes on once a thread comes back. */
static void pool_survives_as_many_hung_jobs_as_it_has_threads(void **state)
{
	struct pluq__lane *lane = pluq__pool_lane(pool, "disk", PLUQ__POOL_CAP * 2);
	sem_t gate;

	sem_init(&gate, 0, 0);
	for (int n = 0; n < PLUQ__POOL_CAP; n++) {
		struct task *t = task_new(lane, n);

		t->gate = &gate;
		submit_on_loop(t);
	}
	assert_true(until_at_least(&begun, PLUQ__POOL_CAP));
	submit_on_loop(task_new(lane, 1000));
	assert_int_equal(done_count, 0);
	sem_post(&gate);
	assert_true(until_at_least(&done_count, 2));
	for (int n = 1; n < PLUQ__POOL_CAP; n++)
		sem_post(&gate);
	assert_true(until_at_least(&done_count, PLUQ__POOL_CAP + 1));
	sem_destroy(&gate);
}

static void pool_names_a_slow_operation(void **state)
{
	struct pluq__lane *lane = pluq__pool_lane(pool, "sloth", 1);
	struct task *t = task_new(lane, 0);

	t->job.what = "quick operation";
	submit_on_loop(t);
	t = task_new(lane, 1);
	t->job.what = "slow append";
	t->takes_ns = 150 * PLUQ__MS;
	submit_on_loop(t);
	assert_true(until_at_least(&done_count, 2));
	assert_true(logged("sloth: slow operation: slow append took "));
	assert_false(log_has("quick operation"));
}

/* It may never end, and nobody may wait for its lane. */
static void pool_names_an_operation_while_it_hangs(void **state)
{
	struct pluq__lane *lane = pluq__pool_lane(pool, "alone", 2);
	struct task *t = task_new(lane, 0);
	sem_t gate;

	sem_init(&gate, 0, 0);
	t->gate = &gate;
	t->job.what = "endless write";
	submit_on_loop(t);
	assert_true(logged("alone: slow operation: endless write has been running for "));
	assert_int_equal(done_count, 0);
	sem_post(&gate);
	assert_true(until_at_least(&done_count, 1));
	assert_true(logged("alone: slow operation: endless write took "));
	sem_destroy(&gate);
}

static void *release_soon(void *arg)
{
	usleep(100000);
	sem_post(arg);
	return NULL;
}

static void pool_waits_at_its_end_for_what_runs(void **state)
{
	struct pluq__lane *lane = pluq__pool_lane(pool, "late", 1);
	struct task *t = task_new(lane, 0);
	pthread_t helper;
	sem_t gate;

	sem_init(&gate, 0, 0);
	t->gate = &gate;
	submit_on_loop(t);
	assert_true(until_at_least(&begun, 1));
	loops_down(&loops);
	assert_int_equal(pthread_create(&helper, NULL, release_soon, &gate), 0);
	assert_true(pluq__pool_fini(&pool, 10 * PLUQ__SEC));
	assert_null(pool);
	pthread_join(helper, NULL);
	free(t); /* it came back to a loop that has ended */
	pluq__loops_fini(&loops);
	sem_destroy(&gate);
}

static void pool_abandons_at_its_end_what_hangs(void **state)
{
	struct pluq__lane *lane = pluq__pool_lane(pool, "stuck", 1);
	static struct pluq__pool *abandoned; /* stays reachable */
	static struct task *hung;
	static sem_t gate;
	int64_t start;

	sem_init(&gate, 0, 0);
	hung = task_new(lane, 0);
	hung->gate = &gate;
	abandoned = pool;
	submit_on_loop(hung);
	assert_true(until_at_least(&begun, 1));
	loops_down(&loops);
	start = pluq__clock_mono_ns();
	assert_false(pluq__pool_fini(&pool, 50 * PLUQ__MS));
	assert_true(pluq__clock_mono_ns() - start >= 50 * PLUQ__MS);
	assert_true(pluq__clock_mono_ns() - start < 5 * PLUQ__SEC);
	assert_null(pool);
	assert_non_null(abandoned);
}

static int setup_only(void **state)
{
	return setup(state);
}

struct told {
	int64_t busy_ns;
	uint64_t jobs;
	bool fell;
};

static void look_at(void *arg, const struct pluq__lane_figures *f)
{
	struct told *last = arg;

	if (strcmp(f->name, "figures") != 0)
		return;
	last->fell |= f->busy_ns < last->busy_ns || f->jobs < last->jobs;
	last->busy_ns = f->busy_ns;
	last->jobs = f->jobs;
}

/* Whenever they are asked for: while jobs begin, run, and have ended but are not counted yet. */
static void figures_of_a_lane_only_grow(void **state)
{
	enum { JOBS = 4000 };
	struct pluq__lane *lane = pluq__pool_lane(pool, "figures", 3);
	struct told last = {0};

	for (int i = 0; i < JOBS; i++)
		post_to_loop(&loops, 0, submit, task_new(lane, i));
	while (last.jobs < JOBS && !last.fell)
		pluq__pool_each(pool, look_at, &last);
	assert_false(last.fell);
	assert_true(until_at_least(&done_count, JOBS));
	assert_true(last.busy_ns > 0);
}

static int open_log(void **state)
{
	struct pluq_why why;
	int fd = mkstemp(log_path);

	if (fd < 0)
		return -1;
	close(fd);
	return pluq__log_open(PLUQ_INFO, log_path, &why) < 0 || pluq__log_start() < 0 ? -1 : 0;
}

static int remove_log(void **state)
{
	pluq__log_stop();
	return unlink(log_path);
}

int main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(pool_runs_a_lane_of_one_in_order),
	    TEST(pool_runs_no_more_than_the_width_of_each_lane),
	    TEST(pool_gives_every_admitted_job_a_thread),
	    TEST(pool_lets_a_lane_pass_jobs_that_hang),
	    TEST(pool_lets_nothing_pass_in_a_lane_limited_to_its_width),
	    TEST(pool_lets_a_limited_lane_pass_no_more_than_that),
	    TEST(pool_passes_many_jobs_that_hang_sooner),
	    TEST(pool_survives_as_many_hung_jobs_as_it_has_threads),
	    TEST(figures_of_a_lane_only_grow),
	    TEST(pool_names_a_slow_operation),
	    TEST(pool_names_an_operation_while_it_hangs),
	    cmocka_unit_test_setup(pool_waits_at_its_end_for_what_runs, setup_only),
	    cmocka_unit_test_setup(pool_abandons_at_its_end_what_hangs, setup_only), /* last: its thread stays */
	};

	return cmocka_run_group_tests(tests, open_log, remove_log);
}
