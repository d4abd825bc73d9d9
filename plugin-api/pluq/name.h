/* <pluq/name.h>: which names topics and channels may have. */
#ifndef PLUQ_NAME_H
#define PLUQ_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PLUQ_EPHEMERAL "#ephemeral"

static inline bool pluq_name_is_ephemeral(const char *name, size_t length)
{
	const size_t n = sizeof(PLUQ_EPHEMERAL) - 1;

	return length > n && memcmp(name + length - n, PLUQ_EPHEMERAL, n) == 0;
}

/* 1 to 64 bytes in all, [.a-zA-Z0-9_-]+ and perhaps "#ephemeral" behind it. */
static inline bool pluq_name_is_valid(const char *name, size_t length)
{
	size_t n = pluq_name_is_ephemeral(name, length) ? length - (sizeof(PLUQ_EPHEMERAL) - 1) : length;

	if (n == 0 || length > 64)
		return false;
	for (size_t i = 0; i < n; i++) {
		char c = name[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-'))
			return false;
	}
	return true;
}

#ifdef __cplusplus
}
#endif
#endif
