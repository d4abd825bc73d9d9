/* Snappy between a connection and what is below. What goes through a chunk is held only while it has to be: the rest of a chunk that
 * has come in part, data that the caller has had no room for, a chunk that below has not taken. An idle connection holds none of it.
 *
 * 1. Input is `raw`, then what lies in the scratch buffer within one call of recv; the latter's rest joins the former at its end.
 * 2. A chunk is uncompressed only when it fits the caller's room, or else when the caller has been given nothing yet in this call: at
 *    most one chunk waits in `plain`, whatever the peer sends.
 * 3. Nothing is compressed while `out` holds something.
 */
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "conn.h"
#include "held.h"
#include "layer.h"
#include "scratch.h"

/* Reads from below per call of recv: a peer that sends what means nothing gets no more of the loop's time than others. */
#define READS 4
/* Bytes uncompressed per call of recv, and at most a chunk more, however much room a large body has. */
#define RECV_BYTES (1024 * 1024)
/* Bytes compressed per call of send; the rest has to wait for its turn like other connections. */
#define SEND_BYTES (1024 * 1024)

struct snappy {
	struct pluq__layer layer;
	struct pluq__snappy_reader reader;
	struct pluq__held raw;   /* input not looked at, or a chunk in part */
	struct pluq__held plain; /* uncompressed, not handed over */
	struct pluq__held out;   /* compressed, not sent */
	size_t need;             /* bytes that input has to have before it says more; 0: what is there may say more */
	struct pluq__ending ending;
	bool opened;             /* our identifier is sent */
};

/* Whether the caller wants and can get more in this call. */
static bool goes_on(const struct snappy *s, const struct pluq__run *to)
{
	return !s->ending.there && to->done < RECV_BYTES && pluq__held_size(&s->plain) == 0 && pluq__run_left(to) > 0;
}

/* false: it waits where it is. */
static bool unpack(struct snappy *s, struct pluq__scratch *k, const struct pluq__snappy_chunk *chunk, struct pluq__run *to)
{
	uint8_t *bytes;
	bool direct = pluq__run_next(to, &bytes) >= chunk->plain;
	if (!direct && to->done > 0 && pluq__run_left(to) < chunk->plain)
		return false;
	if (!pluq__snappy_unpack(&s->reader, chunk, direct ? bytes : k->plain)) {
		pluq__ending_fail(&s->ending, s->reader.why);
		return false;
	}
	if (direct) {
		pluq__run_use(to, chunk->plain);
		return true;
	}
	size_t put = pluq__run_put(to, k->plain, chunk->plain);
	if (!pluq__held_add(&s->plain, k->plain + put, chunk->plain - put))
		pluq__ending_fail(&s->ending, "out of memory");
	return true;
}

/* Returns how many bytes are done with. */
static size_t take(struct snappy *s, struct pluq__scratch *k, const uint8_t *in, size_t n, struct pluq__run *to)
{
	size_t at = 0;
	s->need = 0;
	while (goes_on(s, to)) {
		struct pluq__snappy_chunk chunk;
		switch (pluq__snappy_next(&s->reader, in + at, n - at, &chunk)) {
		case PLUQ__SNAPPY_MORE:
			s->need = chunk.size;
			return at;
		case PLUQ__SNAPPY_NOTHING:
			at += chunk.size;
			break;
		case PLUQ__SNAPPY_DATA:
			if (!unpack(s, k, &chunk, to))
				return at;
			at += chunk.size;
			break;
		case PLUQ__SNAPPY_BAD:
			pluq__ending_fail(&s->ending, s->reader.why);
			break;
		}
	}
	return at;
}

static void take_raw(struct snappy *s, struct pluq__scratch *k, struct pluq__run *to)
{
	size_t size = pluq__held_size(&s->raw);
	size_t used = take(s, k, size > 0 ? s->raw.bytes + s->raw.at : k->in, size, to);
	if (used > 0)
		pluq__held_use(&s->raw, used);
}

static void ended(struct snappy *s)
{
	if (pluq__held_size(&s->raw) > 0 || s->reader.skip > 0)
		pluq__ending_fail(&s->ending, "snappy stream ends inside a chunk");
	else
		pluq__ending_eof(&s->ending);
}

/* One read: first what the chunk in `raw` lacks, then into the scratch buffer. false: below has no more for now. */
static bool fill(struct snappy *s, struct pluq_conn *c, struct pluq__scratch *k, struct pluq__run *to)
{
	size_t size = pluq__held_size(&s->raw), lacks = size > 0 ? s->need - size : 0; /* a chunk is looked at whole */
	struct iovec iov[2] = {{.iov_len = lacks}, {.iov_base = k->in, .iov_len = sizeof k->in}};
	if (lacks > 0 && !(iov[0].iov_base = pluq__held_want(&s->raw, lacks))) {
		pluq__ending_fail(&s->ending, "out of memory");
		return false;
	}
	ssize_t got = pluq__layer_recv(s->layer.below, c, lacks > 0 ? iov : iov + 1, lacks > 0 ? 2 : 1);
	if (got == PLUQ__IO_ERROR)
		pluq__ending_broken(&s->ending, c);
	else if (got == 0)
		ended(s);
	if (got <= 0)
		return false;
	size_t first = (size_t)got < lacks ? (size_t)got : lacks, rest = (size_t)got - first, used = 0;
	s->raw.end += first;
	if (pluq__held_size(&s->raw) == 0)
		used = take(s, k, k->in, rest, to);
	if (!pluq__held_add(&s->raw, k->in + used, rest - used))
		pluq__ending_fail(&s->ending, "out of memory");
	return (size_t)got == lacks + sizeof k->in || pluq__layer_has_input(s->layer.below);
}

static ssize_t snappy_recv(struct pluq__layer *l, struct pluq_conn *c, struct iovec *iov, int n)
{
	struct snappy *s = (struct snappy *)l;
	struct pluq__scratch *k = pluq__scratch(c);
	struct pluq__run to = {.iov = iov, .n = n};
	bool more = true;
	if (!k)
		return PLUQ__IO_ERROR;
	if (pluq__held_size(&s->plain) > 0)
		pluq__held_use(&s->plain, pluq__run_put(&to, s->plain.bytes + s->plain.at, pluq__held_size(&s->plain)));
	for (int reads = 0;; reads++) {
		take_raw(s, k, &to);
		if (s->need == 0 || reads == READS || !more)
			break;
		more = fill(s, c, k, &to);
	}
	if (to.done > 0)
		return (ssize_t)to.done;
	return s->ending.there ? pluq__ending_tell(&s->ending, c) : PLUQ__IO_AGAIN;
}

static bool snappy_has_input(const struct pluq__layer *l)
{
	const struct snappy *s = (const struct snappy *)l;
	return s->ending.there || pluq__held_size(&s->plain) > 0 || (s->need == 0 && pluq__held_size(&s->raw) > 0) ||
	       pluq__layer_has_input(l->below);
}

/* The next bytes for a chunk; those that do not lie together are copied. */
static size_t gather(struct pluq__run *from, struct pluq__scratch *k, uint8_t **plain)
{
	size_t left = pluq__run_left(from), n = pluq__run_next(from, plain);
	if (n < left && n < PLUQ__SNAPPY_PLAIN_MAX) {
		*plain = k->plain;
		return pluq__run_get(from, k->plain, PLUQ__SNAPPY_PLAIN_MAX);
	}
	if (n > PLUQ__SNAPPY_PLAIN_MAX)
		n = PLUQ__SNAPPY_PLAIN_MAX;
	pluq__run_use(from, n);
	return n;
}

static bool send_chunk(struct snappy *s, struct pluq_conn *c, struct pluq__scratch *k, struct pluq__run *from)
{
	uint8_t *plain;
	size_t n = gather(from, k, &plain), length = 0;
	if (!s->opened) {
		memcpy(k->out, pluq__snappy_identifier, PLUQ__SNAPPY_IDENTIFIER);
		length = PLUQ__SNAPPY_IDENTIFIER;
		s->opened = true;
	}
	length += pluq__snappy_pack(plain, n, k->out + length);
	return pluq__held_pass(&s->out, s->layer.below, c, k->out, length);
}

static ssize_t snappy_send(struct pluq__layer *l, struct pluq_conn *c, struct iovec *iov, int n)
{
	struct snappy *s = (struct snappy *)l;
	struct pluq__scratch *k = pluq__scratch(c);
	struct pluq__run from = {.iov = iov, .n = n};
	ssize_t waits = k ? pluq__held_send(&s->out, l->below, c) : PLUQ__IO_ERROR;
	if (waits < 0)
		return waits;
	if (n == 0)
		return l->below ? pluq__layer_send(l->below, c, NULL, 0) : 0;
	while (pluq__run_left(&from) > 0 && pluq__held_size(&s->out) == 0 && from.done < SEND_BYTES)
		if (!send_chunk(s, c, k, &from))
			return PLUQ__IO_ERROR;
	return (ssize_t)from.done;
}

static size_t snappy_holds(const struct pluq__layer *l)
{
	return pluq__held_size(&((const struct snappy *)l)->out);
}

static void snappy_free(struct pluq__layer *l)
{
	struct snappy *s = (struct snappy *)l;
	pluq__held_drop(&s->raw);
	pluq__held_drop(&s->plain);
	pluq__held_drop(&s->out);
	pluq__memory_add(-(int64_t)sizeof *s);
	free(s);
}

static const struct pluq__layer_ops snappy_ops = {
	.recv = snappy_recv,
	.send = snappy_send,
	.holds = snappy_holds,
	.has_input = snappy_has_input,
	.free = snappy_free,
};

struct pluq__layer *pluq__snappy_layer_new(void)
{
	struct snappy *s = calloc(1, sizeof *s);
	if (!s)
		return NULL;
	pluq__memory_add(sizeof *s);
	s->layer.ops = &snappy_ops;
	s->need = 1;
	return &s->layer;
}
