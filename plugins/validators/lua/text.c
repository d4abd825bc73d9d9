#include "text.h"

#include <stdbool.h>
#include <string.h>

size_t text_character(const char *s, const char *end)
{
	const unsigned char *u = (const unsigned char *)s;
	size_t n = u[0] < 0x80 ? 1 : u[0] < 0xc2 ? 0 : u[0] < 0xe0 ? 2 : u[0] < 0xf0 ? 3 : u[0] < 0xf5 ? 4 : 0;

	if (n > (size_t)(end - s))
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((u[i] & 0xc0) != 0x80)
			return 0;
	if ((u[0] == 0xe0 && u[1] < 0xa0) || (u[0] == 0xed && u[1] >= 0xa0) || (u[0] == 0xf0 && u[1] < 0x90) || (u[0] == 0xf4 && u[1] >= 0x90))
		return 0;
	return n;
}

/* C0, DEL, C1, and the two separators that some take for line breaks. */
static bool is_control(const char *s, size_t n)
{
	const unsigned char *u = (const unsigned char *)s;

	return (n == 1 && (u[0] < 0x20 || u[0] == 0x7f)) || (n == 2 && u[0] == 0xc2 && u[1] < 0xa0) ||
	    (n == 3 && u[0] == 0xe2 && u[1] == 0x80 && (u[2] == 0xa8 || u[2] == 0xa9));
}

void text_clean(char *out, size_t room, const char *s, size_t length)
{
	const char *end = s + length;
	size_t used = 0;

	while (s < end) {
		size_t n = text_character(s, end);
		bool keep = n && !is_control(s, n);

		if (used + (keep ? n : 1) >= room)
			break;
		if (keep)
			memcpy(out + used, s, n);
		else
			out[used] = '?';
		used += keep ? n : 1;
		s += n ? n : 1;
	}
	out[used] = 0;
}
