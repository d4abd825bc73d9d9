/* What is said of a message that is refused. */
#ifndef SCHEMA_REASON_H
#define SCHEMA_REASON_H

#include "run.h"

/* "at /a/0: not of type integer (schema /properties/a/items/type)". One line, UTF-8, terminated, at most room - 1 bytes. */
void reason_of(const struct run *, const struct json_node *root, char *out, size_t room);

#endif
