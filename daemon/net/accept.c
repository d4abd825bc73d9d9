#define _GNU_SOURCE /* accept4, strerrordesc_np */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../base/log.h"
#include "conn.h"
#include "state.h"

/* Connections taken per listener and turn, so that a flood of them does not hold up those that are there. */
#define ACCEPT_BATCH 64
/* How long nothing is accepted once descriptors are used up: the waiting connection would wake the loop at once. */
#define ACCEPT_PAUSE (100 * PLUQ__MS)

static int64_t now(const struct pluq__net *net)
{
	return net->loops->loop[0].now_ns;
}

static void set_options(int fd)
{
	int one = 1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
}

static void pause_accepting(struct pluq__net *net)
{
	for (struct pluq_listener *l = net->listeners; l; l = l->next)
		if (l->fd >= 0)
			event_del(&l->event);
	pluq__loop_set(&net->loops->loop[0], &net->accept_again, now(net) + ACCEPT_PAUSE);
}

/* pluq__timer_fn */
static void on_accept_again(struct pluq__timer *t)
{
	struct pluq__net *net = (struct pluq__net *)((char *)t - offsetof(struct pluq__net, accept_again));
	bool all = true;
	for (struct pluq_listener *l = net->listeners; l; l = l->next)
		if (l->fd >= 0 && event_add(&l->event, NULL) < 0)
			all = false;
	if (!all)
		pluq__loop_set(&net->loops->loop[0], t, now(net) + ACCEPT_PAUSE);
}

static void open_spare(struct pluq__net *net)
{
	if (net->spare_fd < 0)
		net->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* The one that waits longest learns that it is refused, instead of hanging; the others wait for the pause to end. */
static void out_of_descriptors(struct pluq_listener *l, int error)
{
	struct pluq__net *net = l->net;
	uint64_t hidden;
	l->refused++;
	if (pluq__complaint_raise(&net->descriptor_complaint, now(net), &hidden))
		pluq__log(PLUQ_ERROR, "net", "%s: cannot accept connections: %s (%" PRIu64
		    " more times since the last line)", l->what, strerrordesc_np(error), hidden);
	if (net->spare_fd >= 0) {
		close(net->spare_fd);
		net->spare_fd = -1;
		int fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd >= 0)
			close(fd);
		open_spare(net);
	}
	pause_accepting(net);
}

static void out_of_memory(struct pluq_listener *l)
{
	struct pluq__net *net = l->net;
	uint64_t hidden;
	if (pluq__complaint_raise(&net->memory_complaint, now(net), &hidden))
		pluq__log(PLUQ_ERROR, "net", "%s: connection refused: out of memory (%" PRIu64
		    " more refused since the last line)", l->what, hidden);
}

static bool over_limit(struct pluq_listener *l)
{
	struct pluq__net *net = l->net;
	uint64_t hidden;
	if (atomic_load_explicit(&net->clients, memory_order_relaxed) < net->max_connections)
		return false;
	if (pluq__complaint_raise(&net->limit_complaint, now(net), &hidden))
		pluq__log(PLUQ_WARN, "net", "%s: connection refused: limit of %" PRId64
		    " connections reached (%" PRIu64 " more refused since the last line)", l->what,
		    net->max_connections, hidden);
	return true;
}

static void calm(struct pluq_listener *l)
{
	struct pluq__net *net = l->net;
	if (pluq__complaint_calm(&net->descriptor_complaint, now(net)))
		pluq__log(PLUQ_INFO, "net", "%s: accepting connections again", l->what);
	if (pluq__complaint_calm(&net->memory_complaint, now(net)))
		pluq__log(PLUQ_INFO, "net", "%s: there is memory for connections again", l->what);
	if (pluq__complaint_calm(&net->limit_complaint, now(net)))
		pluq__log(PLUQ_INFO, "net", "%s: below the limit of connections again", l->what);
}

static struct pluq__net_loop *choose_loop(struct pluq_listener *l)
{
	struct pluq__net *net = l->net;
	if (l->on_loop0)
		return &net->per_loop[0];
	return &net->per_loop[net->next_loop++ % (unsigned)net->loops->count];
}

static void take(struct pluq_listener *l, int fd, const struct sockaddr_storage *from)
{
	if (over_limit(l)) {
		l->refused++;
		close(fd);
		return;
	}
	calm(l);
	if (!l->is_unix)
		set_options(fd);
	struct pluq_conn *c = pluq__conn_accepted(l, fd, from);
	if (!c) {
		l->refused++;
		close(fd);
		out_of_memory(l);
		return;
	}
	pluq__conn_start(c, choose_loop(l));
}

static bool passes(int error)
{
	return error == EINTR || error == ECONNABORTED || error == EPROTO || error == EPERM;
}

/* event_callback_fn */
static void on_acceptable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	struct pluq_listener *l = arg;
	pluq__loop_enter(&l->net->loops->loop[0]);
	for (int i = 0; i < ACCEPT_BATCH; i++) {
		struct sockaddr_storage from = {.ss_family = AF_UNIX};
		socklen_t length = sizeof from;
		int s = accept4(l->fd, (struct sockaddr *)&from, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (s >= 0) {
			take(l, s, &from);
		} else if (errno == EAGAIN) {
			return;
		} else if (!passes(errno)) {
			out_of_descriptors(l, errno);
			return;
		}
	}
}

/* Connections must not take the descriptors that files need. */
static int64_t limit_by_descriptors(void)
{
	struct rlimit r;
	if (getrlimit(RLIMIT_NOFILE, &r) < 0 || r.rlim_cur == RLIM_INFINITY)
		return INT64_MAX;
	int64_t all = (int64_t)r.rlim_cur, kept = all / 16 > 32 ? all / 16 : 32;
	return all > 2 * kept ? all - kept : all / 2 + 1;
}

int pluq__accept_start(struct pluq__net *net, struct pluq_why *why)
{
	struct event_base *base = net->loops->loop[0].events;
	if (net->max_connections <= 0)
		net->max_connections = limit_by_descriptors();
	net->accept_again.fn = on_accept_again;
	open_spare(net);
	for (struct pluq_listener *l = net->listeners; l; l = l->next) {
		if (event_assign(&l->event, base, l->fd, EV_READ | EV_PERSIST, on_acceptable, l) < 0 ||
		    event_add(&l->event, NULL) < 0) {
			snprintf(why->text, sizeof why->text, "cannot accept connections on %.140s", l->shown);
			return PLUQ_ENOMEM;
		}
	}
	return 0;
}

void pluq__accept_stop(struct pluq__net *net)
{
	pluq__loop_clear(&net->loops->loop[0], &net->accept_again);
	for (struct pluq_listener *l = net->listeners; l; l = l->next) {
		if (l->fd < 0)
			continue;
		if (event_initialized(&l->event))
			event_del(&l->event);
		pluq__listener_close(l);
	}
	if (net->spare_fd >= 0)
		close(net->spare_fd);
	net->spare_fd = -1;
}
