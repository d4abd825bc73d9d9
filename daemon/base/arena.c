#include "arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A configuration of ordinary size fits in one or two of these. */
#define CHUNK_BYTES 8192

struct pluq__arena_chunk {
	struct pluq__arena_chunk *older;
	_Alignas(max_align_t) unsigned char bytes[];
};

static bool grow(struct pluq__arena *a, size_t bytes)
{
	size_t size = bytes > CHUNK_BYTES ? bytes : CHUNK_BYTES;
	struct pluq__arena_chunk *c = calloc(1, sizeof(*c) + size);

	if (!c)
		return false;
	c->older = a->chunks;
	a->chunks = c;
	a->used = 0;
	a->size = size;
	return true;
}

void *pluq__arena_alloc(struct pluq__arena *a, size_t bytes)
{
	const size_t align = _Alignof(max_align_t);
	void *p;

	if (bytes > SIZE_MAX / 2)
		return NULL;
	bytes = (bytes + align - 1) / align * align;
	if ((!a->chunks || bytes > a->size - a->used) && !grow(a, bytes))
		return NULL;
	p = a->chunks->bytes + a->used;
	a->used += bytes;
	return p;
}

char *pluq__arena_copy(struct pluq__arena *a, const char *bytes, size_t length)
{
	char *s = pluq__arena_alloc(a, length + 1);

	if (s)
		memcpy(s, bytes, length);
	return s;
}

char *pluq__arena_printf(struct pluq__arena *a, const char *fmt, ...)
{
	va_list args;
	char *s;
	int n;

	va_start(args, fmt);
	n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (n < 0 || !(s = pluq__arena_alloc(a, (size_t)n + 1)))
		return NULL;
	va_start(args, fmt);
	vsnprintf(s, (size_t)n + 1, fmt, args);
	va_end(args);
	return s;
}

void pluq__arena_free(struct pluq__arena *a)
{
	while (a->chunks) {
		struct pluq__arena_chunk *older = a->chunks->older;

		free(a->chunks);
		a->chunks = older;
	}
	a->used = a->size = 0;
}
