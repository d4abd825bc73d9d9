/* What counters were in the snapshot before, for those who tell changes. One thread at a time.
 *
 * Both snapshots have their topics and channels in the same order, so the earlier one is walked along with the later one: no hashing,
 * and whoever chooses the names of topics cannot make it slow. */
#ifndef METRICS_PAST_H
#define METRICS_PAST_H

#include <pluq/metrics.h>

#include "text.h"

struct past_group;
struct past_entry;

/* Zero-initialised it is that of no snapshot. */
struct past {
	struct past_group *groups;
	struct past_entry *entries;
	size_t group_count, group_room, entry_count, entry_room;
	struct text names;
	bool failed; /* no memory: it must not be kept */
	bool known;  /* it is that of a snapshot */

	/* where the search in it stands */
	size_t group, entry;
};

/* Up to two values that one sample counts: a counter's own; a histogram's count and sum. */
struct past_values {
	double of[2];
};

/* Of the sample, as it is now. */
struct past_values past_values_of(const struct pluq_sample *);
/* Notes a sample in `now`, and says what it was in `before`: 0 if it was not there. Samples come in the order of their snapshot, or at
 * least those of one topic or channel together and these in their order; `before` was filled the same way. */
struct past_values past_pass(struct past *now, struct past *before, const struct pluq_sample *);
/* The one after it becomes the one before; `now` is empty then. */
void past_turn(struct past *now, struct past *before);
/* Makes it empty again, and keeps its room. */
void past_clear(struct past *);
void past_fini(struct past *);

/* The sample at an index. */
static inline const struct pluq_sample *sample_at(const struct pluq_snapshot *s, size_t i)
{
	return (const struct pluq_sample *)(const void *)((const char *)s->samples + i * s->stride);
}

/* Behind the last sample of the same topic and channel. */
size_t samples_end(const struct pluq_snapshot *, size_t from);

#endif
