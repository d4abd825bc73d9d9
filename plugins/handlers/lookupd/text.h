/* Text that grows. A failed allocation sticks: everything after it is dropped, and who reads the result looks at `failed`
 * once. Zero-initialised it is empty. */
#ifndef LOOKUPD_TEXT_H
#define LOOKUPD_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pluq/host.h>

struct text {
	char *data; /* not terminated */
	size_t length, capacity;
	bool failed;
};

void text_free(struct text *);
/* Room for n more bytes behind those that are there, or NULL. What is written there counts once `length` says so. */
char *text_room(struct text *, size_t n);
void text_add(struct text *, const void *bytes, size_t n);
void text_str(struct text *, const char *);
void text_byte(struct text *, char);
void text_printf(struct text *, const char *fmt, ...) PLUQ_PRINTF(2, 3);

#endif
