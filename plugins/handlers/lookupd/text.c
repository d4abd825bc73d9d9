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

static bool grow(struct text *t, size_t n)
{
	size_t capacity = t->capacity ? t->capacity : 64;

	while (n > capacity - t->length) {
		if (capacity > SIZE_MAX / 2)
			return false;
		capacity *= 2;
	}
	char *data = realloc(t->data, capacity);
	if (!data)
		return false;
	t->data = data;
	t->capacity = capacity;
	return true;
}

char *text_room(struct text *t, size_t n)
{
	if (!t->failed && n > t->capacity - t->length)
		t->failed = !grow(t, n);
	return t->failed ? NULL : t->data + t->length;
}

void text_add(struct text *t, const void *bytes, size_t n)
{
	char *to = n ? text_room(t, n) : NULL;

	if (!to)
		return;
	memcpy(to, bytes, n);
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
	char *to = n < 0 ? NULL : text_room(t, (size_t)n + 1);
	if (!to) {
		t->failed = true;
		return;
	}
	va_start(args, fmt);
	vsnprintf(to, (size_t)n + 1, fmt, args);
	va_end(args);
	t->length += (size_t)n;
}
