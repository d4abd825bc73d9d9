/* Text that grows. A failed allocation sticks: everything after it is dropped, and who reads the result looks at `failed`
 * once. Zero-initialised it is empty. */
#ifndef AUTHD_TEXT_H
#define AUTHD_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct text {
	char *data; /* not terminated, unless by text_byte */
	size_t length, capacity;
	bool failed;
};

void text_free(struct text *);
/* Room for n more bytes behind those that are there, or NULL. What is written there counts once `length` says so. */
char *text_room(struct text *, size_t n);
void text_add(struct text *, const void *bytes, size_t n);
void text_str(struct text *, const char *);
void text_byte(struct text *, char);

/* Escaped for a query: all but letters, digits and -._~ as %XX. */
void text_escaped(struct text *, const char *bytes, size_t n);

#endif
