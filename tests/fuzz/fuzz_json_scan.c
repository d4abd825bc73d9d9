/* Any bytes as a message of validate-json, against jansson: both accept or both refuse, but for what jansson cannot hold. The first byte
 * chooses the options. */
#undef NDEBUG
#include <assert.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "../../plugins/validators/json/scan.h"

#define DEPTH 64

/* What jansson refuses of what is JSON: numbers that do not fit into its types, U+0000 in a name. */
static bool beyond_jansson(const json_error_t *e)
{
	return json_error_code(e) == json_error_numeric_overflow || json_error_code(e) == json_error_null_byte_in_key;
}

static void compare(const uint8_t *text, size_t length, enum scan_status status, bool unique)
{
	json_error_t error;
	size_t flags = JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL | (unique ? JSON_REJECT_DUPLICATES : 0);
	json_t *tree = json_loadb((const char *)text, length, flags, &error);

	if (status == SCAN_OK)
		assert(tree || beyond_jansson(&error));
	else if (status == SCAN_BAD || status == SCAN_TWICE)
		assert(!tree || memchr(text, 0, length)); /* which jansson takes for the end */
	json_decref(tree);
}

static void check_values(const struct scan *scan, const uint8_t *text, size_t length)
{
	for (size_t i = 0; i < scan->names->slots; i++) {
		const struct json_value *v = &scan->values[i];
		assert(v->type <= VALUE_OBJECT);
		if (v->type == VALUE_STRING || v->type == VALUE_NUMBER)
			assert(v->at >= text && v->at + v->length < text + length);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct names names = {0};
	struct json_value values[3];
	struct keys keys;

	if (size == 0)
		return 0;
	int user = names_child(&names, 0, "u", 1);
	assert(names_slot(&names, user) == 0 && names_slot(&names, names_child(&names, user, "i", 1)) == 1 &&
	    names_slot(&names, names_child(&names, 0, "\xC3\xA9", 2)) == 2);
	keys_init(&keys, 0x123456789abcdef);
	bool unique = *data & 1;
	struct scan scan = {.names = &names, .keys = unique ? &keys : NULL, .depth = DEPTH, .values = values};
	/* A block of its own, so that a read beyond its end is seen. */
	size_t length = size - 1;
	uint8_t *text = malloc(length ? length : 1);
	assert(text);
	memcpy(text, data + 1, length);
	enum scan_status status = json_scan(&scan, text, length);
	assert(scan.where <= length || status == SCAN_OK);
	assert(status != SCAN_BAD || scan.what);
	compare(text, length, status, unique);
	if (status == SCAN_OK)
		check_values(&scan, text, length);
	free(text);
	keys_fini(&keys);
	names_fini(&names);
	return 0;
}
