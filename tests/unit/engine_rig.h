/* For the tests of daemon/broker: a whole engine on one or more loops with a mock of storage, and calls that drive it from the
 * thread of the test by the table that handlers use. Each call is one step on the loop where it belongs and returns once
 * that has been done, and answered if it is to be.
 *
 * There is one engine at a time. What a test makes here (topics, publishes, requests, consumers) it need not end: the teardown
 * closes it, stops the engine, and fails the test if other messages were lost than it says, or the storage saw its contract broken. The clocks
 * stand (fake_clock.h) while the engine is up. */
#ifndef ENGINE_RIG_H
#define ENGINE_RIG_H

#include "../../daemon/base/host.h"
#include "../../daemon/broker/broker.h"
#include "consumer_rig.h"
#include "fake_clock.h"
#include "loop_rig.h"
#include "mock_storage.h"

#define MS INT64_C(1000000)
#define SEC INT64_C(1000000000)

struct engine {
	struct pluq__loops loops;
	struct pluq__pool *pool;
	struct pluq__broker *broker; /* NULL: it is not up */
	struct pluq__host host;
	struct pluq_limits limits;   /* a test may change them, and the storage, before engine_up */
	struct mock_storage storage;
	bool stopped;
	uint64_t lost;
	uint64_t loses;              /* what the teardown expects to be lost: 0, unless a test says more */
};

extern struct engine e;

/* A test that runs on so many loops: LOOPS in it; LAST is another one than 0, if there is one. */
#define TEST_ON(loops, fn)                                                                                             \
	{                                                                                                              \
		#fn " on " #loops, fn, setup, teardown, (void *)(intptr_t)(loops)                                      \
	}
#define LOOPS ((int)(intptr_t)*state)
#define LAST (e.loops.count - 1)

int setup(void **state);
int teardown(void **state);

void engine_up(int loops);
/* engine_up with so many messages in memory per queue, and a topic "t" from loop 0. */
struct pluq_topic *engine_with_topic(int loops, int64_t mem_queue_size);
/* Drains and stops as the daemon does, with its consumers; the storage stays, for another engine_up. Returns what was lost. */
uint64_t engine_down(void);
/* The same once every consumer has been closed. */
uint64_t engine_end(void);
/* What is left of an engine that the test itself has drained and stopped. */
void engine_dismantle(void);
/* A turn of every loop, and what it posts. */
void settle(void);
/* clock_leap on the engine's loops. */
void leap(int64_t ns);
/* Lets the pauses between the broker's tries pass until fn(arg) says true; false after 20 s. */
bool until_after_pauses(bool (*fn)(void *arg), void *arg);
/* Memory for what the engine calls back into; it stays until the engine is gone, whatever becomes of the test. */
void *keep(size_t size);

/* ---- topics, publishing ---- */

/* The topic, made if there is none. */
struct pluq_topic *topic_on(int loop, const char *name);
int topic_status(int loop, const char *name, bool create);
/* Gives it back before the test ends. */
void topic_drop(struct pluq_topic *);

/* A topic is made that nobody holds; topic-0, topic-1 ... in one step. */
void make_topic(const char *name);
void make_topics(int count);

/* A topic_on that is not waited for. */
struct finding {
	const char *name;
	bool create;
	int status; /* PLUQ_ELATER until it is answered */
	struct pluq_topic *topic;
	_Atomic int answered;
	struct finding *next;
};

struct finding *find_topic(int loop, const char *name);

/* A publish, perhaps still open. */
struct pub {
	struct pluq_topic *topic;
	int first, count;  /* bodies are the numbers from first on */
	int64_t defer_ns;
	int status;        /* PLUQ_ELATER until it is answered; loop's until `answered` */
	_Atomic int answered;
	struct pluq_why why;
};

/* Begins it; a status other than PLUQ_ELATER is final. */
struct pub *pub_begin(int loop, struct pluq_topic *, int first, int count);
int pub_wait(struct pub *);
/* Both. */
int publish(int loop, struct pluq_topic *, int first, int count);
int publish_deferred(int loop, struct pluq_topic *, int body, int64_t defer_ns);

/* ---- asking ---- */

/* An admin request that is not waited for. */
struct request {
	enum pluq_admin what;
	const char *topic, *channel;
	int status;
	_Atomic int answered;
};

struct request *request(int loop, enum pluq_admin what, const char *topic, const char *channel);
/* On loop 0, by a step that is there. */
struct request *request_here(enum pluq_admin what, const char *topic, const char *channel);
int request_wait(struct request *); /* some time passes, if a save is gathered for it */
/* Both. */
int admin(int loop, enum pluq_admin what, const char *topic, const char *channel);

/* false: no such channel. */
bool channel_stats(const char *topic, const char *channel, struct pluq_channel_stats *out);
bool topic_stats(const char *topic, struct pluq_topic_stats *out);
/* Waits until the channel has so many in flight and deferred, and depth. */
bool channel_becomes(const char *topic, const char *channel, int64_t depth, int64_t in_flight, int64_t deferred);
bool topic_becomes(const char *topic, int64_t depth);
struct pluq_health health(void);
/* The queue in storage. */
struct mock_queue *queue_of(const char *name);

#endif
