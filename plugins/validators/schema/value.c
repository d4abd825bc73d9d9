#include "value.h"

#include <string.h>

#include "number.h"

static uint64_t mix(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)(a ^ UINT64_C(0xa0761d6478bd642f)) * (b ^ UINT64_C(0xe7037ed1a0b428db));

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t hash_text(const uint8_t *text, uint32_t length, uint64_t key)
{
	uint64_t h = key ^ length, word;

	for (; length >= 8; length -= 8, text += 8) {
		memcpy(&word, text, 8);
		h = mix(h ^ word, key);
	}
	word = 0;
	memcpy(&word, text, length);
	return mix(h ^ word, key);
}

uint64_t value_hash(const struct json_node *n, uint64_t key, struct value_cost *cost)
{
	const struct json_node *at = n + 1;
	uint64_t h = 0;

	if (cost->left < 0)
		return 0;
	cost->left -= 1 + (n->type == JSON_STRING || json_is_number_long(n) ? n->length / 64 : 0);
	switch ((enum json_type)n->type) {
	case JSON_STRING:
		return hash_text(n->u.text, n->length, key);
	case JSON_NUMBER:
		return mix(number_hash(n) ^ JSON_NUMBER, key);
	case JSON_ARRAY:
		for (uint32_t i = 0; i < n->length; i++, at = json_next(at))
			h = mix(h ^ value_hash(at, key, cost), key + JSON_ARRAY);
		return mix(h ^ n->length, key + JSON_ARRAY);
	case JSON_OBJECT:
		for (uint32_t i = 0; i < n->length; i++, at = json_next(at + 1))
			h += mix(hash_text(at->u.text, at->length, key), value_hash(at + 1, key, cost) ^ key);
		return mix(h ^ n->length, key + JSON_OBJECT);
	default:
		return mix(n->type, key);
	}
}

static bool equal_arrays(const struct json_node *a, const struct json_node *b, struct value_cost *cost)
{
	const struct json_node *x = a + 1, *y = b + 1;

	for (uint32_t i = 0; i < a->length; i++, x = json_next(x), y = json_next(y)) {
		if (!value_equal(x, y, cost))
			return false;
	}
	return true;
}

/* Names occur once in each, so that every one of a is in b is enough. */
static bool equal_objects(const struct json_node *a, const struct json_node *b, struct value_cost *cost)
{
	const struct json_node *x = a + 1, *y;

	for (uint32_t i = 0; i < a->length; i++, x = json_next(x + 1)) {
		cost->left -= b->length / 8;
		if (cost->left < 0 || !(y = json_find(b, x->u.text, x->length, x->hash)) || !value_equal(x + 1, y, cost))
			return false;
	}
	return true;
}

bool value_equal(const struct json_node *a, const struct json_node *b, struct value_cost *cost)
{
	if (a->type != b->type || cost->left < 0)
		return false;
	cost->left--;
	switch ((enum json_type)a->type) {
	case JSON_STRING:
		cost->left -= a->length / 64;
		return a->length == b->length && memcmp(a->u.text, b->u.text, a->length) == 0;
	case JSON_NUMBER:
		cost->left -= json_is_number_long(a) ? a->length / 16 : 0;
		return number_compare(a, b) == 0;
	case JSON_ARRAY:
		return a->length == b->length && equal_arrays(a, b, cost);
	case JSON_OBJECT:
		return a->length == b->length && equal_objects(a, b, cost);
	default:
		return true;
	}
}
