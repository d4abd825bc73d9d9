#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "conn.h"
#include "held.h"
#include "layer.h"

uint8_t *pluq__held_want(struct pluq__held *h, size_t n)
{
	size_t size = pluq__held_size(h);
	if (h->room - h->end >= n)
		return h->bytes ? h->bytes + h->end : NULL;
	uint8_t *bytes = malloc(size + n);
	if (!bytes)
		return NULL;
	if (size > 0)
		memcpy(bytes, h->bytes + h->at, size);
	pluq__held_drop(h);
	*h = (struct pluq__held){.bytes = bytes, .end = size, .room = size + n};
	pluq__memory_add((int64_t)h->room);
	return bytes + size;
}

bool pluq__held_add(struct pluq__held *h, const uint8_t *bytes, size_t n)
{
	if (n == 0)
		return true;
	uint8_t *to = pluq__held_want(h, n);
	if (!to)
		return false;
	memcpy(to, bytes, n);
	h->end += n;
	return true;
}

void pluq__held_use(struct pluq__held *h, size_t n)
{
	assert(n <= pluq__held_size(h));
	h->at += n;
	if (h->at == h->end)
		pluq__held_drop(h);
}

void pluq__held_drop(struct pluq__held *h)
{
	pluq__memory_add(-(int64_t)h->room);
	free(h->bytes);
	*h = (struct pluq__held){0};
}

ssize_t pluq__held_send(struct pluq__held *h, struct pluq__layer *below, struct pluq_conn *c)
{
	while (pluq__held_size(h) > 0) {
		struct iovec iov = {.iov_base = h->bytes + h->at, .iov_len = pluq__held_size(h)};
		ssize_t got = pluq__layer_send(below, c, &iov, 1);
		if (got < 0)
			return got;
		pluq__held_use(h, (size_t)got);
	}
	return 0;
}

bool pluq__held_pass(struct pluq__held *h, struct pluq__layer *below, struct pluq_conn *c, uint8_t *bytes, size_t n)
{
	struct iovec iov = {.iov_base = bytes, .iov_len = n};
	ssize_t got = n > 0 ? pluq__layer_send(below, c, &iov, 1) : 0;
	if (got == PLUQ__IO_ERROR)
		return false;
	size_t sent = got > 0 ? (size_t)got : 0;
	if (pluq__held_add(h, bytes + sent, n - sent))
		return true;
	c->why = "out of memory";
	errno = 0;
	return false;
}

size_t pluq__run_next(struct pluq__run *r, uint8_t **bytes)
{
	while (r->n > 0 && r->iov->iov_len == 0) {
		r->iov++;
		r->n--;
	}
	*bytes = r->n > 0 ? r->iov->iov_base : NULL;
	return r->n > 0 ? r->iov->iov_len : 0;
}

size_t pluq__run_left(const struct pluq__run *r)
{
	size_t left = 0;
	for (int i = 0; i < r->n; i++)
		left += r->iov[i].iov_len;
	return left;
}

void pluq__run_use(struct pluq__run *r, size_t n)
{
	r->done += n;
	while (n > 0) {
		uint8_t *bytes;
		size_t part = pluq__run_next(r, &bytes);
		assert(part > 0);
		if (part > n)
			part = n;
		r->iov->iov_base = bytes + part;
		r->iov->iov_len -= part;
		n -= part;
	}
}

size_t pluq__run_put(struct pluq__run *r, const uint8_t *bytes, size_t n)
{
	size_t put = 0, part;
	uint8_t *to;
	while (put < n && (part = pluq__run_next(r, &to)) > 0) {
		if (part > n - put)
			part = n - put;
		memcpy(to, bytes + put, part);
		pluq__run_use(r, part);
		put += part;
	}
	return put;
}

size_t pluq__run_get(struct pluq__run *r, uint8_t *to, size_t n)
{
	size_t got = 0, part;
	uint8_t *bytes;
	while (got < n && (part = pluq__run_next(r, &bytes)) > 0) {
		if (part > n - got)
			part = n - got;
		memcpy(to + got, bytes, part);
		pluq__run_use(r, part);
		got += part;
	}
	return got;
}

void pluq__ending_eof(struct pluq__ending *e)
{
	*e = (struct pluq__ending){.there = true};
}

void pluq__ending_fail(struct pluq__ending *e, const char *why)
{
	*e = (struct pluq__ending){.there = true, .why = why};
}

void pluq__ending_broken(struct pluq__ending *e, const struct pluq_conn *c)
{
	*e = (struct pluq__ending){.there = true, .error = errno, .why = errno ? NULL : c->why};
}

ssize_t pluq__ending_tell(const struct pluq__ending *e, struct pluq_conn *c)
{
	errno = e->error;
	if (e->error == 0 && !e->why)
		return 0;
	if (e->why)
		c->why = e->why;
	return PLUQ__IO_ERROR;
}

bool pluq__layer_has_input(const struct pluq__layer *l)
{
	return l && l->ops->has_input && l->ops->has_input(l);
}
