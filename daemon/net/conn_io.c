/* All that is ever done to the socket of a connection. */
#define _GNU_SOURCE /* strerrordesc_np */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conn.h"
#include "layer.h"

static ssize_t result(ssize_t got)
{
	if (got >= 0)
		return got;
	return errno == EAGAIN || errno == EWOULDBLOCK ? PLUQ__IO_AGAIN : PLUQ__IO_ERROR;
}

ssize_t pluq__io_recv_raw(struct pluq_conn *c, struct iovec *iov, int n)
{
	ssize_t got;
	do
		got = n == 1 ? recv(c->fd, iov->iov_base, iov->iov_len, 0) : readv(c->fd, iov, n);
	while (got < 0 && errno == EINTR);
	return result(got);
}

static ssize_t send_raw(struct pluq_conn *c, struct iovec *iov, int n)
{
	struct msghdr m = {.msg_iov = iov, .msg_iovlen = (size_t)n};
	ssize_t got;
	do
		got = n == 1 ? send(c->fd, iov->iov_base, iov->iov_len, MSG_NOSIGNAL)
			     : sendmsg(c->fd, &m, MSG_NOSIGNAL);
	while (got < 0 && errno == EINTR);
	return result(got);
}

ssize_t pluq__layer_recv(struct pluq__layer *l, struct pluq_conn *c, struct iovec *iov, int n)
{
	return l ? l->ops->recv(l, c, iov, n) : pluq__io_recv_raw(c, iov, n);
}

ssize_t pluq__layer_send(struct pluq__layer *l, struct pluq_conn *c, struct iovec *iov, int n)
{
	if (l)
		return l->ops->send(l, c, iov, n);
	return n > 0 ? send_raw(c, iov, n) : 0;
}

ssize_t pluq__io_recv(struct pluq_conn *c, struct iovec *iov, int n)
{
	return pluq__layer_recv(c->layer, c, iov, n);
}

ssize_t pluq__io_send(struct pluq_conn *c, struct iovec *iov, int n)
{
	return pluq__layer_send(c->layer, c, iov, n);
}

bool pluq__io_unread(struct pluq_conn *c)
{
	int bytes = 0;
	return ioctl(c->fd, FIONREAD, &bytes) == 0 && bytes > 0;
}

void pluq__io_shutdown(struct pluq_conn *c)
{
	shutdown(c->fd, SHUT_WR);
}

static void set_tcp(int fd, int option, int value)
{
	setsockopt(fd, IPPROTO_TCP, option, &value, sizeof value);
}

/* The kernel takes no "as before"; a fresh socket tells what it begins with. */
static void take_defaults(int fd)
{
	static const int options[] = {TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT};
	int fresh = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), value;
	for (size_t i = 0; fresh >= 0 && i < sizeof options / sizeof *options; i++) {
		socklen_t length = sizeof value;
		if (getsockopt(fresh, IPPROTO_TCP, options[i], &value, &length) == 0)
			set_tcp(fd, options[i], value);
	}
	if (fresh >= 0)
		close(fresh);
	set_tcp(fd, TCP_USER_TIMEOUT, 0);
}

/* A silent connection is probed after `idle` seconds and then every `every` seconds; it ends with the first of these steps at which
 * the user timeout has passed since the peer was heard last. That is the step at `total`, so the timeout ends a little before it. What is
 * unacknowledged is sent again until the same timeout has passed since it was first sent again, a fraction of a second after it was
 * sent. */
void pluq__io_set_peer_timeout(struct pluq_conn *c, int64_t ns)
{
	const int64_t longest = 32767; /* the kernel's, for the first probe */
	int64_t total = ns / PLUQ__SEC < 2 ? 2 : ns / PLUQ__SEC < longest ? ns / PLUQ__SEC : longest;
	int steps = total < 4 ? (int)total - 1 : 3, every = total < 4 ? 1 : (int)(total / 4);
	int one = 1;
	if (ns <= 0) {
		take_defaults(c->fd);
		return;
	}
	setsockopt(c->fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
	set_tcp(c->fd, TCP_KEEPIDLE, (int)total - steps * every);
	set_tcp(c->fd, TCP_KEEPINTVL, every);
	set_tcp(c->fd, TCP_KEEPCNT, steps);
	set_tcp(c->fd, TCP_USER_TIMEOUT, (int)(total * 1000 - 500));
}

void pluq__io_close(struct pluq_conn *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

const char *pluq__io_cause(int error)
{
	const char *text = strerrordesc_np(error);
	return text ? text : "unknown error";
}
