/* Private to the daemon. A queue of small elements of one size, in chunks, so that neither a long queue nor a short one
 * costs much more than its elements. One thread.
 */
#ifndef PLUQ__FIFO_H
#define PLUQ__FIFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLUQ__FIFO_CHUNK 4032 /* bytes of elements per chunk: with its head and malloc's a page */

struct pluq__fifo_chunk;

struct pluq__fifo {
	struct pluq__fifo_chunk *first, *last;
	uint64_t count;
	uint32_t head, tail; /* element indices: first used in `first`, first free in `last` */
	uint32_t size;       /* of an element, bytes */
	uint32_t per;        /* elements per chunk */
};

void pluq__fifo_init(struct pluq__fifo *, uint32_t element_size);
/* Room for one more at the end, or NULL: no memory. The element counts at once. */
void *pluq__fifo_push(struct pluq__fifo *);
/* The n-th element from the front (n < count), reachable cheaply for small n. */
void *pluq__fifo_at(struct pluq__fifo *, uint64_t n);
/* Drops n elements from the front (n <= count). */
void pluq__fifo_pop(struct pluq__fifo *, uint64_t n);
/* Frees the chunks; what elements point to is the caller's. */
void pluq__fifo_clear(struct pluq__fifo *);

#endif
