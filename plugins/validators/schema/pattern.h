/* Regular expressions as ECMA-262 has them, for `pattern` and `patternProperties`, run by PCRE2 with every step counted. */
#ifndef SCHEMA_PATTERN_H
#define SCHEMA_PATTERN_H

#include "value.h"

#define PATTERN_MAX 4096 /* bytes */

struct pattern;       /* compiled; any thread */
struct pattern_space; /* what matching needs, one per loop */

enum { PATTERN_NO = 0, PATTERN_YES = 1, PATTERN_COST = -1, PATTERN_MEMORY = -2 };

/* NULL: why says, in one line, what it is that is not supported or wrong. */
struct pattern *pattern_new(const uint8_t *text, size_t length, char *why, size_t room);
void pattern_free(struct pattern **);

struct pattern_space *pattern_space_new(void); /* NULL: no memory */
void pattern_space_free(struct pattern_space **);

/* text: well-formed UTF-8. PATTERN_COST: it has cost more than was left. */
int pattern_match(const struct pattern *, struct pattern_space *, const uint8_t *text, size_t length, struct value_cost *);

#endif
