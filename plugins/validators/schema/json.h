/* JSON text as a row of nodes, in the order of the text, numbers kept exactly.
 *
 * The nodes of an array's elements follow it; an object's members follow it as name, value, name, value. `span` leads behind a value
 * and all that is in it, so a pointer to a node is a value by itself. Strings and long numbers point into the text, or, where they had
 * escapes, into the document's own bytes: both must outlive the nodes. */
#ifndef SCHEMA_JSON_H
#define SCHEMA_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum json_type { JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

/* A number of more digits than fit `mantissa`: `text` and `length` are as it was written. */
#define JSON_LONG_NUMBER 1

struct json_node {
	uint8_t type;    /* enum json_type */
	uint8_t flags;
	uint32_t length; /* string: bytes; array: elements; object: members; number: the exponent of ten, an int32_t */
	uint32_t span;   /* nodes of this value, itself included */
	uint32_t hash;   /* of a member's name */
	union {
		const uint8_t *text;
		int64_t mantissa; /* does not end in 0 unless it is 0: one number, one form */
	} u;
};

struct json_doc {
	struct json_node *nodes; /* the first is the whole */
	uint32_t count, room;
	uint8_t *bytes; /* decoded strings */
	size_t bytes_used, bytes_room;
	uint32_t *order; /* for finding equal names in large objects */
	size_t order_room;
};

struct json_limits {
	uint32_t depth; /* arrays and objects within each other */
};

struct json_error {
	const char *what; /* constant; NULL: out of memory */
	size_t at;        /* byte of the text, from 0 */
};

static inline const struct json_node *json_next(const struct json_node *n)
{
	return n + n->span;
}

static inline bool json_is_number_long(const struct json_node *n)
{
	return n->flags & JSON_LONG_NUMBER;
}

/* Any thread, one at a time per document; it may be used again and again and keeps its memory. text: one value with nothing else
 * around it; below 4 GiB. Well-formed UTF-8 is wanted, surrogates in pairs, each name once per object. */
bool json_parse(struct json_doc *, const uint8_t *text, size_t length, const struct json_limits *, struct json_error *);
/* Gives memory back beyond `keep` bytes. */
void json_doc_trim(struct json_doc *, size_t keep);
void json_doc_fini(struct json_doc *);

uint32_t json_hash(const uint8_t *text, size_t length);
/* The value of a member, or NULL. hash: json_hash of the name. */
const struct json_node *json_find(const struct json_node *object, const void *name, size_t length, uint32_t hash);
const struct json_node *json_get(const struct json_node *object, const char *name);
bool json_string_is(const struct json_node *, const char *text);

/* Bytes of the well-formed character at `at`, or 0. */
unsigned json_utf8(const uint8_t *at, const uint8_t *end);

/* Heap sort: no memory, n log n whatever the input. */
typedef int (*json_compare_fn)(const void *arg, uint32_t a, uint32_t b);
void json_sort(uint32_t *items, size_t count, json_compare_fn, const void *arg);

#endif
