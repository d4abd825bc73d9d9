#include "json_out.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void value(struct json *j)
{
	if (j->comma)
		text_byte(j->out, ',');
	j->comma = true;
}

void json_open(struct json *j, char bracket)
{
	value(j);
	text_byte(j->out, bracket);
	j->comma = false;
}

void json_close(struct json *j, char bracket)
{
	text_byte(j->out, bracket);
	j->comma = true;
}

void json_key(struct json *j, const char *key)
{
	json_string(j, key, strlen(key));
	text_byte(j->out, ':');
	j->comma = false;
}

void json_string(struct json *j, const char *bytes, size_t n)
{
	value(j);
	/* most strings have nothing to escape */
	size_t room = text_room(j->out, n + 2), length = j->http->json_quote(text_end(j->out), room, bytes, n);
	if (length > room) {
		room = text_room(j->out, length);
		length = j->http->json_quote(text_end(j->out), room, bytes, n);
	}
	if (length <= room)
		j->out->length += length;
}

void json_int(struct json *j, int64_t v)
{
	value(j);
	text_printf(j->out, "%" PRId64, v);
}

void json_uint(struct json *j, uint64_t v)
{
	value(j);
	text_printf(j->out, "%" PRIu64, v);
}

void json_bool(struct json *j, bool v)
{
	value(j);
	text_str(j->out, v ? "true" : "false");
}

/* Doubles hold every whole number up to this. */
#define WHOLE_MOST 9007199254740992.0

/* The fewest digits that read back as the same value; whole numbers without a point or an exponent. */
void json_double(struct json *j, double v)
{
	char digits[40];

	value(j);
	if (v >= -WHOLE_MOST && v <= WHOLE_MOST && v == (double)(int64_t)v) {
		text_printf(j->out, "%" PRId64, (int64_t)v);
		return;
	}
	for (int precision = 1; precision <= 17; precision++) {
		snprintf(digits, sizeof(digits), "%.*g", precision, v);
		if (strtod(digits, NULL) == v)
			break;
	}
	text_str(j->out, digits);
}

void json_null(struct json *j)
{
	value(j);
	text_str(j->out, "null");
}

void json_put_string(struct json *j, const char *key, const char *v)
{
	json_key(j, key);
	json_string(j, v, strlen(v));
}

void json_put_int(struct json *j, const char *key, int64_t v)
{
	json_key(j, key);
	json_int(j, v);
}

void json_put_uint(struct json *j, const char *key, uint64_t v)
{
	json_key(j, key);
	json_uint(j, v);
}

void json_put_bool(struct json *j, const char *key, bool v)
{
	json_key(j, key);
	json_bool(j, v);
}
