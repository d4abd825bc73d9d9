#include "conn.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command.h"

/* The largest message a broker takes by default is 1 MiB, yet a site may allow up to 64 MiB, and its head comes on top; this only
 * bounds what a broken or hostile server can make us allocate. */
#define MAX_FRAME_DEFAULT (64u * 1024 * 1024 + 64)
#define READ_SIZE_DEFAULT (64u * 1024)

void pluqc_conn_init(struct pluqc_conn *c)
{
	memset(c, 0, sizeof *c);
	c->fd = -1;
	c->max_frame = MAX_FRAME_DEFAULT;
	c->read_size = READ_SIZE_DEFAULT;
}

void pluqc_conn_fini(struct pluqc_conn *c)
{
	pluqc_conn_close(c);
}

void pluqc_conn_close(struct pluqc_conn *c)
{
	if (c->state != PLUQC_CONN_CLOSED)
		close(c->fd);
	c->fd = -1;
	c->state = PLUQC_CONN_CLOSED;
	c->addresses = NULL;
	pluqc_buf_fini(&c->in);
	pluqc_buf_fini(&c->out);
}

static int system_error(struct pluqc_conn *c, int error)
{
	c->system_error = error;
	return PLUQC_ESYSTEM;
}

static void on_connected(struct pluqc_conn *c)
{
	int on = 1;

	/* Fails on a unix socket, where there is nothing to turn off. */
	(void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	c->state = PLUQC_CONN_OPEN;
	c->addresses = NULL;
}

/* Tries addresses from next_address on until one connects or is under way. */
static int try_addresses(struct pluqc_conn *c)
{
	while (c->next_address < c->addresses->count) {
		const struct pluqc_address *a = &c->addresses->list[c->next_address++];

		c->fd = socket(a->name.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		if (c->fd < 0) {
			c->system_error = errno;
			continue;
		}
		if (!connect(c->fd, (const struct sockaddr *)&a->name, a->length)) {
			on_connected(c);
			return 0;
		}
		if (errno == EINPROGRESS) {
			c->state = PLUQC_CONN_CONNECTING;
			return 0;
		}
		c->system_error = errno;
		close(c->fd);
		c->fd = -1;
	}
	return PLUQC_ESYSTEM;
}

int pluqc_conn_open(struct pluqc_conn *c, const struct pluqc_addresses *addresses)
{
	int error;

	pluqc_conn_close(c);
	pluqc_cmd_magic(&c->out);
	if (c->out.error)
		return c->out.error;
	c->addresses = addresses;
	c->next_address = 0;
	error = try_addresses(c);
	if (error)
		pluqc_conn_close(c);
	return error;
}

short pluqc_conn_events(const struct pluqc_conn *c)
{
	if (c->state == PLUQC_CONN_CONNECTING)
		return POLLOUT;
	return (short)(POLLIN | (pluqc_buf_length(&c->out) ? POLLOUT : 0));
}

/* 0: connected or still under way; the state tells. */
static int go_on_connecting(struct pluqc_conn *c)
{
	struct pollfd p = {.fd = c->fd, .events = POLLOUT};
	int error = 0;
	socklen_t length = sizeof error;

	if (poll(&p, 1, 0) <= 0)
		return 0;
	if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &length))
		error = errno;
	if (!error) {
		on_connected(c);
		return 0;
	}
	close(c->fd);
	c->fd = -1;
	c->state = PLUQC_CONN_CLOSED;
	c->system_error = error;
	return try_addresses(c);
}

/* Sends as much as the socket takes; *sent may be 0. */
static int send_some(struct pluqc_conn *c, const uint8_t *bytes, size_t n, size_t *sent)
{
	*sent = 0;
	while (*sent < n) {
		ssize_t k = send(c->fd, bytes + *sent, n - *sent, MSG_NOSIGNAL);

		if (k >= 0)
			*sent += (size_t)k;
		else if (errno == EAGAIN || errno == EWOULDBLOCK)
			return 0;
		else if (errno != EINTR)
			return system_error(c, errno);
	}
	return 0;
}

int pluqc_conn_flush(struct pluqc_conn *c)
{
	size_t sent;
	int error;

	if (c->state == PLUQC_CONN_CLOSED)
		return PLUQC_ECLOSED;
	if (c->state == PLUQC_CONN_CONNECTING) {
		error = go_on_connecting(c);
		if (error || c->state != PLUQC_CONN_OPEN)
			return error;
	}
	if (c->out.error)
		return c->out.error;
	if (!pluqc_buf_length(&c->out))
		return 0;
	error = send_some(c, pluqc_buf_data(&c->out), pluqc_buf_length(&c->out), &sent);
	pluqc_buf_consume(&c->out, sent);
	return error;
}

int pluqc_conn_write(struct pluqc_conn *c, const void *bytes, size_t n)
{
	size_t sent = 0;
	int error = pluqc_conn_flush(c);

	if (error)
		return error;
	if (c->state == PLUQC_CONN_OPEN && !pluqc_buf_length(&c->out)) {
		error = send_some(c, bytes, n, &sent);
		if (error)
			return error;
	}
	if (sent < n)
		pluqc_buf_append(&c->out, (const uint8_t *)bytes + sent, n - sent);
	return c->out.error;
}

int pluqc_conn_fill(struct pluqc_conn *c)
{
	uint8_t *room;
	ssize_t k;

	if (c->state != PLUQC_CONN_OPEN)
		return c->state == PLUQC_CONN_CLOSED ? PLUQC_ECLOSED : PLUQC_EMORE;
	room = pluqc_buf_reserve(&c->in, c->read_size);
	if (!room)
		return c->in.error;
	do
		k = recv(c->fd, room, c->read_size, 0);
	while (k < 0 && errno == EINTR);
	if (k > 0) {
		pluqc_buf_commit(&c->in, (size_t)k);
		return 0;
	}
	if (k == 0)
		return PLUQC_ECLOSED;
	if (errno == EAGAIN || errno == EWOULDBLOCK)
		return PLUQC_EMORE;
	return system_error(c, errno);
}

int pluqc_conn_next(struct pluqc_conn *c, struct pluqc_frame *frame)
{
	size_t used;
	int error = pluqc_frame_decode(pluqc_buf_data(&c->in), pluqc_buf_length(&c->in), c->max_frame, frame, &used);

	if (!error)
		pluqc_buf_consume(&c->in, used);
	return error;
}

void pluqc_conn_shutdown(struct pluqc_conn *c)
{
	if (c->state == PLUQC_CONN_OPEN)
		shutdown(c->fd, SHUT_WR);
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool all_sent(const struct pluqc_conn *c)
{
	return c->state == PLUQC_CONN_OPEN && !pluqc_buf_length(&c->out);
}

int pluqc_conn_wait(struct pluqc_conn *c, short events, int timeout_ms)
{
	int64_t deadline = now_ms() + timeout_ms;

	for (;;) {
		struct pollfd p;
		int64_t left = deadline - now_ms();
		int error = pluqc_conn_flush(c);

		if (error)
			return error;
		if ((events & POLLOUT) && all_sent(c))
			return 0;
		p = (struct pollfd){.fd = c->fd, .events = pluqc_conn_events(c)};
		if (poll(&p, 1, left > 0 ? (int)left : 0) < 0 && errno != EINTR)
			return system_error(c, errno);
		if ((events & POLLIN) && c->state == PLUQC_CONN_OPEN && (p.revents & (POLLIN | POLLHUP | POLLERR)))
			return 0;
		if (left <= 0)
			return PLUQC_ETIMEOUT;
	}
}
