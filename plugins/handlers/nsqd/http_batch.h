/* The messages of an HTTP request on their way into a topic. On loop 0. */
#ifndef NSQD_HTTP_BATCH_H
#define NSQD_HTTP_BATCH_H

#include "http_args.h"
#include "sieve.h"

struct batch {
	struct nsqd *nsqd;
	struct pluq_http_request *req;
	struct pluq_topic *topic;
	char name[PLUQ_NAME_MAX + 1];
	size_t name_length;
	const uint8_t *at, *end; /* what is still to be published, of the request's body */
	int64_t defer_ns;
	uint32_t stale; /* times the topic was found deleted */
	bool many;      /* it is a batch: errors name the message */
	bool judged;    /* judge has run, and the validators have */
	const uint8_t *first; /* of the messages, while the validators look at them */
	struct sieve sieve;
	size_t index;   /* of the next message */
	/* Called once the topic is there. false: it has answered the request. */
	bool (*judge)(struct batch *);
	/* Takes the next message from at; false: there is none. */
	bool (*next)(struct batch *, struct pluq_body *);
};

/* Runs to the answer: topic, judge, messages. */
void batch_start(struct nsqd *, struct pluq_http_request *, const struct name_arg *topic, bool many,
    bool (*judge)(struct batch *), bool (*next)(struct batch *, struct pluq_body *));

#endif
