/* Consumers of the engine that a test has up (engine_rig.h); they note what they get. */
#ifndef CONSUMER_RIG_H
#define CONSUMER_RIG_H

#include <stdbool.h>
#include <stdint.h>

#include "../../daemon/base/loop.h"
#include "../../daemon/broker/broker.h"

struct got {
	int body;
	uint16_t attempts;
	uint8_t id[16];
	int64_t timestamp_ns, at_ns;
};

struct consumer {
	int loop;
	struct pluq_sub *sub; /* NULL: none, or ended */
	struct got *_Atomic got;
	struct got_block *blocks;
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
	struct consumer *next;
};

/* Not subscribed yet: timeouts of 60 s, no sampling, takes all, finishes nothing by itself. */
struct consumer *consumer_new(void);
int subscribe(struct consumer *, struct pluq_topic *, const char *channel);
/* The same within a step of the topic's home; the status is the consumer's. */
void consumer_place(struct consumer *, struct pluq_topic *, const char *channel);
void subscribe_here(struct consumer *);
/* A new one that is subscribed and ready for `ready`; must succeed. `consume` finishes everything, `hold` nothing. */
struct consumer *consume(struct pluq_topic *, const char *channel, int64_t ready);
struct consumer *hold(struct pluq_topic *, const char *channel, int64_t ready);
void set_ready(struct consumer *, int64_t ready);
void unblock(struct consumer *);
void unsubscribe(struct consumer *);
/* All that there are; what they have got can still be read. For the engine's rig. */
void consumers_close(void);
/* When the engine is gone. For the engine's rig. */
void consumers_free(void);

/* Of the n-th got. */
int finish(struct consumer *, int n);
int requeue(struct consumer *, int n, int64_t delay_ns);
int touch(struct consumer *, int n);
struct pluq_sub_stats sub_stats(struct consumer *);

bool has_got(struct consumer *, int count); /* waits */
/* Waits until it has got so many, whose bodies are first, first + 1, ... */
bool gets(struct consumer *, int first, int count);
/* It has these, and after a turn of every loop it still has no more. */
bool has_only(struct consumer *, int count);

#endif
