/* Values by themselves: constants, numbers, strings, counts. */
#include "number.h"
#include "run.h"

/* value_equal is false, too, when the cost has run out. */
static bool equal(struct run *r, const struct json_node *a, const struct json_node *b)
{
	return value_equal(a, b, &r->cost);
}

/* run_fn */
bool run_const(struct run *r, const struct op *op, const struct json_node *n, marks seen)
{
	(void)seen;
	if (equal(r, op->u.value, n))
		return true;
	return run_charge(r, 0) ? run_fail(r, op, n) : false;
}

/* run_fn */
bool run_enum(struct run *r, const struct op *op, const struct json_node *n, marks seen)
{
	const struct json_node *at = op->u.value + 1;

	(void)seen;
	for (uint32_t i = 0; i < op->u.value->length; i++, at = json_next(at)) {
		if (equal(r, at, n))
			return true;
	}
	return run_charge(r, 0) ? run_fail(r, op, n) : false;
}

/* run_fn: minimum and its kin */
bool run_number(struct run *r, const struct op *op, const struct json_node *n, marks seen)
{
	bool good = false;

	(void)seen;
	if (json_is_number_long(n) && !run_charge(r, n->length / 8))
		return false;
	switch (op->code) {
	case OP_MINIMUM:
		good = number_compare(n, op->u.value) >= 0;
		break;
	case OP_MAXIMUM:
		good = number_compare(n, op->u.value) <= 0;
		break;
	case OP_EXCLUSIVE_MINIMUM:
		good = number_compare(n, op->u.value) > 0;
		break;
	case OP_EXCLUSIVE_MAXIMUM:
		good = number_compare(n, op->u.value) < 0;
		break;
	case OP_MULTIPLE_OF:
		good = number_is_multiple(n, op->u.value);
		break;
	}
	return good || run_fail(r, op, n);
}

/* run_fn: in characters, not bytes */
bool run_length(struct run *r, const struct op *op, const struct json_node *n, marks seen)
{
	uint32_t length = n->length;

	(void)seen;
	if (!run_charge(r, length / 32))
		return false;
	for (uint32_t i = 0; i < n->length; i++)
		length -= (n->u.text[i] & 0xc0) == 0x80;
	if (op->code == OP_MIN_LENGTH ? length >= op->count : length <= op->count)
		return true;
	return run_fail(r, op, n);
}

/* run_fn */
bool run_format(struct run *r, const struct op *op, const struct json_node *n, marks seen)
{
	(void)seen;
	if (!run_charge(r, n->length / 4 + op->count))
		return false;
	return op->u.format(n->u.text, n->length) || run_fail(r, op, n);
}

/* run_fn */
bool run_pattern(struct run *r, const struct op *op, const struct json_node *n, marks seen)
{
	(void)seen;
	return run_matches(r, op->u.pattern, n) || run_fail(r, op, n);
}

/* run_fn: elements and members */
bool run_count(struct run *r, const struct op *op, const struct json_node *n, marks seen)
{
	bool least = op->code == OP_MIN_ITEMS || op->code == OP_MIN_MEMBERS;

	(void)seen;
	return (least ? n->length >= op->count : n->length <= op->count) || run_fail(r, op, n);
}
