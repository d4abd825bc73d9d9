/* Private to the daemon. Values of flags: from the command line's words and the file's types to nodes of the configuration, in the
 * notation that option tables read. */
#ifndef PLUQ__FLAG_VALUE_H
#define PLUQ__FLAG_VALUE_H

#include "../base/config_node.h"
#include "flags.h"
#include "toml.h"

/* A boolean, which takes a value only behind '='. */
bool pluq__flag_stands_alone(const struct pluq__flag *);
/* Is this text of the flag's type? Bounds are not looked at: they are the option's. */
bool pluq__flag_takes(const struct pluq__flag *, const char *text);
/* "an integer". Returns the buffer. */
const char *pluq__flag_accepts(const struct pluq__flag *, char *buffer, size_t size);

/* From every use of the flag on the command line. NULL: no memory. The flag must have been given. */
struct pluq__node *pluq__flag_node(struct pluq__arena *, const struct pluq__flags *, size_t flag);

/* From the file. PLUQ_EINVAL with the problem: not a type that this flag takes. name: the file, which lives as long as the arena. */
int pluq__flag_from_toml(struct pluq__arena *, const struct pluq__flag *, const char *name, const struct pluq__toml *,
    struct pluq__node **out, struct pluq__problem *);

#endif
