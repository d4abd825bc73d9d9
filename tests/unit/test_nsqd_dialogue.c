/* Whole dialogues with the nsqd handler: its greeting, the commands and their bodies as they are judged, IDENTIFY. */
#include <stdlib.h>
#include <string.h>

#include "nsqd_rig.h"

/* A new connection that sends these bytes is closed with this error. */
static void expect_fatal(const char *bytes, size_t n, const char *error)
{
	struct pluq_conn *before = mock.conn, *c = greet();

	assert_null(before);
	mock_feed(c, bytes, n);
	assert_fatal(c, error);
	start_again();
}
#define FATAL(bytes, error) expect_fatal(bytes, sizeof(bytes) - 1, error)

static void magic_is_silent_when_right(void **state)
{
	struct pluq_conn *c = mock_open();

	say(c, " ");
	say(c, " V");
	say(c, "2NOP\n");
	assert_string_equal(said(c), "");
	assert_false(c->closed);
}

static void magic_wrong_is_told(void **state)
{
	struct pluq_conn *c = mock_open();

	say(c, "  V1");
	assert_fatal(c, "1:E_BAD_PROTOCOL");
}

static void magic_has_a_deadline(void **state)
{
	struct pluq_conn *c = mock_open();

	say(c, "  V");
	mock_advance(60 * SECOND - 1);
	assert_false(c->closed);
	mock_advance(1);
	assert_true(c->closed);
	assert_string_equal(said(c), "");
}

static void commands_are_judged_in_order(void **state)
{
	FATAL("\n", "1:E_INVALID invalid command ");
	FATAL("pub t\n", "1:E_INVALID invalid command pub");
	FATAL("PU\1B\xff x\n", "1:E_INVALID invalid command PU\1B\xff");
	FATAL("RDY 1\n", "1:E_INVALID cannot RDY in current state");
	FATAL("FIN " ID "\n", "1:E_INVALID cannot FIN in current state");
	FATAL("REQ x\n", "1:E_INVALID cannot REQ in current state");
	FATAL("TOUCH\n", "1:E_INVALID cannot TOUCH in current state");
	FATAL("CLS\n", "1:E_INVALID cannot CLS in current state");
	FATAL("SUB t\n", "1:E_INVALID SUB insufficient number of parameters");
	FATAL("SUB t+ \n", "1:E_BAD_TOPIC SUB topic name \"t+\" is not valid");
	FATAL("SUB t \n", "1:E_BAD_CHANNEL SUB channel name \"\" is not valid");
	FATAL("PUB\n", "1:E_INVALID PUB insufficient number of parameters");
	FATAL("PUB a\"\n", "1:E_BAD_TOPIC PUB topic name \"a\\\"\" is not valid");
	FATAL("MPUB\n", "1:E_INVALID MPUB insufficient number of parameters");
	FATAL("MPUB \n", "1:E_BAD_TOPIC E_BAD_TOPIC MPUB topic name \"\" is not valid");
	FATAL("DPUB t\n", "1:E_INVALID DPUB insufficient number of parameters");
	FATAL("DPUB - x\n", "1:E_INVALID DPUB could not parse timeout x");
	FATAL("DPUB ? x\n", "1:E_BAD_TOPIC DPUB topic name \"?\" is not valid");
	FATAL("DPUB t 3600001\n", "1:E_INVALID DPUB timeout 3600001 out of range 0-3600000");
	FATAL("DPUB t 18446744073709551616\n", "1:E_INVALID DPUB could not parse timeout 18446744073709551616");
	FATAL("AUTH \n", "1:E_INVALID AUTH invalid number of parameters");
	FATAL("AUTH\n\0\0\0\1x", "1:E_AUTH_DISABLED AUTH disabled");
	FATAL("AUTH\n\0\0\0\0", "1:E_BAD_BODY AUTH invalid body size 0");
	assert_int_equal(mock.message_count, 0);
}

static void sizes_are_judged_before_the_body(void **state)
{
	FATAL("PUB t\n\0\0\0\0", "1:E_BAD_MESSAGE PUB invalid message body size 0");
	FATAL("PUB t\n\xff\xff\xff\xff", "1:E_BAD_MESSAGE PUB invalid message body size -1");
	FATAL("DPUB t \n\0\x10\0\1", "1:E_BAD_MESSAGE DPUB message too big 1048577 > 1048576");
	FATAL("IDENTIFY\n\x7f\xff\xff\xff", "1:E_BAD_BODY IDENTIFY body too big 2147483647 > 5242880");
	FATAL("IDENTIFY\n\x80\0\0\0", "1:E_BAD_BODY IDENTIFY invalid body size -2147483648");
	FATAL("MPUB t\n\0\0\0\0", "1:E_BAD_BODY MPUB invalid body size 0");
	FATAL("MPUB t\n\0\x50\0\1", "1:E_BAD_BODY MPUB body too big 5242881 > 5242880");
	FATAL("MPUB t\n\0\0\0\1\0\0\0\0", "1:E_BAD_BODY MPUB invalid message count 0");
	FATAL("MPUB t\n\0\0\0\1\0\x10\0\0", "1:E_BAD_BODY MPUB invalid message count 1048576");
	FATAL("MPUB t\n\0\0\0\1\0\0\0\2\0\0\0\1x\0\0\0\0", "1:E_BAD_MESSAGE MPUB invalid message(1) body size 0");
	FATAL("MPUB t\n\0\0\0\1\0\0\0\2\0\0\0\1x\0\x20\0\0", "1:E_BAD_MESSAGE MPUB message too big 2097152 > 1048576");
}

static void line_that_is_too_long_closes_silently(void **state)
{
	struct pluq_conn *c = greet();
	char x[16384];

	memset(x, 'x', sizeof(x));
	mock_feed(c, x, sizeof(x) - 1);
	assert_false(c->closed);
	mock_feed(c, x, 1);
	assert_true(c->closed);
	assert_string_equal(said(c), "");
}

static void pub_is_answered(void **state)
{
	struct pluq_conn *c = greet();

	pub(c, "PUB t\n", "hello");
	pub(c, "PUB t surplus\r\n", "again");
	pub(c, "DPUB u 1500\n", "later");
	assert_string_equal(said(c), "0:OK|0:OK|0:OK");
	assert_published(0, "t", "hello", 5);
	assert_published(1, "t", "again", 5);
	assert_published(2, "u", "later", 5);
	assert_true(mock.messages[2].defer_ns == SECOND * 3 / 2);
}

static void commands_may_come_byte_by_byte(void **state)
{
	static const char bytes[] =
	    "NOP\nPUB t\n\0\0\0\2hiMPUB t\n\0\0\0\x11\0\0\0\2\0\0\0\1a\0\0\0\2bcNOP\r\nPUB t\n\0\0\0\1z";
	struct pluq_conn *c = greet();

	for (size_t i = 0; i < sizeof(bytes) - 1; i++)
		mock_feed(c, bytes + i, 1);
	assert_string_equal(said(c), "0:OK|0:OK|0:OK");
	assert_int_equal(mock.message_count, 4);
	assert_published(2, "t", "bc", 2);
	assert_published(3, "t", "z", 1);
}

static void line_cut_anywhere_is_one_line(void **state)
{
	static const char bytes[] = "FIN " ID "\nNOP\nTOUCH " ID "\nREQ " ID " 7\nFIN " ID "\nRDY 9\n";

	for (size_t cut = 1; cut < sizeof(bytes) - 1; cut++) {
		struct pluq_conn *c = greet();
		sub(c);
		mock_feed(c, bytes, cut);
		mock_feed(c, bytes + cut, sizeof(bytes) - 1 - cut);
		assert_string_equal(said(c), "");
		assert_int_equal(mock.ready, 9);
		mock.ready = 0;
		start_again();
	}
}

static void large_body_is_received_into_its_message(void **state)
{
	struct pluq_conn *c = greet();
	size_t n = 100000;
	char *body = calloc(1, n);

	say(c, "PUB t\n");
	mock_feed(c, "\0\1\x86\xa0", 4);
	feed_in_pieces(c, body, n, 1000);
	pub(c, "PUB t\n", "x");
	assert_string_equal(said(c), "0:OK|0:OK");
	assert_published(0, "t", body, n);
	assert_published(1, "t", "x", 1);
	free(body);
}

static void mpub_body(struct text *t, size_t count, size_t size)
{
	char *body = calloc(1, size);

	put32(t, 1); /* a wrong body size changes nothing */
	put32(t, (uint32_t)count);
	for (size_t i = 0; i < count; i++) {
		put32(t, (uint32_t)size);
		memset(body, (int)('a' + i % 26), size);
		text_add(t, body, size);
	}
	free(body);
}

static void batch_comes_whole_or_in_pieces(void **state)
{
	static const size_t sizes[] = {1, 200, 16384, 16385, 60000};
	static const size_t pieces[] = {1000000000, 7, 4096, 33000};

	for (size_t s = 0; s < 5; s++) {
		for (size_t p = 0; p < 4; p++) {
			struct text t = {0};
			size_t count = sizes[s] > 1000 ? 7 : 1000;
			text_str(&t, "MPUB t\n");
			mpub_body(&t, count, sizes[s]);
			text_str(&t, "NOP\n");
			struct pluq_conn *c = greet();
			feed_in_pieces(c, t.data, t.length, pieces[p]);
			assert_string_equal(said(c), "0:OK");
			assert_int_equal(mock.message_count, count);
			assert_int_equal(mock.publish_calls, 1);
			assert_int_equal(mock.messages[count - 1].body.length, sizes[s]);
			assert_int_equal(mock.messages[1].body.data[sizes[s] - 1], 'b');
			text_free(&t);
			mock.publish_calls = 0;
			start_again();
		}
	}
}

static void batch_with_a_bad_message_publishes_none(void **state)
{
	struct pluq_conn *c = greet();
	struct text t = {0};

	mpub_body(&t, 5, 20000);
	t.data[7] = 6; /* one more than there are */
	put32(&t, 0);
	say(c, "MPUB t\n");
	feed_in_pieces(c, t.data, t.length, 500);
	assert_fatal(c, "1:E_BAD_MESSAGE MPUB invalid message(5) body size 0");
	assert_int_equal(mock.message_count, 0);
	text_free(&t);
}

static void batch_beyond_the_body_limit_is_refused(void **state)
{
	struct text t = {0};
	struct pluq_conn *c = greet();

	mpub_body(&t, 6, 1000000);
	say(c, "MPUB t\n");
	feed_in_pieces(c, t.data, t.length, 100000);
	assert_fatal(c, "1:E_BAD_BODY MPUB body too big 6000000 > 5242880");
	assert_int_equal(mock.message_count, 0);
	text_free(&t);
}

static void expect_at_eof(const char *bytes, size_t n, const char *error)
{
	struct pluq_conn *c = greet();

	mock_feed(c, bytes, n);
	mock_eof(c);
	assert_string_equal(said(c), error);
	assert_true(c->closed);
	start_again();
}
#define EOF_AFTER(bytes, error) expect_at_eof(bytes, sizeof(bytes) - 1, error)

static void body_cut_short_is_told(void **state)
{
	EOF_AFTER("", "");
	EOF_AFTER("NO", "");
	EOF_AFTER("PUB t\n", "1:E_BAD_MESSAGE PUB failed to read message body size");
	EOF_AFTER("PUB t\n\0\0\0", "1:E_BAD_MESSAGE PUB failed to read message body size");
	EOF_AFTER("PUB t\n\0\0\0\1", "1:E_BAD_MESSAGE PUB failed to read message body");
	EOF_AFTER("PUB t\n\0\1\0\1xyz", "1:E_BAD_MESSAGE PUB failed to read message body");
	EOF_AFTER("DPUB t 0\n\0\0\0", "1:E_BAD_MESSAGE DPUB failed to read message body size");
	EOF_AFTER("DPUB t 0\n\0\0\0\2x", "1:E_BAD_MESSAGE DPUB failed to read message body");
	EOF_AFTER("MPUB t\n\0\0", "1:E_BAD_BODY MPUB failed to read body size");
	EOF_AFTER("MPUB t\n\0\0\0\1\0\0", "1:E_BAD_BODY MPUB failed to read message count");
	EOF_AFTER(
	    "MPUB t\n\0\0\0\1\0\0\0\2\0\0\0\1x\0\0\0", "1:E_BAD_MESSAGE MPUB failed to read message(1) body size");
	EOF_AFTER("MPUB t\n\0\0\0\1\0\0\0\2\0\0\0\1x\0\0\0\2y", "1:E_BAD_MESSAGE MPUB failed to read message body");
	EOF_AFTER("MPUB t\n\0\0\0\1\0\0\0\2\0\0\0\1x\0\1\0\0y", "1:E_BAD_MESSAGE MPUB failed to read message body");
	EOF_AFTER("IDENTIFY\n\0", "1:E_BAD_BODY IDENTIFY failed to read body size");
	EOF_AFTER("IDENTIFY\n\0\0\0\3{", "1:E_BAD_BODY IDENTIFY failed to read body");
	EOF_AFTER("IDENTIFY\n\0\1\0\3{", "1:E_BAD_BODY IDENTIFY failed to read body");
	EOF_AFTER("AUTH\n\0\0\0", "1:E_BAD_BODY AUTH failed to read body size");
	EOF_AFTER("AUTH\n\0\0\0\3ab", "1:E_BAD_BODY AUTH failed to read body");
	EOF_AFTER("PUB t\n\0\0\0\1xPUB t\n\0", "0:OK|1:E_BAD_MESSAGE PUB failed to read message body size");
	EOF_AFTER("PUB t\n\0\0\0\1xNOP", "0:OK");
}

static void identify_answers_what_was_agreed(void **state)
{
	struct pluq_conn *c = greet();

	pub(c, "IDENTIFY\n", "{}");
	assert_string_equal(said(c), "0:OK");
	pub(c, "IDENTIFY\n",
	    "{\"feature_negotiation\":true,\"tls_v1\":true,\"snappy\":false,\"deflate\":false,\"sample_rate\":7,"
	    "\"output_buffer_size\":-1,\"msg_timeout\":2000}");
	assert_string_equal(said(c),
	    "0:{\"max_rdy_count\":2500,\"version\":\"1.3.0\",\"max_msg_timeout\":900000,\"msg_timeout\":2000,\"tls_"
	    "v1\":false,"
	    "\"deflate\":false,\"deflate_level\":6,\"max_deflate_level\":6,\"snappy\":false,\"sample_rate\":7,"
	    "\"auth_required\":false,\"output_buffer_size\":1,\"output_buffer_timeout\":0,"
	    "\"topology_region\":\"r\\u003c1\\u003e\",\"topology_zone\":\"\"}");
	assert_int_equal(c->output_limit, 1);
}

static void expect_identify(const char *json, const char *error)
{
	struct pluq_conn *c = greet();

	pub(c, "IDENTIFY\n", json);
	assert_string_equal(said(c), error);
	start_again();
}

static void identify_judges_its_settings_in_order(void **state)
{
	expect_identify("[]", "1:E_BAD_BODY IDENTIFY failed to decode JSON body");
	expect_identify("{\"heartbeat_interval\":999,\"msg_timeout\":1}",
	    "1:E_BAD_BODY IDENTIFY heartbeat interval (999) is invalid");
	expect_identify(
	    "{\"heartbeat_interval\":60001}", "1:E_BAD_BODY IDENTIFY heartbeat interval (60001) is invalid");
	expect_identify("{\"heartbeat_interval\":9223372036854775807}",
	    "1:E_BAD_BODY IDENTIFY heartbeat interval (9223372036854775807) is invalid");
	expect_identify(
	    "{\"output_buffer_timeout\":24}", "1:E_BAD_BODY IDENTIFY output buffer timeout (24) is invalid");
	expect_identify(
	    "{\"output_buffer_timeout\":30001}", "1:E_BAD_BODY IDENTIFY output buffer timeout (30001) is invalid");
	expect_identify("{\"output_buffer_size\":63}", "1:E_BAD_BODY IDENTIFY output buffer size (63) is invalid");
	expect_identify(
	    "{\"output_buffer_size\":65537}", "1:E_BAD_BODY IDENTIFY output buffer size (65537) is invalid");
	expect_identify("{\"sample_rate\":100}", "1:E_BAD_BODY IDENTIFY sample rate (100) is invalid");
	expect_identify("{\"sample_rate\":-1}", "1:E_BAD_BODY IDENTIFY sample rate (-1) is invalid");
	expect_identify("{\"msg_timeout\":-1}", "1:E_BAD_BODY IDENTIFY msg timeout (-1) is invalid");
	expect_identify("{\"msg_timeout\":900001}", "1:E_BAD_BODY IDENTIFY msg timeout (900001) is invalid");
	expect_identify("{\"msg_timeout\":900000,\"heartbeat_interval\":60000,\"output_buffer_size\":64}", "0:OK");
}

static void identify_twice_is_half_effective(void **state)
{
	struct pluq_conn *c = greet();

	pub(c, "IDENTIFY\n", "{\"msg_timeout\":5000,\"sample_rate\":3}");
	pub(c, "IDENTIFY\n", "{\"msg_timeout\":9000,\"sample_rate\":4}");
	say(c, "SUB t c\n");
	assert_string_equal(said(c), "0:OK|0:OK|0:OK");
	assert_int_equal(mock.params.sample_rate, 3);
	assert_true(mock.params.msg_timeout_ns == 5 * SECOND);
	assert_true(mock.params.touch_timeout_ns == 9 * SECOND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(magic_is_silent_when_right),
	    TEST(magic_wrong_is_told),
	    TEST(magic_has_a_deadline),
	    TEST(commands_are_judged_in_order),
	    TEST(sizes_are_judged_before_the_body),
	    TEST(line_that_is_too_long_closes_silently),
	    TEST(pub_is_answered),
	    TEST(commands_may_come_byte_by_byte),
	    TEST(line_cut_anywhere_is_one_line),
	    TEST(large_body_is_received_into_its_message),
	    TEST(batch_comes_whole_or_in_pieces),
	    TEST(batch_with_a_bad_message_publishes_none),
	    TEST(batch_beyond_the_body_limit_is_refused),
	    TEST(body_cut_short_is_told),
	    TEST(identify_answers_what_was_agreed),
	    TEST(identify_judges_its_settings_in_order),
	    TEST(identify_twice_is_half_effective),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
