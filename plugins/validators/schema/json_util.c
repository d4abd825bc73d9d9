/* Finding, hashing and sorting. */
#include <string.h>

#include "json.h"

/* Only for finding names: nothing here is slow when hashes are equal, so a stranger who finds such names gains nothing. */
uint32_t json_hash(const uint8_t *text, size_t length)
{
	uint64_t h = length * UINT64_C(0x9e3779b97f4a7c15), word;

	while (length >= 8) {
		memcpy(&word, text, 8);
		h = (h ^ word) * UINT64_C(0xff51afd7ed558ccd);
		h ^= h >> 32;
		text += 8;
		length -= 8;
	}
	word = 0;
	for (size_t i = 0; i < length; i++)
		word = word << 8 | text[i];
	h = (h ^ word) * UINT64_C(0xc4ceb9fe1a85ec53);
	return (uint32_t)(h ^ h >> 32);
}

const struct json_node *json_find(const struct json_node *object, const void *name, size_t length, uint32_t hash)
{
	const struct json_node *n = object + 1;

	for (uint32_t i = 0; i < object->length; i++) {
		if (n->hash == hash && n->length == length && memcmp(n->u.text, name, length) == 0)
			return n + 1;
		n = json_next(n + 1);
	}
	return NULL;
}

const struct json_node *json_get(const struct json_node *object, const char *name)
{
	size_t length = strlen(name);

	return object->type == JSON_OBJECT ? json_find(object, name, length, json_hash((const uint8_t *)name, length)) : NULL;
}

bool json_string_is(const struct json_node *n, const char *text)
{
	return n->type == JSON_STRING && n->length == strlen(text) && memcmp(n->u.text, text, n->length) == 0;
}

static void sift(uint32_t *items, size_t at, size_t count, json_compare_fn compare, const void *arg)
{
	for (size_t child; (child = 2 * at + 1) < count; at = child) {
		uint32_t kept = items[at];

		if (child + 1 < count && compare(arg, items[child], items[child + 1]) < 0)
			child++;
		if (compare(arg, kept, items[child]) >= 0)
			return;
		items[at] = items[child];
		items[child] = kept;
	}
}

void json_sort(uint32_t *items, size_t count, json_compare_fn compare, const void *arg)
{
	for (size_t i = count / 2; i-- > 0;)
		sift(items, i, count, compare, arg);
	for (size_t i = count; i-- > 1;) {
		uint32_t largest = items[0];

		items[0] = items[i];
		items[i] = largest;
		sift(items, 0, i, compare, arg);
	}
}
