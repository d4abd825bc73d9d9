/* Other schemas for the same value. What a schema has marked counts only if it holds. */
#include "run.h"

static bool is_container(const struct json_node *n)
{
	return n->type == JSON_ARRAY || n->type == JSON_OBJECT;
}

/* As run_schema, but if it does not hold nothing is marked. */
static bool attempt(struct run *r, uint32_t schema, const struct json_node *n, marks seen)
{
	uint64_t few[MARKS_FEW];
	marks own;
	bool good;

	if (!seen || !is_container(n))
		return run_schema(r, schema, n, NULL);
	if (!(own = marks_new(r, n, few)))
		return false;
	good = run_schema(r, schema, n, own);
	if (good)
		marks_add(seen, own, n);
	marks_free(own, few);
	return good;
}

/* run_fn */
bool run_ref(struct run *r, const struct op *op, const struct json_node *n, marks seen)
{
	return run_schema(r, op->first, n, seen);
}

/* run_fn: the outermost resource on the way here that has the anchor */
bool run_dynamic_ref(struct run *r, const struct op *op, const struct json_node *n, marks seen)
{
	const struct program *p = r->program;
	uint32_t schema = op->first;
	int64_t looked = 0;

	for (const struct scope *s = r->scope; s; s = s->outer) {
		for (size_t i = 0; i < p->dynamic_count; i++) {
			if (p->dynamics[i].resource == s->resource && p->dynamics[i].name == op->third)
				schema = p->dynamics[i].schema;
		}
		looked += 1 + (int64_t)p->dynamic_count / 8;
	}
	return run_charge(r, looked / 8) && run_schema(r, schema, n, seen);
}

/* run_fn */
bool run_all(struct run *r, const struct op *op, const struct json_node *n, marks seen)
{
	for (uint32_t i = 0; i < op->count; i++) {
		if (!run_schema(r, r->program->lists[op->first + i], n, seen))
			return false;
	}
	return true;
}

/* run_fn */
bool run_any(struct run *r, const struct op *op, const struct json_node *n, marks seen)
{
	bool any = false;

	for (uint32_t i = 0; i < op->count && (!any || seen); i++) {
		any |= attempt(r, r->program->lists[op->first + i], n, seen);
		if (r->stopped)
			return false;
	}
	return any || run_fail(r, op, n);
}

/* run_fn */
bool run_one(struct run *r, const struct op *op, const struct json_node *n, marks seen)
{
	uint32_t held = 0;

	for (uint32_t i = 0; i < op->count && held < 2; i++) {
		held += attempt(r, r->program->lists[op->first + i], n, seen);
		if (r->stopped)
			return false;
	}
	return held == 1 || run_fail(r, op, n);
}

/* run_fn */
bool run_not(struct run *r, const struct op *op, const struct json_node *n, marks seen)
{
	(void)seen;
	bool held = run_schema(r, op->first, n, NULL);

	if (r->stopped)
		return false;
	return !held || run_fail(r, op, n);
}

/* run_fn */
bool run_if(struct run *r, const struct op *op, const struct json_node *n, marks seen)
{
	bool held = attempt(r, op->first, n, seen);
	uint32_t then = held ? op->count : op->third;

	if (r->stopped)
		return false;
	return then == NO_SCHEMA || run_schema(r, then, n, seen);
}
