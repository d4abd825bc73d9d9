/* Keywords about the elements of arrays. */
#include "compile.h"

/* 2020-12: prefixItems, items for the rest. Draft 7: items for all, or a list and additionalItems for the rest. */
static int items(struct compiler *c, struct source *s)
{
	const struct json_node *value = s->values[KW_ITEMS], *prefix = s->values[KW_PREFIX_ITEMS];
	enum keyword_id rest_keyword = KW_ITEMS;
	uint32_t first = 0, count = 0, rest;
	struct op *op;
	int rc = 0;

	/* It must be a schema even where it means nothing. */
	if ((rc = compile_want_value(c, s, KW_ADDITIONAL_ITEMS, &rest)))
		return rc;
	if (value && value->type == JSON_ARRAY) {
		if (s->dialect->draft != DRAFT_7)
			return compile_fail(c, s, value, "items is an array; 2020-12 has prefixItems for that");
		prefix = value;
		rest_keyword = KW_ADDITIONAL_ITEMS;
	}
	if (!prefix && !value)
		return 0;
	if (prefix) {
		if (prefix->type != JSON_ARRAY || prefix->length == 0)
			return compile_fail(c, s, prefix, "an array of schemas is wanted, with one at least");
		rc = compile_list(c, s, prefix, &first, &count);
	}
	if (rc || (rc = compile_want_value(c, s, rest_keyword, &rest)))
		return rc;
	if (!(op = compile_op(c, s, OP_ITEMS, APPLIES(JSON_ARRAY), prefix ? prefix : value)))
		return PLUQ_ENOMEM;
	op->first = first;
	op->count = count;
	op->third = rest;
	return 0;
}

static int contains(struct compiler *c, struct source *s)
{
	const struct json_node *least = s->values[KW_MIN_CONTAINS], *most = s->values[KW_MAX_CONTAINS];
	uint32_t schema, min = 1, max = UINT32_MAX;
	struct op *op;
	int rc = 0;

	if ((least && (rc = compile_limit(c, s, least, &min))) || (most && (rc = compile_limit(c, s, most, &max))) ||
	    (rc = compile_want_value(c, s, KW_CONTAINS, &schema)))
		return rc;
	if (schema == NO_SCHEMA)
		return 0;
	if (!(op = compile_op(c, s, OP_CONTAINS, APPLIES(JSON_ARRAY), s->values[KW_CONTAINS])))
		return PLUQ_ENOMEM;
	op->first = schema;
	op->count = min;
	op->third = max;
	op->marks = s->dialect->draft == DRAFT_2020;
	return 0;
}

static int unique(struct compiler *c, struct source *s)
{
	const struct json_node *value = s->values[KW_UNIQUE_ITEMS];

	if (!value || value->type == JSON_FALSE)
		return 0;
	if (value->type != JSON_TRUE)
		return compile_fail(c, s, value, "neither true nor false");
	return compile_op(c, s, OP_UNIQUE, APPLIES(JSON_ARRAY), value) ? 0 : PLUQ_ENOMEM;
}

int compile_arrays(struct compiler *c, struct source *s)
{
	static const compile_fn steps[] = {items, contains, unique};
	int rc = 0;

	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps) && !rc; i++)
		rc = steps[i](c, s);
	return rc;
}
