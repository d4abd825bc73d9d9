/* What is written of a snapshot. Pool. */
#ifndef STDOUT_WRITING_H
#define STDOUT_WRITING_H

#include "../common/past.h"
#include "pick.h"

struct writing {
	const struct pluq_snapshot *snapshot;
	struct pick *pick;
	struct past *now, *before;
	double seconds; /* since the snapshot before; 0: there is none, and no changes are told */
	struct text *to;
};

/* How much of what a sample counts has come since the snapshot before, when there was one. A counter that begins anew, with a topic of
 * the same name, begins at 0. */
static inline struct past_values writing_change(const struct writing *w, const struct pluq_sample *s)
{
	struct past_values is = past_values_of(s), was = past_pass(w->now, w->before, s);

	for (int i = 0; i < 2; i++)
		is.of[i] -= was.of[i] <= is.of[i] ? was.of[i] : 0;
	return is;
}

void people_write(const struct writing *); /* people.c */
void json_write(const struct writing *);   /* json.c */

/* people.c: "2026-11-25T12:00:00.000Z" */
#define TIME_ROOM 40
void write_time(int64_t real_ns, char out[TIME_ROOM]);

#endif
