/* Whole dialogues with the nsqd handler: bytes in, frames out, and what the engine was told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mock_broker.h"

#define SECOND INT64_C(1000000000)
#define ID "0123456789abcdef"

static struct text heard;

/* What the handler has said since the last time, as TYPE:DATA per frame, frames divided by '|'. */
static const char *said(struct pluq_conn *c)
{
	const uint8_t *at = (const uint8_t *)c->out.data, *end = at + c->out.length;

	text_free(&heard);
	while (at < end) {
		assert_true(end - at >= 8);
		uint32_t size = (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
		assert_true(size >= 4 && size <= end - at - 4);
		text_printf(&heard, "%s%d:", heard.length ? "|" : "", at[7]);
		text_add(&heard, at + 8, size - 4);
		at += 4 + size;
	}
	text_byte(&heard, 0);
	c->out.length = 0;
	return heard.data;
}

static int setup(void **state)
{
	mock_standard();
	mock_start();
	return 0;
}

static int teardown(void **state)
{
	mock_stop();
	text_free(&heard);
	return 0;
}

static struct pluq_conn *greet(void)
{
	struct pluq_conn *c = mock_open();

	mock_feed(c, "  V2", 4);
	return c;
}

static void send(struct pluq_conn *c, const char *text)
{
	mock_feed(c, text, strlen(text));
}

static void put32(struct text *t, uint32_t v)
{
	uint8_t b[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};

	text_add(t, b, 4);
}

/* LINE, its length, BODY. */
static void send_body(struct pluq_conn *c, const char *line, const void *body, size_t n)
{
	struct text t = {0};

	text_str(&t, line);
	put32(&t, (uint32_t)n);
	text_add(&t, body, n);
	mock_feed(c, t.data, t.length);
	text_free(&t);
}

static void pub(struct pluq_conn *c, const char *line, const char *body)
{
	send_body(c, line, body, strlen(body));
}

static void sub(struct pluq_conn *c)
{
	send(c, "SUB t c\n");
	assert_string_equal(said(c), "0:OK");
}

static void assert_published(size_t n, const char *topic, const void *body, size_t length)
{
	assert_true(n < mock.message_count);
	assert_string_equal(mock.messages[n].topic, topic);
	assert_int_equal(mock.messages[n].body.length, length);
	assert_memory_equal(mock.messages[n].body.data, body, length);
}

/* The last thing said is this error, and the connection is closed after it. */
static void assert_fatal(struct pluq_conn *c, const char *text)
{
	assert_string_equal(said(c), text);
	assert_true(c->closed);
	assert_true(c->flushed);
}

/* A new connection that sends these bytes is closed with this error. */
static void expect_fatal(const char *bytes, size_t n, const char *error)
{
	struct pluq_conn *before = mock.conn, *c = greet();

	assert_null(before);
	mock_feed(c, bytes, n);
	assert_fatal(c, error);
	mock_stop();
	mock_start();
}
#define FATAL(bytes, error) expect_fatal(bytes, sizeof(bytes) - 1, error)

static void magic_is_silent_when_right(void **state)
{
	struct pluq_conn *c = mock_open();

	send(c, " ");
	send(c, " V");
	send(c, "2NOP\n");
	assert_string_equal(said(c), "");
	assert_false(c->closed);
}

static void magic_wrong_is_told(void **state)
{
	struct pluq_conn *c = mock_open();

	send(c, "  V1");
	assert_fatal(c, "1:E_BAD_PROTOCOL");
}

static void magic_has_a_deadline(void **state)
{
	struct pluq_conn *c = mock_open();

	send(c, "  V");
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
		mock_stop();
		mock_start();
	}
}

static void large_body_is_received_into_its_message(void **state)
{
	struct pluq_conn *c = greet();
	size_t n = 100000;
	char *body = calloc(1, n);

	send(c, "PUB t\n");
	mock_feed(c, "\0\1\x86\xa0", 4);
	for (size_t at = 0; at < n; at += 1000)
		mock_feed(c, body + at, 1000);
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
			for (size_t at = 0; at < t.length; at += pieces[p])
				mock_feed(c, t.data + at, t.length - at < pieces[p] ? t.length - at : pieces[p]);
			assert_string_equal(said(c), "0:OK");
			assert_int_equal(mock.message_count, count);
			assert_int_equal(mock.publish_calls, 1);
			assert_int_equal(mock.messages[count - 1].body.length, sizes[s]);
			assert_int_equal(mock.messages[1].body.data[sizes[s] - 1], 'b');
			text_free(&t);
			mock.publish_calls = 0;
			mock_stop();
			mock_start();
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
	send(c, "MPUB t\n");
	for (size_t at = 0; at < t.length; at += 500)
		mock_feed(c, t.data + at, t.length - at < 500 ? t.length - at : 500);
	assert_fatal(c, "1:E_BAD_MESSAGE MPUB invalid message(5) body size 0");
	assert_int_equal(mock.message_count, 0);
	text_free(&t);
}

static void batch_beyond_the_body_limit_is_refused(void **state)
{
	struct text t = {0};
	struct pluq_conn *c = greet();

	mpub_body(&t, 6, 1000000);
	send(c, "MPUB t\n");
	for (size_t at = 0; at < t.length && !c->closed; at += 100000)
		mock_feed(c, t.data + at, t.length - at < 100000 ? t.length - at : 100000);
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
	mock_stop();
	mock_start();
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
	    "{\"feature_negotiation\":true,\"tls_v1\":true,\"snappy\":true,\"deflate\":true,\"sample_rate\":7,"
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
	mock_stop();
	mock_start();
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
	send(c, "SUB t c\n");
	assert_string_equal(said(c), "0:OK|0:OK|0:OK");
	assert_int_equal(mock.params.sample_rate, 3);
	assert_true(mock.params.msg_timeout_ns == 5 * SECOND);
	assert_true(mock.params.touch_timeout_ns == 9 * SECOND);
}

static void sub_needs_heartbeats(void **state)
{
	struct pluq_conn *c = greet();

	pub(c, "IDENTIFY\n", "{\"heartbeat_interval\":-1}");
	assert_int_equal(c->write_timeout_ns, 0);
	mock_advance(1000 * SECOND);
	assert_string_equal(said(c), "0:OK");
	send(c, "SUB t c\n");
	assert_fatal(c, "1:E_INVALID cannot SUB with heartbeats disabled");
}

static void sub_goes_to_the_topics_home(void **state)
{
	struct pluq_conn *c = greet();

	mock.home = 1;
	mock.topics_later = true;
	send(c, "SUB t c#ephemeral\nRDY 3\n");
	assert_string_equal(said(c), "");
	assert_int_equal(c->paused, 1);
	mock_topic_answer();
	assert_string_equal(said(c), "0:OK");
	assert_int_equal(c->loop, 1);
	assert_string_equal(mock.channel, "c#ephemeral");
	assert_int_equal(mock.ready, 3);
	send(c, "SUB t c\n");
	assert_fatal(c, "1:E_INVALID cannot SUB in current state");
}

static void sub_refused_says_why(void **state)
{
	struct pluq_conn *c = greet();

	mock.subscribe_status = PLUQ_ELIMIT;
	mock.conf.max_channel_consumers = 2;
	send(c, "SUB t c\n");
	assert_fatal(c, "1:E_SUB_FAILED SUB failed consumers for t:c exceeds limit of 2");
	mock_stop();
	mock_start();
	c = greet();
	mock.subscribe_status = PLUQ_ESTALE;
	send(c, "SUB t c\n");
	assert_fatal(c, "1:E_SUB_FAILED SUB failed to deleted topic/channel");
	mock_stop();
	mock_start();
	c = greet();
	mock.topic_status = PLUQ_EEXITING;
	send(c, "SUB t c\n");
	assert_fatal(c, "1:E_SUB_FAILED SUB failed exiting");
}

static void ready_is_a_window(void **state)
{
	struct pluq_conn *c = greet();

	sub(c);
	send(c, "RDY\n");
	assert_int_equal(mock.ready, 1);
	send(c, "RDY 2500\n");
	assert_int_equal(mock.ready, 2500);
	send(c, "RDY \n");
	assert_int_equal(mock.ready, 0);
	send(c, "RDY 18446744073709551615\n");
	assert_fatal(c, "1:E_INVALID RDY count -1 out of range 0-2500");
	mock_stop();
	mock_start();
	c = greet();
	sub(c);
	send(c, "RDY -1\n");
	assert_fatal(c, "1:E_INVALID RDY could not parse count -1");
}

static void messages_are_finished_requeued_and_touched(void **state)
{
	struct pluq_conn *c = greet();

	sub(c);
	send(c, "FIN " ID "\nFIN fedcba9876543210\r\nTOUCH " ID "\nREQ " ID " 250\n");
	assert_string_equal(said(c), "");
	assert_string_equal(mock.finished, "fedcba9876543210");
	assert_true(mock.delay_ns == SECOND / 4);
	send(c, "REQ " ID " 18446744073709551615\n");
	assert_true(mock.delay_ns == 3600 * SECOND);
	send(c, "REQ " ID " \n");
	assert_true(mock.delay_ns == 0);
	mock.message_status = PLUQ_ENOTINFLIGHT;
	send(c, "FIN " ID "\nREQ " ID " 0\nTOUCH " ID "\n");
	assert_string_equal(said(c),
	    "1:E_FIN_FAILED FIN " ID " failed ID not in flight|1:E_REQ_FAILED REQ " ID
	    " failed ID not in flight|1:E_TOUCH_FAILED TOUCH " ID " failed ID not in flight");
	mock.message_status = PLUQ_ENOTOWNER;
	send(c, "FIN " ID "\n");
	assert_string_equal(said(c), "1:E_FIN_FAILED FIN " ID " failed client does not own message");
	assert_false(c->closed);
}

static void expect_subscribed_fatal(const char *line, const char *error)
{
	struct pluq_conn *c = greet();

	sub(c);
	send(c, line);
	assert_fatal(c, error);
	mock_stop();
	mock_start();
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
	send(c, "RDY 5\nCLS\n");
	assert_string_equal(said(c), "0:CLOSE_WAIT");
	assert_int_equal(mock.ready, 0);
	send(c, "RDY bad\nRDY 7\nFIN " ID "\nNOP\n");
	assert_string_equal(said(c), "");
	assert_int_equal(mock.ready, 0);
	pub(c, "PUB t\n", "x");
	assert_string_equal(said(c), "0:OK");
	send(c, "CLS\n");
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
	send(c, "BAD\nPUB t\n");
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
	send(c, "PUB t\n");
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
		mock_stop();
		mock_start();
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
	send(c, "PUB t\n");
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
	send(c, "FIN " ID "\n");
	assert_string_equal(mock.finished, ID);
	assert_int_equal(c->paused, 0);
	c->pending = 16384 + 1048576 + 65536;
	send(c, "NOP\n");
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
	send(c, "NO"); /* not a line: extends nothing */
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
		send(c, "NOP\n");
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
	send(c, "PUB t\n");
	mock_advance(2 * SECOND);
	assert_fatal(c, "0:_heartbeat_|1:E_BAD_MESSAGE PUB failed to read message body size");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(magic_is_silent_when_right),
		T(magic_wrong_is_told),
		T(magic_has_a_deadline),
		T(commands_are_judged_in_order),
		T(sizes_are_judged_before_the_body),
		T(line_that_is_too_long_closes_silently),
		T(pub_is_answered),
		T(commands_may_come_byte_by_byte),
		T(line_cut_anywhere_is_one_line),
		T(large_body_is_received_into_its_message),
		T(batch_comes_whole_or_in_pieces),
		T(batch_with_a_bad_message_publishes_none),
		T(batch_beyond_the_body_limit_is_refused),
		T(body_cut_short_is_told),
		T(identify_answers_what_was_agreed),
		T(identify_judges_its_settings_in_order),
		T(identify_twice_is_half_effective),
		T(sub_needs_heartbeats),
		T(sub_goes_to_the_topics_home),
		T(sub_refused_says_why),
		T(ready_is_a_window),
		T(messages_are_finished_requeued_and_touched),
		T(message_ids_are_sixteen_bytes),
		T(closing_consumer_may_still_finish),
		T(delivery_writes_message_frames),
		T(delivery_stops_at_the_output_buffer),
		T(answers_keep_the_order_of_commands),
		T(nothing_follows_a_fatal_answer),
		T(fatal_error_waits_for_its_turn),
		T(ring_of_answers_stops_reading_when_full),
		T(half_closed_peer_gets_its_answers),
		T(publish_refused_is_fatal),
		T(deleted_topic_is_looked_up_again),
		T(large_body_waits_for_its_topic),
		T(publisher_moves_once),
		T(publisher_waits_for_memory),
		T(consumer_is_never_held_back),
		T(peer_that_reads_no_answers_is_not_read),
		T(consumer_of_a_large_message_is_read),
		T(silent_client_hears_heartbeats_and_is_closed),
		T(any_command_keeps_the_connection),
		T(silence_while_an_answer_is_late_is_not_the_clients),
		T(deadline_within_a_body_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
