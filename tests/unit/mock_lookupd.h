/* A daemon for the lookupd handler to run in without one: one connection at a time over plain memory, a clock that stands still. */
#ifndef MOCK_LOOKUPD_H
#define MOCK_LOOKUPD_H

#include <pluq/handler.h>

#include "../../plugins/handlers/lookupd/lookupd.h"
#include "../../plugins/handlers/lookupd/text.h"

struct pluq_conn {
	const struct pluq_conn_ops *ops;
	void *user;
	struct text in, out; /* not used by the handler yet; sent by it */
	struct text scratch; /* reserved */
	int move_to;         /* -1: none */
	int paused;
	bool closing, closed;
	int64_t write_timeout_ns, peer_timeout_ns;
	size_t pending;      /* what conn_pending says: a test sets it to play a slow peer */
};

struct mock_lookupd {
	struct pluq_host host;
	struct pluq_net net;
	struct pluq_http http;
	struct conf conf;
	struct lookupd lookupd;
	int64_t now_ns;
	int32_t loop; /* that runs now */
	struct {
		pluq_timer_fn fn; /* NULL: there is none */
		void *arg;
		int64_t at_ns;
	} timer; /* of the connection's magic */
};

/* Everything in `m` begins anew. */
void mock_lookupd_start(struct mock_lookupd *m);
/* Every connection is closed. */
void mock_lookupd_stop(struct mock_lookupd *m);

/* A peer has connected, on loop 1. */
struct pluq_conn *mock_lookupd_open(struct mock_lookupd *m);
/* Bytes from it. */
void mock_lookupd_feed(struct mock_lookupd *m, struct pluq_conn *, const void *bytes, size_t n);
void mock_lookupd_eof(struct mock_lookupd *m, struct pluq_conn *);
/* Time passes. */
void mock_lookupd_advance(struct mock_lookupd *m, int64_t ns);
/* Closes it if it is not; then it is gone. */
void mock_lookupd_free(struct pluq_conn *);

#endif
