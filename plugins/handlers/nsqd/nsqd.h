/* The nsqd handler: one instance, and what it keeps per loop. Read-only once init and start have run, but for the
 * loops' parts, each of which only its loop touches. */
#ifndef NSQD_NSQD_H
#define NSQD_NSQD_H

#include <pluq/handler.h>
#include <pluq/validator.h>

#include "options.h"
#include "pace.h"

/* What the protocol shows as the server's version: the version of the original whose protocol this is. */
#define NSQD_VERSION "1.3.0"

/* Circular list with a head; a link that is in no list points to itself. */
struct link {
	struct link *next, *prev;
};

static inline void link_init(struct link *l) { l->next = l->prev = l; }
static inline bool link_alone(const struct link *l) { return l->next == l; }
static inline void link_remove(struct link *l)
{
	l->prev->next = l->next;
	l->next->prev = l->prev;
	link_init(l);
}
static inline void link_append(struct link *head, struct link *l)
{
	l->prev = head->prev;
	l->next = head;
	head->prev->next = l;
	head->prev = l;
}

struct conn;

/* A place in a loop's list of connections: a connection's, or that of someone who goes through the list bit by bit. */
struct member {
	struct link link;
	struct conn *conn; /* NULL: a mark */
};

/* What a loop counts, for metrics.c. */
#define NSQD_COMMANDS 12
#define NSQD_ERRORS 20
#define NSQD_STATES 3
struct nsqd_figures {
	uint64_t commands[NSQD_COMMANDS];
	uint64_t errors[NSQD_ERRORS];
	int64_t connections[NSQD_STATES]; /* that live here */
};

struct nsqd_loop {
	struct nsqd_figures figures;
	struct link conns;   /* of struct member: every connection that lives here */
	struct link pressed; /* those that wait for memory pressure to end */
	bool relief_asked;   /* on_relief will call */
	struct pace pace;    /* of what validators judge in this turn for one client */
};

#define NSQD_ROUTES 19

struct lookup_peer;
struct lookup_ask;

/* What lookup*.c keeps; loop 0's. */
struct lookup {
	struct lookup_peer *peers; /* in the order of the list */
	struct lookup_ask *asks;   /* new topics that wait for channels */
	struct pluq_tls *_Atomic tls; /* of our connections to them; made on another thread. NULL: none was needed */
	bool stopping;
};

struct nsqd {
	const struct pluq_host *host;
	const struct pluq_broker *broker;
	const struct pluq_net *net;
	const struct pluq_http *http;
	const struct pluq_validators *validators; /* NULL: none */
	/* Swapped by a reload, on another thread. Whoever reads it uses what it finds within its step of a loop, and keeps nothing. */
	const struct conf *_Atomic conf;
	struct lookup lookup;
	struct pluq_limits limits; /* borrowed by the engine */
	double *percentiles; /* limits.e2e_percentiles */
	struct pluq_listener *tcp; /* NULL: off */
	struct pluq_http_server *server; /* NULL: off */
	struct pluq_http_server *https; /* NULL: off */
	/* Its parameters are swapped by a reload; NULL: not offered, until a reload finds a certificate. */
	struct pluq_tls *_Atomic tls;
	int64_t tls_required; /* TLS_*, in force since the start */
	struct pluq_http_route routes[NSQD_ROUTES]; /* borrowed by the HTTP layer */
	char hostname[256];
	struct nsqd_loop *loops; /* host->loops of them */
};

/* What is announced to others. */
const char *nsqd_broadcast_address(const struct nsqd *);
int64_t nsqd_tcp_port(const struct nsqd *);  /* the real one; -1: unix socket, 0: off */
int64_t nsqd_http_port(const struct nsqd *);

/* The text of a PLUQ_E* code. */
const char *status_text(int status);

/* http_routes.c: opens the HTTP listeners. */
int http_start(struct nsqd *, struct pluq_why *why);

#endif
