#include "http_query.h"

#include <stdlib.h>
#include <string.h>

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

ptrdiff_t pluq__http_unescape(const char *from, size_t n, char *to, bool plus)
{
	char *out = to;
	for (size_t i = 0; i < n; i++) {
		if (from[i] == '+' && plus) {
			*out++ = ' ';
		} else if (from[i] != '%') {
			*out++ = from[i];
		} else {
			if (n - i < 3 || digit(from[i + 1]) < 0 || digit(from[i + 2]) < 0)
				return -1;
			*out++ = (char)(digit(from[i + 1]) << 4 | digit(from[i + 2]));
			i += 2;
		}
	}
	return out - to;
}

/* Decodes in place and terminates; the byte behind is a separator or the end. */
static bool decode(char *text, size_t n, const char **out, size_t *length)
{
	ptrdiff_t got = pluq__http_unescape(text, n, text, true);
	if (got < 0)
		return false;
	text[got] = 0;
	*out = text;
	*length = (size_t)got;
	return true;
}

static bool decode_pair(char *text, size_t n, struct pluq__http_pair *p)
{
	char *eq = memchr(text, '=', n);
	size_t name = eq ? (size_t)(eq - text) : n;
	if (memchr(text, ';', n))
		return false;
	p->value = "";
	p->value_length = 0;
	if (eq && !decode(eq + 1, n - name - 1, &p->value, &p->value_length))
		return false;
	return decode(text, name, &p->name, &p->name_length);
}

static size_t count_pairs(const char *text)
{
	size_t n = 1;
	for (; *text; text++)
		n += *text == '&';
	return n;
}

struct pluq__http_query *pluq__http_query_new(const char *text)
{
	size_t length = strlen(text), most = count_pairs(text);
	struct pluq__http_query *q = malloc(sizeof *q + most * sizeof *q->pairs + length + 1);
	if (!q)
		return NULL;
	char *copy = (char *)(q->pairs + most);
	memcpy(copy, text, length + 1);
	q->ok = true;
	q->count = 0;
	for (char *at = copy, *end = copy + length; at < end;) {
		char *amp = memchr(at, '&', (size_t)(end - at));
		size_t n = (size_t)((amp ? amp : end) - at);
		if (n > 0 && decode_pair(at, n, &q->pairs[q->count]))
			q->count++;
		else if (n > 0)
			q->ok = false;
		at += n + 1;
	}
	return q;
}

const struct pluq__http_pair *pluq__http_query_find(const struct pluq__http_query *q, const char *name)
{
	size_t length = strlen(name);
	for (size_t i = 0; i < q->count; i++)
		if (q->pairs[i].name_length == length && memcmp(q->pairs[i].name, name, length) == 0)
			return &q->pairs[i];
	return NULL;
}
