/* Keywords about one value: types, numbers, strings, counts. */
#include "compile.h"
#include "format.h"
#include "number.h"

/* What compiling a pattern costs: {1000}s within each other make much of few bytes. */
#define REGEX_STEPS 10000

static const struct {
	const char *name;
	uint8_t bits;
} types[] = {
	{"null", APPLIES(JSON_NULL)}, {"boolean", APPLIES(JSON_FALSE) | APPLIES(JSON_TRUE)}, {"number", APPLIES(JSON_NUMBER)},
	{"string", APPLIES(JSON_STRING)}, {"array", APPLIES(JSON_ARRAY)}, {"object", APPLIES(JSON_OBJECT)}, {"integer", TYPE_INTEGER},
};

/* Keywords whose value is a number of things. */
static const struct {
	uint8_t keyword, code, type;
} limits[] = {
	{KW_MIN_LENGTH, OP_MIN_LENGTH, JSON_STRING}, {KW_MAX_LENGTH, OP_MAX_LENGTH, JSON_STRING},
	{KW_MIN_ITEMS, OP_MIN_ITEMS, JSON_ARRAY}, {KW_MAX_ITEMS, OP_MAX_ITEMS, JSON_ARRAY},
	{KW_MIN_PROPERTIES, OP_MIN_MEMBERS, JSON_OBJECT}, {KW_MAX_PROPERTIES, OP_MAX_MEMBERS, JSON_OBJECT},
};

static const struct {
	uint8_t keyword, code;
} bounds[] = {
	{KW_MINIMUM, OP_MINIMUM}, {KW_MAXIMUM, OP_MAXIMUM}, {KW_EXCLUSIVE_MINIMUM, OP_EXCLUSIVE_MINIMUM},
	{KW_EXCLUSIVE_MAXIMUM, OP_EXCLUSIVE_MAXIMUM}, {KW_MULTIPLE_OF, OP_MULTIPLE_OF},
};

static int type(struct compiler *c, struct source *s)
{
	const struct json_node *value = s->values[KW_TYPE], *at = value;
	struct schema *schema = &c->p->schemas[s->schema];
	uint32_t count = 1;

	if (!value)
		return 0;
	if (value->type == JSON_ARRAY) {
		at = value + 1;
		count = value->length;
	}
	schema->types = 0;
	for (uint32_t i = 0; i < count; i++, at = json_next(at)) {
		size_t t = 0;

		while (t < sizeof(types) / sizeof(*types) && !json_string_is(at, types[t].name))
			t++;
		if (t == sizeof(types) / sizeof(*types))
			return compile_fail(c, s, at, "there is no such type");
		if (schema->types & types[t].bits)
			return compile_fail(c, s, at, "this type occurs twice");
		schema->types |= types[t].bits;
	}
	if (count == 0)
		return compile_fail(c, s, value, "an empty list of types");
	return (schema->where_type = compile_place(c, s->doc, value)) ? 0 : compile_no_memory(c);
}

static int constants(struct compiler *c, struct source *s)
{
	const struct json_node *list = s->values[KW_ENUM];
	struct op *op;

	if (s->values[KW_CONST]) {
		if (!(op = compile_op(c, s, OP_CONST, APPLIES_ALWAYS, s->values[KW_CONST])))
			return PLUQ_ENOMEM;
		op->u.value = s->values[KW_CONST];
	}
	if (list) {
		if (list->type != JSON_ARRAY)
			return compile_fail(c, s, list, "enum is no array");
		if (!(op = compile_op(c, s, OP_ENUM, APPLIES_ALWAYS, list)))
			return PLUQ_ENOMEM;
		op->u.value = list;
	}
	return 0;
}

static int numbers(struct compiler *c, struct source *s)
{
	for (size_t i = 0; i < sizeof(bounds) / sizeof(*bounds); i++) {
		const struct json_node *value = s->values[bounds[i].keyword];
		struct op *op;

		if (!value)
			continue;
		if (value->type != JSON_NUMBER)
			return compile_fail(c, s, value, "no number");
		if (bounds[i].code == OP_MULTIPLE_OF) {
			if (json_is_number_long(value))
				return compile_fail(c, s, value, "multipleOf has more than 18 digits");
			if (value->u.mantissa <= 0)
				return compile_fail(c, s, value, "multipleOf is not above 0");
		}
		if (!(op = compile_op(c, s, (enum op_code)bounds[i].code, APPLIES(JSON_NUMBER), value)))
			return PLUQ_ENOMEM;
		op->u.value = value;
	}
	return 0;
}

static int counts(struct compiler *c, struct source *s)
{
	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		const struct json_node *value = s->values[limits[i].keyword];
		uint32_t count;
		struct op *op;
		int rc;

		if (!value)
			continue;
		if ((rc = compile_limit(c, s, value, &count)))
			return rc;
		if (!(op = compile_op(c, s, (enum op_code)limits[i].code, APPLIES(limits[i].type), value)))
			return PLUQ_ENOMEM;
		op->count = count;
	}
	return 0;
}

static int format(struct compiler *c, struct source *s)
{
	const struct json_node *value = s->values[KW_FORMAT];
	format_fn check;
	struct op *op;

	if (!value)
		return 0;
	if (value->type != JSON_STRING)
		return compile_fail(c, s, value, "format is no string");
	if (!s->dialect->assert_format)
		return 0;
	check = format_find(value);
	if (!check && ((s->dialect->vocabularies & VOCAB_FORMAT_ASSERTION) || format_is_standard(value)))
		return compile_fail(c, s, value, "this format cannot be checked");
	if (!check) {
		compile_warn(c, s, value, "is no format of JSON Schema and is not checked");
		return 0;
	}
	if (!(op = compile_op(c, s, OP_FORMAT, APPLIES(JSON_STRING), value)))
		return PLUQ_ENOMEM;
	op->u.format = check;
	op->count = json_string_is(value, "regex") ? REGEX_STEPS : 0;
	return 0;
}

static int pattern(struct compiler *c, struct source *s)
{
	const struct json_node *value = s->values[KW_PATTERN];
	struct pattern *compiled;
	struct op *op;
	int rc;

	if (!value)
		return 0;
	if ((rc = compile_pattern(c, s, value, &compiled)))
		return rc;
	if (!(op = compile_op(c, s, OP_PATTERN, APPLIES(JSON_STRING), value)))
		return PLUQ_ENOMEM;
	op->u.pattern = compiled;
	return 0;
}

int compile_scalars(struct compiler *c, struct source *s)
{
	static const compile_fn steps[] = {type, constants, numbers, counts, format, pattern};
	int rc = 0;

	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps) && !rc; i++)
		rc = steps[i](c, s);
	return rc;
}
