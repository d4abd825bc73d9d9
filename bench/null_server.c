/* The least possible work on the same sockets: a server that speaks just enough of the protocol for pub, mpub, sub and
 * latency, has one queue for everything, checks nothing, keeps no time and forgets a message once sent. Its figures
 * tell what sockets and copying alone cost on a machine. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../client/buffer.h"
#include "../client/wire.h"
#include "bench.h"

#define READ_SIZE (256u * 1024)
#define EVENTS 64
#define OK_FRAME "\0\0\0\6\0\0\0\0OK"
#define CLOSE_WAIT_FRAME "\0\0\0\16\0\0\0\0CLOSE_WAIT"
#define MESSAGE_HEAD (4 + 4 + 8 + 2 + 16)
#define OUT_MAX (256u * 1024) /* unsent bytes of a subscriber past which it gets no more for now */

struct client {
	struct client *next;
	int fd;
	bool greeted, subscribed, wants_out, closed;
	uint64_t ready, in_flight;
	struct pluqc_buf in, out;
};

struct null_server {
	int epoll, listener;
	struct client *clients;
	struct pluqc_buf queue; /* length and bytes of each message */
};

static void append_message(struct null_server *s, const uint8_t *body, uint32_t length)
{
	uint8_t *p = pluqc_buf_reserve(&s->queue, 4 + (size_t)length);

	if (!p)
		bench_fail("null-server: out of memory");
	pluqc_put32(p, length);
	memcpy(p + 4, body, length);
	pluqc_buf_commit(&s->queue, 4 + (size_t)length);
}

/* Length of a command's line and body, or 0: not all there. */
static size_t command_length(const uint8_t *bytes, size_t left, size_t *line)
{
	const uint8_t *end = memchr(bytes, '\n', left);
	size_t body;

	if (!end)
		return 0;
	*line = (size_t)(end - bytes) + 1;
	if (bytes[0] != 'P' && bytes[0] != 'M' && bytes[0] != 'I')
		return *line;
	if (left - *line < 4)
		return 0;
	body = pluqc_get32(end + 1);
	return left - *line - 4 < body ? 0 : *line + 4 + body;
}

static void take_batch(struct null_server *s, const uint8_t *body, size_t length)
{
	uint32_t count = length < 4 ? 0 : pluqc_get32(body);
	size_t at = 4;

	while (count-- && length - at >= 4) {
		uint32_t size = pluqc_get32(body + at);

		if (size > length - at - 4)
			return;
		append_message(s, body + at + 4, size);
		at += 4 + (size_t)size;
	}
}

static void execute(struct null_server *s, struct client *c, const uint8_t *bytes, size_t line, size_t length)
{
	switch (bytes[0]) {
	case 'F': /* FIN */
		c->in_flight--;
		return;
	case 'R': /* RDY */
		c->ready = strtoull((const char *)bytes + 4, NULL, 10);
		return;
	case 'N': /* NOP */
		return;
	case 'C': /* CLS */
		c->ready = 0;
		pluqc_buf_append(&c->out, CLOSE_WAIT_FRAME, sizeof CLOSE_WAIT_FRAME - 1);
		return;
	case 'S': /* SUB */
		c->subscribed = true;
		break;
	case 'P': /* PUB */
		append_message(s, bytes + line + 4, (uint32_t)(length - line - 4));
		break;
	case 'M': /* MPUB */
		take_batch(s, bytes + line + 4, length - line - 4);
		break;
	}
	pluqc_buf_append(&c->out, OK_FRAME, sizeof OK_FRAME - 1);
}

static void parse(struct null_server *s, struct client *c)
{
	size_t line, length;

	if (!c->greeted) {
		if (pluqc_buf_length(&c->in) < 4)
			return;
		pluqc_buf_consume(&c->in, 4);
		c->greeted = true;
	}
	while (pluqc_buf_length(&c->in) &&
	    (length = command_length(pluqc_buf_data(&c->in), pluqc_buf_length(&c->in), &line))) {
		execute(s, c, pluqc_buf_data(&c->in), line, length);
		pluqc_buf_consume(&c->in, length);
	}
}

static void deliver_one(struct null_server *s, struct client *c)
{
	const uint8_t *message = pluqc_buf_data(&s->queue);
	uint32_t length = pluqc_get32(message);
	uint8_t *p = pluqc_buf_reserve(&c->out, MESSAGE_HEAD + (size_t)length);

	if (!p)
		bench_fail("null-server: out of memory");
	pluqc_put32(p, 4 + 26 + length);
	pluqc_put32(p + 4, 2);
	memset(p + 8, '0', 26); /* time stamp, attempts, id: nobody looks at them but attempts */
	p[16] = 0;
	p[17] = 1;
	memcpy(p + MESSAGE_HEAD, message + 4, length);
	pluqc_buf_commit(&c->out, MESSAGE_HEAD + (size_t)length);
	pluqc_buf_consume(&s->queue, 4 + (size_t)length);
	c->in_flight++;
}

static void deliver(struct null_server *s)
{
	bool any = true;

	while (any && pluqc_buf_length(&s->queue)) {
		any = false;
		for (struct client *c = s->clients; c && pluqc_buf_length(&s->queue); c = c->next) {
			if (c->in_flight >= c->ready || pluqc_buf_length(&c->out) >= OUT_MAX)
				continue;
			deliver_one(s, c);
			any = true;
		}
	}
}

static void flush(struct null_server *s, struct client *c)
{
	struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};
	bool wants_out;

	if (pluqc_buf_length(&c->out)) {
		ssize_t k = send(c->fd, pluqc_buf_data(&c->out), pluqc_buf_length(&c->out), MSG_NOSIGNAL);

		if (k > 0)
			pluqc_buf_consume(&c->out, (size_t)k);
		else if (k < 0 && errno != EAGAIN && errno != EINTR)
			c->closed = true;
	}
	wants_out = pluqc_buf_length(&c->out) > 0;
	if (wants_out == c->wants_out || c->closed)
		return;
	c->wants_out = wants_out;
	e.events |= wants_out ? EPOLLOUT : 0;
	epoll_ctl(s->epoll, EPOLL_CTL_MOD, c->fd, &e);
}

static void receive(struct null_server *s, struct client *c)
{
	uint8_t *room = pluqc_buf_reserve(&c->in, READ_SIZE);
	ssize_t k;

	if (!room)
		bench_fail("null-server: out of memory");
	k = recv(c->fd, room, READ_SIZE, 0);
	if (k > 0) {
		pluqc_buf_commit(&c->in, (size_t)k);
		parse(s, c);
	} else if (k == 0 || (errno != EAGAIN && errno != EINTR)) {
		c->closed = true;
		if (c->subscribed) /* how a round begins and ends: what it left is dropped, the memory is kept */
			pluqc_buf_consume(&s->queue, pluqc_buf_length(&s->queue));
	}
}

static void accept_client(struct null_server *s)
{
	struct client *c = bench_alloc(1, sizeof *c);
	struct epoll_event e = {.events = EPOLLIN, .data.ptr = c};

	c->fd = accept4(s->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (c->fd < 0) {
		free(c);
		return;
	}
	c->next = s->clients;
	s->clients = c;
	epoll_ctl(s->epoll, EPOLL_CTL_ADD, c->fd, &e);
}

static void sweep(struct null_server *s)
{
	for (struct client **at = &s->clients; *at;) {
		struct client *c = *at;

		if (!c->closed) {
			flush(s, c);
			at = &c->next;
			continue;
		}
		*at = c->next;
		close(c->fd);
		pluqc_buf_fini(&c->in);
		pluqc_buf_fini(&c->out);
		free(c);
	}
}

static void serve(struct null_server *s)
{
	struct epoll_event events[EVENTS];

	for (;;) {
		int n = epoll_wait(s->epoll, events, EVENTS, -1);

		for (int i = 0; i < n; i++) {
			if (!events[i].data.ptr)
				accept_client(s);
			else if (events[i].events & ~(uint32_t)EPOLLOUT)
				receive(s, events[i].data.ptr);
		}
		deliver(s);
		sweep(s);
	}
}

static void run(struct bench *b)
{
	const struct pluqc_address *a = &b->server.list[0];
	struct null_server s = {.epoll = epoll_create1(EPOLL_CLOEXEC)};
	struct epoll_event e = {.events = EPOLLIN};
	int on = 1;

	s.listener = socket(a->name.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (s.listener < 0 || setsockopt(s.listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) ||
	    bind(s.listener, (const struct sockaddr *)&a->name, a->length) || listen(s.listener, 128) ||
	    epoll_ctl(s.epoll, EPOLL_CTL_ADD, s.listener, &e))
		bench_fail("%s: %s", b->opt.address, strerror(errno));
	serve(&s);
}

const struct bench_mode mode_null_server = {
    .name = "null-server",
    .run = run,
    .help = "serve on --address with the least possible work, for pub, mpub, sub and latency",
};
