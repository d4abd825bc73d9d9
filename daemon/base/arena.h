/* Private to the daemon. Memory that is freed all at once: configuration trees and filled option blocks. One owner, one
 * thread at a time. */
#ifndef PLUQ__ARENA_H
#define PLUQ__ARENA_H

#include <stddef.h>

#include <pluq/host.h>

struct pluq__arena_chunk;

/* Zero-initialised it is empty. */
struct pluq__arena {
	struct pluq__arena_chunk *chunks;
	size_t used, size; /* bytes of the newest chunk */
};

/* Zeroed, aligned for any type; lives until pluq__arena_free. NULL: no memory. */
void *pluq__arena_alloc(struct pluq__arena *, size_t bytes);
char *pluq__arena_copy(struct pluq__arena *, const char *bytes, size_t length); /* adds a terminator */
char *pluq__arena_printf(struct pluq__arena *, const char *fmt, ...) PLUQ_PRINTF(2, 3);
void pluq__arena_free(struct pluq__arena *); /* leaves it empty */

#endif
