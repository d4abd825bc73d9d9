/* Dialogues with a broker, byte by byte, where a running daemon cannot be made to play along. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mock_lookupd.h"

#define SECOND INT64_C(1000000000)

static struct mock_lookupd m;

static int begin(void **state)
{
	mock_lookupd_start(&m);
	return 0;
}

static int end(void **state)
{
	mock_lookupd_stop(&m);
	return 0;
}

static void feed(struct pluq_conn *c, const char *text)
{
	mock_lookupd_feed(&m, c, text, strlen(text));
}

static void assert_out(const struct pluq_conn *c, const void *wanted, size_t n)
{
	assert_int_equal(c->out.length, n);
	assert_memory_equal(c->out.data, wanted, n);
}

static void it_moves_to_loop_0_with_its_first_input(void **state)
{
	struct pluq_conn *c = mock_lookupd_open(&m);

	assert_int_equal(m.loop, 1);
	feed(c, " ");
	assert_int_equal(m.loop, 0);
	feed(c, " V1PING\n");
	assert_out(c, "\0\0\0\2OK", 6);
	mock_lookupd_free(c);
}

static void the_magic_is_waited_for_half_a_minute(void **state)
{
	struct pluq_conn *c = mock_lookupd_open(&m);

	mock_lookupd_advance(&m, 20 * SECOND);
	feed(c, "  V"); /* moves; the time goes on */
	mock_lookupd_advance(&m, 9 * SECOND);
	assert_false(c->closing);
	mock_lookupd_advance(&m, 1 * SECOND);
	assert_true(c->closing);
	mock_lookupd_free(c);
}

/* Two heartbeats of 15 s. */
static void a_peer_that_has_vanished_is_not_waited_for(void **state)
{
	struct pluq_conn *c = mock_lookupd_open(&m);

	assert_true(c->peer_timeout_ns == 30 * SECOND && c->write_timeout_ns == 30 * SECOND);
	mock_lookupd_free(c);
}

static void who_never_says_a_word_is_closed(void **state)
{
	struct pluq_conn *c = mock_lookupd_open(&m);

	mock_lookupd_advance(&m, 30 * SECOND);
	assert_true(c->closing);
	mock_lookupd_free(c);
}

static void after_the_magic_a_peer_may_be_silent(void **state)
{
	struct pluq_conn *c = mock_lookupd_open(&m);

	feed(c, "  V1");
	mock_lookupd_advance(&m, 100000 * SECOND);
	assert_false(c->closing);
	feed(c, "PING\n");
	assert_out(c, "\0\0\0\2OK", 6);
	mock_lookupd_free(c);
}

static void a_peer_that_does_not_read_is_not_read(void **state)
{
	struct pluq_conn *c = mock_lookupd_open(&m);

	feed(c, "  V1");
	c->pending = 65536;
	feed(c, "PING\nPING\nPING\n");
	assert_true(c->paused);
	assert_out(c, "\0\0\0\2OK", 6);
	c->pending = 0;
	c->ops->on_drained(c, c->user);
	assert_false(c->paused);
	feed(c, "");
	assert_out(c, "\0\0\0\2OK\0\0\0\2OK\0\0\0\2OK", 18);
	mock_lookupd_free(c);
}

/* The clock of the mock stands still within a turn. */
static void who_has_much_to_say_takes_turns(void **state)
{
	struct pluq_conn *c = mock_lookupd_open(&m);
	int64_t before;

	feed(c, "  V1");
	before = m.now_ns;
	for (int i = 0; i < 1990; i++)
		feed(c, "PING\n");
	assert_true(m.now_ns == before);
	for (int i = 0; i < 20; i++)
		feed(c, "PING\n");
	assert_true(m.now_ns > before);
	assert_int_equal(c->out.length, 6 * 2010);
	mock_lookupd_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
		TEST(it_moves_to_loop_0_with_its_first_input),
		TEST(the_magic_is_waited_for_half_a_minute),
		TEST(a_peer_that_has_vanished_is_not_waited_for),
		TEST(who_never_says_a_word_is_closed),
		TEST(after_the_magic_a_peer_may_be_silent),
		TEST(a_peer_that_does_not_read_is_not_read),
		TEST(who_has_much_to_say_takes_turns),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
