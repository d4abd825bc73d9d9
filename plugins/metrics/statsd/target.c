#include "target.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* For room in the receiver's queue, all datagrams of a round together: a unix socket's queue is short, and one that nobody empties is not
 * waited for again and again. */
#define PATIENCE_US 500000

/* ---- addresses ---- */

static bool is_port(const char *text)
{
	char *end;
	long port = strtol(text, &end, 10);

	return *text >= '0' && *text <= '9' && *end == 0 && port > 0 && port <= 65535;
}

static const char *parse_path(struct address *a, const char *path)
{
	struct sockaddr_un un;

	if (*path != '/')
		return "the path of a unix socket begins with /";
	if (strlen(path) >= sizeof(un.sun_path))
		return "the path of a unix socket is too long";
	a->path = path;
	return NULL;
}

static const char *parse_host(struct address *a)
{
	const char *colon = strrchr(a->text, ':'), *host = a->text;
	size_t length = colon ? (size_t)(colon - host) : 0;

	if (!colon || !is_port(colon + 1))
		return "it needs a port from 1 to 65535, as in 127.0.0.1:8125";
	if (*host == '[') {
		if (length < 2 || host[length - 1] != ']')
			return "a '[' without its ']'";
		host++;
		length -= 2;
	} else if (memchr(host, ':', length)) {
		return "an IPv6 address goes in brackets, as in [::1]:8125";
	}
	a->host = strndup(host, length);
	a->port = strdup(colon + 1);
	return a->host && a->port ? NULL : "out of memory";
}

const char *address_parse(struct address *a, const char *text)
{
	const char *wrong;

	*a = (struct address){.text = strdup(text)};
	if (!a->text)
		return "out of memory";
	if (strncmp(a->text, "unix://", 7) == 0)
		wrong = parse_path(a, a->text + 7);
	else if (*text == '/')
		wrong = parse_path(a, a->text);
	else
		wrong = parse_host(a);
	if (wrong)
		address_fini(a);
	return wrong;
}

void address_fini(struct address *a)
{
	free(a->text);
	free(a->host);
	free(a->port);
	*a = (struct address){0};
}

/* ---- sockets ---- */

static bool connect_to(struct target *t, int family, const struct sockaddr *addr, socklen_t length)
{
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), error;

	if (fd < 0)
		return false;
	if (connect(fd, addr, length) == 0) {
		t->fd = fd;
		return true;
	}
	error = errno;
	close(fd);
	errno = error;
	return false;
}

/* From the one that `at` is. */
static bool connect_list(struct target *t)
{
	for (; t->at; t->at = t->at->ai_next)
		if (connect_to(t, t->at->ai_family, t->at->ai_addr, t->at->ai_addrlen))
			return true;
	return false;
}

static bool connect_path(struct target *t)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};

	memcpy(un.sun_path, t->address->path, strlen(t->address->path) + 1); /* it fits: see parse_path */
	return connect_to(t, AF_UNIX, (const struct sockaddr *)&un, sizeof(un));
}

bool target_open(struct target *t, const struct address *a, struct lookup **held, char *why, size_t size)
{
	const char *wrong;

	*t = (struct target){.fd = -1, .address = a, .patience_us = PATIENCE_US};
	if (!a->path && (wrong = lookup_find(held, a->host, a->port, &t->list))) {
		snprintf(why, size, "%s: %s", a->text, wrong);
		t->list = NULL;
		return false;
	}
	t->at = t->list;
	if (a->path ? connect_path(t) : connect_list(t))
		return true;
	snprintf(why, size, "%s: %s", a->text, strerror(errno));
	target_close(t);
	return false;
}

bool target_next(struct target *t)
{
	struct target next = *t;

	if (t->list)
		next.at = t->at->ai_next;
	if (t->list ? !connect_list(&next) : !connect_path(&next))
		return false;
	close(t->fd);
	*t = next;
	return true;
}

static int64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* true: there may be room now. Something is counted even if it was at once, so that nobody goes round and round who is told of room that is not there. */
static bool wait_for_room(struct target *t)
{
	struct pollfd p = {.fd = t->fd, .events = POLLOUT};
	int64_t began = now_us(), took;
	int rc;

	if (t->patience_us <= 0)
		return false;
	rc = poll(&p, 1, (int)(t->patience_us / 1000) + 1);
	took = now_us() - began;
	t->patience_us -= took > 1000 || rc <= 0 ? took + 1000 : 100;
	return rc > 0 || (rc < 0 && errno == EINTR);
}

int target_send(struct target *t, const char *bytes, size_t length)
{
	int error = 0, before = 0;
	socklen_t size = sizeof(error);

	while (send(t->fd, bytes, length, MSG_NOSIGNAL) < 0) {
		if (errno == ECONNREFUSED && !before) { /* the one before was refused, and this one has not been sent */
			before = errno;
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno == ENOTCONN) /* a unix socket's receiver has gone */
			return ECONNREFUSED;
		if (errno != EAGAIN && errno != ENOBUFS)
			return errno;
		if (!wait_for_room(t))
			return ENOBUFS;
	}
	/* From this machine it is told at once that nobody listens; from others with the next one. */
	return getsockopt(t->fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error ? error : before;
}

void target_close(struct target *t)
{
	if (t->fd >= 0)
		close(t->fd);
	if (t->list)
		freeaddrinfo(t->list);
	*t = (struct target){.fd = -1};
}
