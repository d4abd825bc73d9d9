/* Whether the daemon will be able to use a pattern: told when a file is read, not when somebody connects. */
#ifndef AUTH_PATTERN_H
#define AUTH_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

/* false: at which byte (from 0), and why. */
bool pattern_good(const char *pattern, size_t *at, char *why, size_t room);

#endif
