/* A layer is fed bytes in pieces and asked for what they say. */
#ifndef LAYER_FEED_H
#define LAYER_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pluq__layer;

#define FED_MAX ((size_t)4 * 1024 * 1024) /* no more is asked for: a bomb would take too long */

struct fed {
	uint8_t *bytes;
	size_t length;  /* up to FED_MAX */
	int end;        /* 0: EOF; PLUQ__IO_ERROR; PLUQ__IO_AGAIN: FED_MAX was reached */
	const char *why;
};

/* Frees the layer. give, ask: bytes per piece from below and per recv; 0: all at once. */
void feed(struct pluq__layer *, const uint8_t *, size_t, size_t give, size_t ask, struct fed *);
void fed_free(struct fed *);

/* What a layer makes of bytes to be sent, when below takes `take` of them at once. Frees the layer. */
void press(struct pluq__layer *, const uint8_t *, size_t, size_t take, struct fed *);

/* The input's first two bytes say how the rest is cut. Fails if that makes a difference, or what is accepted does not come back from a
 * stream that we make of it. */
int feed_twice(struct pluq__layer *(*make)(void), const uint8_t *, size_t);

#endif
