/* <pluq/validator.h>: the validator kind: which messages are let in.
 *
 * A validator judges each message on the topics that its `topics` name, before the message is accepted. Validators are asked in the
 * configured order; the first that does not accept decides.
 */
#ifndef PLUQ_VALIDATOR_H
#define PLUQ_VALIDATOR_H

#include <pluq/broker.h>
#include <pluq/host.h>

#ifdef __cplusplus
extern "C" {
#endif

enum pluq_judgement {
	PLUQ_ACCEPT = 0,
	PLUQ_REJECT = 1, /* with a reason */
	PLUQ_DIVERT = 2  /* it goes to another topic instead; without one named, to <topic>.rejected */
};

/* What happens to a rejected message; the option on_reject. */
enum { PLUQ_ON_REJECT = 0, PLUQ_ON_REJECT_DROP = 1, PLUQ_ON_REJECT_DIVERT = 2 };

/* A message; borrowed for the call. */
struct pluq_candidate {
	uint32_t size;
	uint32_t loop;       /* the loop that asks: several ask at once */
	const char *topic;   /* terminated */
	size_t topic_length;
	const uint8_t *body;
	size_t length;
};

/* Filled by judge. */
struct pluq_finding {
	char reason[256]; /* PLUQ_REJECT, PLUQ_E*: for people, UTF-8, terminated, no line break; the daemon mends what is not */
	char topic[PLUQ_NAME_MAX + 1]; /* PLUQ_DIVERT; "": the standard one */
};

/* What every validator has as options: the first member of its conf, and PLUQ_VALIDATOR_OPTIONS first in its table. The daemon
 * looks at it. */
struct pluq_validator_conf {
	struct pluq_strings topics; /* globs: * ? [..]; none: every topic */
	int64_t on_reject;          /* PLUQ_ON_REJECT ... */
	const char *divert_to;      /* on_reject: divert; "": <topic>.rejected */
};

#define PLUQ_VALIDATOR_OPTIONS                                                                                         \
	{.key = "topics", .type = PLUQ_OPT_STRINGS, .flags = PLUQ_OPT_RELOAD,                                          \
	    .offset = offsetof(struct pluq_validator_conf, topics),                                                    \
	    .help = "topics it judges, with * ? and [..]; none means every topic"},                                    \
	{.key = "on_reject", .type = PLUQ_OPT_ENUM, .standard = "reject", .words = "reject|drop|divert",               \
	    .flags = PLUQ_OPT_RELOAD, .offset = offsetof(struct pluq_validator_conf, on_reject),                       \
	    .help = "what becomes of a message that is not accepted: its publisher gets an error, for a batch as a "   \
	            "whole; it is dropped; or it goes to another topic"},                                              \
	{.key = "divert_to", .type = PLUQ_OPT_STRING, .flags = PLUQ_OPT_RELOAD,                                        \
	    .offset = offsetof(struct pluq_validator_conf, divert_to),                                                 \
	    .help = "the topic for on_reject: divert; empty means the topic's name with .rejected behind it"}

struct pluq_validator_ops {
	uint32_t size;
	uint32_t flags; /* 0 */
	/* Any loop, several at once; must not block. Returns an enum pluq_judgement; or PLUQ_E*: it cannot be judged at present (no memory,
	 * say), and is refused with an error whatever on_reject says, since it may be a good one. */
	int (*judge)(void *self, const struct pluq_candidate *, struct pluq_finding *);
	/* Loop, once on each before it judges there, and after each reload; for state that each loop has of its own. May be NULL.
	 * PLUQ_E*: the loop refuses everything, with errors, until it succeeds. */
	int (*loop_begin)(void *self, uint32_t loop);
};

/* For handlers. */

struct pluq_validation; /* the validators of one topic */

/* One message of a batch, judged. */
struct pluq_judged {
	uint32_t judgement;    /* PLUQ_ACCEPT; PLUQ_REJECT: with the whole batch, or alone if `drop`; PLUQ_DIVERT: to `topic` */
	bool drop;             /* PLUQ_REJECT: on_reject is drop */
	const char *validator; /* instance that decided; NULL: accepted */
	struct pluq_finding finding;
};

struct pluq_validators {
	uint32_t size;
	/* Loop. Those that judge messages of this topic; NULL: none does. Good on this loop as long as `epoch` says what it said before
	 * this call; else ask again before the next message. */
	const struct pluq_validation *(*of)(const struct pluq_host *, const char *topic, size_t length);
	uint64_t (*epoch)(const struct pluq_host *); /* any thread; changes when `of` may answer otherwise */
	/* Loop. Judges one message and counts the verdict. */
	void (*judge)(const struct pluq_validation *, const uint8_t *body, size_t length, struct pluq_judged *out);
};

#ifdef __cplusplus
}
#endif
#endif
