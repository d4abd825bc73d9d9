/* Commands of the V2 protocol, whole and in pieces. The handler runs against the mock daemon.
 *
 * The first bytes of the input choose how the engine behaves and how the rest is cut; the rest is what the peer sends.
 * However it is cut, the handler must say the same and publish the same; but for input behind an IDENTIFY that is followed by an
 * upgrade, of which what has arrived by then is thrown away. */
#undef NDEBUG
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/mock_broker.h"

#define CHOICES 3
#define PIECES_MAX 2000

struct result {
	struct text out;       /* everything said */
	struct text published; /* topics and bodies */
	bool upgraded;
};

static void settle(struct pluq_conn *c, uint8_t behaviour)
{
	/* Each round answers something, and there is no more to answer than there are commands in the input. */
	for (int round = 0; round < 1000000 && c->paused && !c->closed; round++) {
		if (mock_auth_asked())
			mock_auth_answer(0);
		else if (mock_publishes_open())
			mock_publish_answer(0, behaviour & 32 ? PLUQ_EIO : 0, "fault");
		else if (mock.pressed)
			mock_relief();
		else
			mock_topic_answer();
	}
	assert(!c->paused || c->closed);
}

static void note_published(struct result *r)
{
	for (size_t i = 0; i < mock.message_count; i++) {
		const struct mock_message *m = &mock.messages[i];
		text_printf(&r->published, "%s %zu %lld ", m->topic, m->body.length, (long long)m->defer_ns);
		text_add(&r->published, m->body.data, m->body.length);
	}
}

/* piece: bytes fed at once; 0: all. */
static void converse(const uint8_t *choices, const uint8_t *data, size_t size, size_t piece, struct result *r)
{
	uint8_t behaviour = choices[0];

	mock_standard();
	mock.conf.max_msg_size = 40000;
	mock.conf.max_body_size = 100000;
	mock.topics_later = behaviour & 1;
	mock.publish_status = behaviour & 2 ? PLUQ_ELATER : 0;
	mock.home = behaviour & 4 ? 1 : 0;
	mock.stale = behaviour & 8 ? 1 : 0;
	mock.message_status = behaviour & 16 ? PLUQ_ENOTINFLIGHT : 0;
	mock.secure.auth = behaviour & 64;
	mock.secure.auth_later = behaviour & 1;
	mock.secure.check_status = behaviour & 2 ? PLUQ_ELATER : 0;
	mock.secure.deny_d = !(behaviour & 1);
	if (behaviour & 128)
		mock.conf.tls_cert = mock.conf.tls_key = "a";
	mock.conf.snappy = mock.conf.deflate = behaviour & 128;
	if (behaviour & 128 && behaviour & 16)
		mock.conf.tls_required = TLS_REQUIRED;
	mock_start();
	struct pluq_conn *c = mock_open();
	mock_feed(c, "  V2", 4);
	for (size_t at = 0; at < size && !c->closed; at += piece ? piece : size) {
		size_t n = piece && size - at > piece ? piece : size - at;
		mock_feed(c, data + at, n);
		settle(c, behaviour);
	}
	if (!c->closed)
		mock_eof(c);
	while (!c->closed && mock_publishes_open())
		mock_publish_answer(0, behaviour & 32 ? PLUQ_EIO : 0, "fault");
	assert(c->closed);
	text_add(&r->out, c->out.data, c->out.length);
	r->upgraded = *c->layers;
	note_published(r);
	mock_stop();
}

static bool same(const struct text *a, const struct text *b)
{
	return a->length == b->length && (a->length == 0 || memcmp(a->data, b->data, a->length) == 0);
}

/* Frames must be whole and of a known kind. */
static void check_frames(const struct text *out)
{
	size_t at = 0;

	while (at < out->length) {
		const uint8_t *p = (const uint8_t *)out->data + at;
		assert(out->length - at >= 8);
		size_t size = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
		assert(size >= 4 && size <= out->length - at - 4);
		assert(p[4] == 0 && p[5] == 0 && p[6] == 0 && p[7] <= 1);
		at += 4 + size;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct result whole = {0}, pieces = {0};

	if (size < CHOICES)
		return 0;
	size_t piece = 1 + ((size_t)data[1] << 8 | data[2]) % 40000;
	if (piece < size / PIECES_MAX) /* the mock copies the rest for each piece */
		piece = size / PIECES_MAX;
	converse(data, data + CHOICES, size - CHOICES, 0, &whole);
	converse(data, data + CHOICES, size - CHOICES, piece, &pieces);
	check_frames(&whole.out);
	/* when publishes fail late, how many were sent before the failure depends on when they were answered */
	if (!(data[0] & 32 && data[0] & 2) && !whole.upgraded && !pieces.upgraded) {
		assert(same(&whole.out, &pieces.out));
		assert(same(&whole.published, &pieces.published));
	}
	text_free(&whole.out);
	text_free(&whole.published);
	text_free(&pieces.out);
	text_free(&pieces.published);
	return 0;
}
