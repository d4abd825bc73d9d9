#include "line.h"

#include <string.h>

static void split_words(const uint8_t *at, const uint8_t *end, struct line *out)
{
	out->count = 0;
	for (;;) {
		const uint8_t *space = memchr(at, ' ', (size_t)(end - at));
		struct span *word = &out->word[out->count++];
		word->at = at;
		word->length = (size_t)((space ? space : end) - at);
		if (!space || out->count == LINE_WORDS)
			return;
		at = space + 1;
	}
}

enum line_status line_split(const uint8_t *bytes, size_t length, size_t scanned, struct line *out)
{
	size_t limit = length < COMMAND_LINE_MAX ? length : COMMAND_LINE_MAX;
	const uint8_t *end = scanned < limit ? memchr(bytes + scanned, '\n', limit - scanned) : NULL;

	if (!end)
		return length >= COMMAND_LINE_MAX ? LINE_TOO_LONG : LINE_INCOMPLETE;
	out->after = end + 1;
	if (end > bytes && end[-1] == '\r')
		end--;
	split_words(bytes, end, out);
	return LINE_COMPLETE;
}

bool decimal_parse(struct span s, uint64_t *out)
{
	uint64_t value = 0;

	for (size_t i = 0; i < s.length; i++) {
		uint8_t digit = (uint8_t)(s.at[i] - '0');
		if (digit > 9 || value > (UINT64_MAX - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*out = value;
	return true;
}
