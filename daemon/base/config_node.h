/* Private to the daemon. The configuration as a tree: what a YAML file, the command line or a default says, each value with
 * the place it comes from. Nodes live in an arena and are never freed one by one. */
#ifndef PLUQ__CONFIG_NODE_H
#define PLUQ__CONFIG_NODE_H

#include <stdbool.h>
#include <stddef.h>

#include "arena.h"

enum pluq__node_kind { PLUQ__NODE_SCALAR, PLUQ__NODE_LIST, PLUQ__NODE_MAP };

/* Where a value comes from. All zero: it is the default. */
struct pluq__origin {
	const char *file; /* NULL: no file */
	const char *set;  /* the name given to --set, or NULL */
	const char *other; /* any other place, in words: "flag --x"; or NULL */
	int line, column; /* from 1; of `file` */
};

struct pluq__node {
	enum pluq__node_kind kind;
	bool quoted;        /* scalar: stood in quotes, so an empty one is a value and not an absent one */
	bool alternatives;  /* list: made by repeated --set; where one value is wanted the last one counts */
	struct pluq__origin origin;
	const char *key;    /* as a member of a map, else NULL */
	const char *text;   /* scalar */
	struct pluq__node **items; /* list, map */
	size_t count, room;
};

/* NULL: no memory. Texts are copied; the origin's strings must live as long as the arena. */
struct pluq__node *pluq__node_new(struct pluq__arena *, enum pluq__node_kind, const struct pluq__origin *);
struct pluq__node *pluq__node_scalar(struct pluq__arena *, const char *text, const struct pluq__origin *);
/* Everything is copied, the origin's strings too. */
struct pluq__node *pluq__node_clone(struct pluq__arena *, const struct pluq__node *);

int pluq__node_add(struct pluq__arena *, struct pluq__node *list, struct pluq__node *item); /* PLUQ_ENOMEM */
/* Adds a member or replaces the one of that key. The key is copied. PLUQ_ENOMEM. */
int pluq__node_put(struct pluq__arena *, struct pluq__node *map, const char *key, struct pluq__node *value);
struct pluq__node *pluq__node_get(const struct pluq__node *map, const char *key); /* NULL: absent */

/* `key:` with nothing behind it, `~` or `null`. */
bool pluq__node_is_null(const struct pluq__node *);

/* "FILE:12", "--set a.b", what `other` says, or "default". */
const char *pluq__origin_text(const struct pluq__origin *, char *buffer, size_t size);

#endif
