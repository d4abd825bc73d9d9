#include "buffer.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"

/* Below this the allocator's overhead outweighs what a smaller first block would save. */
#define FIRST_ROOM 512

void pluqc_buf_fini(struct pluqc_buf *b)
{
	free(b->bytes);
	memset(b, 0, sizeof *b);
}

static bool grow(struct pluqc_buf *b, size_t need)
{
	size_t room = b->room ? b->room : FIRST_ROOM;
	uint8_t *bytes;

	while (room < need) {
		if (room > SIZE_MAX / 2) {
			b->error = PLUQC_ENOMEM;
			return false;
		}
		room *= 2;
	}
	bytes = realloc(b->bytes, room);
	if (!bytes) {
		b->error = PLUQC_ENOMEM;
		return false;
	}
	b->bytes = bytes;
	b->room = room;
	return true;
}

uint8_t *pluqc_buf_reserve(struct pluqc_buf *b, size_t n)
{
	size_t length = pluqc_buf_length(b);

	if (b->error)
		return NULL;
	if (b->bytes && n <= b->room - b->end)
		return b->bytes + b->end;
	if (n > SIZE_MAX - length) {
		b->error = PLUQC_ENOMEM;
		return NULL;
	}
	if (b->start) {
		memmove(b->bytes, b->bytes + b->start, length);
		b->start = 0;
		b->end = length;
	}
	if ((!b->bytes || n > b->room - length) && !grow(b, length + n))
		return NULL;
	return b->bytes + b->end;
}

void pluqc_buf_append(struct pluqc_buf *b, const void *bytes, size_t n)
{
	uint8_t *to = pluqc_buf_reserve(b, n);

	if (to && n) {
		memcpy(to, bytes, n);
		pluqc_buf_commit(b, n);
	}
}

void pluqc_buf_consume(struct pluqc_buf *b, size_t n)
{
	if (n >= pluqc_buf_length(b))
		b->start = b->end = 0;
	else
		b->start += n;
}
