#include "nsqd_rig.h"

#include <string.h>

static struct text heard;

const char *said(struct pluq_conn *c)
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

int setup(void **state)
{
	mock_standard();
	mock_start();
	return 0;
}

int teardown(void **state)
{
	mock_stop();
	text_free(&heard);
	return 0;
}

struct pluq_conn *greet(void)
{
	struct pluq_conn *c = mock_open();

	mock_feed(c, "  V2", 4);
	return c;
}

void start_again(void)
{
	mock_stop();
	mock_start();
}

void say(struct pluq_conn *c, const char *text)
{
	mock_feed(c, text, strlen(text));
}

void put32(struct text *t, uint32_t v)
{
	uint8_t b[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};

	text_add(t, b, 4);
}

void pub(struct pluq_conn *c, const char *line, const char *body)
{
	struct text t = {0};

	text_str(&t, line);
	put32(&t, (uint32_t)strlen(body));
	text_str(&t, body);
	mock_feed(c, t.data, t.length);
	text_free(&t);
}

void feed_in_pieces(struct pluq_conn *c, const void *bytes, size_t n, size_t piece)
{
	for (size_t at = 0; at < n && !c->closed; at += piece)
		mock_feed(c, (const uint8_t *)bytes + at, n - at < piece ? n - at : piece);
}

void sub(struct pluq_conn *c)
{
	say(c, "SUB t c\n");
	assert_string_equal(said(c), "0:OK");
}

void assert_published(size_t n, const char *topic, const void *body, size_t length)
{
	assert_true(n < mock.message_count);
	assert_string_equal(mock.messages[n].topic, topic);
	assert_int_equal(mock.messages[n].body.length, length);
	assert_memory_equal(mock.messages[n].body.data, body, length);
}

void assert_fatal(struct pluq_conn *c, const char *text)
{
	assert_string_equal(said(c), text);
	assert_true(c->closed);
	assert_true(c->flushed);
}
