/* Text that grows: error texts, JSON, statistics. A failed allocation sticks: everything after it is dropped, and who
 * reads the result looks at `failed` once. Zero-initialised it is empty. */
#ifndef NSQD_TEXT_H
#define NSQD_TEXT_H

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
/* Makes room for n more bytes behind text_end; returns how many there are, 0 after a failure. Who writes there adds to `length`. */
size_t text_room(struct text *, size_t n);
static inline char *text_end(struct text *t)
{
	return t->data ? t->data + t->length : t->data;
}
void text_add(struct text *, const void *bytes, size_t n);
void text_str(struct text *, const char *);
void text_byte(struct text *, char);
void text_printf(struct text *, const char *fmt, ...) PLUQ_PRINTF(2, 3);
/* Adds what is missing to `width` columns, counted from `from`, as Go's %-Ns does: a column per code point. */
void text_pad(struct text *, size_t from, size_t width);

#endif
