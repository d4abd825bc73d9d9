/* Names of topics by the globs of `topics`: * any run of bytes, ? one byte, [a-z_] one of a set, [!a-z] or [^a-z] one that is not in it;
 * a ] that is meant stands first in its set, a - first or last. There is no escape: names have no such characters. */
#ifndef SCHEMA_GLOB_H
#define SCHEMA_GLOB_H

#include <stdbool.h>
#include <stddef.h>

#define GLOB_MAX 256

/* What is wrong with it, for people; NULL: nothing. A glob that matches no name a topic can have is wrong too. */
const char *glob_wrong(const char *glob);
/* The glob is one that nothing is wrong with. Takes at most glob * length steps. */
bool glob_matches(const char *glob, const char *name, size_t length);

#endif
