/* Where the text goes: it grows in one piece, or goes on in pieces through gzip. */
#ifndef PROMETHEUS_OUT_H
#define PROMETHEUS_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <zlib.h>

struct out {
	char *text; /* of it the first `used` bytes are to go out */
	size_t used, room;
	bool gzip, failed; /* failed: no memory; everything after is ignored */
	z_stream stream;
	uint8_t *packed; /* gzip: what has come out of it */
	size_t packed_used, packed_room;
};

void out_init(struct out *, bool gzip);
void out_fini(struct out *);

/* Room for n bytes at text + used. false: no memory. */
bool out_more(struct out *, size_t n);
static inline bool out_need(struct out *o, size_t n)
{
	return n <= o->room - o->used || out_more(o, n);
}

/* There is room. */
static inline void out_put(struct out *o, const void *bytes, size_t n)
{
	memcpy(o->text + o->used, bytes, n);
	o->used += n;
}

/* At the end. false: no memory, now or before. The bytes stay the out's. */
bool out_finish(struct out *, const uint8_t **bytes, size_t *length);

#endif
