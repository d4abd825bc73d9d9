/* bench/peers.h: a set of connections to the server, driven by one epoll. */
#ifndef PLUQ_BENCH_PEERS_H
#define PLUQ_BENCH_PEERS_H

#include "../client/conn.h"
#include "bench.h"
#include "coat.h"

struct peer {
	struct pluqc_conn conn;
	struct coat *coat; /* NULL: none. What is in conn.out goes through it with the next flush */
	bool dressing;    /* what comes behind an answer is for another coat */
	bool holding;     /* ... and has to wait for it */
	bool wants_out;   /* watched for room to send */
	uint64_t answers; /* responses so far, heartbeats not counted */
	uint64_t sent;    /* the mode's own: commands sent that will be answered */
};

struct peers {
	int epoll;
	struct peer *list;
	size_t count;
	const struct bench_options *options;
	/* Set by the mode after peers_open; may stay NULL. on_batch comes after everything one read has brought; what
	 * both put into conn.out is sent then. */
	void (*on_message)(void *arg, struct peer *, const struct pluqc_message *);
	void (*on_batch)(void *arg, struct peer *);
	void *arg;
};

/* Connects n and has them identified, dressed and authorized as the options say. */
void peers_open(struct peers *, const struct bench *, uint64_t n);
void peers_close(struct peers *);

/* Subscribes all to the topic's channel, ready for `ready` messages (0: none yet). */
void peers_subscribe(struct peers *, const char *topic, uint64_t ready);
void peers_ready(struct peers *, uint64_t ready);

/* CLS, and waits until the server has answered it: then it has worked off every FIN before. */
void peers_finish(struct peers *);

/* Waits for events, at most timeout_ms (-1: for ever), and handles them; heartbeats are answered. */
void peers_turn(struct peers *, int timeout_ms);

/* Sends what is in conn.out. */
void peer_flush(struct peers *, struct peer *);
void peer_write(struct peers *, struct peer *, const void *bytes, size_t n); /* see pluqc_conn_write */

/* Turns until every peer has had that many answers. */
void peers_await(struct peers *, uint64_t answers);

#endif
