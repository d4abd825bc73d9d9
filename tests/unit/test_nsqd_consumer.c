/* Whole dialogues of a consumer with the nsqd handler: SUB, RDY, FIN, REQ, TOUCH, CLS, and messages that are delivered. */
#include <string.h>

#include "nsqd_rig.h"

static void sub_needs_heartbeats(void **state)
{
	struct pluq_conn *c = greet();

	pub(c, "IDENTIFY\n", "{\"heartbeat_interval\":-1}");
	assert_int_equal(c->write_timeout_ns, 0);
	mock_advance(1000 * SECOND);
	assert_string_equal(said(c), "0:OK");
	say(c, "SUB t c\n");
	assert_fatal(c, "1:E_INVALID cannot SUB with heartbeats disabled");
}

static void sub_goes_to_the_topics_home(void **state)
{
	struct pluq_conn *c = greet();

	mock.home = 1;
	mock.topics_later = true;
	say(c, "SUB t c#ephemeral\nRDY 3\n");
	assert_string_equal(said(c), "");
	assert_int_equal(c->paused, 1);
	mock_topic_answer();
	assert_string_equal(said(c), "0:OK");
	assert_int_equal(c->loop, 1);
	assert_string_equal(mock.channel, "c#ephemeral");
	assert_int_equal(mock.ready, 3);
	say(c, "SUB t c\n");
	assert_fatal(c, "1:E_INVALID cannot SUB in current state");
}

static void sub_refused_says_why(void **state)
{
	struct pluq_conn *c = greet();

	mock.subscribe_status = PLUQ_ELIMIT;
	mock.conf.max_channel_consumers = 2;
	say(c, "SUB t c\n");
	assert_fatal(c, "1:E_SUB_FAILED SUB failed consumers for t:c exceeds limit of 2");
	start_again();
	c = greet();
	mock.subscribe_status = PLUQ_ESTALE;
	say(c, "SUB t c\n");
	assert_fatal(c, "1:E_SUB_FAILED SUB failed to deleted topic/channel");
	start_again();
	c = greet();
	mock.topic_status = PLUQ_EEXITING;
	say(c, "SUB t c\n");
	assert_fatal(c, "1:E_SUB_FAILED SUB failed exiting");
}

static void ready_is_a_window(void **state)
{
	struct pluq_conn *c = greet();

	sub(c);
	say(c, "RDY\n");
	assert_int_equal(mock.ready, 1);
	say(c, "RDY 2500\n");
	assert_int_equal(mock.ready, 2500);
	say(c, "RDY \n");
	assert_int_equal(mock.ready, 0);
	say(c, "RDY 18446744073709551615\n");
	assert_fatal(c, "1:E_INVALID RDY count -1 out of range 0-2500");
	start_again();
	c = greet();
	sub(c);
	say(c, "RDY -1\n");
	assert_fatal(c, "1:E_INVALID RDY could not parse count -1");
}

static void messages_are_finished_requeued_and_touched(void **state)
{
	struct pluq_conn *c = greet();

	sub(c);
	say(c, "FIN " ID "\nFIN fedcba9876543210\r\nTOUCH " ID "\nREQ " ID " 250\n");
	assert_string_equal(said(c), "");
	assert_string_equal(mock.finished, "fedcba9876543210");
	assert_true(mock.delay_ns == SECOND / 4);
	say(c, "REQ " ID " 18446744073709551615\n");
	assert_true(mock.delay_ns == 3600 * SECOND);
	say(c, "REQ " ID " \n");
	assert_true(mock.delay_ns == 0);
	mock.message_status = PLUQ_ENOTINFLIGHT;
	say(c, "FIN " ID "\nREQ " ID " 0\nTOUCH " ID "\n");
	assert_string_equal(said(c),
	    "1:E_FIN_FAILED FIN " ID " failed ID not in flight|1:E_REQ_FAILED REQ " ID
	    " failed ID not in flight|1:E_TOUCH_FAILED TOUCH " ID " failed ID not in flight");
	mock.message_status = PLUQ_ENOTOWNER;
	say(c, "FIN " ID "\n");
	assert_string_equal(said(c), "1:E_FIN_FAILED FIN " ID " failed client does not own message");
	assert_false(c->closed);
}

static void expect_subscribed_fatal(const char *line, const char *error)
{
	struct pluq_conn *c = greet();

	sub(c);
	say(c, line);
	assert_fatal(c, error);
	start_again();
}

static void message_ids_are_sixteen_bytes(void **state)
{
	expect_subscribed_fatal("FIN\n", "1:E_INVALID FIN insufficient number of params");
	expect_subscribed_fatal("FIN x\n", "1:E_INVALID invalid message ID");
	expect_subscribed_fatal("FIN 0123456789abcdef0\n", "1:E_INVALID invalid message ID");
	expect_subscribed_fatal("FIN 01234567 9abcdef\n", "1:E_INVALID invalid message ID");
	expect_subscribed_fatal("FIN 0123456789abcde\r\n", "1:E_INVALID invalid message ID");
	expect_subscribed_fatal("FIN 01234\n789abcdef\n", "1:E_INVALID invalid message ID");
	expect_subscribed_fatal("REQ " ID "\n", "1:E_INVALID REQ insufficient number of params");
	expect_subscribed_fatal("REQ x y\n", "1:E_INVALID invalid message ID");
	expect_subscribed_fatal("REQ " ID " 1.5\n", "1:E_INVALID REQ could not parse timeout 1.5");
	expect_subscribed_fatal("IDENTIFY\n", "1:E_INVALID cannot IDENTIFY in current state");
	expect_subscribed_fatal("AUTH\n", "1:E_INVALID cannot AUTH in current state");
}

static void closing_consumer_may_still_finish(void **state)
{
	struct pluq_conn *c = greet();

	sub(c);
	say(c, "RDY 5\nCLS\n");
	assert_string_equal(said(c), "0:CLOSE_WAIT");
	assert_int_equal(mock.ready, 0);
	say(c, "RDY bad\nRDY 7\nFIN " ID "\nNOP\n");
	assert_string_equal(said(c), "");
	assert_int_equal(mock.ready, 0);
	pub(c, "PUB t\n", "x");
	assert_string_equal(said(c), "0:OK");
	say(c, "CLS\n");
	assert_fatal(c, "1:E_INVALID cannot CLS in current state");
}

static void delivery_writes_message_frames(void **state)
{
	struct pluq_conn *c = greet();
	char body[5000];

	sub(c);
	memset(body, 'b', sizeof(body));
	assert_int_equal(mock_deliver(ID, "hi", 2, 0x0102), 1);
	assert_int_equal(c->out.length, 36);
	assert_memory_equal(c->out.data, "\0\0\0\x20\0\0\0\2\1\2\3\4\5\6\7\x8\1\2" ID "hi", 36);
	c->out.length = 0;
	assert_int_equal(mock_deliver(ID, body, sizeof(body), 1), 1);
	assert_int_equal(c->out.length, 34 + sizeof(body));
	assert_memory_equal(c->out.data + 34, body, sizeof(body));
}

static void delivery_stops_at_the_output_buffer(void **state)
{
	struct pluq_conn *c = greet();

	sub(c);
	c->pending = 16384;
	assert_int_equal(mock_deliver(ID, "hi", 2, 1), 0);
	mock_drain(c);
	assert_true(mock.unblocked);
	assert_int_equal(mock_deliver(ID, "hi", 2, 1), 1);
	mock_end_subscription();
	assert_true(c->closed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(sub_needs_heartbeats),
	    TEST(sub_goes_to_the_topics_home),
	    TEST(sub_refused_says_why),
	    TEST(ready_is_a_window),
	    TEST(messages_are_finished_requeued_and_touched),
	    TEST(message_ids_are_sixteen_bytes),
	    TEST(closing_consumer_may_still_finish),
	    TEST(delivery_writes_message_frames),
	    TEST(delivery_stops_at_the_output_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
