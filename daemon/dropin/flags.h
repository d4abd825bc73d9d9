/* Private to the daemon. Command-line flags in the syntax of the original's, which is that of Go's standard library: -x=1, -x 1,
 * --x=1, --x 1 and, for booleans, -x alone. */
#ifndef PLUQ__FLAGS_H
#define PLUQ__FLAGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "../base/arena.h"
#include "../base/problem.h"

enum pluq__flag_type {
	PLUQ__FLAG_BOOL,
	PLUQ__FLAG_INT,
	PLUQ__FLAG_DURATION,
	PLUQ__FLAG_STRING,
	PLUQ__FLAG_WORD,    /* one of `words`, any case; with "true" among them it stands alone as a boolean does */
	PLUQ__FLAG_STRINGS, /* one more entry per use */
	PLUQ__FLAG_FLOATS   /* the same, or several with commas */
};

struct pluq__idle_flag;

/* An option that a flag sets. */
struct pluq__flag_target {
	const char *instance; /* of a plugin; "": the daemon itself */
	const char *option;
	struct pluq__flag_target *next;
};

/* Strings are constant or live as long as the flags. */
struct pluq__flag {
	const char *name;     /* without dashes */
	const char *key;      /* in the configuration file; NULL: only on the command line */
	enum pluq__flag_type type;
	const char *words;    /* PLUQ__FLAG_WORD: separated by '|' */
	const char *help;
	const char *standard; /* the default as it is shown; NULL: none */
	struct pluq__flag_target *targets; /* NULL: it sets none */
	const struct pluq__idle_flag *idle; /* what is said of it when it is given, or NULL */
	int own;              /* what it asks of pluqd itself, by its owner's count; 0: it belongs to the original */
};

/* One use of a flag on the command line. */
struct pluq__given {
	size_t flag; /* index */
	const char *text;
};

struct pluq__flags {
	struct pluq__arena arena;
	const char *program;
	struct pluq__flag *items;
	size_t count, room;
	struct pluq__given *given; /* in their order */
	size_t given_count;
};

/* PLUQ_ENOMEM. The flag is copied. */
int pluq__flags_add(struct pluq__flags *, const struct pluq__flag *);
/* Index, or -1. */
long pluq__flags_find(const struct pluq__flags *, const char *name);
long pluq__flags_find_key(const struct pluq__flags *, const char *key);
void pluq__flags_free(struct pluq__flags *);

enum pluq__flags_result { PLUQ__FLAGS_GOOD, PLUQ__FLAGS_HELP, PLUQ__FLAGS_WRONG };

/* Reads arguments up to the first that is no flag, or "--"; what follows is left alone, as the original does. Every value is
 * checked for its type. PLUQ__FLAGS_WRONG with the problem; argv is borrowed. */
enum pluq__flags_result pluq__flags_parse(struct pluq__flags *, int argc, char **argv, struct pluq__problem *);

void pluq__flags_usage(const struct pluq__flags *, FILE *);

#endif
