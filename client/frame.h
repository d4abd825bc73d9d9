/* client/frame.h: what a broker sends: frames, and the messages inside them.
 *
 *	int32 size   4 + length of the data
 *	int32 type
 *	data
 *
 * Nothing is copied: a decoded frame points into the bytes it was decoded from and is valid as long as they are.
 */
#ifndef PLUQC_FRAME_H
#define PLUQC_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PLUQC_ID_LENGTH 16 /* bytes of a message id; opaque */

enum pluqc_frame_type { PLUQC_FRAME_RESPONSE = 0, PLUQC_FRAME_ERROR = 1, PLUQC_FRAME_MESSAGE = 2 };

struct pluqc_frame {
	enum pluqc_frame_type type;
	const uint8_t *data;
	size_t length;
};

struct pluqc_message {
	int64_t timestamp_ns; /* since the epoch, taken at publish */
	uint16_t attempts;    /* 1 on the first delivery */
	const uint8_t *id;    /* PLUQC_ID_LENGTH bytes */
	const uint8_t *body;
	size_t length;
};

/* Decodes the frame at the start of bytes[0 .. left-1]. 0: *frame is set and *used is its whole length.
 * PLUQC_EMORE: not all there. PLUQC_EFRAME: impossible size or type. PLUQC_ETOOBIG: its size field exceeds `max`; both
 * are told before the data has arrived. PLUQC_EHTTP: an HTTP server answers. All but EMORE end a connection. */
int pluqc_frame_decode(const uint8_t *bytes, size_t left, size_t max, struct pluqc_frame *frame, size_t *used);

/* The message in a frame of type MESSAGE. PLUQC_EFRAME: another type, or too short. */
int pluqc_message_decode(const struct pluqc_frame *, struct pluqc_message *out);

bool pluqc_frame_is(const struct pluqc_frame *, const char *response); /* a response with exactly this text */
bool pluqc_frame_is_heartbeat(const struct pluqc_frame *);             /* to be answered by NOP */

/* An error frame after which the server closes: all but failed FIN, REQ and TOUCH. */
bool pluqc_frame_is_fatal(const struct pluqc_frame *);

#ifdef __cplusplus
}
#endif
#endif
