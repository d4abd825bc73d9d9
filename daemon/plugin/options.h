/* Private to the daemon. Option tables: from what the configuration says to the conf struct of a plugin, and back to text. The
 * daemon's own settings are such a table too. */
#ifndef PLUQ__OPTIONS_H
#define PLUQ__OPTIONS_H

#include <pluq/plugin.h>

#include "../base/arena.h"
#include "../base/config_node.h"
#include "../base/problem.h"

/* A table as a plugin exports it; elements may be longer than ours or shorter. */
struct pluq__table {
	const struct pluq_option *options; /* may be NULL: no options */
	size_t stride;
	size_t conf_size;
};

/* A filled conf struct with what it points to. */
struct pluq__conf {
	struct pluq__arena arena;
	void *block;                    /* the conf struct */
	const struct pluq__node **given; /* per option: the node it was filled from, a copy; NULL: the default */
};

size_t pluq__table_count(const struct pluq__table *);
const struct pluq_option *pluq__table_at(const struct pluq__table *, size_t i);
/* Index of the option, or -1. */
long pluq__table_find(const struct pluq__table *, const char *key);

/* Is this a table that can be used at all? Checks keys, types, offsets, bounds, words and that every default can be read. */
int pluq__table_check(const struct pluq__table *, struct pluq__problem *);

/* Fills a conf struct: from the members of `map` (may be NULL), else from the defaults. Problems name the place, instance and
 * option, the value, and what is accepted instead. Nothing is owed after a failure. */
int pluq__conf_fill(struct pluq__conf *, const struct pluq__table *, const char *instance, const struct pluq__node *map,
    struct pluq__problem *);
void pluq__conf_free(struct pluq__conf *);

/* Fills option i of `to` as it is in `from` (whose nodes are copied). PLUQ_ENOMEM. */
int pluq__conf_keep(struct pluq__conf *to, const struct pluq__conf *from, const struct pluq__table *, size_t i);

bool pluq__conf_same(const struct pluq__conf *, const struct pluq__conf *, const struct pluq__table *, size_t i);

/* As YAML, so that what is printed can be read again. In the conf's arena; NULL: no memory. */
const char *pluq__conf_print(struct pluq__conf *, const struct pluq__table *, size_t i);

/* "a duration from 1ms to 1h (a bare number is milliseconds)" */
const char *pluq__option_accepts(const struct pluq_option *, char *buffer, size_t size);
const char *pluq__option_type_word(const struct pluq_option *); /* "duration" */

#endif
