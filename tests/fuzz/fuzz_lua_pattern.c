/* validate-lua: a pattern matches as Lua's own matcher has it. Input: pattern, NUL, subject, NUL, replacement. */
#undef NDEBUG
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/lua_same.h"

/* So short that Lua's own matcher comes to an end. */
#define PATTERN_MAX 12
#define SUBJECT_MAX 24

static struct lua_same *same;

static void end(void)
{
	lua_same_free(same);
}

/* Takes what stands before the next NUL byte, at most `most` bytes: terminated. */
static size_t take(const uint8_t **data, size_t *size, size_t most, char *out)
{
	const uint8_t *nul = *size ? memchr(*data, 0, *size) : NULL;
	size_t n = nul ? (size_t)(nul - *data) : *size, used = n < most ? n : most;

	if (used)
		memcpy(out, *data, used);
	out[used] = 0;
	*data += n + (nul != NULL);
	*size -= n + (nul != NULL);
	return used;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char pattern[PATTERN_MAX + 1], subject[SUBJECT_MAX + 1], other[PATTERN_MAX + 1], text[8192];
	size_t lp = take(&data, &size, PATTERN_MAX, pattern), ls = take(&data, &size, SUBJECT_MAX, subject),
	       lo = take(&data, &size, PATTERN_MAX, other);

	if (!same) {
		same = lua_same_new();
		atexit(end);
	}
	if (!lua_same(same, subject, ls, pattern, lp, other, lo, text, sizeof(text))) {
		fputs(text, stderr);
		abort();
	}
	return 0;
}
