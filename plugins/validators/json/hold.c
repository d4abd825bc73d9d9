/* Rules, judged on the values of one text. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules.h"
#include "text.h"

/* A number of a text is followed by something that no number goes on with, so it needs no copy. */
static double number_of(const struct json_value *v)
{
	return strtod((const char *)v->at, NULL);
}

static bool equal(const struct json_value *v, const struct operand *o)
{
	if (v->type != o->type)
		return false;
	if (v->type == VALUE_STRING)
		return json_text_is(v->at, v->length, v->escaped, o->text, o->length);
	return v->type != VALUE_NUMBER || number_of(v) == o->number;
}

static bool is_integer(const struct json_value *v)
{
	if (v->type != VALUE_NUMBER)
		return false;
	for (size_t i = 0; i < v->length; i++)
		if (v->at[i] == '.' || (v->at[i] | 0x20) == 'e')
			return false;
	return true;
}

static bool is_type(const struct json_value *v, uint32_t types)
{
	return types == TYPE_INTEGER ? is_integer(v) : (types >> v->type & 1);
}

static bool compare(const struct condition *c, const struct json_value *v)
{
	double limit = c->operands[0].number, n;

	if (v->type != VALUE_NUMBER)
		return false;
	n = number_of(v);
	switch (c->op) {
	case OP_LESS: return n < limit;
	case OP_AT_MOST: return n <= limit;
	case OP_MORE: return n > limit;
	default: return n >= limit;
	}
}

static bool holds(const struct condition *c, const struct json_value *values)
{
	const struct json_value *v = &values[c->slot];
	bool there = v->type != VALUE_ABSENT;

	switch ((enum condition_op)c->op) {
	case OP_SET: return there && v->type != VALUE_NULL;
	case OP_NOT_SET: return !there || v->type == VALUE_NULL;
	case OP_EQUAL: return equal(v, &c->operands[0]);
	case OP_NOT_EQUAL: return there && !equal(v, &c->operands[0]);
	case OP_IS: return there && is_type(v, c->types);
	case OP_IS_NOT: return there && !is_type(v, c->types);
	case OP_IN:
		for (size_t i = 0; i < c->count; i++)
			if (equal(v, &c->operands[i]))
				return true;
		return false;
	default: return compare(c, v);
	}
}

/* The first condition that does not hold, or NULL. */
static const struct condition *failing(const struct rule *r, const struct json_value *values)
{
	for (size_t i = 0; i < r->count; i++)
		if (!holds(&r->conditions[i], values))
			return &r->conditions[i];
	return NULL;
}

/* What each alternative lacks, as much of it as fits. */
static void tell_lacks(const struct rules *r, const struct json_value *values, char *reason, size_t size)
{
	size_t at = (size_t)snprintf(reason, size, "no rule of accept_if holds:");

	for (size_t i = 0; i < r->accept_count && at < size; i++) {
		const struct condition *c = failing(&r->accept[i], values);
		int n = snprintf(reason + at, size - at, "%s not (%.*s)", i ? "," : "", (int)c->length, c->from);
		if (n < 0 || (size_t)n >= size - at) {
			reason[at] = 0;
			return;
		}
		at += (size_t)n;
	}
}

bool rules_hold(const struct rules *r, const struct json_value *values, char *reason, size_t size)
{
	for (size_t i = 0; i < r->required_count; i++) {
		if (!failing(&r->required[i], values))
			continue;
		snprintf(reason, size, "the member %.200s is not set", r->required[i].text);
		return false;
	}
	for (size_t i = 0; i < r->accept_count; i++)
		if (!failing(&r->accept[i], values))
			return true;
	if (r->accept_count)
		tell_lacks(r, values, reason, size);
	return r->accept_count == 0;
}
