/* Answers that are made bit by bit. Going through everything known may take tens of milliseconds when there are a thousand
 * brokers; so a walk goes through a list of the database in slices, between which the loop does its other work. Many walks
 * take turns, one slice of one of them in each turn of the loop. Each item is visited at most once and as a whole; items that
 * come or go while a walk is under way may be in or not, as if asked a moment earlier or later. */
#ifndef LOOKUPD_WALK_H
#define LOOKUPD_WALK_H

#include "db.h"
#include "text.h"

struct lookupd;

struct walk {
	struct link in_db; /* in db.walks */
	struct lookupd *lookupd;
	const struct link *list;
	struct link *at; /* the next item; list: the end */
	/* Adds the item to `out`. Returns how much work that was, in things touched. */
	size_t (*step)(struct walk *, struct link *item);
	/* Once, at the end. `out` is the callee's to take. */
	void (*done)(struct walk *);
	void *arg; /* for the two */
	struct text out;
	bool some; /* free for the steps: something has been added before */
};

/* Loop 0. The first slice is done at once, so a small answer is complete when this returns. `begin` is what `out` begins with,
 * taken on success, and `some` what the flag is at first. false: no memory. */
bool walk_start(struct lookupd *, const struct link *list, struct text *begin, bool some,
    size_t (*step)(struct walk *, struct link *), void (*done)(struct walk *), void *arg);
/* All of them go to their end now. */
void walk_finish_all(struct lookupd *);
/* The item is about to go. */
void walk_leave(struct walk *, const struct link *item);

#endif
