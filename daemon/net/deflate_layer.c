/* Raw deflate (RFC 1951) between a connection and what is below: one stream each way, as long as the connection.
 *
 * 1. Each send ends in a sync flush, unless more output stands behind it: what is written arrives without waiting for more, and a burst
 *    that takes several sends is flushed once.
 * 2. Only as much is uncompressed as the caller has room for; of input at most one read waits in `raw`, however much it would become.
 * 3. Nothing is compressed while `out` holds something.
 *
 * A connection costs what zlib keeps for it, about 170 KiB, all of it counted: 134 to compress, 40 to uncompress.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "../base/memory.h"
#include "conn.h"
#include "held.h"
#include "layer.h"
#include "scratch.h"

/* Half of what zlib would take by itself, for messages it is as good: 140-byte events of JSON shrink to 1/4.3 (1/4.4) when each is flushed,
 * to 1/7.25 (1/7.2) in bursts of 400, with less work. Half of that costs 3 % more bytes. */
#define DEFLATE_WINDOW 14
#define DEFLATE_MEMORY 7
#define INFLATE_WINDOW 15 /* the peer may use any */
/* Reads from below per call of recv, and bytes that are made of them: a large body has room for more than is good for others, and a peer's
 * 256 KiB can become a quarter of a gigabyte. */
#define READS 4
#define RECV_BYTES (1024 * 1024)
/* Bytes compressed per call of send, a few milliseconds' worth; the rest has to wait for its turn like other connections. */
#define SEND_BYTES (128 * 1024)
/* Z_SYNC_FLUSH must find more room than this, or its marker could come twice. */
#define MARKER 6
/* In the data_type of a stream that is uncompressed. */
#define BETWEEN_BLOCKS 128

struct deflater {
	struct pluq__layer layer;
	z_stream in, out_stream;
	struct pluq__held raw;  /* input not uncompressed */
	struct pluq__held out;  /* compressed, not sent */
	struct pluq__ending ending;
	size_t cost;            /* bytes that zlib has taken */
	bool in_block;          /* the peer has begun a block and not ended it */
	bool stuffed;           /* the room was used up: there may be more without more input */
	bool dirty;             /* the compressor keeps something that no flush has followed */
};

/* alloc_func. It is given back all at once, with the layer. */
static void *take_memory(void *layer, unsigned items, unsigned size)
{
	struct deflater *d = layer;
	void *p = malloc((size_t)items * size);
	if (!p)
		return NULL;
	d->cost += (size_t)items * size;
	pluq__memory_add((int64_t)items * size);
	return p;
}

/* free_func */
static void give_memory(void *layer, void *p)
{
	(void)layer;
	free(p);
}

/* zlib's words are constant, but say nothing of where they belong. */
static const char *damage(const char *text)
{
#define DAMAGE(t) {t, "deflate stream is damaged: " t}
	static const char *const known[][2] = {
		DAMAGE("invalid block type"), DAMAGE("invalid stored block lengths"),
		DAMAGE("too many length or distance symbols"), DAMAGE("invalid code lengths set"),
		DAMAGE("invalid bit length repeat"), DAMAGE("invalid code -- missing end-of-block"),
		DAMAGE("invalid literal/lengths set"), DAMAGE("invalid distances set"), DAMAGE("invalid literal/length code"),
		DAMAGE("invalid distance code"), DAMAGE("invalid distance too far back"),
	};
#undef DAMAGE
	for (size_t i = 0; text && i < sizeof known / sizeof *known; i++)
		if (strcmp(text, known[i][0]) == 0)
			return known[i][1];
	return "deflate stream is damaged";
}

static bool goes_on(const struct deflater *d, const struct pluq__run *to)
{
	return !d->ending.there && to->done < RECV_BYTES && pluq__run_left(to) > 0;
}

/* Returns how many bytes of input are done with. */
static size_t take(struct deflater *d, const uint8_t *in, size_t n, struct pluq__run *to)
{
	d->in.next_in = (uint8_t *)(uintptr_t)in;
	d->in.avail_in = (unsigned)n;
	while (goes_on(d, to)) {
		uint8_t *bytes;
		size_t room = pluq__run_next(to, &bytes);
		if (room > RECV_BYTES - to->done)
			room = RECV_BYTES - to->done;
		d->in.next_out = bytes;
		d->in.avail_out = (unsigned)room;
		unsigned had = d->in.avail_in;
		int result = inflate(&d->in, Z_SYNC_FLUSH);
		if (d->in.data_type & BETWEEN_BLOCKS)
			d->in_block = false;
		else if (d->in.avail_in < had) /* else it is not told twice */
			d->in_block = true;
		pluq__run_use(to, room - d->in.avail_out);
		d->stuffed = d->in.avail_out == 0;
		if (result == Z_STREAM_END)
			pluq__ending_eof(&d->ending);
		else if (result == Z_MEM_ERROR)
			pluq__ending_fail(&d->ending, "out of memory");
		else if (result != Z_OK && result != Z_BUF_ERROR)
			pluq__ending_fail(&d->ending, damage(d->in.msg));
		if (!d->stuffed)
			break; /* what it had is used up */
	}
	return n - d->in.avail_in;
}

static void take_raw(struct deflater *d, struct pluq__scratch *k, struct pluq__run *to)
{
	size_t size = pluq__held_size(&d->raw);
	if (size == 0 && !d->stuffed)
		return;
	size_t used = take(d, size > 0 ? d->raw.bytes + d->raw.at : k->in, size, to);
	if (used > 0)
		pluq__held_use(&d->raw, used);
}

/* The end is where it may be: between two blocks. */
static void ended(struct deflater *d)
{
	if (d->in_block)
		pluq__ending_fail(&d->ending, "deflate stream ends inside a block");
	else
		pluq__ending_eof(&d->ending);
}

/* false: below has no more for now. */
static bool fill(struct deflater *d, struct pluq_conn *c, struct pluq__scratch *k, struct pluq__run *to)
{
	struct iovec iov = {.iov_base = k->in, .iov_len = sizeof k->in};
	ssize_t got = pluq__layer_recv(d->layer.below, c, &iov, 1);
	if (got == PLUQ__IO_ERROR)
		pluq__ending_broken(&d->ending, c);
	else if (got == 0)
		ended(d);
	if (got <= 0)
		return false;
	size_t used = take(d, k->in, (size_t)got, to);
	if (!d->ending.there && !pluq__held_add(&d->raw, k->in + used, (size_t)got - used))
		pluq__ending_fail(&d->ending, "out of memory");
	return (size_t)got == sizeof k->in || pluq__layer_has_input(d->layer.below);
}

static ssize_t deflate_recv(struct pluq__layer *l, struct pluq_conn *c, struct iovec *iov, int n)
{
	struct deflater *d = (struct deflater *)l;
	struct pluq__scratch *k = pluq__scratch(c);
	struct pluq__run to = {.iov = iov, .n = n};
	bool more = true;
	if (!k)
		return PLUQ__IO_ERROR;
	take_raw(d, k, &to);
	for (int reads = 0; reads < READS && more && goes_on(d, &to); reads++)
		more = fill(d, c, k, &to);
	if (to.done > 0)
		return (ssize_t)to.done;
	return d->ending.there ? pluq__ending_tell(&d->ending, c) : PLUQ__IO_AGAIN;
}

static bool deflate_has_input(const struct pluq__layer *l)
{
	const struct deflater *d = (const struct deflater *)l;
	return d->ending.there || d->stuffed || pluq__held_size(&d->raw) > 0 || pluq__layer_has_input(l->below);
}

/* Compressed bytes on their way into the scratch buffer and out of it. */
static void room_for_output(struct deflater *d, struct pluq__scratch *k)
{
	d->out_stream.next_out = k->out;
	d->out_stream.avail_out = sizeof k->out;
}

static bool pass_output(struct deflater *d, struct pluq_conn *c, struct pluq__scratch *k)
{
	size_t n = sizeof k->out - d->out_stream.avail_out;
	room_for_output(d, k);
	return pluq__held_pass(&d->out, d->layer.below, c, k->out, n);
}

/* Compresses until input is used up and a flush, if asked for, is complete, or below takes no more. Returns how much input is done
 * with; PLUQ__IO_ERROR. */
static ssize_t squeeze(struct deflater *d, struct pluq_conn *c, struct pluq__scratch *k, uint8_t *bytes, size_t n, int flush)
{
	z_stream *z = &d->out_stream;
	z->next_in = bytes;
	z->avail_in = (unsigned)n;
	d->dirty = d->dirty || n > 0;
	do {
		if (z->avail_out <= MARKER && !pass_output(d, c, k))
			return PLUQ__IO_ERROR;
		if (pluq__held_size(&d->out) > 0)
			break;
		int result = deflate(z, flush);
		if (result != Z_OK && result != Z_BUF_ERROR) {
			c->why = "deflate failed";
			errno = 0;
			return PLUQ__IO_ERROR;
		}
		if (flush != Z_NO_FLUSH && z->avail_out > 0)
			d->dirty = false;
	} while (z->avail_out == 0);
	return (ssize_t)(n - z->avail_in);
}

/* Compresses what from has, up to the budget. */
static ssize_t compress_run(struct deflater *d, struct pluq_conn *c, struct pluq__scratch *k, struct pluq__run *from, bool last)
{
	while (from->done < SEND_BYTES && pluq__held_size(&d->out) == 0) {
		uint8_t *bytes;
		size_t n = pluq__run_next(from, &bytes), budget = SEND_BYTES - from->done;
		if (n == 0)
			break;
		if (n > budget)
			n = budget;
		bool flush = last && n == pluq__run_left(from);
		ssize_t used = squeeze(d, c, k, bytes, n, flush ? Z_SYNC_FLUSH : Z_NO_FLUSH);
		if (used < 0)
			return used;
		pluq__run_use(from, (size_t)used);
	}
	return 0;
}

static ssize_t deflate_send(struct pluq__layer *l, struct pluq_conn *c, struct iovec *iov, int n)
{
	struct deflater *d = (struct deflater *)l;
	struct pluq__scratch *k = pluq__scratch(c);
	struct pluq__run from = {.iov = iov, .n = n};
	size_t total = pluq__run_left(&from);
	ssize_t result = k ? pluq__held_send(&d->out, l->below, c) : PLUQ__IO_ERROR;
	if (result < 0)
		return result;
	room_for_output(d, k);
	if (n > 0)
		result = compress_run(d, c, k, &from, c->pending <= total);
	else if (d->dirty)
		result = squeeze(d, c, k, k->in, 0, Z_SYNC_FLUSH);
	if (result < 0 || !pass_output(d, c, k))
		return PLUQ__IO_ERROR;
	if (n == 0 && pluq__held_size(&d->out) > 0)
		return PLUQ__IO_AGAIN;
	if (n == 0 && l->below)
		return pluq__layer_send(l->below, c, NULL, 0);
	return (ssize_t)from.done;
}

/* What the compressor keeps counts as one byte: how many it will be is not known. */
static size_t deflate_holds(const struct pluq__layer *l)
{
	const struct deflater *d = (const struct deflater *)l;
	return pluq__held_size(&d->out) + d->dirty;
}

static void deflate_free(struct pluq__layer *l)
{
	struct deflater *d = (struct deflater *)l;
	inflateEnd(&d->in);
	deflateEnd(&d->out_stream);
	pluq__held_drop(&d->raw);
	pluq__held_drop(&d->out);
	pluq__memory_add(-(int64_t)(d->cost + sizeof *d));
	free(d);
}

static const struct pluq__layer_ops deflate_ops = {
	.recv = deflate_recv,
	.send = deflate_send,
	.holds = deflate_holds,
	.has_input = deflate_has_input,
	.free = deflate_free,
};

struct pluq__layer *pluq__deflate_layer_new(int level)
{
	struct deflater *d = calloc(1, sizeof *d);
	if (!d)
		return NULL;
	pluq__memory_add(sizeof *d);
	d->layer.ops = &deflate_ops;
	d->in.zalloc = d->out_stream.zalloc = take_memory;
	d->in.zfree = d->out_stream.zfree = give_memory;
	d->in.opaque = d->out_stream.opaque = d;
	if (inflateInit2(&d->in, -INFLATE_WINDOW) != Z_OK ||
	    deflateInit2(&d->out_stream, level, Z_DEFLATED, -DEFLATE_WINDOW, DEFLATE_MEMORY, Z_DEFAULT_STRATEGY) != Z_OK) {
		deflate_free(&d->layer);
		return NULL;
	}
	return &d->layer;
}
