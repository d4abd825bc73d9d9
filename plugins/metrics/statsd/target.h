/* Where datagrams go. One thread at a time. */
#ifndef STATSD_TARGET_H
#define STATSD_TARGET_H

#include <stdbool.h>
#include <stdint.h>

#include "lookup.h"

/* As it is configured; constant. */
struct address {
	char *text;           /* as it was written */
	char *host, *port;    /* UDP; else NULL. No host: this machine */
	const char *path;     /* of a unix socket, in text; else NULL */
};

/* "host:port", "[v6]:port", "unix:///path" or a path. NULL, or what is wrong with it, for people (constant); nothing is owed then. */
const char *address_parse(struct address *, const char *text);
void address_fini(struct address *);

/* An open socket. Zero-initialised with fd -1 it is none. */
struct target {
	int fd;
	const struct address *address; /* borrowed */
	struct addrinfo *list, *at;    /* UDP: all that the name stands for, and the one that is used; else NULL */
	int64_t patience_us;           /* how long it may still be waited for room */
};

/* Finds the name's addresses (see lookup.h) and connects. false: why says what is wrong. */
bool target_open(struct target *, const struct address *, struct lookup **held, char *why, size_t size);
/* After ECONNREFUSED: the next of the name's addresses, or whoever listens at the path now. false: there is none, and it stays with the
 * one it has. */
bool target_next(struct target *);
/* 0, or errno. ECONNREFUSED: this one or the one before came to somewhere where nobody takes it; it may be sent again. */
int target_send(struct target *, const char *bytes, size_t length);
void target_close(struct target *);

#endif
