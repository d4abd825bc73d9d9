/* Command lines: where they end, their words, their numbers. Everything points into the input. */
#ifndef NSQD_LINE_H
#define NSQD_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longest command line, its '\n' included. */
#define COMMAND_LINE_MAX 16384
/* Words of a line that are told apart; no command looks at more. */
#define LINE_WORDS 4

struct span {
	const uint8_t *at;
	size_t length;
};

struct line {
	struct span word[LINE_WORDS]; /* the command first */
	unsigned count;               /* of words, at most LINE_WORDS; at least 1 */
	const uint8_t *after;         /* the byte behind the '\n' */
};

enum line_status { LINE_COMPLETE, LINE_INCOMPLETE, LINE_TOO_LONG };

/* The line that begins at bytes[0]. The first `scanned` bytes are known to hold no line end (0 if nothing is known). */
enum line_status line_split(const uint8_t *bytes, size_t length, size_t scanned, struct line *out);

/* Decimal digits only; no digit at all is 0. false: another byte, or a value beyond 64 bits. */
bool decimal_parse(struct span, uint64_t *out);

/* Big-endian, as lengths are on the wire: signed. */
static inline int32_t wire_i32(const uint8_t *at)
{
	return (int32_t)((uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3]);
}

#endif
