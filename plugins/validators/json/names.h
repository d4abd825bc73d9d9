/* The members that somebody wants to know about, as a tree of names: "user.id" is `id` below `user`. */
#ifndef VALIDATE_JSON_NAMES_H
#define VALIDATE_JSON_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NAMES_MOST 256  /* nodes */
#define NAMES_DEPTH 16  /* names in one path */

struct name_node {
	char *name; /* plain UTF-8; owned */
	uint32_t length;
	int16_t child, sibling; /* the first below, the next beside; -1: none */
	int16_t slot;           /* where the value goes; -1: nowhere */
};

/* Zero-initialised it is empty. Node 0, once there is one, is the text's own object. */
struct names {
	struct name_node *nodes;
	size_t count;
	size_t slots;
};

/* The member `name` below the node, made if it is new; -1: no memory, or too many. */
int names_child(struct names *, int node, const char *name, size_t length);
/* The slot of a node. */
int names_slot(struct names *, int node);
void names_fini(struct names *);

#endif
