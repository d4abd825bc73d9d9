#define PCRE2_CODE_UNIT_WIDTH 8
#include "pattern.h"

#include <pcre2.h>
#include <stdio.h>

/* As the daemon compiles them. */
#define OPTIONS (PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_BACKSLASH_C)

bool auth_pattern_is_good(const char *pattern, size_t length, char *why, size_t room)
{
	PCRE2_SIZE at = 0;
	int error = 0;
	PCRE2_UCHAR text[128] = "";
	pcre2_code *code;

	if (length > AUTH_PATTERN_MAX) {
		snprintf(why, room, "longer than %d bytes", AUTH_PATTERN_MAX);
		return false;
	}
	code = pcre2_compile((PCRE2_SPTR)pattern, length, OPTIONS, &error, &at, NULL);
	if (code) {
		pcre2_code_free(code);
		return true;
	}
	pcre2_get_error_message(error, text, sizeof(text));
	snprintf(why, room, "%s (at byte %zu)", (const char *)text, (size_t)at + 1);
	return false;
}
