/* Private to the daemon. Reads a configuration file of the original: TOML 1.0, of which the flat keys at the beginning are
 * handed out. What stands in a [section], below a dotted key or in an inline table is read and left out, as the original does. */
#ifndef PLUQ__TOML_H
#define PLUQ__TOML_H

#include <stddef.h>

#include "../base/arena.h"
#include "../base/problem.h"

/* Bounds that no configuration reaches and no hostile file exceeds. */
#define PLUQ__TOML_MAX_BYTES (1024 * 1024)
#define PLUQ__TOML_MAX_DEPTH 16
#define PLUQ__TOML_MAX_KEYS 1000

enum pluq__toml_type {
	PLUQ__TOML_STRING,
	PLUQ__TOML_INTEGER, /* text: decimal, with a '-' if negative; fits int64_t */
	PLUQ__TOML_FLOAT,   /* text: as strtod reads it */
	PLUQ__TOML_BOOLEAN, /* text: "true" or "false" */
	PLUQ__TOML_TIME,    /* text: as written */
	PLUQ__TOML_LIST,
	PLUQ__TOML_TABLE    /* an inline one; its members are left out */
};

/* All in the arena. */
struct pluq__toml {
	struct pluq__toml *next; /* in the file, or in the list */
	enum pluq__toml_type type;
	int line;                /* of the key, or of the item; from 1 */
	const char *key;         /* NULL: an item of a list */
	const char *text;        /* NULL: list, table */
	struct pluq__toml *items; /* list: the first item, or NULL */
};

/* *out is the first key, or NULL. PLUQ_EINVAL, PLUQ_ENOMEM with the problem, which names file, line and column. */
int pluq__toml_file(struct pluq__arena *, const char *path, struct pluq__toml **out, struct pluq__problem *);
/* name stands for the file in problems. */
int pluq__toml_text(struct pluq__arena *, const char *name, const char *text, size_t length, struct pluq__toml **out,
    struct pluq__problem *);

/* "a string", "an integer" ... */
const char *pluq__toml_word(enum pluq__toml_type);

#endif
