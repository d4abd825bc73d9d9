/* Private to daemon/validate. What the process has of it, and each loop. */
#ifndef PLUQ__VALIDATE_CORE_H
#define PLUQ__VALIDATE_CORE_H

#include <pthread.h>
#include <stdatomic.h>

#include "../base/complaint.h"
#include "rules.h"
#include "validate.h"

/* Topics that a loop keeps the chain and the counts of; of more, those that nothing was published to for longest give up their
 * place, and their counts go to those of no topic. */
#define PLUQ__TOPICS_MOST 4096

/* Small messages of which one is timed: reading the clock twice takes about as long as judging one. */
#define PLUQ__TIMED 16
#define PLUQ__SMALL 4096

/* How a verdict is counted. */
enum { PLUQ__ACCEPTED, PLUQ__REJECTED, PLUQ__DROPPED, PLUQ__DIVERTED, PLUQ__FAILED, PLUQ__VERDICTS };

/* One validator. */
struct pluq__judge {
	const char *instance;
	const struct pluq_validator_ops *ops;
	void *const *self;
	void *const *conf;
};

/* A topic on one loop. */
struct pluq_validation {
	struct pluq__validate_loop *loop;
	struct pluq_validation *next;  /* of the same bucket */
	uint64_t *counts;              /* [validator][PLUQ__VERDICTS] */
	uint16_t *chain;               /* validators that judge it, in order */
	uint32_t chain_count;
	uint32_t hash;
	uint64_t generation;           /* of the rules that the chain is from */
	bool used;                     /* since the clock's hand was here */
	uint8_t length;
	char name[PLUQ_NAME_MAX + 1];
};

/* A validator on one loop. */
struct pluq__judge_here {
	bool begun;        /* loop_begin has succeeded since the last reload */
	int64_t again_ns;  /* when it is tried again */
	int64_t spent_ns;  /* within judge, in all; of small messages from one in PLUQ__TIMED */
	uint32_t small;    /* small messages so far */
	struct pluq__complaint slow, refuses, cannot;
};

struct pluq__validate_loop {
	struct pluq__validate *core;
	uint32_t index;
	uint64_t generation; /* of `rules`; 0: none yet */
	struct pluq__rules *rules;
	struct pluq__judge_here *judges; /* per validator */
	struct pluq_validation **buckets, **topics;
	uint32_t bucket_count, topic_count, hand;
	uint64_t *others;                 /* counts of topics that gave up their place */
	struct pluq_validation refusing; /* stands for a topic there is no memory for */
	struct pluq__mail mail;
	_Atomic bool mailed;
};

struct pluq__validate {
	struct pluq__loops *loops;
	int64_t slow_ns;
	struct pluq__judge *judges;
	size_t count;
	struct pluq__validate_loop *on; /* per loop */
	pthread_mutex_t mutex;          /* of rules and their generation */
	struct pluq__rules *rules;
	_Atomic uint64_t generation;    /* rises with every reload */
	_Atomic uint64_t epoch;         /* and this one also when a chain that is kept is good no more: its topic gave up its
	                                 * place or is gone, or there was no memory */
	bool source;                    /* of metrics, made */
};

static inline struct pluq__validate *pluq__validate_of(const struct pluq_host *h)
{
	return pluq__host(h)->validate;
}

/* topics.c. Loop. The topic's place, with the chain as it is now; NULL: no memory. */
struct pluq_validation *pluq__validation_get(struct pluq__validate_loop *, const char *topic, size_t length);
/* Loop. The topic is gone, and its counts with it. */
void pluq__validation_forget(struct pluq__validate_loop *, const char *topic, size_t length);
int pluq__validate_topics_init(struct pluq__validate_loop *);
void pluq__validate_topics_fini(struct pluq__validate_loop *);

/* core.c. Loop. Takes the rules that are in force now, and begins with those validators that have to be begun with. */
void pluq__validate_settle(struct pluq__validate_loop *);
/* Whether the validator may be asked here. */
bool pluq__judge_begun(struct pluq__validate_loop *, size_t judge);

#endif
