/* Private to the TOML reader: what its parts share. */
#ifndef PLUQ__TOML_READER_H
#define PLUQ__TOML_READER_H

#include "toml.h"

struct toml_reader {
	const char *at, *end; /* *end is 0 */
	const char *line_start;
	int line;
	int depth;
	struct pluq__arena *arena;
	const char *name;
	struct pluq__problem *problem;
};

/* PLUQ_EINVAL with the problem, at this place. */
int toml_fail(const struct toml_reader *, const char *at, const char *text);
int toml_no_memory(const struct toml_reader *);
/* At a line feed: goes behind it. */
void toml_next_line(struct toml_reader *);

/* toml_string.c. At a quote: reads any of the four kinds of strings; plain: only those of one line, as keys are. */
int toml_read_string(struct toml_reader *, bool plain, const char **out);

/* toml_bare.c. Reads what stands without quotes: numbers, booleans, times. */
int toml_read_bare(struct toml_reader *, struct pluq__toml *value);

#endif
