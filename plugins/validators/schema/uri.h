/* References between schemas, as RFC 3986 resolves them. */
#ifndef SCHEMA_URI_H
#define SCHEMA_URI_H

#include <stdbool.h>
#include <stddef.h>

/* The reference, seen from `base` (which may be ""). Heap; NULL: no memory. */
char *uri_resolve(const char *base, const char *reference, size_t length);
/* Ends the text at its '#'. Returns the fragment, "" if there is none. */
char *uri_cut_fragment(char *uri);
/* In place: %XX. false: not well-formed. */
bool uri_decode(char *text);
/* Has a scheme. */
bool uri_is_absolute(const char *text, size_t length);

#endif
