/* Recursion that never gets on: {"$ref": "#"} and its longer kin. What $dynamicRef leads to is known only when a message is judged;
 * there the number of schemas within each other is limited. */
#include <stdlib.h>
#include <stdio.h>

#include "compile.h"

struct edges {
	uint32_t *to;
	size_t count;
	uint32_t *first; /* per schema, and one behind the last */
};

static bool add(struct edges *e, uint32_t to)
{
	if (to == NO_SCHEMA)
		return true;
	if (!store_grow(&e->to, e->count, sizeof(*e->to)))
		return false;
	e->to[e->count++] = to;
	return true;
}

/* The schemas that are asked about the same value. */
static bool add_op(const struct program *p, const struct op *op, struct edges *e)
{
	bool good = true;

	switch ((enum op_code)op->code) {
	case OP_REF:
	case OP_NOT:
		return add(e, op->first);
	case OP_IF:
		return add(e, op->first) && add(e, op->count) && add(e, op->third);
	case OP_ALL:
	case OP_ANY:
	case OP_ONE:
		for (uint32_t i = 0; i < op->count && good; i++)
			good = add(e, p->lists[op->first + i]);
		return good;
	case OP_DEPENDENT_SCHEMAS:
		for (uint32_t i = 0; i < op->count && good; i++)
			good = add(e, p->names[op->first + i].a);
		return good;
	default:
		return true;
	}
}

static bool gather(const struct program *p, struct edges *e)
{
	if (!(e->first = calloc(p->schema_count + 1, sizeof(*e->first))))
		return false;
	for (size_t i = 0; i < p->schema_count; i++) {
		const struct schema *s = &p->schemas[i];

		e->first[i] = (uint32_t)e->count;
		for (uint32_t j = 0; j < s->count; j++) {
			if (!add_op(p, &p->ops[s->first + j], e))
				return false;
		}
	}
	e->first[p->schema_count] = (uint32_t)e->count;
	return true;
}

enum { NEW, OPEN, DONE };

/* Depth first, with a stack of its own: chains may be long. Returns a schema in a circle, or NO_SCHEMA. */
static uint32_t search(const struct edges *e, uint32_t from, uint8_t *state, uint32_t *stack, uint32_t *at)
{
	size_t depth = 1;

	stack[0] = from;
	at[from] = e->first[from];
	state[from] = OPEN;
	while (depth) {
		uint32_t here = stack[depth - 1], to;

		if (at[here] == e->first[here + 1]) {
			state[here] = DONE;
			depth--;
			continue;
		}
		to = e->to[at[here]++];
		if (state[to] == OPEN)
			return to;
		if (state[to] == NEW) {
			state[to] = OPEN;
			at[to] = e->first[to];
			stack[depth++] = to;
		}
	}
	return NO_SCHEMA;
}

int compile_find_circle(struct program *p, struct pluq_why *why)
{
	struct edges e = {0};
	size_t n = p->schema_count ? p->schema_count : 1;
	uint8_t *state = calloc(n, 1);
	uint32_t *stack = calloc(n, sizeof(*stack)), *at = calloc(n, sizeof(*at)), found = NO_SCHEMA;
	int rc = 0;

	if (!state || !stack || !at || !gather(p, &e))
		rc = store_no_memory(why);
	for (uint32_t i = 0; i < p->schema_count && !rc && found == NO_SCHEMA; i++) {
		if (state[i] == NEW)
			found = search(&e, i, state, stack, at);
	}
	if (found != NO_SCHEMA) {
		const struct document *doc = p->store.resources[p->schemas[found].resource].doc;

		snprintf(why->text, sizeof(why->text), "%.80s: the schema at %.90s leads back to itself without getting on in the message",
		    doc->name, *p->schemas[found].where ? p->schemas[found].where : "the root");
		rc = PLUQ_EINVAL;
	}
	free(state);
	free(stack);
	free(at);
	free(e.to);
	free(e.first);
	return rc;
}
