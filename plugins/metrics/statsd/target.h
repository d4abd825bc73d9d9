/* Where datagrams go. One thread at a time. */
#ifndef STATSD_TARGET_H
#define STATSD_TARGET_H

#include <netdb.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
	struct addrinfo *list, *at; /* UDP: all that the name stands for, and the one that is used */
	int64_t patience_us;        /* how long it may still be waited for room */
};

/* Finds the name's addresses, which may take as long as it takes, and connects. false: why says what is wrong. */
bool target_open(struct target *, const struct address *, char *why, size_t size);
/* The next of the addresses, if there is one: nobody takes anything at the one before. */
bool target_next(struct target *);
/* 0, or errno. ECONNREFUSED: this one or the one before came to somewhere where nobody takes it; it may be sent again. */
int target_send(struct target *, const char *bytes, size_t length);
void target_close(struct target *);

#endif
