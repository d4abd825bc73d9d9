/* Command lines: where they end, and their words. Everything points into the input. */
#ifndef LOOKUPD_LINE_H
#define LOOKUPD_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longest command line, its '\n' included. */
#define LINE_MAX_LENGTH 16384
/* Words of a line that are told apart; no command looks at more. */
#define LINE_WORDS 3

struct span {
	const char *at;
	size_t length;
};

struct line {
	struct span word[LINE_WORDS]; /* the command first */
	unsigned count;               /* 1 .. LINE_WORDS */
	size_t size;                  /* bytes of the whole line */
};

enum line_status { LINE_COMPLETE, LINE_INCOMPLETE, LINE_TOO_LONG };

/* The line that begins at bytes[0]: white space is trimmed at both ends, the rest is split at each single space. The first
 * `scanned` bytes are known to hold no line end. */
enum line_status line_split(const uint8_t *bytes, size_t length, size_t scanned, struct line *out);

static inline bool span_is(struct span s, const char *text, size_t length)
{
	if (s.length != length)
		return false;
	for (size_t i = 0; i < length; i++)
		if (s.at[i] != text[i])
			return false;
	return true;
}

#endif
