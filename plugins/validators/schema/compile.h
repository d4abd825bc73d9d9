/* Inside the compiler. */
#ifndef SCHEMA_COMPILE_H
#define SCHEMA_COMPILE_H

#include "program.h"

/* A schema that is referred to and not yet compiled. */
struct wanted {
	struct document *doc;
	const struct json_node *node;
	uint32_t schema;
};

struct compiler {
	struct program *p;
	const struct program_options *options;
	struct pluq_why *why;
	struct wanted *wanted;
	size_t wanted_count, wanted_done;
	const struct json_node **dynamic_names; /* anchors that $dynamicRefs name */
	size_t dynamic_name_count;
};

/* The schema at work. */
struct source {
	struct document *doc;
	const struct json_node *node;
	uint32_t resource;
	const struct dialect *dialect;
	const struct json_node *values[KW_COUNT]; /* of its keywords, or NULL */
	uint32_t schema;
};

/* Each returns 0 or an error, with why filled. */
typedef int (*compile_fn)(struct compiler *, struct source *);
int compile_scalars(struct compiler *, struct source *);
int compile_objects(struct compiler *, struct source *);
int compile_arrays(struct compiler *, struct source *);
int compile_logic(struct compiler *, struct source *);
int compile_remarks(struct compiler *, struct source *);

/* Index that the schema at this place has or will have. */
int compile_want(struct compiler *, struct document *, const struct json_node *, uint32_t *schema);
/* That of a keyword's value, NO_SCHEMA if the keyword is not there. */
int compile_want_value(struct compiler *, struct source *, enum keyword_id, uint32_t *schema);
/* Of each element into `lists`. */
int compile_list(struct compiler *, struct source *, const struct json_node *array, uint32_t *first, uint32_t *count);
/* value: of the keyword; for its pointer. NULL: no memory. The operation's code and types are set. */
struct op *compile_op(struct compiler *, struct source *, enum op_code, unsigned applies, const struct json_node *value);
struct name *compile_name(struct compiler *, const struct json_node *name); /* NULL: no memory */
int compile_pattern(struct compiler *, struct source *, const struct json_node *text, struct pattern **out);
/* A count; what is above 32 bits becomes the largest. */
int compile_limit(struct compiler *, struct source *, const struct json_node *value, uint32_t *out);
/* word: a string that is surely not what was meant. */
void compile_warn(struct compiler *, const struct source *, const struct json_node *word, const char *what);
const char *compile_place(struct compiler *, const struct document *, const struct json_node *); /* NULL: no memory */
int compile_no_memory(struct compiler *);
#define compile_fail(c, s, node, ...) store_fail((c)->why, (s)->doc, node, __VA_ARGS__)

/* Schemas that lead back to themselves for the same value: such a check would never end. */
int compile_find_circle(struct program *, struct pluq_why *);

#endif
