/* Answers in command order.
 *
 * A command whose answer is not known yet takes a slot of a bounded ring, and so does every answered command after it,
 * until all before it are known. While no slot is taken answers are written directly. The ring is allocated when the
 * first answer is late, or may be, and freed when the connection has been idle.
 */
#ifndef NSQD_ANSWERS_H
#define NSQD_ANSWERS_H

#include <stdbool.h>
#include <stdint.h>

#include "frame.h"
#include "step.h"
#include "text.h"

/* Open answers per connection. More would only deepen the queue of a client that is not slowed down by it: one slot
 * covers a batch, and single publishes are rarely pipelined deeper. A power of two. */
#define ANSWER_SLOTS 128

struct conn;

struct answer {
	struct conn *conn;
	struct text text;   /* data of the frame; empty: OK */
	uint8_t verb;       /* of the publish that is waited for */
	uint8_t type;       /* enum frame_type */
	bool known, fatal;
};

struct answers {
	struct answer *slots; /* ANSWER_SLOTS of them, or NULL */
	uint32_t head, tail;  /* oldest, next free; they only count up */
};

static inline bool answers_open(const struct answers *a) { return a->head != a->tail; }
/* One slot is kept for the error that ends the connection. */
static inline bool answers_full(const struct answers *a) { return a->tail - a->head >= ANSWER_SLOTS - 1; }

/* The slot that the next answer will take; its address stays. NULL: no memory. */
struct answer *answers_next(struct conn *);
/* The slot given by answers_next is taken; the answer comes later. */
void answers_take(struct conn *);
/* A taken slot is known now: a response (without text: OK), or the error that ends the connection. text: taken. Sends what has
 * become sendable. */
void answers_known(struct answer *, struct text text, bool fatal);

/* Answers that are known at once. text: taken. */
void answer_ok(struct conn *);
void answer_text(struct conn *, enum frame_type type, struct text text);
/* A fatal error: the last thing this connection says. */
enum step answer_fatal(struct conn *, struct text text);

/* Frees the ring if nothing is open. */
void answers_trim(struct answers *);
void answers_free(struct answers *);

#endif
