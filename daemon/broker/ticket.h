/* Private to the daemon. A promise over several messages and queues: done runs once, when the last of them is settled.
 *
 * Lives on one loop, the home of the topic.
 */
#ifndef PLUQ__TICKET_H
#define PLUQ__TICKET_H

#include <pluq/error.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct pluq__ticket {
	uint64_t pending; /* parts not settled; whoever makes the ticket holds one of them until it has dealt out the others */
	int status;       /* the first failure, or 0 */
	bool retry;       /* parts are not failed but tried again: nobody waits who could be told */
	bool stored;      /* a record in storage stands for each part until all are settled */
	struct pluq_why *why; /* of the first failure, or NULL: it said nothing */
	void (*done)(struct pluq__ticket *, const struct pluq_why *why); /* why: borrowed, of the first failure, or empty */
};

static inline void pluq__ticket_fail(struct pluq__ticket *t, int status, const struct pluq_why *why)
{
	t->status = status;
	if (why && why->text[0] && (t->why = (struct pluq_why *)malloc(sizeof(*why))))
		*t->why = *why;
}

static inline void pluq__ticket_settle(struct pluq__ticket *t, int status, const struct pluq_why *why)
{
	static const struct pluq_why none;

	if (status < 0 && !t->status)
		pluq__ticket_fail(t, status, why);
	if (--t->pending == 0) {
		struct pluq_why *first = t->why;

		t->done(t, first ? first : &none); /* the ticket is gone with it */
		free(first);
	}
}

#endif
