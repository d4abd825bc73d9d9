#include "out.h"

#include <stdlib.h>

#define FIRST_ROOM (64u << 10)
/* Little effort finds what there is to find, as the lines are so alike: more of it saves little, and takes several times as long. */
#define LEVEL 1
#define GZIP_FORMAT (15 + 16) /* largest window; with gzip's head and tail */
#define GZIP_MEMORY 9

void out_init(struct out *o, bool gzip)
{
	memset(o, 0, sizeof(*o));
	o->gzip = gzip;
	if (gzip && deflateInit2(&o->stream, LEVEL, Z_DEFLATED, GZIP_FORMAT, GZIP_MEMORY, Z_DEFAULT_STRATEGY) != Z_OK) {
		o->gzip = false;
		o->failed = true;
	}
}

void out_fini(struct out *o)
{
	if (o->gzip)
		deflateEnd(&o->stream);
	free(o->text);
	free(o->packed);
	memset(o, 0, sizeof(*o));
}

static bool grow(void *pointer, size_t *room, size_t least)
{
	void **block = pointer;
	size_t more = *room ? *room * 2 : FIRST_ROOM;
	void *bigger;

	while (more < least)
		more *= 2;
	bigger = realloc(*block, more);
	if (!bigger)
		return false;
	*block = bigger;
	*room = more;
	return true;
}

/* What is in `text` goes through; all of it comes out if it is the end. */
static bool pack(struct out *o, int flush)
{
	int status;

	o->stream.next_in = (uint8_t *)o->text;
	o->stream.avail_in = (uInt)o->used;
	do {
		if (o->packed_used == o->packed_room && !grow(&o->packed, &o->packed_room, 0))
			return false;
		o->stream.next_out = o->packed + o->packed_used;
		o->stream.avail_out = (uInt)(o->packed_room - o->packed_used < INT32_MAX ? o->packed_room - o->packed_used : INT32_MAX);
		status = deflate(&o->stream, flush);
		o->packed_used = (size_t)(o->stream.next_out - o->packed);
	} while (o->stream.avail_in || (flush == Z_FINISH && status == Z_OK));
	o->used = 0;
	return true;
}

bool out_more(struct out *o, size_t n)
{
	if (o->failed)
		return false;
	if (o->gzip && o->used)
		o->failed = !pack(o, Z_NO_FLUSH);
	if (!o->failed && n > o->room - o->used)
		o->failed = !grow(&o->text, &o->room, o->used + n);
	return !o->failed;
}

bool out_finish(struct out *o, const uint8_t **bytes, size_t *length)
{
	if (o->failed || (o->gzip && !pack(o, Z_FINISH)))
		return false;
	*bytes = o->gzip ? o->packed : (const uint8_t *)o->text;
	*length = o->gzip ? o->packed_used : o->used;
	return true;
}
