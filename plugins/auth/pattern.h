/* Shared by the auth plugins: is this a pattern that the daemon will be able to use? Found out here, so that whoever wrote it is told
 * where it stands, or the next auth server is asked. */
#ifndef AUTH_PATTERN_H
#define AUTH_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

/* Longest pattern, bytes. Names that are matched have at most 64. */
#define AUTH_PATTERN_MAX 4096

/* Any thread. Compiles it as the daemon does. why: is filled if not, one line without the pattern itself. */
bool auth_pattern_is_good(const char *pattern, size_t length, char *why, size_t room);

#endif
