/* bench/bench.h: what every mode of the load generator shares. One thread; any failure ends the program with a line. */
#ifndef PLUQ_BENCH_H
#define PLUQ_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "../client/address.h"
#include "report.h"

/* As given on the command line; 0 means: the mode's own default. */
struct bench_options {
	const char *address, *http; /* http NULL: topics are left behind */
	const char *label;          /* of the server, for the report */
	pid_t pid;                  /* 0: CPU and memory of the server are not told */
	uint64_t size;              /* bytes of a body */
	uint64_t connections;       /* publishers; or idle connections; or brokers */
	uint64_t outstanding;       /* commands in the pipe of each publisher */
	uint64_t batch;             /* messages per MPUB */
	uint64_t count;             /* messages per round; or topics */
	uint64_t rounds;
	uint64_t consumers, ready;
	uint64_t channels;
	uint64_t rate;              /* messages per second */
	uint64_t seconds;
	uint64_t lead;              /* seconds from the first deferred message published to the first one due */
	bool json;
	bool tls, snappy, deflate;  /* of every connection */
	bool text;                  /* bodies are text, and not all the same */
	bool resume;                /* handshakes resume a session */
	const char *secret;         /* for AUTH; NULL: none */
};

struct bench {
	struct bench_options opt;
	struct pluqc_addresses server;
	struct report report;
	uint8_t *bodies; /* BENCH_BODIES of opt.size bytes */
	struct ssl_ctx_st *tls; /* OpenSSL's context of the connections; NULL: not yet */
};

/* A mode of the program: reports its rows. */
struct bench_mode {
	const char *name;
	void (*run)(struct bench *);
	struct bench_options defaults;
	const char *help;
};

/* One per file of that name. */
extern const struct bench_mode mode_pub, mode_mpub, mode_sub, mode_latency, mode_memory, mode_disk, mode_timers,
    mode_idle_connections, mode_idle_topics, mode_discovery, mode_handshakes, mode_scrape, mode_null_server;

/* Prints one line to standard error and ends with status 1. */
void bench_fail(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

void *bench_alloc(size_t count, size_t size); /* zeroed; never NULL */
int64_t bench_now_ns(void);                   /* monotonic */

/* The i-th message's: bytes that do not compress, the same for all; with opt.text what events in JSON look like. */
#define BENCH_BODIES 1024
const uint8_t *bench_body(const struct bench *, uint64_t i);
void bench_make_bodies(struct bench *);

#define BENCH_CHANNEL "c"
#define BENCH_NAME_ROOM 65

/* A topic name of its own for every process and call. */
void bench_topic_name(char name[BENCH_NAME_ROOM]);
void bench_make_channel(const struct bench *, const char *topic); /* creates topic and channel, by subscribing once */
void bench_drop_topic(const struct bench *, const char *topic);   /* if the server's HTTP address was given */

#endif
