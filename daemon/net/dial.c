/* Connections that we make, until they are connected: the name is resolved, then its addresses are tried in turn. The patience
 * that is left is shared out evenly among the addresses that are left, so that one that swallows everything does not use up
 * what the next one needs. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conn.h"
#include "lookup.h"
#include "tls.h"

/* Addresses of one name that are tried. */
#define TARGETS_MAX 32

struct target {
	struct sockaddr_storage to;
	socklen_t length;
};

struct pluq__dial {
	struct pluq__asker asker;
	struct pluq_conn *conn;
	void *arg;           /* given to on_open */
	int64_t deadline_ns; /* of the whole; INT64_MAX: none */
	struct target *targets;
	unsigned count, next;
	int fd;              /* of the attempt in progress; -1: none */
	struct event event;  /* fd >= 0: added */
	const char *why;     /* how the last attempt ended */
};

static void end_attempt(struct pluq__dial *d)
{
	if (d->fd < 0)
		return;
	event_del(&d->event);
	close(d->fd);
	d->fd = -1;
}

static void dial_free(struct pluq__dial *d)
{
	pluq__lookup_leave(&d->asker);
	end_attempt(d);
	free(d->targets);
	free(d);
}

void pluq__dial_end(struct pluq_conn *c)
{
	pluq__loop_clear(c->at->loop, &c->timer);
	dial_free(c->dial);
	c->dial = NULL;
}

/* ---- one attempt ---- */

/* A port of the range that connections from here are given can be dealt out to the very connection that asks for it, if nobody
 * listens there: it is connected to itself then. */
static bool to_itself(int fd)
{
	struct sockaddr_storage here, there;
	socklen_t here_length = sizeof here, there_length = sizeof there;
	memset(&here, 0, sizeof here);
	memset(&there, 0, sizeof there);
	return getsockname(fd, (struct sockaddr *)&here, &here_length) == 0 && here.ss_family != AF_UNIX &&
	    getpeername(fd, (struct sockaddr *)&there, &there_length) == 0 && here_length == there_length &&
	    memcmp(&here, &there, here_length) == 0;
}

/* d->fd is connected. */
static void connected(struct pluq__dial *d, bool watched)
{
	struct pluq_conn *c = d->conn;
	void *arg = d->arg;
	int fd = d->fd;
	if (watched)
		event_del(&d->event);
	d->fd = -1;
	pluq__addr_text(&d->targets[d->next - 1].to, c->remote);
	pluq__dial_end(c);
	pluq__conn_connected(c, fd);
	if (c->upgrade)
		pluq__upgrade_start(c);
	else
		pluq__conn_open(c, arg);
}

/* event_callback_fn */
static void on_attempt(evutil_socket_t fd, short what, void *arg)
{
	(void)what;
	struct pluq__dial *d = arg;
	int error = 0;
	socklen_t length = sizeof error;
	pluq__loop_enter(d->conn->at->loop);
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0)
		error = errno;
	if (error == 0 && to_itself(fd))
		error = ECONNREFUSED;
	if (error == 0) {
		connected(d, true);
		return;
	}
	d->why = pluq__io_cause(error);
	end_attempt(d);
	pluq__dial_go_on(d->conn);
}

static int open_socket(const struct target *t)
{
	int one = 1, fd = socket(t->to.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && t->to.ss_family != AF_UNIX) {
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
		setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
	}
	return fd;
}

/* 0: connected, or (*waits) it will be known later; else errno. */
static int try_target(struct pluq__dial *d, const struct target *t, bool *waits)
{
	int error = 0;
	*waits = false;
	d->fd = open_socket(t);
	if (d->fd < 0)
		return errno;
	if (connect(d->fd, (const struct sockaddr *)&t->to, t->length) < 0)
		error = errno;
	if (error == 0 && !to_itself(d->fd))
		return 0;
	if (error == EINPROGRESS || error == EINTR) {
		*waits = true;
		event_assign(&d->event, d->conn->at->loop->events, d->fd, EV_WRITE, on_attempt, d);
		if (event_add(&d->event, NULL) == 0)
			return 0;
		error = ENOMEM;
	}
	close(d->fd);
	d->fd = -1;
	return error ? error : ECONNREFUSED;
}

static void set_patience(struct pluq__dial *d)
{
	struct pluq__loop *l = d->conn->at->loop;
	unsigned left = d->count - d->next + 1; /* the one in progress included */
	if (d->deadline_ns != INT64_MAX)
		pluq__loop_set(l, &d->conn->timer, l->now_ns + (d->deadline_ns - l->now_ns) / (int64_t)left);
}

/* ---- all of them ---- */

void pluq__dial_go_on(struct pluq_conn *c)
{
	struct pluq__dial *d = c->dial;
	bool waits;
	if (d->fd >= 0 || d->asker.lookup)
		return; /* it goes on by itself */
	while (d->next < d->count) {
		int error = try_target(d, &d->targets[d->next++], &waits);
		if (error) {
			d->why = pluq__io_cause(error);
			continue;
		}
		if (waits)
			set_patience(d);
		else
			connected(d, false);
		return;
	}
	pluq__conn_fail(c, d->why);
}

void pluq__dial_on_timer(struct pluq_conn *c)
{
	struct pluq__dial *d = c->dial;
	if (d->asker.lookup) {
		pluq__conn_fail(c, "its name was not resolved in time");
		return;
	}
	d->why = pluq__io_cause(ETIMEDOUT);
	end_attempt(d);
	pluq__dial_go_on(c);
}

/* What does not fit is not an address of a stream. PLUQ_ENOMEM. */
static int take_targets(struct pluq__dial *d, const struct addrinfo *list)
{
	unsigned n = 0;
	for (const struct addrinfo *ai = list; ai && n < TARGETS_MAX; ai = ai->ai_next)
		n++;
	d->targets = calloc(n, sizeof *d->targets);
	if (!d->targets)
		return PLUQ_ENOMEM;
	for (const struct addrinfo *ai = list; ai && d->count < n; ai = ai->ai_next) {
		struct target *t = &d->targets[d->count];
		if (ai->ai_addrlen > sizeof t->to)
			continue;
		memcpy(&t->to, ai->ai_addr, ai->ai_addrlen);
		t->length = ai->ai_addrlen;
		d->count++;
	}
	return 0;
}

/* The fn of struct pluq__asker. */
static void on_resolved(struct pluq__asker *a, const struct addrinfo *list, const char *why)
{
	struct pluq__dial *d = (struct pluq__dial *)((char *)a - offsetof(struct pluq__dial, asker));
	if (!list)
		pluq__conn_fail(d->conn, why);
	else if (take_targets(d, list))
		pluq__conn_fail(d->conn, "out of memory");
	else
		pluq__dial_go_on(d->conn);
}

/* ---- the beginning ---- */

static int unix_target(struct pluq__dial *d, const struct pluq__addr *addr)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	d->targets = calloc(1, sizeof *d->targets);
	if (!d->targets)
		return PLUQ_ENOMEM;
	memcpy(un.sun_path, addr->path, sizeof un.sun_path);
	memcpy(&d->targets->to, &un, sizeof un);
	d->targets->length = sizeof un;
	d->count = 1;
	return 0;
}

/* Without a host: this one. */
static int inet_targets(struct pluq__dial *d, const struct pluq__addr *addr)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV | AI_NUMERICHOST};
	struct addrinfo *list;
	int error = getaddrinfo(*addr->host ? addr->host : NULL, addr->port, &hints, &list);
	if (error)
		return error == EAI_MEMORY ? PLUQ_ENOMEM :
		    pluq__lookup_ask(d->conn->at, &d->asker, addr->host, addr->port);
	error = take_targets(d, list);
	freeaddrinfo(list);
	return error;
}

/* What is asked of its certificate. */
static const char *server_name(const struct pluq_connect *p, const struct pluq__addr *addr)
{
	if (p->server_name && *p->server_name)
		return p->server_name;
	return *addr->host ? addr->host : "localhost";
}

/* c and d know each other; nothing runs before the next step of the loop. */
static int begin(struct pluq_conn *c, const struct pluq_connect *p, const struct pluq__addr *addr)
{
	struct pluq__dial *d = c->dial;
	struct pluq__loop *l = c->at->loop;
	d->deadline_ns = p->timeout_ns > 0 && p->timeout_ns < INT64_MAX / 2 ? l->now_ns + p->timeout_ns : INT64_MAX;
	if (p->tls && pluq__upgrade_prepare(c, p->tls, p->arg, server_name(p, addr), d->deadline_ns))
		return PLUQ_ENOMEM;
	int error = addr->is_unix ? unix_target(d, addr) : inet_targets(d, addr);
	if (error)
		return error;
	if (!d->asker.lookup)
		pluq__conn_wake(c);
	else if (d->deadline_ns != INT64_MAX)
		pluq__loop_set(l, &c->timer, d->deadline_ns);
	return 0;
}

static struct pluq_conn *conn_make(struct pluq__net_loop *at, const struct pluq_connect *p)
{
	struct pluq__dial *d = calloc(1, sizeof *d);
	struct pluq_conn *c = d ? pluq__conn_new(at->net, p->ops, p->arg) : NULL;
	if (!c) {
		free(d);
		return NULL;
	}
	c->at = at;
	pluq__conn_enlist(c);
	c->max_rest = p->max_rest;
	c->output_limit = p->output_limit ? p->output_limit : 64 * 1024;
	c->dial = d;
	*d = (struct pluq__dial){.asker.fn = on_resolved, .conn = c, .arg = p->arg, .fd = -1, .why = "no address"};
	return c;
}

static bool params_ok(const struct pluq_connect *p, struct pluq_why *why)
{
	if (pluq__loop_self() && p->size >= sizeof *p && p->ops && p->ops->size >= sizeof *p->ops &&
	    p->max_rest <= PLUQ__REST_MAX && p->timeout_ns >= 0 && (!p->tls || pluq__tls_is_client(p->tls)))
		return true;
	snprintf(why->text, sizeof why->text, "connect was called with a table that cannot be used, or not on a loop");
	return false;
}

int pluq__dial(struct pluq__net *net, const struct pluq_connect *p, struct pluq_conn **out, struct pluq_why *why)
{
	struct pluq__addr addr;
	int error;
	if (!params_ok(p, why))
		return PLUQ_EINVAL;
	if ((error = pluq__addr_parse(p->address, &addr, why)))
		return error;
	struct pluq__net_loop *at = &net->per_loop[pluq__loop_self()->index];
	if (at->reading_stopped || at->closing) {
		snprintf(why->text, sizeof why->text, "the daemon stops");
		return PLUQ_EEXITING;
	}
	struct pluq_conn *c = conn_make(at, p);
	error = c ? begin(c, p, &addr) : PLUQ_ENOMEM;
	if (error) {
		if (c) {
			pluq__dial_end(c);
			pluq__conn_destroy(c);
		}
		snprintf(why->text, sizeof why->text, "out of memory");
		return error;
	}
	*out = c;
	return 0;
}
