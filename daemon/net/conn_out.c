/* Output: a chain of segments, each a run of bytes in a chunk, or bytes by reference. One system call sends up to
 * SEND_VECTORS of them. A chunk lives as long as a segment lies in it: what is written after an attached body goes on
 * in the same chunk, so that a frame header between two bodies does not cost a chunk. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "conn.h"

#define SEND_VECTORS 64
/* Sent at a time, then the other connections of the loop have a turn: some 25 us of copying. A peer that takes away as fast as the
 * kernel copies would keep the loop for as long as there is anything, be it a body of many megabytes. */
#define SEND_MOST (64 * 1024)
/* Free chunks that a loop keeps: 1 MiB. */
#define CHUNKS_KEPT 64
#define RESERVE_MAX (16 * 1024 * 1024)

struct pluq__segment {
	struct pluq__segment *next;
	const uint8_t *begin, *end; /* bytes still to be sent */
	struct pluq__chunk *chunk;  /* in which they lie; NULL: by reference */
	pluq_post_fn release;       /* by reference */
	void *arg;
};

struct pluq__chunk {
	struct pluq__segment first; /* the first segment in it, so that most chunks need no other allocation */
	uint32_t holders;           /* segments in it */
	size_t used, room;          /* of bytes[] */
	uint8_t bytes[];
};

#define CHUNK_SIZE (16 * 1024)
#define CHUNK_ROOM (CHUNK_SIZE - sizeof(struct pluq__chunk))

static struct pluq__chunk *chunk_alloc(size_t room)
{
	struct pluq__chunk *k = malloc(sizeof *k + room);
	if (!k)
		return NULL;
	pluq__memory_add((int64_t)(sizeof *k + room));
	k->room = room;
	return k;
}

static void chunk_free(struct pluq__chunk *k)
{
	pluq__memory_add(-(int64_t)(sizeof *k + k->room));
	free(k);
}

static struct pluq__chunk *chunk_take(struct pluq__net_loop *at, size_t n)
{
	struct pluq__chunk *k = at->chunks;
	if (n > CHUNK_ROOM)
		return chunk_alloc(n);
	if (!k)
		return chunk_alloc(CHUNK_ROOM);
	at->chunks = (struct pluq__chunk *)k->first.next;
	at->chunk_count--;
	return k;
}

static void chunk_give(struct pluq__net_loop *at, struct pluq__chunk *k)
{
	if (k->room != CHUNK_ROOM || at->chunk_count >= CHUNKS_KEPT) {
		chunk_free(k);
		return;
	}
	k->first.next = (struct pluq__segment *)at->chunks;
	at->chunks = k;
	at->chunk_count++;
}

void pluq__net_loop_free_chunks(struct pluq__net_loop *at)
{
	while (at->chunks) {
		struct pluq__chunk *k = at->chunks;
		at->chunks = (struct pluq__chunk *)k->first.next;
		chunk_free(k);
	}
	at->chunk_count = 0;
}

static void append(struct pluq_conn *c, struct pluq__segment *s)
{
	s->next = NULL;
	if (c->out)
		c->out_last->next = s;
	else
		c->out = s;
	c->out_last = s;
}

static struct pluq__segment *pop(struct pluq_conn *c)
{
	struct pluq__segment *s = c->out;
	c->out = s->next;
	return s;
}

static void drop_chunk_segment(struct pluq_conn *c, struct pluq__segment *s)
{
	struct pluq__chunk *k = s->chunk;
	if (s != &k->first)
		free(s);
	if (--k->holders > 0)
		return;
	if (c->out_chunk == k)
		c->out_chunk = NULL;
	chunk_give(c->at, k);
}

/* Releases wait for the loop: this may run inside a call of the handler's. */
static void drop_segment(struct pluq_conn *c, struct pluq__segment *s)
{
	if (s->chunk) {
		drop_chunk_segment(c, s);
		return;
	}
	s->next = c->sent;
	c->sent = s;
}

void pluq__conn_release_sent(struct pluq_conn *c)
{
	while (c->sent) {
		struct pluq__segment *s = c->sent;
		c->sent = s->next;
		s->release(s->arg);
		free(s);
	}
}

void pluq__conn_drop_output(struct pluq_conn *c)
{
	while (c->out)
		drop_segment(c, pop(c));
	c->pending = 0;
	pluq__conn_release_sent(c);
}

/* A new segment at the end of the chain, in the chunk that is written to. */
static struct pluq__segment *segment_in_chunk(struct pluq_conn *c, size_t n)
{
	struct pluq__chunk *k = c->out_chunk;
	struct pluq__segment *s;
	if (k && k->room - k->used >= n) {
		s = malloc(sizeof *s);
		if (!s)
			return NULL;
	} else {
		k = chunk_take(c->at, n);
		if (!k)
			return NULL;
		k->holders = 0;
		k->used = 0;
		s = &k->first;
		c->out_chunk = k;
	}
	k->holders++;
	s->chunk = k;
	s->begin = s->end = k->bytes + k->used;
	append(c, s);
	return s;
}

uint8_t *pluq__conn_reserve(struct pluq_conn *c, size_t n)
{
	struct pluq__chunk *k = c->out_chunk;
	if (c->state != PLUQ__CONN_OPEN || n > RESERVE_MAX)
		return NULL;
	if (!k || c->out_last->chunk != k || k->room - k->used < n) {
		if (!segment_in_chunk(c, n))
			return NULL;
		/* also when nothing gets committed: an idle connection holds no chunk */
		pluq__loop_turn(c->at->loop, PLUQ__TURN_FLUSH, &c->flush);
		k = c->out_chunk;
	}
	return k->bytes + k->used;
}

static void advance(struct pluq_conn *c, size_t n)
{
	c->pending -= n;
	while (c->out) {
		struct pluq__segment *s = c->out;
		size_t length = (size_t)(s->end - s->begin);
		if (length > n) {
			s->begin += n;
			return;
		}
		n -= length;
		drop_segment(c, pop(c));
	}
}

static int gather(const struct pluq_conn *c, size_t most, struct iovec *iov, size_t *total)
{
	int n = 0;
	*total = 0;
	for (const struct pluq__segment *s = c->out; s && n < SEND_VECTORS && *total < most; s = s->next) {
		size_t length = (size_t)(s->end - s->begin);
		if (length == 0)
			continue;
		if (length > most - *total)
			length = most - *total;
		iov[n].iov_base = (void *)(uintptr_t)s->begin;
		iov[n++].iov_len = length;
		*total += length;
	}
	return n;
}

void pluq__conn_arm_write_timeout(struct pluq_conn *c)
{
	/* A closing connection does not wait for ever for a peer that has stopped reading. */
	const int64_t closing_ns = 5 * PLUQ__SEC;
	int64_t wait_ns = c->write_timeout_ns;
	if (c->state == PLUQ__CONN_FLUSHING && (wait_ns == 0 || wait_ns > closing_ns))
		wait_ns = closing_ns;
	if (c->final || c->state == PLUQ__CONN_UPGRADING) /* the timer stands for the end of that */
		return;
	if (wait_ns > 0)
		pluq__loop_set(c->at->loop, &c->timer, pluq__conn_now(c) + wait_ns);
	else
		pluq__loop_clear(c->at->loop, &c->timer);
}

static void clear_write_timeout(struct pluq_conn *c)
{
	if (!c->final && c->state != PLUQ__CONN_UPGRADING)
		pluq__loop_clear(c->at->loop, &c->timer);
}

void pluq__conn_write_on(struct pluq_conn *c)
{
	if (c->writing)
		return;
	if (event_add(&c->writable, NULL) < 0) {
		pluq__conn_fail(c, "out of memory");
		return;
	}
	c->writing = true;
	pluq__conn_arm_write_timeout(c);
}

void pluq__conn_write_off(struct pluq_conn *c)
{
	if (!c->writing)
		return;
	event_del(&c->writable);
	c->writing = false;
	clear_write_timeout(c);
}

/* The kernel takes no more, or the layer has to read something first. */
static void wait_to_send(struct pluq_conn *c)
{
	if (!c->write_on_read) {
		pluq__conn_write_on(c);
		return;
	}
	pluq__conn_write_off(c);
	if (pluq__conn_read_on(c))
		pluq__conn_arm_write_timeout(c);
	else
		pluq__conn_fail(c, "out of memory");
}

/* The peer reads. */
static void progressed(struct pluq_conn *c)
{
	c->sent_ns = pluq__conn_now(c);
	if (c->writing)
		pluq__conn_arm_write_timeout(c);
}

/* What the layer has taken and holds. true: nothing. */
static bool send_held(struct pluq_conn *c)
{
	size_t held = pluq__layers_hold(c->layer);
	ssize_t got = held > 0 ? pluq__io_send(c, NULL, 0) : 0;
	if (pluq__layers_hold(c->layer) < held)
		progressed(c);
	if (got == PLUQ__IO_ERROR)
		pluq__conn_fail_io(c);
	else if (got == PLUQ__IO_AGAIN)
		wait_to_send(c);
	return got == 0;
}

/* Sends until the kernel takes no more, or it is enough for now. No callback runs. true: everything is sent. */
static bool send_pending(struct pluq_conn *c)
{
	for (size_t left = SEND_MOST; c->pending > 0;) {
		struct iovec iov[SEND_VECTORS];
		size_t want, held = pluq__layers_hold(c->layer);
		int n = gather(c, left, iov, &want);
		ssize_t got = pluq__io_send(c, iov, n);
		if (got == PLUQ__IO_ERROR) {
			pluq__conn_fail_io(c);
			return false;
		}
		if (got > 0)
			advance(c, (size_t)got);
		if (got > 0 || pluq__layers_hold(c->layer) < held)
			progressed(c);
		if (got < (ssize_t)want || (want == left && c->pending > 0)) {
			wait_to_send(c);
			return false;
		}
		left -= want;
	}
	return !c->layer || send_held(c);
}

static void mark_drained(struct pluq_conn *c)
{
	if (!c->full || pluq__conn_unsent(c) > c->output_limit / 4)
		return;
	c->full = false;
	c->drained = true;
	pluq__conn_wake(c);
}

/* The limit is reached: what can go goes now. What the kernel takes at once counts as never having been there. */
static void limit_reached(struct pluq_conn *c)
{
	if (!c->writing && !c->write_on_read)
		send_pending(c);
	if (pluq__conn_unsent(c) > c->output_limit / 4)
		c->full = true;
}

static void added(struct pluq_conn *c, size_t n)
{
	c->pending += n;
	if (!c->flush.next)
		pluq__loop_turn(c->at->loop, PLUQ__TURN_FLUSH, &c->flush);
	if (pluq__conn_unsent(c) >= c->output_limit)
		limit_reached(c);
}

void pluq__conn_commit(struct pluq_conn *c, size_t n)
{
	struct pluq__chunk *k = c->out_chunk;
	if (c->state != PLUQ__CONN_OPEN || n == 0)
		return;
	assert(k && n <= k->room - k->used);
	k->used += n;
	c->out_last->end += n;
	added(c, n);
}

int pluq__conn_attach(struct pluq_conn *c, const void *bytes, size_t n, pluq_post_fn release, void *arg)
{
	if (c->state != PLUQ__CONN_OPEN)
		return PLUQ_ECLOSED;
	struct pluq__segment *s = malloc(sizeof *s);
	if (!s)
		return PLUQ_ENOMEM;
	*s = (struct pluq__segment){.begin = bytes, .release = release, .arg = arg};
	s->end = s->begin + n;
	append(c, s);
	added(c, n);
	return 0;
}

int pluq__conn_write(struct pluq_conn *c, const void *bytes, size_t n)
{
	const uint8_t *from = bytes;
	while (n > 0) {
		struct pluq__chunk *k = c->out_chunk;
		size_t room = k ? k->room - k->used : 0;
		size_t part = room > 0 ? room : CHUNK_ROOM;
		if (part > n)
			part = n;
		uint8_t *to = pluq__conn_reserve(c, part);
		if (!to)
			return c->state == PLUQ__CONN_OPEN ? PLUQ_ENOMEM : PLUQ_ECLOSED;
		memcpy(to, from, part);
		pluq__conn_commit(c, part);
		from += part;
		n -= part;
	}
	return 0;
}

/* After a send from the loop: what it has brought about. */
static void after_send(struct pluq_conn *c, bool all)
{
	pluq__conn_release_sent(c);
	mark_drained(c);
	if (!all)
		return;
	advance(c, 0); /* segments that were reserved and not used */
	pluq__conn_write_off(c);
	if (c->state == PLUQ__CONN_FLUSHING)
		pluq__conn_flushed(c);
	else if (c->state == PLUQ__CONN_UPGRADING)
		pluq__upgrade_sent(c);
}

void pluq__conn_on_flush(struct pluq__turn *t)
{
	struct pluq_conn *c = (struct pluq_conn *)((char *)t - offsetof(struct pluq_conn, flush));
	if (c->state > PLUQ__CONN_FLUSHING)
		return;
	if (c->state == PLUQ__CONN_UPGRADING) {
		if (pluq__upgrade_shaking(c))
			return;
		pluq__upgrade_drop_junk(c);
	}
	after_send(c, !c->writing && !c->write_on_read && send_pending(c));
}

/* Both ways are tried again, as one may have waited for the other. */
static void try_again(struct pluq_conn *c)
{
	c->write_on_read = false;
	if (c->read_on_write) {
		c->read_on_write = false;
		c->look_again = true;
		pluq__conn_wake(c);
	}
	after_send(c, send_pending(c));
}

void pluq__conn_write_again(struct pluq_conn *c)
{
	if (c->state > PLUQ__CONN_FLUSHING) {
		c->write_on_read = false;
		return;
	}
	clear_write_timeout(c);
	try_again(c);
}

/* event_callback_fn */
void pluq__conn_on_writable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	struct pluq_conn *c = arg;
	pluq__loop_enter(c->at->loop);
	if (c->state == PLUQ__CONN_UPGRADING && pluq__upgrade_shaking(c)) {
		pluq__upgrade_ready(c);
		return;
	}
	if (c->state > PLUQ__CONN_FLUSHING)
		return;
	try_again(c);
}
