/* Strings as they stand in JSON, between their quotes and known to be well-formed, read without escapes. */
#ifndef VALIDATE_JSON_TEXT_H
#define VALIDATE_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_text {
	const uint8_t *at, *end;
};

/* The next code point, or -1 at the end. */
int32_t json_text_next(struct json_text *);

/* Length of the UTF-8 sequence at `at`, 1 to 4; 0: it is none (too long a form, a surrogate, above U+10FFFF, cut short). */
size_t utf8_length(const uint8_t *at, const uint8_t *end);

/* Whether a string, that has escapes or not, means these bytes. */
bool json_text_is(const uint8_t *at, size_t length, bool escaped, const char *name, size_t name_length);
bool json_text_same(const uint8_t *a, size_t a_length, const uint8_t *b, size_t b_length);

#endif
