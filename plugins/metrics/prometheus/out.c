#define _GNU_SOURCE /* mremap */
#include "out.h"

#include <stdlib.h>
#include <sys/mman.h>

#define FIRST_ROOM (16u << 10) /* also what is compressed at a time */
/* From here on text is mapped by itself, in large pages where the system has them: fetching thousands of small ones and giving them back
 * takes as long as writing the text. */
#define MAPPED_ROOM (2u << 20)
/* Little effort finds what there is to find, as the lines are so alike: more of it saves little, and takes several times as long. */
#define LEVEL 1
#define GZIP_FORMAT (15 + 16) /* largest window; with gzip's head and tail */
/* What a line is like stands right before it, so small tables find it as well; large ones do not fit into the nearest cache: with 9 it
 * takes half as long again. */
#define GZIP_MEMORY 5

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
	if (o->room >= MAPPED_ROOM)
		munmap(o->text, o->room);
	else
		free(o->text);
	free(o->packed);
	memset(o, 0, sizeof(*o));
}

static bool grow_packed(struct out *o)
{
	size_t room = o->packed_room ? o->packed_room * 2 : FIRST_ROOM;
	void *bigger = realloc(o->packed, room);

	if (!bigger)
		return false;
	o->packed = bigger;
	o->packed_room = room;
	return true;
}

static void *map_anew(const struct out *o, size_t room)
{
	void *text = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (text == MAP_FAILED)
		return NULL;
	madvise(text, room, MADV_HUGEPAGE);
	if (o->used)
		memcpy(text, o->text, o->used);
	free(o->text);
	return text;
}

static void *map_more(const struct out *o, size_t room)
{
	void *text = mremap(o->text, o->room, room, MREMAP_MAYMOVE);

	return text == MAP_FAILED ? NULL : text;
}

static bool grow_text(struct out *o, size_t least)
{
	size_t room = o->room ? o->room : FIRST_ROOM;
	void *bigger;

	while (room < least)
		room *= 2;
	if (room < MAPPED_ROOM)
		bigger = realloc(o->text, room);
	else
		bigger = o->room < MAPPED_ROOM ? map_anew(o, room) : map_more(o, room);
	if (!bigger)
		return false;
	o->text = bigger;
	o->room = room;
	return true;
}

/* What is in `text` goes through; all of it comes out if it is the end. */
static bool pack(struct out *o, int flush)
{
	int status;

	o->stream.next_in = (uint8_t *)o->text;
	o->stream.avail_in = (uInt)o->used;
	do {
		if (o->packed_used == o->packed_room && !grow_packed(o))
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
		o->failed = !grow_text(o, o->used + n);
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
