#include "text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void text_free(struct text *t)
{
	free(t->data);
	*t = (struct text){0};
}

static bool grow(struct text *t, size_t n)
{
	size_t capacity = t->capacity ? t->capacity : 256;

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

void text_escaped(struct text *t, const char *bytes, size_t n)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)bytes[i];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("-._~", c)))
			text_byte(t, (char)c);
		else {
			text_byte(t, '%');
			text_byte(t, digits[c >> 4]);
			text_byte(t, digits[c & 15]);
		}
	}
}
