/* What is sent of a snapshot, as lines. */
#ifndef STATSD_KEYS_H
#define STATSD_KEYS_H

#include "../common/past.h"
#include "packets.h"
#include "settings.h"

/* A round's lines in the making; all borrowed. */
struct lines {
	const struct settings *settings;
	const struct pluq_snapshot *snapshot;
	const char *prefix;
	size_t prefix_length;
	struct packets *to;
	bool first; /* round: what was not there before is new; later on that may be because nobody looked */
};

/* keys.c: the original's, in its order. */
void keys_put(const struct lines *, struct past *now, struct past *before);
/* What the original has a key for; NULL topic: about none. */
bool keys_have(const struct pluq_sample *);
/* It is not to be told of. */
bool keys_leave_out(const struct settings *, const struct pluq_sample *);
/* Behind the type of a line: what it is about, as dogstatsd has it. detail: with the plugin and the one more label. */
void keys_put_tags(const struct lines *, const struct pluq_sample *, bool detail);
/* A label's value within a name: without what means something to statsd. */
void keys_put_label(const struct lines *, const char *text);

/* more.c: everything else. */
void more_put(const struct lines *, struct past *now, struct past *before);

#endif
