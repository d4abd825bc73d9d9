/* Frames to the client. */
#ifndef NSQD_FRAME_H
#define NSQD_FRAME_H

#include <stddef.h>
#include <stdint.h>

struct conn;

enum frame_type { FRAME_RESPONSE = 0, FRAME_ERROR = 1, FRAME_MESSAGE = 2 };

#define FRAME_HEAD 8

static inline void put_be32(uint8_t *to, uint32_t v)
{
	to[0] = (uint8_t)(v >> 24);
	to[1] = (uint8_t)(v >> 16);
	to[2] = (uint8_t)(v >> 8);
	to[3] = (uint8_t)v;
}

/* Writes a frame, after the OKs that are owed. Once the connection has said its last word both do nothing. */
void frame_write(struct conn *, enum frame_type type, const void *data, size_t n);
/* An OK, written together with others at frame_settle. */
void frame_ok(struct conn *);
void frame_settle(struct conn *);

#endif
