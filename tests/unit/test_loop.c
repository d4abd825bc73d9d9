/* Event loops: mail, the end of a turn, timers, stop. */
#include <event2/event.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "../../daemon/base/clock.h"
#include "cmocka_all.h"
#include "loop_rig.h"

static struct pluq__loops loops;

/* What ran, in order. Touched by loop 0 only, while it runs. */
static char trace[256];
static size_t traced;

static void note(char c)
{
	if (traced < sizeof(trace) - 1)
		trace[traced++] = c;
}

static int up1(void **state)
{
	memset(trace, 0, sizeof(trace));
	traced = 0;
	loops_up(&loops, 1);
	return 0;
}

static int up3(void **state)
{
	loops_up(&loops, 3);
	return 0;
}

static int down(void **state)
{
	loops_down(&loops);
	if (!loops.ended)
		return -1;
	pluq__loops_fini(&loops);
	return 0;
}

/* ---- mail ---- */

enum { SENDERS = 3, LETTERS = 20000 };

struct letter {
	struct pluq__mail mail; /* first */
	int sender, number;
};

static struct letter letters[SENDERS][LETTERS];
static int next_number[SENDERS], disorder, elsewhere;
static _Atomic int arrived;

static void on_letter(struct pluq__mail *m)
{
	struct letter *l = (struct letter *)m;

	disorder += l->number != next_number[l->sender]++;
	elsewhere += pluq__loop_self() != &loops.loop[1];
	arrived++;
}

static void *send_letters(void *arg)
{
	int me = (int)(intptr_t)arg;

	for (int n = 0; n < LETTERS; n++) {
		letters[me][n] = (struct letter){.mail.fn = on_letter, .sender = me, .number = n};
		pluq__loop_post(&loops.loop[1], &letters[me][n].mail);
	}
	return NULL;
}

static void send_from_loop(void *arg)
{
	send_letters(arg);
}

/* From strange threads and from another loop. */
static void loop_runs_mail_in_the_order_of_each_sender(void **state)
{
	pthread_t thread[SENDERS - 1];

	for (int i = 0; i < SENDERS - 1; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, send_letters, (void *)(intptr_t)i), 0);
	post_to_loop(&loops, 2, send_from_loop, (void *)(intptr_t)(SENDERS - 1));
	for (int i = 0; i < SENDERS - 1; i++)
		pthread_join(thread[i], NULL);
	assert_true(until_at_least(&arrived, SENDERS * LETTERS));
	assert_int_equal(disorder, 0);
	assert_int_equal(elsewhere, 0);
	assert_null(pluq__loop_self());
}

/* ---- the end of a turn ---- */

static struct pluq__turn work_a, work_b, flush_a, again;
static int again_runs;

static struct pluq__loop *loop0(void)
{
	return &loops.loop[0];
}

static void on_work_a(struct pluq__turn *t)
{
	note('a');
	pluq__loop_turn(loop0(), PLUQ__TURN_FLUSH, &flush_a);
}

static void on_work_b(struct pluq__turn *t)
{
	note('b');
}

static void on_flush(struct pluq__turn *t)
{
	note('f');
}

static void on_work_more(struct pluq__turn *t)
{
	note('m');
	if (!memchr(trace, 'b', traced))
		pluq__loop_turn(loop0(), PLUQ__TURN_WORK, &work_b);
	pluq__loop_turn(loop0(), PLUQ__TURN_FLUSH, &flush_a);
}

static void queue_a_b(void *arg)
{
	work_a.fn = on_work_a;
	work_b.fn = on_work_b;
	flush_a.fn = on_flush;
	pluq__loop_turn(loop0(), PLUQ__TURN_FLUSH, &flush_a);
	pluq__loop_turn(loop0(), PLUQ__TURN_WORK, &work_a);
	pluq__loop_turn(loop0(), PLUQ__TURN_WORK, &work_b);
	pluq__loop_turn(loop0(), PLUQ__TURN_WORK, &work_a); /* once is enough */
	note('.'); /* nothing runs within the call */
}

static bool traced_enough(void *arg)
{
	return traced >= strlen(arg);
}

static void expect_trace(const char *want)
{
	assert_true(until_on_loop(&loops, 0, traced_enough, (void *)(uintptr_t)want, 0));
	assert_string_equal(trace, want);
}

static void loop_ends_its_turn_with_work_then_flush(void **state)
{
	on_loop(&loops, 0, queue_a_b, NULL);
	expect_trace(".abf");
}

static void queue_more(void *arg)
{
	work_a.fn = on_work_more;
	work_b.fn = on_work_b;
	flush_a.fn = on_flush;
	pluq__loop_turn(loop0(), PLUQ__TURN_WORK, &work_a);
}

static void loop_runs_what_items_add_in_the_next_round(void **state)
{
	on_loop(&loops, 0, queue_more, NULL);
	expect_trace("mfb");
}

static void on_take_away(struct pluq__turn *t)
{
	note('t');
	pluq__loop_unturn(&work_b);
	pluq__loop_unturn(&flush_a);
	pluq__loop_unturn(&flush_a);
}

static void queue_and_take_away(void *arg)
{
	work_a.fn = on_take_away;
	work_b.fn = on_work_b;
	flush_a.fn = on_flush;
	pluq__loop_turn(loop0(), PLUQ__TURN_WORK, &work_a);
	pluq__loop_turn(loop0(), PLUQ__TURN_WORK, &work_b);
	pluq__loop_turn(loop0(), PLUQ__TURN_FLUSH, &flush_a);
}

static void note_end(void *arg)
{
	note('e');
}

static void loop_forgets_items_taken_off_within_the_turn(void **state)
{
	on_loop(&loops, 0, queue_and_take_away, NULL);
	on_loop(&loops, 0, note_end, NULL);
	expect_trace("te");
}

static void on_again(struct pluq__turn *t)
{
	again_runs++;
	pluq__loop_turn(loop0(), PLUQ__TURN_WORK, t);
}

static void queue_again(void *arg)
{
	again.fn = on_again;
	pluq__loop_turn(loop0(), PLUQ__TURN_WORK, &again);
}

static bool many_runs(void *arg)
{
	return again_runs > 1000;
}

static void end_again(void *arg)
{
	pluq__loop_unturn(&again);
}

/* An item that never ends leaves mail, descriptors and timers their time. */
static void loop_is_not_held_up_by_an_item_that_comes_again_and_again(void **state)
{
	again_runs = 0;
	on_loop(&loops, 0, queue_again, NULL);
	assert_true(until_on_loop(&loops, 0, many_runs, NULL, 0));
	on_loop(&loops, 0, end_again, NULL);
}

/* ---- timers ---- */

enum { TIMERS = 50 };

struct alarm {
	struct pluq__timer timer; /* first */
	int64_t asked_ns, fired_ns;
};

static struct alarm alarms[TIMERS];
static _Atomic int fired;
static int too_early, out_of_order;
static int64_t last_asked_ns;

static void on_alarm(struct pluq__timer *t)
{
	struct alarm *a = (struct alarm *)t;
	int64_t now = pluq__clock_mono_ns();

	too_early += now < a->asked_ns || loop0()->now_ns < a->asked_ns;
	out_of_order += a->asked_ns < last_asked_ns - PLUQ__TICK_NS;
	last_asked_ns = a->asked_ns;
	a->fired_ns = now;
	fired++;
}

static void set_alarms(void *arg)
{
	for (int i = 0; i < TIMERS; i++) {
		alarms[i].timer.fn = on_alarm;
		alarms[i].asked_ns = loop0()->now_ns + (i * 37 % TIMERS) * 7 * PLUQ__MS;
		pluq__loop_set(loop0(), &alarms[i].timer, alarms[i].asked_ns);
	}
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void loop_fires_timers_on_time(void **state)
{
	int64_t late[TIMERS];

	fired = 0;
	on_loop(&loops, 0, set_alarms, NULL);
	assert_true(until_at_least(&fired, TIMERS));
	assert_int_equal(too_early, 0);
	assert_int_equal(out_of_order, 0);
	for (int i = 0; i < TIMERS; i++)
		late[i] = alarms[i].fired_ns - alarms[i].asked_ns;
	qsort(late, TIMERS, sizeof(late[0]), by_size);
	/* The median, because a machine that is busy with other things may be late now and then: a tick, a
	 * millisecond of the kernel's, and the waking. */
	assert_true(late[TIMERS / 2] < 5 * PLUQ__MS);
}

static void set_and_clear(void *arg)
{
	alarms[0].timer.fn = on_alarm;
	alarms[0].asked_ns = loop0()->now_ns;
	pluq__loop_set(loop0(), &alarms[0].timer, alarms[0].asked_ns);
	alarms[1].timer.fn = on_alarm;
	alarms[1].asked_ns = loop0()->now_ns + 20 * PLUQ__MS;
	pluq__loop_set(loop0(), &alarms[1].timer, alarms[1].asked_ns);
	pluq__loop_clear(loop0(), &alarms[0].timer);
}

static void loop_does_not_fire_a_cleared_timer(void **state)
{
	fired = 0;
	memset(alarms, 0, sizeof(alarms));
	on_loop(&loops, 0, set_and_clear, NULL);
	assert_true(until_at_least(&fired, 1));
	assert_int_equal(fired, 1);
	assert_int_equal(alarms[0].fired_ns, 0);
}

/* ---- clocks, stop ---- */

struct times {
	int64_t first, second, real, real_now;
	struct pluq__loop *self;
};

static void read_times(void *arg)
{
	struct times *t = arg;
	int64_t until = pluq__clock_mono_ns() + 2 * PLUQ__MS;

	t->first = loop0()->now_ns;
	while (pluq__clock_mono_ns() < until)
		pluq__loop_enter(loop0());
	t->second = loop0()->now_ns;
	t->real = loop0()->real_ns;
	t->real_now = pluq__clock_real_ns();
	t->self = pluq__loop_self();
}

static void loop_reads_its_clocks_once_per_turn(void **state)
{
	struct times a, b;

	on_loop(&loops, 0, read_times, &a);
	on_loop(&loops, 0, read_times, &b);
	assert_int_equal(a.first, a.second);
	assert_true(b.first >= a.first + 2 * PLUQ__MS);
	assert_ptr_equal(a.self, loop0());
	assert_true(llabs(a.real - a.real_now) < PLUQ__SEC);
}

static _Atomic int last_mail;

static void count_mail(void *arg)
{
	last_mail++;
}

static void stop_behind_mail(void *arg)
{
	for (int n = 0; n < 100; n++)
		for (int i = 0; i < 3; i++)
			post_to_loop(&loops, i, count_mail, NULL);
	pluq__loops_stop(&loops);
}

/* Down stops again, which must do no harm. */
static void loop_runs_the_mail_there_is_before_it_stops(void **state)
{
	last_mail = 0;
	on_loop(&loops, 0, stop_behind_mail, NULL);
	assert_true(until_at_least(&last_mail, 300));
}

static int up3_again(void **state)
{
	return up3(state);
}

/* Stopped already: only joins. */
static int down_stopped(void **state)
{
	loops_down(&loops);
	/* The second stop's letters were never run. */
	for (int i = 0; i < loops.count; i++)
		for (struct pluq__mail *m = pluq__mailbox_take(&loops.loop[i].box), *next; m; m = next) {
			next = m->next;
			free(m);
		}
	pluq__loops_fini(&loops);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(loop_runs_mail_in_the_order_of_each_sender, up3, down),
	    cmocka_unit_test_setup_teardown(loop_ends_its_turn_with_work_then_flush, up1, down),
	    cmocka_unit_test_setup_teardown(loop_runs_what_items_add_in_the_next_round, up1, down),
	    cmocka_unit_test_setup_teardown(loop_forgets_items_taken_off_within_the_turn, up1, down),
	    cmocka_unit_test_setup_teardown(
	        loop_is_not_held_up_by_an_item_that_comes_again_and_again, up1, down),
	    cmocka_unit_test_setup_teardown(loop_fires_timers_on_time, up1, down),
	    cmocka_unit_test_setup_teardown(loop_does_not_fire_a_cleared_timer, up1, down),
	    cmocka_unit_test_setup_teardown(loop_reads_its_clocks_once_per_turn, up1, down),
	    cmocka_unit_test_setup_teardown(loop_runs_the_mail_there_is_before_it_stops, up3_again, down_stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
