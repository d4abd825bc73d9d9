/* The lookupd handler: one instance. Listeners and tables are read-only once init has run; all else is loop 0's, or atomic. */
#ifndef LOOKUPD_LOOKUPD_H
#define LOOKUPD_LOOKUPD_H

#include <pluq/handler.h>
#include <stdatomic.h>

#include "db.h"
#include "options.h"
#include "snapshot.h"

/* What the protocol shows as the server's version: the version of the original whose protocol this is. */
#define LOOKUPD_VERSION "1.3.0"

#define LOOKUPD_ROUTES 14

/* Of a TCP connection. */
enum lookupd_state {
	LOOKUPD_INIT, /* IDENTIFY has not succeeded */
	LOOKUPD_IDENTIFIED,
	LOOKUPD_STATES
};

struct lookupd {
	const struct pluq_host *host;
	const struct pluq_net *net;
	const struct pluq_http *http;
	/* Swapped by a reload, on another thread. Whoever reads it uses what it finds within its step of the loop, and keeps nothing. */
	const struct conf *_Atomic conf;
	struct pluq_listener *tcp, *tls_tcp; /* NULL: off */
	struct pluq_http_server *server, *https; /* NULL: off */
	struct pluq_tls *tls; /* NULL: there is no certificate */
	struct pluq_http_route routes[LOOKUPD_ROUTES]; /* borrowed by the HTTP layer */
	char hostname[256];
	struct db db;
	bool walking; /* a letter to go on with the walks is under way */
	struct snapshot snapshot;
	_Atomic int64_t connections[LOOKUPD_STATES]; /* TCP; they open on any loop */
};

/* What is announced to others. */
const char *lookupd_broadcast_address(const struct lookupd *);
int64_t lookupd_tcp_port(const struct lookupd *); /* the real one, that under TLS if it is alone; -1: unix socket, 0: off */
int64_t lookupd_http_port(const struct lookupd *);
int64_t lookupd_https_port(const struct lookupd *);

/* Has it pinged in time? */
bool lookupd_active(const struct lookupd *, const struct peer *, int64_t now_ns);
/* Is it left out of /lookup for this topic? */
bool lookupd_tombstoned(const struct lookupd *, const struct entry *, int64_t now_ns);

/* http_routes.c: opens the HTTP listeners. */
int http_start(struct lookupd *, struct pluq_why *why);

#endif
