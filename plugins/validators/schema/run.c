#include "run.h"

#include <stdlib.h>
#include <string.h>

#include "number.h"

static const run_fn operations[OP_COUNT] = {
	[OP_CONST] = run_const, [OP_ENUM] = run_enum,
	[OP_MINIMUM] = run_number, [OP_MAXIMUM] = run_number, [OP_EXCLUSIVE_MINIMUM] = run_number,
	[OP_EXCLUSIVE_MAXIMUM] = run_number, [OP_MULTIPLE_OF] = run_number,
	[OP_MIN_LENGTH] = run_length, [OP_MAX_LENGTH] = run_length, [OP_FORMAT] = run_format, [OP_PATTERN] = run_pattern,
	[OP_MIN_ITEMS] = run_count, [OP_MAX_ITEMS] = run_count, [OP_MIN_MEMBERS] = run_count, [OP_MAX_MEMBERS] = run_count,
	[OP_REQUIRED] = run_required, [OP_DEPENDENT_REQUIRED] = run_dependent_required,
	[OP_MEMBERS] = run_members, [OP_NAMES] = run_names,
	[OP_ITEMS] = run_items, [OP_CONTAINS] = run_contains, [OP_UNIQUE] = run_unique,
	[OP_REF] = run_ref, [OP_DYNAMIC_REF] = run_dynamic_ref,
	[OP_ALL] = run_all, [OP_ANY] = run_any, [OP_ONE] = run_one, [OP_NOT] = run_not, [OP_IF] = run_if,
	[OP_DEPENDENT_SCHEMAS] = run_dependent_schemas,
	[OP_UNEVALUATED_ITEMS] = run_unevaluated_items, [OP_UNEVALUATED_MEMBERS] = run_unevaluated_members,
};

bool run_fail(struct run *r, const struct op *op, const struct json_node *n)
{
	r->failure = (struct failure){.code = (enum op_code)op->code, .op = op, .node = n};
	return false;
}

bool run_stop(struct run *r, const char *why)
{
	if (!r->stopped)
		r->stopped = why;
	return false;
}

bool run_no_memory(struct run *r)
{
	r->no_memory |= !r->stopped;
	return run_stop(r, "cannot be judged: out of memory");
}

bool run_charge(struct run *r, int64_t steps)
{
	r->cost.left -= steps;
	return r->cost.left >= 0 || run_stop(r, "takes too long to judge");
}

bool run_matches(struct run *r, const struct pattern *p, const struct json_node *text)
{
	switch (pattern_match(p, r->space, text->u.text, text->length, &r->cost)) {
	case PATTERN_YES:
		return true;
	case PATTERN_COST:
		return run_stop(r, "takes too long to judge: a pattern");
	case PATTERN_MEMORY:
		return run_no_memory(r);
	default:
		return false;
	}
}

marks marks_new(struct run *r, const struct json_node *n, uint64_t few[MARKS_FEW])
{
	size_t words = marks_words(n);
	marks m = few;

	if (words > MARKS_FEW)
		m = calloc(words, sizeof(*m));
	else
		memset(few, 0, MARKS_FEW * sizeof(*few));
	if (!m)
		run_no_memory(r);
	else if (!run_charge(r, (int64_t)words / 8)) {
		marks_free(m, few);
		m = NULL;
	}
	return m;
}

void marks_free(marks m, const uint64_t few[MARKS_FEW])
{
	if (m != few)
		free(m);
}

static bool type_is_good(const struct schema *s, const struct json_node *n)
{
	if (s->types & 1u << n->type)
		return true;
	/* Numbers that are not any number: only whole ones. */
	return n->type == JSON_NUMBER && (s->types & TYPE_INTEGER) && number_is_integer(n);
}

static bool run_ops(struct run *r, const struct schema *s, const struct json_node *n, marks seen)
{
	const struct op *op = r->program->ops + s->first, *end = op + s->count;

	for (; op < end; op++) {
		if ((op->applies & 1u << n->type) && !operations[op->code](r, op, n, seen))
			return false;
	}
	return true;
}

/* unevaluated... sees what stands beside and below it, not what stands around it. */
static bool run_tracked(struct run *r, const struct schema *s, const struct json_node *n, marks seen)
{
	uint64_t few[MARKS_FEW];
	marks own = marks_new(r, n, few);
	bool good;

	if (!own)
		return false;
	good = run_ops(r, s, n, own);
	if (good)
		marks_add(seen, own, n);
	marks_free(own, few);
	return good;
}

static bool run_scoped(struct run *r, const struct schema *s, const struct json_node *n, marks seen)
{
	const struct scope scope = {.outer = r->scope, .resource = s->resource};
	bool enters = !r->scope || r->scope->resource != s->resource, good;

	if (enters)
		r->scope = &scope;
	if ((s->tracks_items && n->type == JSON_ARRAY) || (s->tracks_members && n->type == JSON_OBJECT))
		good = run_tracked(r, s, n, seen);
	else
		good = run_ops(r, s, n, seen);
	if (enters)
		r->scope = scope.outer;
	return good;
}

bool run_schema(struct run *r, uint32_t index, const struct json_node *n, marks seen)
{
	const struct schema *s = &r->program->schemas[index];
	bool good;

	if (!run_charge(r, 1))
		return false;
	if (s->never || !type_is_good(s, n)) {
		r->failure = (struct failure){.code = s->never ? OP_NEVER : OP_TYPE, .schema = s, .node = n};
		return false;
	}
	if (s->count == 0)
		return true;
	if (r->depth == RUN_DEPTH_MAX)
		return run_stop(r, "cannot be judged: too many schemas within each other");
	r->depth++;
	good = run_scoped(r, s, n, seen);
	r->depth--;
	return good && !r->stopped;
}

bool run_check(struct run *r, uint32_t schema, const struct json_node *value, int64_t steps)
{
	r->cost.left = steps;
	r->scope = NULL;
	r->depth = 0;
	r->stopped = NULL;
	r->no_memory = false;
	return run_schema(r, schema, value, NULL);
}

void run_fini(struct run *r)
{
	free(r->order);
	free(r->hashes);
	free(r->elements);
	r->order = NULL;
	r->hashes = NULL;
	r->elements = NULL;
	r->order_room = 0;
}

void run_trim(struct run *r, size_t elements)
{
	if (r->order_room > elements)
		run_fini(r);
}
