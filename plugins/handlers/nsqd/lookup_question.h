/* One lookup daemon's HTTP side, asked for the channels of one topic. Loop 0. */
#ifndef NSQD_LOOKUP_QUESTION_H
#define NSQD_LOOKUP_QUESTION_H

#include "lookup_peer.h"

struct lookup_question;

/* Once: the names that it tells, one at a time by `name` first. Failures are in the log. Frees the question. */
struct lookup_listener {
	bool (*name)(void *arg, const char *name); /* of lookup_json_list */
	void (*done)(void *arg, struct lookup_question *);
	void *arg;
};

/* NULL: it is not asked, because it has not told where, or cannot be; that is in the log. */
struct lookup_question *lookup_question_new(struct lookup_peer *, const char *topic, const struct lookup_listener *);
/* Before `done`, which will not come. */
void lookup_question_drop(struct lookup_question *);

#endif
