/* Private to the daemon. Reads the part of YAML that a configuration needs: one document of maps, lists and scalars. Anchors,
 * aliases, tags and duplicate keys are refused with the place where they stand. */
#ifndef PLUQ__YAML_H
#define PLUQ__YAML_H

#include "config_node.h"
#include "problem.h"

/* Bounds that no configuration reaches and no hostile file exceeds. */
#define PLUQ__YAML_MAX_BYTES (1024 * 1024)
#define PLUQ__YAML_MAX_DEPTH 16

/* An empty document gives an empty map. PLUQ_EINVAL, PLUQ_ENOMEM with the problem. */
int pluq__yaml_file(struct pluq__arena *, const char *path, struct pluq__node **out, struct pluq__problem *);
/* name (lives as long as the arena, may be NULL: a default): stands for the file in places and problems. */
int pluq__yaml_text(struct pluq__arena *, const char *name, const char *text, size_t length, struct pluq__node **out,
    struct pluq__problem *);

#endif
