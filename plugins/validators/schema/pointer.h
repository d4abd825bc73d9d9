/* JSON pointers: where a value stands. */
#ifndef SCHEMA_POINTER_H
#define SCHEMA_POINTER_H

#include "json.h"

/* Text of the pointer from `root` to `node`, which is in it (a value, or the name of a member, which then gives the member's
 * pointer). Cut at `room`, with "..." at the end and no half character; control characters become \uXXXX. Terminated. Returns its
 * length. */
size_t pointer_text(const struct json_node *root, const struct json_node *node, char *out, size_t room);

/* The text, at most `room` - 1 bytes of it, fit to be shown: as above. */
size_t pointer_show(const void *text, size_t length, char *out, size_t room);

/* One reference token at a time: of a pointer that begins at *at with '/'. Decodes ~0 and ~1 into out (at least as long as the
 * pointer). false: not a pointer, or at its end (*at == end). */
bool pointer_token(const char **at, const char *end, char *out, size_t *length);
/* The child that a token names, or NULL. */
const struct json_node *pointer_child(const struct json_node *parent, const char *token, size_t length);

#endif
