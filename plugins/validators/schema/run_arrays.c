/* Elements of arrays. */
#include <stdlib.h>

#include "run.h"

/* run_fn */
bool run_items(struct run *r, const struct op *op, const struct json_node *n, marks seen)
{
	const struct json_node *at = n + 1;

	for (uint32_t i = 0; i < n->length; i++, at = json_next(at)) {
		uint32_t schema = i < op->count ? r->program->lists[op->first + i] : op->third;

		if (schema == NO_SCHEMA)
			break;
		if (!run_schema(r, schema, at, NULL))
			return false;
		marks_set(seen, i);
	}
	return true;
}

/* run_fn */
bool run_contains(struct run *r, const struct op *op, const struct json_node *n, marks seen)
{
	const struct json_node *at = n + 1;
	uint32_t found = 0;

	for (uint32_t i = 0; i < n->length; i++, at = json_next(at)) {
		if (run_schema(r, op->first, at, NULL)) {
			found++;
			if (op->marks)
				marks_set(seen, i);
			/* Enough is known, unless the marks are wanted. */
			if (found >= op->count && op->third == UINT32_MAX && !seen)
				return true;
		}
		if (r->stopped)
			return false;
	}
	return (found >= op->count && found <= op->third) || run_fail(r, op, n);
}

/* json_compare_fn */
static int by_hash(const void *arg, uint32_t a, uint32_t b)
{
	const uint64_t *hashes = arg;

	return (hashes[a] > hashes[b]) - (hashes[a] < hashes[b]);
}

static bool room(struct run *r, size_t count)
{
	if (r->order_room >= count)
		return true;
	run_fini(r);
	r->order = malloc(count * sizeof(*r->order));
	r->hashes = malloc(count * sizeof(*r->hashes));
	r->elements = malloc(count * sizeof(*r->elements));
	r->order_room = r->order && r->hashes && r->elements ? count : 0;
	return r->order_room || run_no_memory(r);
}

/* run_fn: by sorted hashes. The hashes' key is not known outside, so that equal hashes are, nearly always, equal values; and then it
 * is over. */
bool run_unique(struct run *r, const struct op *op, const struct json_node *n, marks seen)
{
	const struct json_node *at = n + 1;
	uint32_t bits = 1;

	(void)seen;
	if (n->length < 2)
		return true;
	while (n->length >> bits)
		bits++;
	if (!run_charge(r, (int64_t)n->length * bits / 4) || !room(r, n->length))
		return false;
	for (uint32_t i = 0; i < n->length; i++, at = json_next(at)) {
		r->elements[i] = at;
		r->order[i] = i;
		r->hashes[i] = value_hash(at, r->program->key, &r->cost);
	}
	json_sort(r->order, n->length, by_hash, r->hashes);
	for (uint32_t i = 1; i < n->length && run_charge(r, 0); i++) {
		uint32_t a = r->order[i - 1];

		for (uint32_t j = i; j < n->length && r->hashes[r->order[j]] == r->hashes[a]; j++) {
			if (value_equal(r->elements[a], r->elements[r->order[j]], &r->cost))
				return run_fail(r, op, n);
		}
	}
	return !r->stopped;
}

/* run_fn */
bool run_unevaluated_items(struct run *r, const struct op *op, const struct json_node *n, marks seen)
{
	const struct json_node *at = n + 1;

	for (uint32_t i = 0; i < n->length; i++, at = json_next(at)) {
		if (marks_has(seen, i))
			continue;
		if (!run_schema(r, op->first, at, NULL))
			return false;
		marks_set(seen, i);
	}
	return true;
}
