/* Messages of one publish on their way to several topics: what validators divert, and what is left. On one loop.
 *
 * The topics are found, or made, as the broker's own act: the client's permissions have been judged for the topic that it named, and what
 * is diverted is not validated again. */
#ifndef NSQD_SPLIT_H
#define NSQD_SPLIT_H

#include "nsqd.h"

struct split;

/* Topics that validators may divert messages of one publish to: each is looked for among the others. */
#define SPLIT_TOPICS_MOST 256

struct split *split_new(struct nsqd *); /* NULL: no memory */

/* One more message for the topic of that name, in order. Bytes are borrowed until split_own or split_send has returned, a message of
 * its own is taken by split_send. PLUQ_ELIMIT: too many topics; PLUQ_ENOMEM. */
int split_add(struct split *, const char *topic, size_t length, const struct pluq_body *);
/* One more that goes nowhere: a message of its own is dropped by split_send. PLUQ_ENOMEM. */
int split_drop(struct split *, const struct pluq_body *);
/* The topic of that name, which does not count for the limit, is at hand; a reference is taken. PLUQ_ENOMEM. */
int split_know(struct split *, const char *topic, size_t length, struct pluq_topic *);
/* Copies what is borrowed, for a split none of whose messages is the caller's own. PLUQ_ENOMEM: some still is. */
int split_own(struct split *);

/* Publishes, and frees the split. 0: all is accepted. PLUQ_ELATER: done comes on this loop, once, when all topics have answered: with
 * 0 or with what failed first. Else what failed, with why; the other topics may have accepted theirs. */
int split_send(struct split *, int64_t defer_ns, pluq_done_fn done, void *arg, struct pluq_why *why);

void split_free(struct split **); /* unsent; accepts NULL inside */

#endif
