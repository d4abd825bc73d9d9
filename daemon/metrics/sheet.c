#include "sheet.h"

#include <stdlib.h>
#include <string.h>

#define ROOM_FIRST 64

static bool grow(struct pluq_gather *g, size_t room)
{
	void *more = realloc(g->samples, room * sizeof(*g->samples));

	if (!more)
		return false;
	g->samples = more;
	g->room = room;
	return true;
}

static bool make_room(struct pluq_gather *g)
{
	return g->count < g->room || grow(g, g->room ? g->room * 2 : ROOM_FIRST);
}

bool pluq__sheet_reserve(struct pluq_gather *g, size_t more)
{
	if (!g->failed && more > g->room - g->count && !grow(g, g->count + more))
		g->failed = true;
	return !g->failed;
}

static bool copy_text(struct pluq_gather *g, const char **text)
{
	if (!*text)
		return true;
	*text = pluq__arena_copy(&g->arena, *text, strlen(*text));
	return *text != NULL;
}

static bool copy_histogram(struct pluq_gather *g, struct pluq_sample *s)
{
	const struct pluq_histogram *from = s->histogram;
	struct pluq_histogram *to = pluq__arena_alloc(&g->arena, sizeof(*to));
	size_t bytes = from->bucket_count * sizeof(*from->buckets);
	struct pluq_bucket *buckets = pluq__arena_alloc(&g->arena, bytes ? bytes : 1);

	if (!to || !buckets)
		return false;
	if (bytes)
		memcpy(buckets, from->buckets, bytes);
	*to = *from;
	to->buckets = buckets;
	s->histogram = to;
	return true;
}

static bool add(struct pluq_gather *g, const struct pluq_sample *sample)
{
	struct pluq_sample *s;

	if (!make_room(g))
		return false;
	s = &g->samples[g->count];
	*s = *sample;
	if (!copy_text(g, &s->topic) || !copy_text(g, &s->channel) || !copy_text(g, &s->plugin) || !copy_text(g, &s->detail) ||
	    (s->histogram && !copy_histogram(g, s)))
		return false;
	g->count++;
	return true;
}

void pluq__sheet_add(struct pluq_gather *g, const struct pluq_sample *sample)
{
	if (!g->failed && !add(g, sample))
		g->failed = true;
}

void pluq__sheet_borrow(struct pluq_gather *g, const struct pluq_sample *sample)
{
	g->failed = g->failed || !make_room(g);
	if (!g->failed)
		g->samples[g->count++] = *sample;
}

void pluq__sheet_fini(struct pluq_gather *g)
{
	pluq__arena_free(&g->arena);
	free(g->samples);
	*g = (struct pluq_gather){0};
}
