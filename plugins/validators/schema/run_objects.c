/* Members of objects. */
#include <string.h>

#include "run.h"

static const struct json_node *find(struct run *r, const struct json_node *object, const struct name *name)
{
	return run_charge(r, object->length / 16) ? json_find(object, name->text, name->length, name->hash) : NULL;
}

static bool missing(struct run *r, const struct op *op, const struct json_node *n, const struct name *name)
{
	if (r->stopped)
		return false;
	run_fail(r, op, n);
	r->failure.name = name;
	return false;
}

static bool has_all(struct run *r, const struct op *op, const struct json_node *n, uint32_t first, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		const struct name *name = &r->program->names[first + i];

		if (!find(r, n, name))
			return missing(r, op, n, name);
	}
	return true;
}

/* run_fn */
bool run_required(struct run *r, const struct op *op, const struct json_node *n, marks seen)
{
	(void)seen;
	return has_all(r, op, n, op->first, op->count);
}

/* run_fn */
bool run_dependent_required(struct run *r, const struct op *op, const struct json_node *n, marks seen)
{
	(void)seen;
	for (uint32_t i = 0; i < op->count; i++) {
		const struct name *name = r->program->names + op->first + i;

		if (find(r, n, name) && !has_all(r, op, n, name->a, name->b))
			return false;
	}
	return !r->stopped;
}

/* The schema that `properties` has for it, or NO_SCHEMA. */
static uint32_t named(const struct program *p, const struct members *m, const struct json_node *name)
{
	for (uint32_t slot = name->hash & m->mask; m->slots[slot]; slot = (slot + 1) & m->mask) {
		const struct name *known = &p->names[m->first + m->slots[slot] - 1];

		if (known->hash == name->hash && known->length == name->length && memcmp(known->text, name->u.text, name->length) == 0)
			return known->a;
	}
	return NO_SCHEMA;
}

static bool one_member(struct run *r, const struct members *m, const struct json_node *name, bool *looked_at)
{
	uint32_t schema = named(r->program, m, name);

	*looked_at = schema != NO_SCHEMA;
	if (*looked_at && !run_schema(r, schema, name + 1, NULL))
		return false;
	for (uint32_t i = 0; i < m->pattern_count; i++) {
		if (run_matches(r, m->patterns[i].pattern, name)) {
			*looked_at = true;
			if (!run_schema(r, m->patterns[i].schema, name + 1, NULL))
				return false;
		}
		if (r->stopped)
			return false;
	}
	if (*looked_at || m->additional == NO_SCHEMA)
		return true;
	*looked_at = true;
	return run_schema(r, m->additional, name + 1, NULL);
}

/* run_fn */
bool run_members(struct run *r, const struct op *op, const struct json_node *n, marks seen)
{
	const struct json_node *name = n + 1;

	if (!run_charge(r, n->length / 4))
		return false;
	for (uint32_t i = 0; i < n->length; i++, name = json_next(name + 1)) {
		bool looked_at;

		if (!one_member(r, op->u.members, name, &looked_at))
			return false;
		if (looked_at)
			marks_set(seen, i);
	}
	return true;
}

/* run_fn */
bool run_names(struct run *r, const struct op *op, const struct json_node *n, marks seen)
{
	const struct json_node *name = n + 1;

	(void)seen;
	for (uint32_t i = 0; i < n->length; i++, name = json_next(name + 1)) {
		if (!run_schema(r, op->first, name, NULL))
			return false;
	}
	return true;
}

/* run_fn */
bool run_unevaluated_members(struct run *r, const struct op *op, const struct json_node *n, marks seen)
{
	const struct json_node *name = n + 1;

	for (uint32_t i = 0; i < n->length; i++, name = json_next(name + 1)) {
		if (marks_has(seen, i))
			continue;
		if (!run_schema(r, op->first, name + 1, NULL))
			return false;
		marks_set(seen, i);
	}
	return true;
}

/* run_fn */
bool run_dependent_schemas(struct run *r, const struct op *op, const struct json_node *n, marks seen)
{
	for (uint32_t i = 0; i < op->count; i++) {
		const struct name *name = r->program->names + op->first + i;

		if (find(r, n, name) && !run_schema(r, name->a, n, seen))
			return false;
	}
	return !r->stopped;
}
