/* A text that grows. One thread at a time. */
#ifndef METRICS_TEXT_H
#define METRICS_TEXT_H

#include <pluq/host.h>

/* Zero-initialised it is empty. */
struct text {
	char *bytes; /* not terminated */
	size_t length, room;
	bool failed; /* there was no memory; what is put then is lost */
};

void text_put(struct text *, const char *bytes, size_t length);
void text_put_string(struct text *, const char *string);
void text_printf(struct text *, const char *fmt, ...) PLUQ_PRINTF(2, 3);
/* Makes it empty again, and keeps its room. */
void text_clear(struct text *);
void text_fini(struct text *);

#endif
