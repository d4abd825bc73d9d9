/* Commands of the V1 protocol, whole and in pieces. The handler runs against a mock of the daemon.
 *
 * The first two bytes of the input say how the rest is cut; the rest is what the peer sends. However it is cut, the handler must
 * say the same and know the same, and once the peer has gone nobody is registered any more. */
#undef NDEBUG
#include <assert.h>
#include <string.h>

#include "../unit/mock_lookupd.h"

#define CHOICES 2
#define PIECES_MAX 2000

struct result {
	struct text out;   /* everything said */
	struct text known; /* topics and channels before the peer left */
};

static void note_known(const struct db *db, struct text *t)
{
	for (const struct link *l = db->topics.next; l != &db->topics; l = l->next) {
		const struct topic *topic = LINK_OWNER(l, struct topic, link);
		size_t channels = 0, hashes = 0;
		SET_EACH(&topic->channels, const struct channel, c) {
			channels++;
			hashes += c->reg.length + 100u * (c->reg.producers != NULL); /* order differs, as the hash's key does */
		}
		text_printf(t, "%s %d %d %zu %zu\n", topic->reg.name, topic->listed, topic->reg.producers != NULL, channels, hashes);
	}
}

/* piece: bytes fed at once; 0: all. */
static void converse(const uint8_t *data, size_t size, size_t piece, struct result *r)
{
	struct mock_lookupd m;

	mock_lookupd_start(&m);
	struct pluq_conn *c = mock_lookupd_open(&m);
	for (size_t at = 0; at < size && !c->closing; at += piece ? piece : size)
		mock_lookupd_feed(&m, c, data + at, piece && size - at > piece ? piece : size - at);
	if (!c->closing)
		note_known(&m.lookupd.db, &r->known);
	mock_lookupd_eof(&m, c);
	text_add(&r->out, c->out.data, c->out.length);
	mock_lookupd_free(c);
	for (const struct link *l = m.lookupd.db.topics.next; l != &m.lookupd.db.topics; l = l->next)
		assert(!LINK_OWNER(l, struct topic, link)->reg.producers);
	mock_lookupd_stop(&m);
}

static bool same(const struct text *a, const struct text *b)
{
	return a->length == b->length && (a->length == 0 || memcmp(a->data, b->data, a->length) == 0);
}

/* Replies must be whole and of a known kind; what is said last is the only error. */
static void check_replies(const struct text *out)
{
	size_t at = 0;
	bool failed = false;

	while (at < out->length) {
		const uint8_t *p = (const uint8_t *)out->data + at;
		assert(out->length - at >= 4 && !failed);
		size_t size = (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
		assert(size >= 2 && size <= out->length - at - 4);
		failed = memcmp(p + 4, "E_", 2) == 0;
		assert(failed || p[4] == '{' || (size == 2 && memcmp(p + 4, "OK", 2) == 0));
		at += 4 + size;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct result whole = {0}, pieces = {0};

	if (size < CHOICES)
		return 0;
	size_t piece = 1 + ((size_t)data[0] << 8 | data[1]);
	if (piece < size / PIECES_MAX) /* the mock copies the rest for each piece */
		piece = size / PIECES_MAX;
	converse(data + CHOICES, size - CHOICES, 0, &whole);
	converse(data + CHOICES, size - CHOICES, piece, &pieces);
	check_replies(&whole.out);
	assert(same(&whole.out, &pieces.out));
	assert(same(&whole.known, &pieces.known));
	text_free(&whole.out);
	text_free(&whole.known);
	text_free(&pieces.out);
	text_free(&pieces.known);
	return 0;
}
