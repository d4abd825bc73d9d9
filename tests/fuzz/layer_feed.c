#undef NDEBUG
#include "layer_feed.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../daemon/base/memory.h"
#include "../../daemon/net/conn.h"
#include "../../daemon/net/layer.h"
#include "../../daemon/net/scratch.h"

#define CHOICES 2

struct source {
	struct pluq__layer layer;
	const uint8_t *in;
	size_t left, give;
	uint8_t *out; /* of what is sent */
	size_t length, room;
};

static ssize_t give(struct pluq__layer *l, struct pluq_conn *c, struct iovec *iov, int n)
{
	struct source *s = (struct source *)l;
	size_t most = s->give && s->give < s->left ? s->give : s->left, got = 0;
	if (most == 0)
		return 0;
	for (int i = 0; i < n && got < most; i++) {
		size_t part = iov[i].iov_len < most - got ? iov[i].iov_len : most - got;
		memcpy(iov[i].iov_base, s->in + got, part);
		got += part;
	}
	s->in += got;
	s->left -= got;
	return (ssize_t)got;
}

static ssize_t take(struct pluq__layer *l, struct pluq_conn *c, struct iovec *iov, int n)
{
	struct source *s = (struct source *)l;
	size_t part = n > 0 ? iov->iov_len : 0;
	if (s->give && part > s->give)
		part = s->give;
	if (s->room - s->length < part) {
		s->room = (s->length + part) * 2;
		s->out = realloc(s->out, s->room);
		assert(s->out);
	}
	if (part > 0)
		memcpy(s->out + s->length, iov->iov_base, part);
	s->length += part;
	return (ssize_t)part;
}

static const struct pluq__layer_ops source_ops = {.recv = give, .send = take};

static void finish(struct pluq__layer *layer, struct pluq__net_loop *at)
{
	layer->ops->free(layer);
	pluq__scratch_free(&at->scratch);
	assert(pluq__memory_used() == 0);
}

void feed(struct pluq__layer *layer, const uint8_t *in, size_t n, size_t most, size_t ask, struct fed *r)
{
	struct pluq__net_loop at = {0};
	struct pluq_conn c = {.at = &at};
	struct source s = {.layer.ops = &source_ops, .in = in, .left = n, .give = most};
	size_t room = 0;
	ssize_t got;
	*r = (struct fed){0};
	layer->below = &s.layer;
	do {
		if (room - r->length < 65536) {
			room = room * 2 + 131072;
			r->bytes = realloc(r->bytes, room);
			assert(r->bytes);
		}
		struct iovec iov = {.iov_base = r->bytes + r->length, .iov_len = ask ? ask : room - r->length};
		errno = EAGAIN;
		got = layer->ops->recv(layer, &c, &iov, 1);
		r->length += got > 0 ? (size_t)got : 0;
	} while ((got > 0 || got == PLUQ__IO_AGAIN) && r->length < FED_MAX);
	if (r->length > FED_MAX)
		r->length = FED_MAX;
	r->end = got > 0 ? PLUQ__IO_AGAIN : (int)got;
	r->why = got == PLUQ__IO_ERROR ? c.why : NULL;
	assert(got != PLUQ__IO_ERROR || (c.why && errno == 0));
	finish(layer, &at);
}

void press(struct pluq__layer *layer, const uint8_t *in, size_t n, size_t most, struct fed *r)
{
	struct pluq__net_loop at = {0};
	struct pluq_conn c = {.at = &at, .pending = n};
	struct source s = {.layer.ops = &source_ops, .give = most};
	layer->below = &s.layer;
	while (c.pending > 0) {
		struct iovec iov = {.iov_base = (void *)(uintptr_t)(in + (n - c.pending)), .iov_len = c.pending};
		ssize_t got = layer->ops->send(layer, &c, &iov, 1);
		assert(got > 0 && (size_t)got <= c.pending);
		c.pending -= (size_t)got;
	}
	while (layer->ops->holds(layer) > 0)
		assert(layer->ops->send(layer, &c, NULL, 0) == 0);
	*r = (struct fed){.bytes = s.out, .length = s.length};
	finish(layer, &at);
}

void fed_free(struct fed *r)
{
	free(r->bytes);
	*r = (struct fed){0};
}

static bool same(const uint8_t *a, const uint8_t *b, size_t n)
{
	return n == 0 || memcmp(a, b, n) == 0;
}

int feed_twice(struct pluq__layer *(*make)(void), const uint8_t *data, size_t size)
{
	struct fed whole, pieces, stream, again;
	if (size < CHOICES)
		return 0;
	feed(make(), data + CHOICES, size - CHOICES, 0, 0, &whole);
	/* Single bytes of a bomb would take too long. */
	size_t ask = data[1] && whole.length < 100000 ? data[1] : 1000 + data[1];
	feed(make(), data + CHOICES, size - CHOICES, data[0], ask, &pieces);
	assert(whole.end == pieces.end && whole.why == pieces.why && whole.length == pieces.length);
	assert(same(whole.bytes, pieces.bytes, whole.length));
	press(make(), whole.bytes, whole.length, whole.length < 100000 ? data[0] : 0, &stream);
	feed(make(), stream.bytes, stream.length, 0, 0, &again);
	assert(again.end == (whole.length < FED_MAX ? 0 : PLUQ__IO_AGAIN) && again.length == whole.length);
	assert(same(again.bytes, whole.bytes, whole.length));
	fed_free(&whole);
	fed_free(&pieces);
	fed_free(&stream);
	fed_free(&again);
	return 0;
}
