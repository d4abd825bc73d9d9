/* Judging one value. */
#ifndef SCHEMA_RUN_H
#define SCHEMA_RUN_H

#include "program.h"

#define RUN_DEPTH_MAX 1000 /* schemas within each other; each takes some 500 bytes of the stack */

/* The resources that the way to a schema has led through, innermost first; for $dynamicRef. */
struct scope {
	const struct scope *outer;
	uint32_t resource;
};

/* What was wrong. */
struct failure {
	enum op_code code;
	const struct op *op;         /* NULL: OP_TYPE, OP_NEVER */
	const struct schema *schema; /* OP_TYPE, OP_NEVER */
	const struct json_node *node;
	const struct name *name; /* the member that is missing */
};

/* Which elements or members have been looked at by some keyword; NULL: nobody wants to know. */
typedef uint64_t *marks;

struct run {
	const struct program *program;
	struct pattern_space *space;
	struct value_cost cost;
	const struct scope *scope;
	uint32_t depth;
	const char *stopped; /* why nothing can be said: limits, memory. Set: every check is false */
	bool no_memory;      /* that is why */
	struct failure failure;
	uint32_t *order; /* for uniqueItems; kept from message to message */
	uint64_t *hashes;
	const struct json_node **elements;
	size_t order_room;
};

/* One loop at a time per run. steps: what it may cost. false: r->stopped, or r->failure, say why. */
bool run_check(struct run *r, uint32_t schema, const struct json_node *value, int64_t steps);
void run_fini(struct run *);
/* Gives memory back beyond that for `elements` of an array. */
void run_trim(struct run *, size_t elements);

/* For the operations. */
bool run_schema(struct run *, uint32_t schema, const struct json_node *, marks);
bool run_fail(struct run *, const struct op *, const struct json_node *); /* false */
bool run_stop(struct run *, const char *why);                             /* false */
bool run_no_memory(struct run *);                                         /* false */
bool run_charge(struct run *, int64_t steps);                             /* false: too much */
bool run_matches(struct run *, const struct pattern *, const struct json_node *text);

typedef bool (*run_fn)(struct run *, const struct op *, const struct json_node *, marks);
bool run_const(struct run *, const struct op *, const struct json_node *, marks);
bool run_enum(struct run *, const struct op *, const struct json_node *, marks);
bool run_number(struct run *, const struct op *, const struct json_node *, marks);
bool run_length(struct run *, const struct op *, const struct json_node *, marks);
bool run_format(struct run *, const struct op *, const struct json_node *, marks);
bool run_pattern(struct run *, const struct op *, const struct json_node *, marks);
bool run_count(struct run *, const struct op *, const struct json_node *, marks);
bool run_required(struct run *, const struct op *, const struct json_node *, marks);
bool run_dependent_required(struct run *, const struct op *, const struct json_node *, marks);
bool run_members(struct run *, const struct op *, const struct json_node *, marks);
bool run_names(struct run *, const struct op *, const struct json_node *, marks);
bool run_items(struct run *, const struct op *, const struct json_node *, marks);
bool run_contains(struct run *, const struct op *, const struct json_node *, marks);
bool run_unique(struct run *, const struct op *, const struct json_node *, marks);
bool run_ref(struct run *, const struct op *, const struct json_node *, marks);
bool run_dynamic_ref(struct run *, const struct op *, const struct json_node *, marks);
bool run_all(struct run *, const struct op *, const struct json_node *, marks);
bool run_any(struct run *, const struct op *, const struct json_node *, marks);
bool run_one(struct run *, const struct op *, const struct json_node *, marks);
bool run_not(struct run *, const struct op *, const struct json_node *, marks);
bool run_if(struct run *, const struct op *, const struct json_node *, marks);
bool run_dependent_schemas(struct run *, const struct op *, const struct json_node *, marks);
bool run_unevaluated_items(struct run *, const struct op *, const struct json_node *, marks);
bool run_unevaluated_members(struct run *, const struct op *, const struct json_node *, marks);

/* marks: one bit for each element or member. */
#define MARKS_FEW 4 /* words kept on the stack */
static inline size_t marks_words(const struct json_node *n)
{
	return (n->length + 63u) / 64;
}

static inline void marks_set(marks m, uint32_t i)
{
	if (m)
		m[i / 64] |= UINT64_C(1) << i % 64;
}

static inline bool marks_has(const uint64_t *m, uint32_t i)
{
	return m[i / 64] >> i % 64 & 1;
}

static inline void marks_add(marks m, const uint64_t *more, const struct json_node *n)
{
	for (size_t i = 0; m && i < marks_words(n); i++)
		m[i] |= more[i];
}

/* Empty ones for n: `few`, or from the heap, which marks_free gives back. NULL: no memory; the run has been stopped. */
marks marks_new(struct run *, const struct json_node *n, uint64_t few[MARKS_FEW]);
void marks_free(marks, const uint64_t few[MARKS_FEW]);

#endif
