/* Private to daemon/net. The parameters of a URL, and percent-decoding. */
#ifndef PLUQ__HTTP_QUERY_H
#define PLUQ__HTTP_QUERY_H

#include <stdbool.h>
#include <stddef.h>

struct pluq__http_pair {
	const char *name, *value; /* terminated; may hold NUL bytes */
	size_t name_length, value_length;
};

struct pluq__http_query {
	bool ok; /* no malformed escape, no ';'; pairs that have one are left out */
	size_t count;
	struct pluq__http_pair pairs[];
};

/* text: behind the '?', without it. NULL: no memory. Ended by free(). */
struct pluq__http_query *pluq__http_query_new(const char *text);
/* The first of that name, or NULL. */
const struct pluq__http_pair *pluq__http_query_find(const struct pluq__http_query *, const char *name);

/* Decodes n bytes of `from` to `to` (which may be the same, and holds n bytes); plus: '+' is a space. Returns the
 * length, or -1 if an escape is malformed. */
ptrdiff_t pluq__http_unescape(const char *from, size_t n, char *to, bool plus);

#endif
