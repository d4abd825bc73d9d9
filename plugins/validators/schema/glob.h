/* Names by * ? and [a-z], [!a-z]; \ takes the meaning away. */
#ifndef SCHEMA_GLOB_H
#define SCHEMA_GLOB_H

#include <stdbool.h>
#include <stddef.h>

bool glob_matches(const char *glob, const char *text, size_t length);
/* false: a [ without its ], or a \ at the end. */
bool glob_is_good(const char *glob);

#endif
