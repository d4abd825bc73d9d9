/* Input. Bytes are received into the loop's buffer, behind the connection's rest if it has one, and offered to the
 * handler; a body that the handler has asked for is received where it wants it. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "../base/spent.h"
#include "conn.h"
#include "held.h"

/* What one connection may receive per turn of the loop, so that it does not starve the others. */
#define READ_ROUNDS 4
#define READ_BYTES (1024 * 1024)
/* Input thrown away while closing; a peer that sends more than that is not listening. */
#define DISCARD_MAX (1024 * 1024)

static bool may_parse(const struct pluq_conn *c)
{
	return c->state == PLUQ__CONN_OPEN && c->paused == 0 && c->move_to < 0;
}

bool pluq__conn_read_on(struct pluq_conn *c)
{
	if (!c->reading && event_add(&c->readable, NULL) < 0)
		return false;
	c->reading = true;
	return true;
}

void pluq__conn_read_off(struct pluq_conn *c)
{
	if (c->reading || c->activated)
		event_del(&c->readable);
	c->reading = c->activated = false;
}

void pluq__conn_drop_rest(struct pluq_conn *c)
{
	pluq__memory_add(-(int64_t)c->rest_length);
	free(c->rest);
	c->rest = NULL;
	c->rest_length = 0;
}

static void keep_rest(struct pluq_conn *c, const uint8_t *bytes, size_t n)
{
	if (n == 0 || c->state != PLUQ__CONN_OPEN)
		return;
	c->rest = malloc(n);
	if (!c->rest) {
		pluq__conn_fail(c, "out of memory");
		return;
	}
	memcpy(c->rest, bytes, n);
	c->rest_length = (uint32_t)n;
	pluq__memory_add((int64_t)n);
}

static size_t fill_body(struct pluq_conn *c, const uint8_t *bytes, size_t n)
{
	if (n > c->body_left)
		n = c->body_left;
	if (n > 0)
		memcpy(c->body, bytes, n);
	c->body += n;
	c->body_left -= n;
	return n;
}

static void body_complete(struct pluq_conn *c)
{
	c->in_body = false;
	c->body = NULL;
	if (!c->ops->on_body(c, c->user))
		pluq__conn_close(c, true);
}

static size_t offer(struct pluq_conn *c, const uint8_t *bytes, size_t n)
{
	int64_t used = c->ops->on_data(c, c->user, bytes, n);
	if (used < 0) {
		pluq__conn_close(c, true);
		return 0;
	}
	assert((uint64_t)used <= n);
	return (size_t)used;
}

static size_t offer_all(struct pluq_conn *c, const uint8_t *bytes, size_t n)
{
	size_t at = 0;
	while (may_parse(c)) {
		if (c->in_body) {
			at += fill_body(c, bytes + at, n - at);
			if (c->body_left > 0)
				break;
			body_complete(c);
			continue;
		}
		if (at == n)
			break;
		size_t used = offer(c, bytes + at, n - at);
		at += used;
		if (used == 0 && !c->in_body) {
			if (n - at >= c->max_rest && may_parse(c)) {
				c->why = "input is longer than allowed";
				pluq__conn_close(c, true);
			}
			break;
		}
	}
	return at;
}

/* Hands out bytes as long as the handler takes some; returns how many it has taken. */
static size_t consume(struct pluq_conn *c, const uint8_t *bytes, size_t n)
{
	struct pluq__spent *spent = c->spent ? &c->spent[c->at->loop->index] : NULL;
	int64_t began = pluq__spent_begin(spent);
	size_t used = offer_all(c, bytes, n);
	pluq__spent_end(spent, began);
	return used;
}

/* Distributes `got` bytes that were received into the body first, then behind the `have` bytes of the buffer. Returns
 * how many are left at the front of the buffer. */
static size_t received(struct pluq_conn *c, uint8_t *buffer, size_t have, size_t got)
{
	if (c->in_body) {
		size_t part = got < c->body_left ? got : c->body_left;
		c->body += part;
		c->body_left -= part;
		got -= part;
	}
	have += got;
	size_t used = consume(c, buffer, have);
	have -= used;
	if (have > 0 && used > 0)
		memmove(buffer, buffer + used, have);
	return have;
}

void pluq__conn_look_again(struct pluq_conn *c)
{
	if (c->look_again || !pluq__layer_has_input(c->layer))
		return;
	c->look_again = true;
	pluq__conn_wake(c);
}

/* By way of libevent: it runs the callback when it has looked at the other descriptors too, and does not wait before. An event that is
 * active and not added could not be added any more. */
void pluq__conn_activate(struct pluq_conn *c)
{
	c->look_again = false;
	if (c->state != PLUQ__CONN_OPEN || c->paused || c->eof)
		return; /* what ends the pause looks itself */
	if (!pluq__conn_read_on(c)) {
		pluq__conn_fail(c, "out of memory");
		return;
	}
	c->activated = true;
	event_active(&c->readable, EV_READ, 1);
}

static void ended(struct pluq_conn *c, const uint8_t *rest, size_t length)
{
	c->eof = true;
	c->why = "closed by the peer";
	pluq__conn_read_off(c);
	if (c->ops->on_eof)
		c->ops->on_eof(c, c->user, rest, length, c->in_body);
	if (!c->held)
		pluq__conn_close(c, true);
}

static int vectors(struct pluq_conn *c, uint8_t *buffer, size_t have, struct iovec iov[2], size_t *want)
{
	int n = 0;
	*want = PLUQ__RECEIVE_BUFFER - have;
	if (c->in_body) {
		*want += c->body_left;
		iov[n++] = (struct iovec){.iov_base = c->body, .iov_len = c->body_left};
	}
	iov[n++] = (struct iovec){.iov_base = buffer + have, .iov_len = PLUQ__RECEIVE_BUFFER - have};
	return n;
}

static size_t take_rest(struct pluq_conn *c, uint8_t *buffer)
{
	size_t n = c->rest_length;
	if (n > 0) {
		memcpy(buffer, c->rest, n);
		pluq__conn_drop_rest(c);
	}
	return n;
}

static void receive(struct pluq_conn *c)
{
	uint8_t *buffer = c->at->buffer;
	size_t have = take_rest(c, buffer), total = 0;
	for (int round = 0; round < READ_ROUNDS && total < READ_BYTES && may_parse(c); round++) {
		struct iovec iov[2];
		size_t want;
		int n = vectors(c, buffer, have, iov, &want);
		ssize_t got = pluq__io_recv(c, iov, n);
		if (got == PLUQ__IO_AGAIN)
			break;
		if (got == PLUQ__IO_ERROR) {
			pluq__conn_fail_io(c);
			break;
		}
		if (got == 0) {
			ended(c, buffer, have);
			have = 0;
			break;
		}
		have = received(c, buffer, have, (size_t)got);
		total += (size_t)got;
		if ((size_t)got < want)
			break; /* the kernel has no more; asking again would cost a call to hear so */
	}
	keep_rest(c, buffer, have);
	if (c->layer && may_parse(c))
		pluq__conn_look_again(c);
}

/* The handler is through with its input; what still comes must not make the kernel answer with a reset, which could
 * destroy our last words on their way. */
static void discard(struct pluq_conn *c)
{
	struct iovec iov = {.iov_base = c->at->buffer, .iov_len = PLUQ__RECEIVE_BUFFER};
	ssize_t got = pluq__io_recv_raw(c, &iov, 1);
	if (got == PLUQ__IO_AGAIN)
		return;
	if (got > 0) {
		c->discarded += (uint32_t)got;
		if (c->discarded < DISCARD_MAX)
			return;
	}
	if (c->state == PLUQ__CONN_LINGERING) {
		pluq__conn_destroy(c);
		return;
	}
	pluq__conn_read_off(c);
	if (got == 0)
		c->eof = true;
	else if (got < 0)
		pluq__conn_fail_io(c);
}

/* event_callback_fn */
void pluq__conn_on_readable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	struct pluq_conn *c = arg;
	pluq__loop_enter(c->at->loop);
	c->activated = false;
	if (c->state == PLUQ__CONN_UPGRADING) {
		if (pluq__upgrade_shaking(c))
			pluq__upgrade_ready(c);
		else
			pluq__conn_read_off(c); /* what comes waits for the layer */
		return;
	}
	if (c->write_on_read) {
		pluq__conn_write_again(c);
		if (c->write_on_read)
			return; /* what comes is the layer's */
	}
	if (c->state == PLUQ__CONN_GONE || c->offer)
		return; /* `work` runs at the end of this turn */
	if (c->state != PLUQ__CONN_OPEN) {
		discard(c);
		return;
	}
	if (c->paused) {
		pluq__conn_read_off(c);
		return;
	}
	receive(c);
	if (c->move_to >= 0 && c->state == PLUQ__CONN_OPEN)
		pluq__conn_depart(c);
}

static void offer_rest(struct pluq_conn *c)
{
	uint8_t *rest = c->rest;
	size_t n = c->rest_length;
	c->rest = NULL;
	c->rest_length = 0;
	size_t used = consume(c, rest, n);
	if (used == 0 && n > 0 && c->state == PLUQ__CONN_OPEN) {
		c->rest = rest;
		c->rest_length = (uint32_t)n;
		return;
	}
	keep_rest(c, rest ? rest + used : NULL, n - used);
	pluq__memory_add(-(int64_t)n);
	free(rest);
}

void pluq__conn_go_on(struct pluq_conn *c)
{
	c->offer = false;
	if (c->state != PLUQ__CONN_OPEN || c->paused)
		return; /* the next resume comes here again */
	if (!c->eof)
		offer_rest(c);
	if (c->state != PLUQ__CONN_OPEN)
		return;
	if (c->move_to >= 0)
		pluq__conn_depart(c);
	else if (!c->paused && !c->eof)
		pluq__conn_begin_reading(c);
}

void pluq__conn_read_into(struct pluq_conn *c, uint8_t *dst, size_t n)
{
	c->body = dst;
	c->body_left = n;
	c->in_body = true;
}

void pluq__conn_pause(struct pluq_conn *c)
{
	c->paused++;
}

void pluq__conn_resume(struct pluq_conn *c)
{
	assert(c->paused > 0);
	if (--c->paused > 0 || c->state != PLUQ__CONN_OPEN)
		return;
	c->offer = true;
	pluq__conn_wake(c);
}
