#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_FIRST 4096

static bool reserve(struct text *t, size_t more)
{
	size_t room = t->room ? t->room : ROOM_FIRST;
	char *bytes;

	if (t->failed)
		return false;
	if (more <= t->room - t->length)
		return true;
	while (room - t->length < more && room <= SIZE_MAX / 2)
		room *= 2;
	if (room - t->length < more || !(bytes = realloc(t->bytes, room))) {
		t->failed = true;
		return false;
	}
	t->bytes = bytes;
	t->room = room;
	return true;
}

void text_put(struct text *t, const char *bytes, size_t length)
{
	if (length == 0 || !reserve(t, length))
		return;
	memcpy(t->bytes + t->length, bytes, length);
	t->length += length;
}

void text_put_string(struct text *t, const char *string)
{
	text_put(t, string, strlen(string));
}

void text_printf(struct text *t, const char *fmt, ...)
{
	va_list args, again;
	int n;

	if (!reserve(t, 64))
		return;
	va_start(args, fmt);
	va_copy(again, args);
	n = vsnprintf(t->bytes + t->length, t->room - t->length, fmt, args);
	va_end(args);
	if (n < 0)
		t->failed = true;
	else if ((size_t)n < t->room - t->length)
		t->length += (size_t)n;
	else if (reserve(t, (size_t)n + 1))
		t->length += (size_t)vsnprintf(t->bytes + t->length, t->room - t->length, fmt, again);
	va_end(again);
}

void text_clear(struct text *t)
{
	t->length = 0;
	t->failed = false;
}

void text_fini(struct text *t)
{
	free(t->bytes);
	*t = (struct text){0};
}
