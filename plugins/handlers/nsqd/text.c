#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void text_free(struct text *t)
{
	free(t->data);
	*t = (struct text){0};
}

/* Makes room for n more bytes. */
static bool room(struct text *t, size_t n)
{
	if (t->failed)
		return false;
	if (n <= t->capacity - t->length)
		return true;
	size_t capacity = t->capacity ? t->capacity : 64;
	while (n > capacity - t->length) {
		if (capacity > SIZE_MAX / 2) {
			t->failed = true;
			return false;
		}
		capacity *= 2;
	}
	char *data = realloc(t->data, capacity);
	if (!data) {
		t->failed = true;
		return false;
	}
	t->data = data;
	t->capacity = capacity;
	return true;
}

size_t text_room(struct text *t, size_t n)
{
	return room(t, n) ? t->capacity - t->length : 0;
}

void text_add(struct text *t, const void *bytes, size_t n)
{
	if (n == 0 || !room(t, n))
		return;
	memcpy(t->data + t->length, bytes, n);
	t->length += n;
}

void text_str(struct text *t, const char *s)
{
	text_add(t, s, strlen(s));
}

void text_byte(struct text *t, char c)
{
	text_add(t, &c, 1);
}

void text_printf(struct text *t, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	int n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (n < 0 || !room(t, (size_t)n + 1)) {
		t->failed = true;
		return;
	}
	va_start(args, fmt);
	vsnprintf(t->data + t->length, (size_t)n + 1, fmt, args);
	va_end(args);
	t->length += (size_t)n;
}

void text_pad(struct text *t, size_t from, size_t width)
{
	size_t columns = 0;

	for (size_t i = from; i < t->length; i++)
		columns += (t->data[i] & 0xc0) != 0x80;
	for (; columns < width && !t->failed; columns++)
		text_byte(t, ' ');
}
