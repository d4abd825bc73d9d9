#include "layer_rig.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../daemon/base/memory.h"
#include "../../daemon/net/scratch.h"
#include "cmocka_all.h"

static uint64_t seed = 20240229;

uint32_t rig_random(void)
{
	seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (uint32_t)(seed >> 33);
}

void rig_fill(uint8_t *to, size_t n, int kind)
{
	for (size_t i = 0; i < n; i++)
		switch (kind) {
		case 0: to[i] = (uint8_t)"the quick brown fox"[rig_random() % 19]; break;
		case 1: to[i] = (uint8_t)(rig_random() >> 5); break;
		default: to[i] = 'a'; break;
		}
}

void bytes_add(struct bytes *b, const void *from, size_t n)
{
	if (b->room - b->length < n) {
		b->room = (b->length + n) * 2;
		b->at = realloc(b->at, b->room);
		assert_non_null(b->at);
	}
	if (n > 0)
		memcpy(b->at + b->length, from, n);
	b->length += n;
}

void bytes_free(struct bytes *b)
{
	free(b->at);
	*b = (struct bytes){0};
}

static size_t share(const struct peer *p, size_t n, size_t most)
{
	if (most > 0 && n > most)
		n = most;
	return p->whimsical && n > 0 ? 1 + rig_random() % n : n;
}

static ssize_t peer_recv(struct pluq__layer *l, struct pluq_conn *c, struct iovec *iov, int n)
{
	struct peer *p = (struct peer *)l;
	size_t left = p->in.length - p->in_at, got = 0;

	p->recvs++;
	if (left == 0 && p->error) {
		errno = p->error;
		p->error = 0;
		return PLUQ__IO_ERROR;
	}
	if (left == 0)
		return p->ends ? 0 : PLUQ__IO_AGAIN;
	if (p->whimsical && rig_random() % 4 == 0)
		return PLUQ__IO_AGAIN;
	left = share(p, left, p->give_most);
	for (int i = 0; i < n && got < left; i++) {
		size_t part = iov[i].iov_len < left - got ? iov[i].iov_len : left - got;
		if (part > 0)
			memcpy(iov[i].iov_base, p->in.at + p->in_at + got, part);
		got += part;
	}
	p->in_at += got;
	return (ssize_t)got;
}

static ssize_t peer_send(struct pluq__layer *l, struct pluq_conn *c, struct iovec *iov, int n)
{
	struct peer *p = (struct peer *)l;
	size_t total = 0, sent = 0, room = p->takes == SIZE_MAX ? SIZE_MAX : p->takes - p->out.length;

	for (int i = 0; i < n; i++)
		total += iov[i].iov_len;
	if (n == 0)
		return 0;
	p->sends++;
	assert_true(total > 0);
	if (room == 0 || (p->whimsical && rig_random() % 4 == 0))
		return PLUQ__IO_AGAIN;
	total = share(p, total < room ? total : room, p->take_most);
	for (int i = 0; i < n && sent < total; i++) {
		size_t part = iov[i].iov_len < total - sent ? iov[i].iov_len : total - sent;
		bytes_add(&p->out, iov[i].iov_base, part);
		sent += part;
	}
	return (ssize_t)sent;
}

static const struct pluq__layer_ops peer_ops = {.recv = peer_recv, .send = peer_send};

void layer_rig_start(struct layer_rig *r, struct pluq__layer *(*make)(int), int level)
{
	*r = (struct layer_rig){.memory = pluq__memory_used()};
	struct pluq__layer *layer = make(level);
	assert_non_null(layer);
	r->conn.at = &r->at;
	r->peer.layer.ops = &peer_ops;
	r->peer.takes = SIZE_MAX;
	r->layer = layer;
	layer->below = &r->peer.layer;
}

int64_t layer_rig_memory(const struct layer_rig *r)
{
	return pluq__memory_used() - r->memory;
}

void layer_rig_stop(struct layer_rig *r)
{
	r->layer->ops->free(r->layer);
	pluq__scratch_free(&r->at.scratch);
	bytes_free(&r->peer.in);
	bytes_free(&r->peer.out);
	assert_int_equal(layer_rig_memory(r), 0);
}

void layer_rig_input(struct layer_rig *r, const void *bytes, size_t n)
{
	bytes_add(&r->peer.in, bytes, n);
}

ssize_t layer_rig_recv(struct layer_rig *r, void *to, size_t n)
{
	struct iovec iov = {.iov_base = to, .iov_len = n};
	return r->layer->ops->recv(r->layer, &r->conn, &iov, 1);
}

ssize_t layer_rig_send(struct layer_rig *r, const void *bytes, size_t n)
{
	struct iovec iov = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = n};
	r->conn.pending = n;
	ssize_t sent = r->layer->ops->send(r->layer, &r->conn, &iov, n > 0);
	r->conn.pending -= sent > 0 ? (size_t)sent : 0;
	return sent;
}

/* Cuts n bytes into up to `most` vectors. */
static int cut(uint8_t *bytes, size_t n, struct iovec *iov, int most)
{
	int count = 0;
	while (n > 0) {
		size_t part = count == most - 1 ? n : 1 + rig_random() % n;
		if (part > 1 && rig_random() % 2)
			part = 1 + part / 20;
		if (count == most - 1)
			part = n;
		iov[count++] = (struct iovec){.iov_base = bytes, .iov_len = part};
		bytes += part;
		n -= part;
	}
	return count;
}

ssize_t layer_rig_drain(struct layer_rig *r, struct bytes *to, size_t most)
{
	static uint8_t buffer[300000];
	for (int idle = 0;;) {
		struct iovec iov[3];
		size_t room = most ? most : 1 + rig_random() % (rig_random() % 2 ? 300 : sizeof buffer);
		int n = cut(buffer, room, iov, most ? 1 : 3);
		ssize_t got = r->layer->ops->recv(r->layer, &r->conn, iov, n);
		assert_true(got <= (ssize_t)room);
		if (got > 0) {
			bytes_add(to, buffer, (size_t)got);
			idle = 0;
		} else if (got != PLUQ__IO_AGAIN) {
			return got;
		} else if (r->peer.in_at == r->peer.in.length && !r->layer->ops->has_input(r->layer) && ++idle > 3) {
			return got; /* it says that there is nothing, and there was nothing */
		}
	}
}

void layer_rig_write(struct layer_rig *r, const uint8_t *bytes, size_t n, int vectors)
{
	struct iovec iov[64];
	int count = cut((uint8_t *)(uintptr_t)bytes, n, iov, vectors), first = 0;
	r->conn.pending = n;
	while (first < count) {
		struct iovec offered[64];
		int most = 1 + (int)(rig_random() % (uint32_t)(count - first));
		memcpy(offered, iov + first, (size_t)most * sizeof *iov);
		ssize_t sent = r->layer->ops->send(r->layer, &r->conn, offered, most);
		assert_true(sent != PLUQ__IO_ERROR);
		size_t left = sent > 0 ? (size_t)sent : 0;
		r->conn.pending -= left;
		while (left > 0) {
			size_t part = iov[first].iov_len < left ? iov[first].iov_len : left;
			iov[first].iov_base = (uint8_t *)iov[first].iov_base + part;
			iov[first].iov_len -= part;
			left -= part;
			first += iov[first].iov_len == 0;
		}
	}
	while (r->layer->ops->holds(r->layer) > 0)
		assert_true(r->layer->ops->send(r->layer, &r->conn, NULL, 0) != PLUQ__IO_ERROR);
}
