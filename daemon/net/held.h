/* Private to daemon/net. What a layer keeps between two calls, and how it walks through the caller's vectors. */
#ifndef PLUQ__HELD_H
#define PLUQ__HELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

struct pluq_conn;
struct pluq__layer;

/* Bytes that wait, in memory of their own that is given back with the last of them. Zeroed: none. */
struct pluq__held {
	uint8_t *bytes;
	size_t at, end, room; /* at < end, or nothing is allocated (but see want) */
};

static inline size_t pluq__held_size(const struct pluq__held *h)
{
	return h->end - h->at;
}

/* Appends; false: no memory, nothing has changed. */
bool pluq__held_add(struct pluq__held *, const uint8_t *bytes, size_t n);
/* Room for n bytes behind what waits; whoever puts some there adds them to `end`. NULL: no memory. */
uint8_t *pluq__held_want(struct pluq__held *, size_t n);
void pluq__held_use(struct pluq__held *, size_t n); /* the first n are done with */
void pluq__held_drop(struct pluq__held *);

/* Offers what waits to what is below a layer. 0: nothing waits any more; PLUQ__IO_AGAIN, PLUQ__IO_ERROR. */
ssize_t pluq__held_send(struct pluq__held *, struct pluq__layer *, struct pluq_conn *);
/* Sends bytes by way of what is below a layer, and keeps what it does not take. Nothing may wait before. false: an error, as of
 * PLUQ__IO_ERROR. */
bool pluq__held_pass(struct pluq__held *, struct pluq__layer *, struct pluq_conn *, uint8_t *bytes, size_t n);

/* The caller's vectors, used up from the front (they are changed). */
struct pluq__run {
	struct iovec *iov;
	int n;
	size_t done; /* bytes used up */
};

/* The next bytes that lie together; 0: all are used up. */
size_t pluq__run_next(struct pluq__run *, uint8_t **);
size_t pluq__run_left(const struct pluq__run *);
void pluq__run_use(struct pluq__run *, size_t n); /* no more than are left */
size_t pluq__run_put(struct pluq__run *, const uint8_t *bytes, size_t n); /* as many as there is room for; returns how many */
size_t pluq__run_get(struct pluq__run *, uint8_t *to, size_t n);           /* up to n; returns how many */

/* How a layer's input ends, told once all before it is handed over. Zeroed: it goes on. */
struct pluq__ending {
	bool there;
	int error;       /* errno of below */
	const char *why; /* an error with errno 0: constant text; NULL and error 0: the peer has ended its side */
};

void pluq__ending_eof(struct pluq__ending *);
void pluq__ending_fail(struct pluq__ending *, const char *why);
/* After PLUQ__IO_ERROR from below. */
void pluq__ending_broken(struct pluq__ending *, const struct pluq_conn *);
/* What recv returns for it: 0 or PLUQ__IO_ERROR. */
ssize_t pluq__ending_tell(const struct pluq__ending *, struct pluq_conn *);

/* Below a layer there may be more input already; NULL: the socket, which tells by itself. */
bool pluq__layer_has_input(const struct pluq__layer *);

#endif
