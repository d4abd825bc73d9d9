/* Bodies: a length and bytes behind a command line. */
#ifndef NSQD_BODY_H
#define NSQD_BODY_H

#include "conn.h"

enum verb { VERB_PUB, VERB_MPUB, VERB_DPUB, VERB_IDENTIFY, VERB_AUTH };

const char *verb_name(enum verb);
/* Its body; not of MPUB, which has parts. */
enum missing verb_body_missing(enum verb);

/* The messages of a publish, on their way. */
struct publish {
	struct span topic;
	const struct pluq_body *bodies;
	size_t count;
	int64_t defer_ns;
	enum verb verb;
};

/* publish.c */

/* Makes c->topic the one named (creating it). 0; PLUQ_ELATER: the connection is paused, and the same command is parsed,
 * or the intake continued, again; else PLUQ_E*. */
int topic_want(struct conn *, struct span name);
void topic_drop(struct conn *);
/* The name is valid, or that of the topic at hand. */
bool topic_name_ok(const struct conn *, struct span name);
/* Whether the client may publish to it. STEP_NEXT; STEP_STOP: as topic_open; else the error. */
enum step publish_allowed(struct conn *, enum verb verb, struct span topic);
/* As topic_want for a publish that moves the connection to the topic's home if that pays. STEP_NEXT: c->topic is the
 * one named; STEP_STOP: parsed again; STEP_CLOSE. */
enum step topic_open(struct conn *, enum verb verb, struct span name);
/* STEP_NEXT: answered, or to be answered. STEP_STOP: as topic_open. Messages
 * of their own (body.msg) are taken unless STEP_STOP is returned with c->ending unset. */
enum step publish(struct conn *, const struct publish *);
/* Forgets what was judged of a command that ends. */
void sieve_drop(struct conn *);
enum step publish_failed(struct conn *, enum verb verb, int status, const char *cause);

/* PUB and DPUB behind their line (proto_pub.c). */
enum step publish_body(struct conn *, enum verb verb, const struct line *, struct input *, int64_t defer_ns);
/* IDENTIFY and AUTH behind their line (intake.c). */
enum step small_body(struct conn *, enum verb verb, const struct line *, struct input *);

/* intake.c: a body that does not stand in the input as a whole, kept until it is there. */
struct intake {
	struct pluq_body *bodies; /* PUB, DPUB: one; MPUB: those that have arrived. Messages of their own */
	uint8_t *bytes;           /* IDENTIFY, AUTH; NULL: not kept */
	uint64_t total;           /* MPUB: body bytes so far */
	int64_t defer_ns;
	uint32_t length, received; /* of bytes, or of a body that is not kept; 0: of messages */
	uint32_t count, capacity, expected; /* of bodies */
	uint8_t verb;             /* enum verb */
	bool filling;             /* the last body is being received */
	uint8_t topic_length;
	char topic[PLUQ_NAME_MAX];
};

/* Begins one; NULL: no memory. */
struct intake *intake_new(struct conn *, enum verb verb, struct span topic, uint32_t expected);
/* Adds a message with room for length bytes, its body to be written. NULL: no memory. */
uint8_t *intake_message(struct conn *, struct intake *, uint32_t length);
/* Receives the message of length bytes whose first bytes stand at in->at straight into its body. */
enum step intake_receive(struct conn *, struct intake *, uint32_t length);
/* Lets the length bytes of the body at in->at go by: of a client that may not publish, but hears so after its body only. */
enum step intake_discard(struct conn *, struct intake *, struct input *, uint32_t length);
/* Goes on with c->intake, with what input there is. */
enum step intake_step(struct conn *, struct input *);
/* Whether c->intake waits for nothing from the client. */
bool intake_complete(const struct conn *);
/* The bytes asked for are there. */
enum step intake_received(struct conn *);
void intake_drop(struct conn *);

/* proto_mpub.c: takes what messages are in the input. */
enum step mpub_take(struct conn *, struct intake *, struct input *);

#endif
