/* Private to the daemon. The network floor: listeners, connections, HTTP. See <pluq/net.h> and <pluq/http.h> for the
 * tables that it offers. */
#ifndef PLUQ__NET_H
#define PLUQ__NET_H

#include <sys/types.h>

#include <pluq/http.h>
#include <pluq/net.h>

#include "../base/loop.h"
#include "../base/pool.h"

struct pluq__net;

/* The tables given to handlers; constant. They find their struct pluq__net through struct pluq__host. */
extern const struct pluq_net pluq__net_table;
extern const struct pluq_http pluq__http_table;

/* Main. lane: where names are resolved, limited to its width (pluq__lane_limit). max_connections: accepted connections of all
 * listeners; 0: as many as descriptors allow. */
int pluq__net_new(struct pluq__net **, struct pluq__loops *, struct pluq__lane *, int64_t max_connections);

/* Main, before the loops run. The unix sockets become theirs. PLUQ_EADDRESS with `why`. */
int pluq__net_give(struct pluq__net *, uid_t, gid_t, struct pluq_why *why);

/* Main, before the loops run: accepting begins with the first turn of the loops. */
int pluq__net_start(struct pluq__net *, struct pluq_why *why);

/* Loop 0, in this order when the daemon stops. */
void pluq__net_stop_accepting(struct pluq__net *); /* closes listeners, unlinks unix sockets */
/* fn(arg) on loop 0 when no loop reads any more: nothing new comes from a connection then. */
void pluq__net_stop_reading(struct pluq__net *, void (*fn)(void *arg), void *arg);
/* Sends what is buffered (for at most 1 s per connection), closes every connection; fn(arg) on loop 0 when none is
 * left. */
void pluq__net_close_all(struct pluq__net *, void (*fn)(void *arg), void *arg);

/* Main, after the loops have ended, and the pool if names were resolved. */
void pluq__net_free(struct pluq__net **);

/* Main, before the loops run. Every HTTP server of the process, those to come included, has this route beside its own, which are
 * looked at first. Copied, but for its texts. PLUQ_EBUSY: a server that is there has that path itself; PLUQ_ENOMEM. `instance`, which
 * wants it, is for `why`. */
int pluq__net_add_route(struct pluq__net *, const char *instance, const struct pluq_http_route *, void *arg, struct pluq_why *why);
/* As pluq_http.reply, for a body that the request's Accept and Accept-Encoding have chosen, as is told to caches: with a Content-Encoding
 * (NULL: none) and without a copy of the body: release(arg) comes when it is not needed any more, perhaps within the call. */
void pluq__http_reply_by_reference(struct pluq_http_request *, uint32_t status, const char *type, const char *encoding,
    const void *body, size_t n, pluq_post_fn release, void *arg);

struct pluq__listener_figures {
	const char *instance, *what; /* whose it is; "TCP", "HTTP" ... */
	int64_t live;                /* connections */
	int64_t requesting;          /* those of them with a request that is being received or answered; -1: it is not HTTP */
	uint64_t accepted, refused;  /* since the start; refused: for want of descriptors, memory, or because of max_connections */
};
/* Loop 0. */
void pluq__net_each_listener(const struct pluq__net *, void (*fn)(void *arg, const struct pluq__listener_figures *), void *arg);

/* Any thread; for stats and limits. */
int64_t pluq__net_connections(const struct pluq__net *);

#endif
