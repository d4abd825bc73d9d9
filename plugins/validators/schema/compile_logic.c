/* Keywords that bring other schemas to bear on the same value, and what is left when all of them have been. */
#include <string.h>

#include "compile.h"

static int one(struct compiler *c, struct source *s, enum keyword_id id, enum op_code code, unsigned applies)
{
	uint32_t schema;
	struct op *op;
	int rc = compile_want_value(c, s, id, &schema);

	if (rc || schema == NO_SCHEMA)
		return rc;
	if (!(op = compile_op(c, s, code, applies, s->values[id])))
		return PLUQ_ENOMEM;
	op->first = schema;
	return 0;
}

static int several(struct compiler *c, struct source *s, enum keyword_id id, enum op_code code)
{
	const struct json_node *value = s->values[id];
	uint32_t first, count;
	struct op *op;
	int rc;

	if (!value)
		return 0;
	if (value->type != JSON_ARRAY || value->length == 0)
		return compile_fail(c, s, value, "an array of schemas is wanted, with one at least");
	if ((rc = compile_list(c, s, value, &first, &count)))
		return rc;
	if (!(op = compile_op(c, s, code, APPLIES_ALWAYS, value)))
		return PLUQ_ENOMEM;
	op->first = first;
	op->count = count;
	return 0;
}

static int reference(struct compiler *c, struct source *s)
{
	struct target target;
	uint32_t schema;
	struct op *op;
	int rc;

	if (!s->values[KW_REF])
		return 0;
	if ((rc = store_resolve(&c->p->store, s->doc, s->resource, s->values[KW_REF], &target, c->why)) ||
	    (rc = compile_want(c, target.doc, target.node, &schema)))
		return rc;
	if (!(op = compile_op(c, s, OP_REF, APPLIES_ALWAYS, s->values[KW_REF])))
		return PLUQ_ENOMEM;
	op->first = schema;
	return 0;
}

static int dynamic_name(struct compiler *c, const struct json_node *name, uint32_t *out)
{
	for (*out = 0; *out < c->dynamic_name_count; (*out)++) {
		const struct json_node *known = c->dynamic_names[*out];

		if (known->length == name->length && memcmp(known->u.text, name->u.text, name->length) == 0)
			return 0;
	}
	if (!store_grow(&c->dynamic_names, c->dynamic_name_count, sizeof(*c->dynamic_names)))
		return compile_no_memory(c);
	c->dynamic_names[c->dynamic_name_count++] = name;
	return 0;
}

/* One that does not lead to a $dynamicAnchor is a plain reference. */
static int dynamic_reference(struct compiler *c, struct source *s)
{
	const struct json_node *value = s->values[KW_DYNAMIC_REF];
	struct target target;
	uint32_t schema, name = NO_SCHEMA;
	struct op *op;
	int rc;

	if (!value)
		return 0;
	if ((rc = store_resolve(&c->p->store, s->doc, s->resource, value, &target, c->why)))
		return rc;
	if ((target.dynamic && (rc = dynamic_name(c, target.dynamic->name, &name))) ||
	    (rc = compile_want(c, target.doc, target.node, &schema)))
		return rc;
	if (!(op = compile_op(c, s, target.dynamic ? OP_DYNAMIC_REF : OP_REF, APPLIES_ALWAYS, value)))
		return PLUQ_ENOMEM;
	op->first = schema;
	op->third = name;
	return 0;
}

static int condition(struct compiler *c, struct source *s)
{
	uint32_t if_schema, then_schema, else_schema;
	struct op *op;
	int rc;

	if ((rc = compile_want_value(c, s, KW_IF, &if_schema)) || (rc = compile_want_value(c, s, KW_THEN, &then_schema)) ||
	    (rc = compile_want_value(c, s, KW_ELSE, &else_schema)))
		return rc;
	/* Without then and else it still tells what has been evaluated. */
	if (if_schema == NO_SCHEMA)
		return 0;
	if (!(op = compile_op(c, s, OP_IF, APPLIES_ALWAYS, s->values[KW_IF])))
		return PLUQ_ENOMEM;
	op->first = if_schema;
	op->count = then_schema;
	op->third = else_schema;
	return 0;
}

static int unevaluated(struct compiler *c, struct source *s)
{
	struct schema *schema = &c->p->schemas[s->schema];
	int rc;

	schema->tracks_items = s->values[KW_UNEVALUATED_ITEMS] != NULL;
	schema->tracks_members = s->values[KW_UNEVALUATED_PROPERTIES] != NULL;
	if ((rc = one(c, s, KW_UNEVALUATED_ITEMS, OP_UNEVALUATED_ITEMS, APPLIES(JSON_ARRAY))))
		return rc;
	return one(c, s, KW_UNEVALUATED_PROPERTIES, OP_UNEVALUATED_MEMBERS, APPLIES(JSON_OBJECT));
}

int compile_logic(struct compiler *c, struct source *s)
{
	int rc;

	if ((rc = reference(c, s)) || (rc = dynamic_reference(c, s)) || (rc = several(c, s, KW_ALL_OF, OP_ALL)) ||
	    (rc = several(c, s, KW_ANY_OF, OP_ANY)) || (rc = several(c, s, KW_ONE_OF, OP_ONE)) ||
	    (rc = one(c, s, KW_NOT, OP_NOT, APPLIES_ALWAYS)) || (rc = condition(c, s)))
		return rc;
	return unevaluated(c, s);
}
