/* Private to the daemon. A fault that repeats is logged at once, then at growing gaps, then when it is over.
 * One thread. */
#ifndef PLUQ__COMPLAINT_H
#define PLUQ__COMPLAINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zero-initialised. */
struct pluq__complaint {
	int64_t gap_ns, next_ns, last_ns;
	uint64_t hidden; /* occurrences since the last line */
	bool standing;
};

/* It has happened. true: log it now; *hidden says how many times it happened unlogged since the last line. */
bool pluq__complaint_raise(struct pluq__complaint *, int64_t now_ns, uint64_t *hidden);
/* It has not happened this time. true, once: it has stood and has not come back for a while, so log that it is over. */
bool pluq__complaint_calm(struct pluq__complaint *, int64_t now_ns);
/* " (N more since the last such line)", or "" if nothing was hidden; in buffer, which is returned. */
const char *pluq__complaint_more(uint64_t hidden, char *buffer, size_t size);

#endif
