/* A layer under test, on a peer that gives and takes bytes as a test wants it. */
#ifndef LAYER_RIG_H
#define LAYER_RIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../daemon/net/conn.h"
#include "../../daemon/net/layer.h"

struct bytes {
	uint8_t *at;
	size_t length, room;
};

void bytes_add(struct bytes *, const void *, size_t);
void bytes_free(struct bytes *);

/* What is below. */
struct peer {
	struct pluq__layer layer;
	struct bytes in;      /* what it will have sent */
	size_t in_at;
	bool ends;            /* EOF after that */
	int error;            /* or this errno, once */
	size_t give_most;     /* bytes per recv; 0: what is asked for */
	bool whimsical;       /* as many as chance says, and AGAIN now and then; in both directions */
	struct bytes out;     /* what it has taken */
	size_t take_most;     /* bytes per send; 0: all */
	size_t takes;         /* AGAIN after that many bytes in all; SIZE_MAX: never */
	unsigned sends, recvs;
};

struct layer_rig {
	struct pluq_conn conn; /* of it a layer uses no more than `at`, `why` and `pending` */
	struct pluq__net_loop at;
	struct peer peer;
	struct pluq__layer *layer;
	int64_t memory; /* held by others */
};

/* make: one of layer.h. */
void layer_rig_start(struct layer_rig *, struct pluq__layer *(*make)(int), int level);
void layer_rig_stop(struct layer_rig *); /* and sees that nothing is still counted as held */

int64_t layer_rig_memory(const struct layer_rig *); /* bytes held, the loop's scratch among them */

void layer_rig_input(struct layer_rig *, const void *, size_t);
ssize_t layer_rig_recv(struct layer_rig *, void *, size_t); /* by one vector */
ssize_t layer_rig_send(struct layer_rig *, const void *, size_t); /* likewise; nothing stands behind it */
/* Receives all there is, `most` bytes at a time (0: chance says, in one to three vectors). Returns what recv says at last. */
ssize_t layer_rig_drain(struct layer_rig *, struct bytes *to, size_t most);
/* Sends all of it, offering again what was not taken; in one to `vectors` vectors of chance lengths. */
void layer_rig_write(struct layer_rig *, const uint8_t *, size_t, int vectors);

uint32_t rig_random(void); /* the same in each run */
/* Bytes that compress a little (kind 0), not at all (1), very well (2). */
void rig_fill(uint8_t *, size_t, int kind);

#endif
