/* Open addressing with linear probing; at most three quarters full; removal shifts back what probed over the gap. */
#include "names.h"

#include <pluq/error.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct slot {
	const char *name; /* NULL: free */
	void *thing;
	uint32_t hash, length;
};

struct pluq__names {
	struct slot *slot;
	size_t room, count; /* room: a power of two */
};

static uint32_t hash_of(const char *name, size_t length)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325); /* FNV-1a; names are short and their number is bounded by what clients create */

	for (size_t i = 0; i < length; i++)
		h = (h ^ (unsigned char)name[i]) * UINT64_C(0x100000001b3);
	return (uint32_t)(h ^ h >> 32);
}

struct pluq__names *pluq__names_new(void)
{
	struct pluq__names *n = calloc(1, sizeof(*n));

	if (!n)
		return NULL;
	n->room = 16;
	n->slot = calloc(n->room, sizeof(*n->slot));
	if (!n->slot) {
		free(n);
		return NULL;
	}
	return n;
}

void pluq__names_free(struct pluq__names **pn)
{
	if (!*pn)
		return;
	free((*pn)->slot);
	free(*pn);
	*pn = NULL;
}

static struct slot *probe(const struct pluq__names *n, const char *name, size_t length, uint32_t hash)
{
	size_t i = hash & (n->room - 1);

	for (;; i = (i + 1) & (n->room - 1)) {
		struct slot *s = &n->slot[i];

		if (!s->name || (s->hash == hash && s->length == length && memcmp(s->name, name, length) == 0))
			return s;
	}
}

void *pluq__names_find(const struct pluq__names *n, const char *name, size_t length)
{
	const struct slot *s = probe(n, name, length, hash_of(name, length));

	return s->name ? s->thing : NULL;
}

static bool grow(struct pluq__names *n)
{
	struct pluq__names bigger = {.room = n->room * 2, .count = n->count};

	bigger.slot = calloc(bigger.room, sizeof(*bigger.slot));
	if (!bigger.slot)
		return false;
	for (size_t i = 0; i < n->room; i++)
		if (n->slot[i].name)
			*probe(&bigger, n->slot[i].name, n->slot[i].length, n->slot[i].hash) = n->slot[i];
	free(n->slot);
	*n = bigger;
	return true;
}

int pluq__names_add(struct pluq__names *n, const char *name, void *thing)
{
	size_t length = strlen(name);
	uint32_t hash = hash_of(name, length);

	if ((n->count + 1) * 4 > n->room * 3 && !grow(n))
		return PLUQ_ENOMEM;
	*probe(n, name, length, hash) =
	    (struct slot){.name = name, .thing = thing, .hash = hash, .length = (uint32_t)length};
	n->count++;
	return 0;
}

void *pluq__names_remove(struct pluq__names *n, const char *name, size_t length)
{
	size_t mask = n->room - 1, gap, i;
	struct slot *s = probe(n, name, length, hash_of(name, length));
	void *thing = s->thing;

	if (!s->name)
		return NULL;
	gap = (size_t)(s - n->slot);
	for (i = (gap + 1) & mask; n->slot[i].name; i = (i + 1) & mask) {
		size_t wanted = n->slot[i].hash & mask;

		/* It may fill the gap if its own place does not lie between the gap and where it stands. */
		if (((i - wanted) & mask) >= ((i - gap) & mask)) {
			n->slot[gap] = n->slot[i];
			gap = i;
		}
	}
	n->slot[gap].name = NULL;
	n->count--;
	return thing;
}

size_t pluq__names_count(const struct pluq__names *n)
{
	return n->count;
}

void pluq__names_each(const struct pluq__names *n, void (*fn)(void *, void *), void *arg)
{
	for (size_t i = 0; i < n->room; i++)
		if (n->slot[i].name)
			fn(arg, n->slot[i].thing);
}
