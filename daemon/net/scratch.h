/* Private to daemon/net. Working memory of the compression layers: one for all connections of a loop, so that a connection itself
 * holds only what waits. Nothing in it outlives a call of a layer. */
#ifndef PLUQ__SCRATCH_H
#define PLUQ__SCRATCH_H

#include "snappy_frame.h"

struct pluq_conn;

enum {
	PLUQ__SCRATCH_OUT = PLUQ__SNAPPY_IDENTIFIER + PLUQ__SNAPPY_CHUNK_MAX,
	PLUQ__SCRATCH_IN = 64 * 1024
};

struct pluq__scratch {
	uint8_t in[PLUQ__SCRATCH_IN];       /* compressed, as it came */
	uint8_t out[PLUQ__SCRATCH_OUT];     /* compressed, to be sent */
	uint8_t plain[PLUQ__SNAPPY_PLAIN_MAX];
};

/* Of the loop where the connection lives; made when it is wanted first. NULL: no memory; said in c->why, with errno 0. */
struct pluq__scratch *pluq__scratch(struct pluq_conn *);
void pluq__scratch_free(struct pluq__scratch **);

#endif
