#define _GNU_SOURCE /* strerrordesc_np */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/log.h"
#include "state.h"
#include "tls.h"

/* The kernel cuts it to net.core.somaxconn. */
#define BACKLOG 4096

static int fail(struct pluq_why *why, const char *what, const char *address, int error)
{
	const char *cause = strerrordesc_np(error);
	snprintf(why->text, sizeof why->text, "cannot listen for %s on %.140s: %s", what, address, cause ? cause : "?");
	return PLUQ_EADDRESS;
}

/* true: a process answers on that socket, or it cannot be said. */
static bool unix_in_use(const struct sockaddr_un *un)
{
	bool used = true;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return true;
	if (connect(fd, (const struct sockaddr *)un, sizeof *un) < 0 && (errno == ECONNREFUSED || errno == ENOENT))
		used = false;
	close(fd);
	return used;
}

/* What a process that was killed has left behind stands in the way of bind; only a socket is ever removed. */
static void remove_stale(const struct sockaddr_un *un)
{
	struct stat st;
	if (lstat(un->sun_path, &st) == 0 && S_ISSOCK(st.st_mode) && !unix_in_use(un))
		unlink(un->sun_path);
}

static int listen_unix(struct pluq_listener *l, const struct pluq__addr *addr)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	memcpy(un.sun_path, addr->path, sizeof un.sun_path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return errno;
	remove_stale(&un);
	if (bind(fd, (struct sockaddr *)&un, sizeof un) < 0) {
		int error = errno;
		close(fd);
		return error;
	}
	if (listen(fd, BACKLOG) < 0) {
		int error = errno;
		unlink(un.sun_path);
		close(fd);
		return error;
	}
	l->fd = fd;
	l->port = -1;
	l->is_unix = true;
	memcpy(l->shown, addr->path, sizeof addr->path);
	return 0;
}

static int bind_one(const struct addrinfo *ai, int *out)
{
	int one = 1, zero = 0, error;
	int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (ai->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof zero);
	if (bind(fd, ai->ai_addr, ai->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0) {
		*out = fd;
		return 0;
	}
	error = errno;
	close(fd);
	return error;
}

/* The first address that can be bound. `family` AF_UNSPEC: all. */
static int bind_first(const struct addrinfo *list, int family, int *fd)
{
	int error = EADDRNOTAVAIL;
	for (const struct addrinfo *ai = list; ai; ai = ai->ai_next) {
		if (family != AF_UNSPEC && ai->ai_family != family)
			continue;
		error = bind_one(ai, fd);
		if (error == 0)
			return 0;
	}
	return error;
}

static int listen_inet(struct pluq_listener *l, const struct pluq__addr *addr, const char *text, struct pluq_why *why)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
	struct addrinfo *list;
	struct sockaddr_storage ss;
	socklen_t length = sizeof ss;
	int error = getaddrinfo(*addr->host ? addr->host : NULL, addr->port, &hints, &list);
	if (error) {
		snprintf(why->text, sizeof why->text, "cannot listen for %s on %.140s: %s", l->what, text,
		    error == EAI_SYSTEM ? strerrordesc_np(errno) : gai_strerror(error));
		return PLUQ_EADDRESS;
	}
	/* Without a host, the IPv6 wildcard serves IPv4 as well. */
	error = *addr->host ? EADDRNOTAVAIL : bind_first(list, AF_INET6, &l->fd);
	if (l->fd < 0)
		error = bind_first(list, AF_UNSPEC, &l->fd);
	freeaddrinfo(list);
	if (error)
		return fail(why, l->what, text, error);
	if (getsockname(l->fd, (struct sockaddr *)&ss, &length) < 0)
		return fail(why, l->what, text, errno);
	l->port = pluq__addr_port(&ss);
	pluq__addr_text(&ss, l->shown);
	return 0;
}

static int open_listener(struct pluq_listener *l, const char *text, struct pluq_why *why)
{
	struct pluq__addr addr;
	int error = pluq__addr_parse(text, &addr, why);
	if (error)
		return error;
	if (!addr.is_unix)
		return listen_inet(l, &addr, text, why);
	error = listen_unix(l, &addr);
	return error ? fail(why, l->what, text, error) : 0;
}

/* A table shorter than the first release of it cannot be used at all. */
static bool params_ok(const struct pluq_listen *p, struct pluq_why *why)
{
	if (p->size >= sizeof *p && p->ops && p->ops->size >= sizeof *p->ops && p->max_rest <= PLUQ__REST_MAX &&
	    (!p->tls || !pluq__tls_is_client(p->tls)))
		return true;
	snprintf(why->text, sizeof why->text, "listen was called with a table that cannot be used");
	return false;
}

int pluq__listener_new(struct pluq__net *net, const struct pluq_listen *params, bool on_loop0,
    struct pluq_listener **out, struct pluq_why *why)
{
	if (!params_ok(params, why))
		return PLUQ_EINVAL;
	struct pluq_listener *l = calloc(1, sizeof *l);
	if (!l)
		return PLUQ_ENOMEM;
	l->net = net;
	l->ops = params->ops;
	l->arg = params->arg;
	l->tls = params->tls;
	l->max_rest = params->max_rest;
	l->output_limit = params->output_limit ? params->output_limit : 64 * 1024;
	l->on_loop0 = on_loop0;
	l->fd = -1;
	snprintf(l->what, sizeof l->what, "%s", params->what);
	int error = open_listener(l, params->address, why);
	if (error) {
		pluq__listener_free(&l);
		return error;
	}
	l->next = net->listeners;
	net->listeners = l;
	pluq__log(PLUQ_INFO, "net", "%s: listening on %s", l->what, l->shown);
	*out = l;
	return 0;
}

int pluq__listener_give(const struct pluq_listener *l, uid_t user, gid_t group, struct pluq_why *why)
{
	if (!l->is_unix || lchown(l->shown, user, group) == 0)
		return 0;
	snprintf(why->text, sizeof why->text, "%.140s: cannot be given to the user: %s", l->shown, strerrordesc_np(errno));
	return PLUQ_EADDRESS;
}

void pluq__listener_close(struct pluq_listener *l)
{
	if (l->fd < 0)
		return;
	if (l->is_unix)
		unlink(l->shown);
	close(l->fd);
	l->fd = -1;
}

void pluq__listener_free(struct pluq_listener **l)
{
	if (!*l)
		return;
	pluq__listener_close(*l);
	free(*l);
	*l = NULL;
}
