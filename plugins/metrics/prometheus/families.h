/* A snapshot in the order of the exposition: family by family. Places are what samples are about: nothing, a topic, a channel. */
#ifndef PROMETHEUS_FAMILIES_H
#define PROMETHEUS_FAMILIES_H

#include "options.h"

enum family_type { FAMILY_COUNTER, FAMILY_GAUGE, FAMILY_HISTOGRAM, FAMILY_SUMMARY };

struct family {
	char *name;  /* with prefix and unit, without _total */
	char *label; /* for what samples tell in `detail`; NULL: they do not */
	const char *unit, *help;
	enum family_type type;
	bool of_queues; /* of topics or channels */
	uint32_t first, count; /* of its lines */
};

/* A sample that is to be written. */
struct line {
	const struct pluq_sample *sample;
	double value;
	uint32_t place;
	uint16_t family;
	bool bare; /* has no labels but those of its place */
};

/* Labels of a place as they are written, without the brackets. */
struct place {
	size_t at; /* in `texts` */
	uint32_t length;
};

struct families {
	struct family *list; /* by name */
	uint32_t count, room;
	struct line *lines; /* those of each family stand together, else in the order of the snapshot */
	struct place *places;
	uint32_t place_count, place_room;
	char *texts;
	size_t texts_used, texts_room;
	struct pluq_sample own[4]; /* what the exposition tells of itself */
	bool failed; /* no memory */
};

/* Borrows the snapshot and the instance's name until fini. false: no memory; fini is due all the same. */
bool families_init(struct families *, const struct pluq_snapshot *, const struct limits *, const char *instance);
void families_fini(struct families *);

/* Writes a label's value, escaped, at most twice as long; returns the length. */
size_t label_escape(char *to, const char *text);

#endif
