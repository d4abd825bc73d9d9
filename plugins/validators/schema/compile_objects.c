/* Keywords about the members of objects. */
#include <stdlib.h>
#include <string.h>

#include "compile.h"

static int object_of(struct compiler *c, struct source *s, const struct json_node *value)
{
	return value->type == JSON_OBJECT ? 0 : compile_fail(c, s, value, "an object is wanted");
}

/* json_compare_fn */
static int by_name(const void *arg, uint32_t a, uint32_t b)
{
	const struct name *x = (const struct name *)arg + a, *y = (const struct name *)arg + b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	if (x->length != y->length)
		return x->length < y->length ? -1 : 1;
	return memcmp(x->text, y->text, x->length);
}

/* An array of names has each once. */
static int names_differ(struct compiler *c, struct source *s, const struct json_node *array, uint32_t first)
{
	const struct name *names;
	uint32_t *order;
	bool good = true;

	if (array->length < 2)
		return 0;
	names = c->p->names + first;
	if (!(order = malloc(array->length * sizeof(*order))))
		return compile_no_memory(c);
	for (uint32_t i = 0; i < array->length; i++)
		order[i] = i;
	json_sort(order, array->length, by_name, names);
	for (uint32_t i = 1; i < array->length && good; i++)
		good = by_name(names, order[i - 1], order[i]) != 0;
	free(order);
	return good ? 0 : compile_fail(c, s, array, "a name occurs twice");
}

/* Strings into `names`. */
static int names(struct compiler *c, struct source *s, const struct json_node *array, uint32_t *first)
{
	const struct json_node *at = array + 1;

	if (array->type != JSON_ARRAY)
		return compile_fail(c, s, array, "an array of names is wanted");
	*first = (uint32_t)c->p->name_count;
	for (uint32_t i = 0; i < array->length; i++, at = json_next(at)) {
		if (at->type != JSON_STRING)
			return compile_fail(c, s, at, "a name is wanted");
		if (!compile_name(c, at))
			return PLUQ_ENOMEM;
	}
	return names_differ(c, s, array, *first);
}

static int required(struct compiler *c, struct source *s)
{
	const struct json_node *value = s->values[KW_REQUIRED];
	uint32_t first;
	struct op *op;
	int rc;

	if (!value)
		return 0;
	if ((rc = names(c, s, value, &first)))
		return rc;
	if (!(op = compile_op(c, s, OP_REQUIRED, APPLIES(JSON_OBJECT), value)))
		return PLUQ_ENOMEM;
	op->first = first;
	op->count = value->length;
	return 0;
}

/* The members of a map whose values are arrays (of names), or those whose values are not (schemas). */
static uint32_t members_with(const struct json_node *map, bool arrays)
{
	const struct json_node *name = map + 1;
	uint32_t count = 0;

	for (uint32_t i = 0; i < map->length; i++, name = json_next(name + 1))
		count += (name[1].type == JSON_ARRAY) == arrays;
	return count;
}

static int dependent_required(struct compiler *c, struct source *s, const struct json_node *map)
{
	const struct json_node *name = map + 1;
	uint32_t first = (uint32_t)c->p->name_count, count = members_with(map, true), at = first;
	struct op *op;

	if (count == 0)
		return 0;
	if (!(op = compile_op(c, s, OP_DEPENDENT_REQUIRED, APPLIES(JSON_OBJECT), map)))
		return PLUQ_ENOMEM;
	op->first = first;
	op->count = count;
	for (uint32_t i = 0; i < map->length; i++, name = json_next(name + 1)) {
		if (name[1].type == JSON_ARRAY && !compile_name(c, name))
			return PLUQ_ENOMEM;
	}
	name = map + 1;
	for (uint32_t i = 0; i < map->length; i++, name = json_next(name + 1)) {
		uint32_t inner;
		int rc;

		if (name[1].type != JSON_ARRAY)
			continue;
		if ((rc = names(c, s, name + 1, &inner)))
			return rc;
		c->p->names[at].a = inner;
		c->p->names[at++].b = name[1].length;
	}
	return 0;
}

/* Each schema of a map with its name; behind `first` in `names`. */
static int schemas(struct compiler *c, struct source *s, const struct json_node *map, uint32_t *first, uint32_t *count)
{
	const struct json_node *name = map + 1;

	*first = (uint32_t)c->p->name_count;
	*count = 0;
	for (uint32_t i = 0; i < map->length; i++, name = json_next(name + 1)) {
		uint32_t schema;
		int rc;

		if (name[1].type == JSON_ARRAY)
			continue;
		if ((rc = compile_want(c, s->doc, name + 1, &schema)))
			return rc;
		if (!compile_name(c, name))
			return PLUQ_ENOMEM;
		c->p->names[*first + (*count)++].a = schema;
	}
	return 0;
}

static int dependent_schemas(struct compiler *c, struct source *s, const struct json_node *map)
{
	uint32_t first, count;
	struct op *op;
	int rc = schemas(c, s, map, &first, &count);

	if (rc || count == 0)
		return rc;
	if (!(op = compile_op(c, s, OP_DEPENDENT_SCHEMAS, APPLIES(JSON_OBJECT), map)))
		return PLUQ_ENOMEM;
	op->first = first;
	op->count = count;
	return 0;
}

static int only(struct compiler *c, struct source *s, const struct json_node *map, bool arrays)
{
	const struct json_node *name = map + 1;

	for (uint32_t i = 0; i < map->length; i++, name = json_next(name + 1)) {
		if ((name[1].type == JSON_ARRAY) != arrays)
			return compile_fail(c, s, name + 1, arrays ? "an array of names is wanted" : "a schema is wanted");
	}
	return 0;
}

static int dependencies(struct compiler *c, struct source *s)
{
	const struct json_node *r = s->values[KW_DEPENDENT_REQUIRED], *d = s->values[KW_DEPENDENT_SCHEMAS],
	                       *both = s->values[KW_DEPENDENCIES];
	int rc = 0;

	if (r && ((rc = object_of(c, s, r)) || (rc = only(c, s, r, true)) || (rc = dependent_required(c, s, r))))
		return rc;
	if (d && ((rc = object_of(c, s, d)) || (rc = only(c, s, d, false)) || (rc = dependent_schemas(c, s, d))))
		return rc;
	if (both && !(rc = object_of(c, s, both)) && !(rc = dependent_required(c, s, both)))
		rc = dependent_schemas(c, s, both);
	return rc;
}

/* So that a member of a message is found however many there are in the schema. */
static int index_names(struct compiler *c, struct members *m)
{
	uint32_t room = 4;

	while (room < m->count * 2)
		room *= 2;
	if (!(m->slots = calloc(room, sizeof(*m->slots))))
		return compile_no_memory(c);
	m->mask = room - 1;
	for (uint32_t i = 0; i < m->count; i++) {
		uint32_t slot = c->p->names[m->first + i].hash & m->mask;

		while (m->slots[slot])
			slot = (slot + 1) & m->mask;
		m->slots[slot] = i + 1;
	}
	return 0;
}

static int pattern_members(struct compiler *c, struct source *s, const struct json_node *map, struct members *m)
{
	const struct json_node *name = map + 1;
	int rc = object_of(c, s, map);

	if (rc)
		return rc;
	if (!(m->patterns = calloc(map->length + 1, sizeof(*m->patterns))))
		return compile_no_memory(c);
	for (uint32_t i = 0; i < map->length && !rc; i++, name = json_next(name + 1)) {
		if (!(rc = compile_pattern(c, s, name, &m->patterns[i].pattern)))
			rc = compile_want(c, s->doc, name + 1, &m->patterns[i].schema);
		m->pattern_count++;
	}
	return rc;
}

static int members(struct compiler *c, struct source *s)
{
	const struct json_node *named = s->values[KW_PROPERTIES], *by_pattern = s->values[KW_PATTERN_PROPERTIES],
	                       *rest = s->values[KW_ADDITIONAL_PROPERTIES];
	struct program *p = c->p;
	struct members *m;
	struct op *op;
	int rc = 0;

	if (!named && !by_pattern && !rest)
		return 0;
	if (!store_grow(&p->members, p->members_count, sizeof(*p->members)) || !(m = calloc(1, sizeof(*m))))
		return compile_no_memory(c);
	p->members[p->members_count++] = m;
	if (named && !(rc = object_of(c, s, named))) {
		if (!(rc = only(c, s, named, false)))
			rc = schemas(c, s, named, &m->first, &m->count);
	}
	if (!rc && !(rc = index_names(c, m)) && by_pattern)
		rc = pattern_members(c, s, by_pattern, m);
	if (!rc)
		rc = compile_want_value(c, s, KW_ADDITIONAL_PROPERTIES, &m->additional);
	if (rc)
		return rc;
	if (!(op = compile_op(c, s, OP_MEMBERS, APPLIES(JSON_OBJECT), named ? named : by_pattern ? by_pattern : rest)))
		return PLUQ_ENOMEM;
	op->u.members = m;
	return 0;
}

static int property_names(struct compiler *c, struct source *s)
{
	uint32_t schema;
	struct op *op;
	int rc = compile_want_value(c, s, KW_PROPERTY_NAMES, &schema);

	if (rc || schema == NO_SCHEMA)
		return rc;
	if (!(op = compile_op(c, s, OP_NAMES, APPLIES(JSON_OBJECT), s->values[KW_PROPERTY_NAMES])))
		return PLUQ_ENOMEM;
	op->first = schema;
	return 0;
}

int compile_objects(struct compiler *c, struct source *s)
{
	static const compile_fn steps[] = {required, dependencies, members, property_names};
	int rc = 0;

	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps) && !rc; i++)
		rc = steps[i](c, s);
	return rc;
}
