#include "pattern.h"

#include <stdio.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

bool pattern_good(const char *pattern, size_t *at, char *why, size_t room)
{
	PCRE2_SIZE offset = 0;
	int error = 0;
	pcre2_code *code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, PCRE2_DOLLAR_ENDONLY, &error, &offset, NULL);

	*at = offset;
	if (!code && pcre2_get_error_message(error, (PCRE2_UCHAR *)why, room) < 0)
		snprintf(why, room, "error %d", error);
	pcre2_code_free(code);
	return code != NULL;
}
