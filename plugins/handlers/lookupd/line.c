#include "line.h"

#include <string.h>

static bool is_white(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct span trim(struct span s)
{
	while (s.length && is_white(s.at[0])) {
		s.at++;
		s.length--;
	}
	while (s.length && is_white(s.at[s.length - 1]))
		s.length--;
	return s;
}

static void split(struct span s, struct line *out)
{
	out->count = 0;
	for (;;) {
		const char *space = s.length ? memchr(s.at, ' ', s.length) : NULL;
		size_t n = space ? (size_t)(space - s.at) : s.length;
		out->word[out->count++] = (struct span){s.at, n};
		if (!space || out->count == LINE_WORDS)
			return;
		s = (struct span){space + 1, s.length - n - 1};
	}
}

enum line_status line_split(const uint8_t *bytes, size_t length, size_t scanned, struct line *out)
{
	size_t limit = length < LINE_MAX_LENGTH ? length : LINE_MAX_LENGTH;
	const uint8_t *end = scanned < limit ? memchr(bytes + scanned, '\n', limit - scanned) : NULL;

	if (!end)
		return length >= LINE_MAX_LENGTH ? LINE_TOO_LONG : LINE_INCOMPLETE;
	out->size = (size_t)(end - bytes) + 1;
	split(trim((struct span){(const char *)bytes, out->size - 1}), out);
	return LINE_COMPLETE;
}
