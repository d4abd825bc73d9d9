/* Private to daemon/net. What the network floor keeps: of the process, per loop, per listener. */
#ifndef PLUQ__NET_STATE_H
#define PLUQ__NET_STATE_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdatomic.h>

#include "../base/clock.h"
#include "../base/complaint.h"
#include "../base/loop.h"
#include "addr.h"
#include "net.h"

struct pluq__chunk;
struct pluq__http_extra;
struct pluq__lookup;
struct pluq__scratch;
struct pluq__spent;
struct pluq__upgrade;

/* The receive buffer of a loop: one for all its connections. A connection's rest is at most half of it, so that there
 * is always room to read behind the rest. */
#define PLUQ__RECEIVE_BUFFER (256 * 1024)
#define PLUQ__REST_MAX (PLUQ__RECEIVE_BUFFER / 2)

/* What a loop keeps for its connections; touched on that loop only. */
struct pluq__net_loop {
	struct pluq__net *net;
	struct pluq__loop *loop;
	struct pluq_conn *conns;    /* those that live here, first of a list */
	struct pluq__lookup *lookups; /* names being resolved */
	struct pluq__chunk *chunks; /* free output chunks */
	unsigned chunk_count;
	uint8_t *buffer;            /* PLUQ__RECEIVE_BUFFER bytes */
	struct pluq__scratch *scratch; /* scratch.h; NULL: not wanted so far */
	struct pluq__upgrade *shaking, *shaking_last; /* handshakes that wait for their step, first come, first served */
	struct pluq__turn shake;    /* makes the steps */
	uint64_t shake_turn;        /* the turn of the loop that shake_left_ns is of */
	int64_t shake_left_ns;
	struct pluq__complaint tls_complaint;
	bool reading_stopped;
	bool closing;
	struct pluq__mail stop_mail, close_mail;
};

struct pluq_listener {
	struct pluq_listener *next;
	struct pluq__net *net;
	const struct pluq_conn_ops *ops;
	void *arg;
	uint32_t max_rest;
	uint32_t output_limit;
	struct pluq_tls *tls; /* NULL: none */
	bool on_loop0; /* its connections stay on loop 0 */
	bool is_unix;
	int fd;        /* -1: closed */
	const char *instance;   /* whose it is; constant */
	struct pluq__spent *spent; /* whose it is, per loop; NULL: nobody counts */
	_Atomic int64_t live;   /* connections of it */
	int64_t requesting;     /* HTTP: those of them with a request that is being received or answered; loop 0 */
	uint64_t accepted, refused; /* since the start; loop 0 */
	int32_t port;
	struct event event; /* loop 0 */
	char what[16];
	char shown[sizeof(((struct pluq__addr *)0)->path)]; /* the address really listened on */
};

struct pluq__net {
	struct pluq__loops *loops;
	struct pluq__lane *lane;         /* where names are resolved */
	struct pluq__net_loop *per_loop; /* array of loops->count */
	struct pluq_listener *listeners;
	struct pluq_http_server *servers;
	struct pluq__http_extra *extras; /* array: routes of every server */
	size_t extra_count;
	_Atomic(struct pluq_tls *) tls;  /* all there are, first of a list */

	/* accepting: loop 0 */
	int64_t max_connections;
	int spare_fd; /* given up to accept and close one connection when descriptors are used up; -1: none to be had */
	unsigned next_loop;
	struct pluq__timer accept_again;
	struct pluq__complaint limit_complaint, descriptor_complaint, memory_complaint;

	/* stopping */
	_Atomic int reading_loops; /* loops that have not yet been told to read no more */
	struct pluq__mail none_reads;
	void (*unread_fn)(void *arg);
	void *unread_arg;

	_Atomic int64_t live;    /* connections, until their descriptor is closed */
	_Atomic int64_t clients; /* those of them that were accepted */
	_Atomic bool closing;
	atomic_flag told;     /* the letter that says "none left" is on its way */
	struct pluq__mail none_left;
	void (*closed_fn)(void *arg);
	void *closed_arg;
};

static inline struct pluq__net_loop *pluq__net_loop(const struct pluq__loop *l)
{
	return l->net;
}

/* listener.c. Main, in init. on_loop0: its connections stay on loop 0. */
int pluq__listener_new(struct pluq__net *, const struct pluq_listen *, bool on_loop0, struct pluq_listener **out,
    struct pluq_why *why);
int pluq__listener_give(const struct pluq_listener *, uid_t, gid_t, struct pluq_why *why); /* a unix socket's file */
void pluq__listener_close(struct pluq_listener *); /* closes, unlinks a unix socket; may be called again */
void pluq__listener_free(struct pluq_listener **);

/* accept.c. Main before the loops run; then loop 0. */
int pluq__accept_start(struct pluq__net *, struct pluq_why *why);
void pluq__accept_stop(struct pluq__net *);

#endif
