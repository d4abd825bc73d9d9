/* Answers of the nsqd handler that come late: their order, who is read meanwhile, heartbeats and silence. */
#include <stdlib.h>
#include <string.h>

#include "nsqd_rig.h"

static void answers_keep_the_order_of_commands(void **state)
{
	struct pluq_conn *c = greet();

	mock.publish_status = PLUQ_ELATER;
	pub(c, "PUB t\n", "1");
	pub(c, "PUB t\n", "2");
	mock.publish_status = 0;
	pub(c, "PUB t\n", "3");
	assert_string_equal(said(c), "");
	mock_publish_answer(1, 0, NULL);
	assert_string_equal(said(c), "");
	mock_advance(30 * SECOND);
	assert_string_equal(said(c), "0:_heartbeat_");
	mock_publish_answer(0, 0, NULL);
	assert_string_equal(said(c), "0:OK|0:OK|0:OK");
}

static void nothing_follows_a_fatal_answer(void **state)
{
	struct pluq_conn *c = greet();

	mock.publish_status = PLUQ_ELATER;
	pub(c, "PUB t\n", "1");
	pub(c, "MPUB t\n", "\0\0\0\0");
	assert_string_equal(said(c), "");
	mock_publish_answer(0, PLUQ_EIO, "disk full");
	assert_fatal(c, "1:E_PUB_FAILED PUB failed disk full");
}

static void fatal_error_waits_for_its_turn(void **state)
{
	struct pluq_conn *c = greet();

	mock.publish_status = PLUQ_ELATER;
	pub(c, "DPUB t 5\n", "1");
	say(c, "BAD\nPUB t\n");
	assert_string_equal(said(c), "");
	assert_false(c->closed);
	mock_advance(30 * SECOND);
	mock_publish_answer(0, 0, NULL);
	assert_fatal(c, "0:OK|1:E_INVALID invalid command BAD");
}

static void ring_of_answers_stops_reading_when_full(void **state)
{
	struct pluq_conn *c = greet();

	mock.publish_status = PLUQ_ELATER;
	for (int i = 0; i < 300; i++)
		pub(c, "PUB t\n", "x");
	assert_in_range(mock_publishes_open(), 100, 128);
	assert_int_equal(c->paused, 1);
	while (mock_publishes_open() > 0)
		mock_publish_answer(0, 0, NULL);
	assert_int_equal(mock.message_count, 300);
	assert_int_equal(strlen(said(c)), 300 * 5 - 1);
	assert_int_equal(c->paused, 0);
}

static void half_closed_peer_gets_its_answers(void **state)
{
	struct pluq_conn *c = greet();

	mock.publish_status = PLUQ_ELATER;
	pub(c, "PUB t\n", "1");
	say(c, "PUB t\n");
	mock_eof(c);
	assert_false(c->closed);
	mock_publish_answer(0, 0, NULL);
	assert_fatal(c, "0:OK|1:E_BAD_MESSAGE PUB failed to read message body size");
}

static void publish_refused_is_fatal(void **state)
{
	static const struct {
		int status;
		const char *line, *error;
	} cases[] = {
		{PLUQ_EEXITING, "PUB t\n", "1:E_PUB_FAILED PUB failed exiting"},
		{PLUQ_ESTALE, "DPUB t 1\n", "1:E_DPUB_FAILED DPUB failed exiting"},
		{PLUQ_EPRESSURE, "PUB t\n", "1:E_PUB_FAILED PUB failed memory limit reached"},
		{PLUQ_EFULL, "PUB t\n", "1:E_PUB_FAILED PUB failed queue is full"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pluq_conn *c = greet();
		mock.publish_status = cases[i].status;
		pub(c, cases[i].line, "x");
		assert_fatal(c, cases[i].error);
		start_again();
	}
}

static void deleted_topic_is_looked_up_again(void **state)
{
	struct pluq_conn *c = greet();

	pub(c, "PUB t\n", "1");
	mock.stale = 1;
	mock.topics_later = true;
	pub(c, "PUB t\n", "2");
	assert_string_equal(said(c), "0:OK");
	mock_topic_answer();
	assert_string_equal(said(c), "0:OK");
	assert_int_equal(mock.message_count, 2);
}

static void large_body_waits_for_its_topic(void **state)
{
	struct pluq_conn *c = greet();
	size_t n = 50000;
	char *body = calloc(1, n);

	mock.topics_later = true;
	say(c, "PUB t\n");
	mock_feed(c, "\0\0\xc3\x50", 4);
	mock_feed(c, body, n);
	assert_int_equal(c->paused, 1);
	assert_string_equal(said(c), "");
	mock_topic_answer();
	assert_string_equal(said(c), "0:OK");
	assert_int_equal(mock.message_count, 1);
	assert_int_equal(c->paused, 0);
	free(body);
}

static void publisher_moves_once(void **state)
{
	struct pluq_conn *c = greet();

	mock.home = 1;
	pub(c, "PUB t\n", "1");
	assert_int_equal(c->loop, 1);
	mock.home = 0;
	pub(c, "PUB u\n", "2");
	assert_int_equal(c->loop, 1);
	assert_string_equal(said(c), "0:OK|0:OK");
}

static void publisher_waits_for_memory(void **state)
{
	struct pluq_conn *c = greet();

	mock.pressed = true;
	pub(c, "PUB t\n", "1");
	pub(c, "PUB t\n", "2");
	assert_string_equal(said(c), "0:OK");
	assert_int_equal(c->paused, 1);
	for (int i = 0; i < 20; i++)
		mock_advance(30 * SECOND);
	assert_false(c->closed);
	said(c);
	mock_relief();
	assert_string_equal(said(c), "0:OK");
	mock_advance(59 * SECOND);
	assert_false(c->closed);
}

static void consumer_is_never_held_back(void **state)
{
	struct pluq_conn *c = greet();

	sub(c);
	mock.pressed = true;
	pub(c, "PUB t\n", "1");
	pub(c, "PUB t\n", "2");
	assert_string_equal(said(c), "0:OK|0:OK");
	assert_int_equal(c->paused, 0);
}

static void peer_that_reads_no_answers_is_not_read(void **state)
{
	struct pluq_conn *c = greet();

	c->pending = 16384 + 65536;
	pub(c, "PUB t\n", "1");
	assert_int_equal(c->paused, 1);
	mock_drain(c);
	assert_int_equal(c->paused, 0);
}

static void consumer_of_a_large_message_is_read(void **state)
{
	struct pluq_conn *c = greet();

	sub(c);
	c->pending = 16384 + 1048576 + 34;
	say(c, "FIN " ID "\n");
	assert_string_equal(mock.finished, ID);
	assert_int_equal(c->paused, 0);
	c->pending = 16384 + 1048576 + 65536;
	say(c, "NOP\n");
	assert_int_equal(c->paused, 1);
	mock_drain(c);
	assert_int_equal(c->paused, 0);
}

static void silent_client_hears_heartbeats_and_is_closed(void **state)
{
	struct pluq_conn *c = greet();

	pub(c, "IDENTIFY\n", "{\"heartbeat_interval\":1000}");
	assert_true(c->write_timeout_ns == SECOND);
	mock_advance(SECOND);
	assert_string_equal(said(c), "0:OK|0:_heartbeat_");
	say(c, "NO"); /* not a line: extends nothing */
	mock_advance(SECOND);
	assert_string_equal(said(c), "0:_heartbeat_");
	assert_true(c->closed);
}

static void any_command_keeps_the_connection(void **state)
{
	struct pluq_conn *c = greet();

	pub(c, "IDENTIFY\n", "{\"heartbeat_interval\":1000}");
	for (int i = 0; i < 10; i++) {
		mock_advance(SECOND * 3 / 2);
		say(c, "NOP\n");
	}
	assert_false(c->closed);
	mock_advance(2 * SECOND - 1);
	assert_false(c->closed);
	mock_advance(1);
	assert_true(c->closed);
}

static void silence_while_an_answer_is_late_is_not_the_clients(void **state)
{
	struct pluq_conn *c = greet();

	pub(c, "IDENTIFY\n", "{\"heartbeat_interval\":1000}");
	mock.publish_status = PLUQ_ELATER;
	pub(c, "PUB t\n", "x");
	mock_advance(10 * SECOND + 1);
	assert_false(c->closed);
	said(c);
	mock_publish_answer(0, 0, NULL);
	assert_string_equal(said(c), "0:OK");
	mock_advance(2 * SECOND - 1);
	assert_false(c->closed);
	mock_advance(1);
	assert_true(c->closed);
}

static void deadline_within_a_body_is_told(void **state)
{
	struct pluq_conn *c = greet();

	pub(c, "IDENTIFY\n", "{\"heartbeat_interval\":1000}");
	said(c);
	say(c, "PUB t\n");
	mock_advance(2 * SECOND);
	assert_fatal(c, "0:_heartbeat_|1:E_BAD_MESSAGE PUB failed to read message body size");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(answers_keep_the_order_of_commands),
	    TEST(nothing_follows_a_fatal_answer),
	    TEST(fatal_error_waits_for_its_turn),
	    TEST(ring_of_answers_stops_reading_when_full),
	    TEST(half_closed_peer_gets_its_answers),
	    TEST(publish_refused_is_fatal),
	    TEST(deleted_topic_is_looked_up_again),
	    TEST(large_body_waits_for_its_topic),
	    TEST(publisher_moves_once),
	    TEST(publisher_waits_for_memory),
	    TEST(consumer_is_never_held_back),
	    TEST(peer_that_reads_no_answers_is_not_read),
	    TEST(consumer_of_a_large_message_is_read),
	    TEST(silent_client_hears_heartbeats_and_is_closed),
	    TEST(any_command_keeps_the_connection),
	    TEST(silence_while_an_answer_is_late_is_not_the_clients),
	    TEST(deadline_within_a_body_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
