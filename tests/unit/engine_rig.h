/* For the tests of daemon/broker: a whole engine on one or more loops with a mock of storage, and calls that drive it from the
 * thread of the test by the table that handlers use. Each call is one step on the loop where it belongs and returns once
 * that has been done, and answered if it is to be. */
#ifndef ENGINE_RIG_H
#define ENGINE_RIG_H

#include "../../daemon/base/host.h"
#include "../../daemon/broker/broker.h"
#include "loop_rig.h"
#include "mock_storage.h"

#define MS INT64_C(1000000)
#define SEC INT64_C(1000000000)

struct engine {
	struct pluq__loops loops;
	struct pluq__pool *pool;
	struct pluq__broker *broker;
	struct pluq__host host;
	struct pluq_limits limits;
	struct mock_storage storage;
	bool stopped;
	uint64_t lost;
};

/* Fills in what a test may change before engine_up: limits (100 in memory), storage. */
void engine_init(struct engine *);
void engine_up(struct engine *, int loops);
/* Drains and stops as the daemon does; the storage stays, for another engine_up. Returns what was lost. */
uint64_t engine_down(struct engine *);
/* Also frees the storage. 0, or -1 if the engine is up, or the storage saw its contract broken (which it prints). */
int engine_fini(struct engine *);

/* ---- topics, publishing ---- */

struct pluq_topic *topic_on(struct engine *, int loop, const char *name); /* a reference; drop it with topic_drop */
int topic_status(struct engine *, int loop, const char *name, bool create);
void topic_drop(struct pluq_topic *);

/* A publish, perhaps still open. */
struct pub {
	struct engine *engine;
	int loop;
	struct pluq_topic *topic;
	int first, count;  /* bodies are the numbers from first on */
	int64_t defer_ns;
	int status;        /* PLUQ_ELATER until it is answered; loop's until `answered` */
	_Atomic int answered;
	struct pluq_why why;
};

/* Begins it; a status other than PLUQ_ELATER is final. */
void pub_begin(struct pub *, struct engine *, int loop, struct pluq_topic *, int first, int count, int64_t defer_ns);
int pub_wait(struct pub *);
/* Both. */
int publish(struct engine *, int loop, struct pluq_topic *, int first, int count);
int publish_deferred(struct engine *, int loop, struct pluq_topic *, int body, int64_t defer_ns);

/* ---- consuming ---- */

struct got {
	int body;
	uint16_t attempts;
	uint8_t id[16];
	int64_t timestamp_ns, at_ns;
};

struct consumer {
	struct engine *engine;
	int loop;
	struct pluq_sub *sub; /* NULL: none, or ended */
	struct got *got;
	size_t room;
	_Atomic int count;    /* of got */
	_Atomic int ended;
	bool finishes;        /* finishes what it gets at the end of the turn */
	int takes;            /* so many more are taken, then none; -1: all */
	size_t largest;       /* batch offered */
	int finished;         /* of got, by itself */
	struct pluq__turn turn;
	const char *channel;
	struct pluq_topic *topic;
	struct pluq_sub_params params;
	int status;
};

/* Zeroed but for timeouts of 60 s, no sampling, takes all. */
void consumer_init(struct consumer *, struct engine *);
int subscribe(struct consumer *, struct pluq_topic *, const char *channel);
/* Subscribes, finishes everything, ready for `ready`; must succeed. */
void consume(struct consumer *, struct engine *, struct pluq_topic *, const char *channel, int64_t ready);
void set_ready(struct consumer *, int64_t ready);
void unblock(struct consumer *);
void unsubscribe(struct consumer *);
void consumer_fini(struct consumer *);
/* Of the n-th got. */
int finish(struct consumer *, int n);
int requeue(struct consumer *, int n, int64_t delay_ns);
int touch(struct consumer *, int n);
struct pluq_sub_stats sub_stats(struct consumer *);
bool has_got(struct consumer *, int count); /* waits */
/* The bodies got are first, first + 1, ... */
bool got_in_order(struct consumer *, int first, int count);

/* ---- asking ---- */

int admin(struct engine *, int loop, enum pluq_admin what, const char *topic, const char *channel);
/* false: no such channel. */
bool channel_stats(struct engine *, const char *topic, const char *channel, struct pluq_channel_stats *out);
bool topic_stats(struct engine *, const char *topic, struct pluq_topic_stats *out);
/* Waits until the channel has so many in flight and deferred, and depth. */
bool channel_becomes(struct engine *, const char *topic, const char *channel, int64_t depth, int64_t in_flight,
    int64_t deferred);
bool topic_becomes(struct engine *, const char *topic, int64_t depth);
struct pluq_health health(struct engine *);
/* A turn of every loop, and what it posts. */
void settle(struct engine *);

/* A test whose *state is the number of loops: engine_up(&e, LOOPS). */
#define LOOPS ((int)(intptr_t)*state)
#define TEST_ON(loops, fn)                                                                                             \
	{                                                                                                              \
		#fn " on " #loops, fn, setup, teardown, (void *)(intptr_t)(loops)                                      \
	}

#endif
