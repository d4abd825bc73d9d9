/* All that is ever done to the socket of a connection. */
#define _GNU_SOURCE /* strerrordesc_np */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "conn.h"

static ssize_t result(ssize_t got)
{
	if (got >= 0)
		return got;
	return errno == EAGAIN || errno == EWOULDBLOCK ? PLUQ__IO_AGAIN : PLUQ__IO_ERROR;
}

ssize_t pluq__io_recv(struct pluq_conn *c, struct iovec *iov, int n)
{
	ssize_t got;
	do
		got = n == 1 ? recv(c->fd, iov->iov_base, iov->iov_len, 0) : readv(c->fd, iov, n);
	while (got < 0 && errno == EINTR);
	return result(got);
}

ssize_t pluq__io_send(struct pluq_conn *c, struct iovec *iov, int n)
{
	struct msghdr m = {.msg_iov = iov, .msg_iovlen = (size_t)n};
	ssize_t got;
	do
		got = n == 1 ? send(c->fd, iov->iov_base, iov->iov_len, MSG_NOSIGNAL)
			     : sendmsg(c->fd, &m, MSG_NOSIGNAL);
	while (got < 0 && errno == EINTR);
	return result(got);
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

void pluq__io_close(struct pluq_conn *c)
{
	close(c->fd);
	c->fd = -1;
}

const char *pluq__io_cause(int error)
{
	const char *text = strerrordesc_np(error);
	return text ? text : "unknown error";
}
