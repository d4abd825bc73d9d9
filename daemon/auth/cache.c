#include "cache.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "grants.h"

struct entry {
	struct entry *next;            /* in its bucket */
	struct entry *older, *younger; /* in the order of putting */
	unsigned char key[PLUQ__CACHE_KEY];
	struct pluq__kept kept;
};

struct pluq__cache {
	pthread_mutex_t mutex;
	size_t most, most_bytes, count, bytes;
	uint64_t age; /* times it was cleared */
	struct entry *oldest, *youngest;
	size_t mask;
	struct entry *buckets[];
};

struct pluq__cache *pluq__cache_new(size_t entries, size_t bytes)
{
	size_t buckets = 1;
	struct pluq__cache *c;

	while (buckets < entries)
		buckets *= 2;
	if (!(c = calloc(1, sizeof(*c) + buckets * sizeof(*c->buckets))))
		return NULL;
	pthread_mutex_init(&c->mutex, NULL);
	c->most = entries;
	c->most_bytes = bytes;
	c->mask = buckets - 1;
	return c;
}

/* --- with the mutex ----------------------------------------------------------------------------------------------- */

static struct entry **place_of(struct pluq__cache *c, const unsigned char *key)
{
	uint64_t hash;
	struct entry **at;

	memcpy(&hash, key, sizeof(hash));
	at = &c->buckets[hash & c->mask];
	while (*at && memcmp((*at)->key, key, PLUQ__CACHE_KEY) != 0)
		at = &(*at)->next;
	return at;
}

static void take_out(struct pluq__cache *c, struct entry **at)
{
	struct entry *e = *at;

	*at = e->next;
	*(e->older ? &e->older->younger : &c->oldest) = e->younger;
	*(e->younger ? &e->younger->older : &c->youngest) = e->older;
	c->count--;
	if (e->kept.grants)
		c->bytes -= e->kept.grants->bytes;
	pluq__grants_unref(e->kept.grants);
	free(e);
}

static void take_out_oldest(struct pluq__cache *c)
{
	take_out(c, place_of(c, c->oldest->key));
}

static void put_in(struct pluq__cache *c, struct entry *e)
{
	struct entry **at = place_of(c, e->key);

	if (*at)
		take_out(c, at);
	while (c->count && (c->count >= c->most || c->bytes > c->most_bytes))
		take_out_oldest(c);
	at = place_of(c, e->key);
	*at = e;
	e->older = c->youngest;
	*(c->youngest ? &c->youngest->younger : &c->oldest) = e;
	c->youngest = e;
	c->count++;
	if (e->kept.grants)
		c->bytes += e->kept.grants->bytes;
}

/* --- calls -------------------------------------------------------------------------------------------------------- */

bool pluq__cache_get(struct pluq__cache *c, const unsigned char key[PLUQ__CACHE_KEY], struct pluq__kept *out)
{
	struct entry *e;

	pthread_mutex_lock(&c->mutex);
	e = *place_of(c, key);
	if (e) {
		*out = e->kept;
		if (out->grants)
			pluq__grants_ref(out->grants);
	}
	pthread_mutex_unlock(&c->mutex);
	return e;
}

void pluq__cache_put(struct pluq__cache *c, const unsigned char key[PLUQ__CACHE_KEY], const struct pluq__kept *kept, uint64_t age)
{
	struct entry *e = calloc(1, sizeof(*e));

	if (!e)
		return;
	memcpy(e->key, key, PLUQ__CACHE_KEY);
	e->kept = *kept;
	pthread_mutex_lock(&c->mutex);
	if (age == c->age) {
		if (kept->grants)
			pluq__grants_ref(kept->grants);
		put_in(c, e);
		e = NULL;
	}
	pthread_mutex_unlock(&c->mutex);
	free(e);
}

void pluq__cache_remove(struct pluq__cache *c, const unsigned char key[PLUQ__CACHE_KEY])
{
	struct entry **at;

	pthread_mutex_lock(&c->mutex);
	at = place_of(c, key);
	if (*at)
		take_out(c, at);
	pthread_mutex_unlock(&c->mutex);
}

void pluq__cache_set_retry(struct pluq__cache *c, const unsigned char key[PLUQ__CACHE_KEY], int64_t retry_ns)
{
	struct entry *e;

	pthread_mutex_lock(&c->mutex);
	if ((e = *place_of(c, key)))
		e->kept.retry_ns = retry_ns;
	pthread_mutex_unlock(&c->mutex);
}

uint64_t pluq__cache_age(struct pluq__cache *c)
{
	uint64_t age;

	pthread_mutex_lock(&c->mutex);
	age = c->age;
	pthread_mutex_unlock(&c->mutex);
	return age;
}

void pluq__cache_clear(struct pluq__cache *c)
{
	pthread_mutex_lock(&c->mutex);
	c->age++;
	while (c->count)
		take_out_oldest(c);
	pthread_mutex_unlock(&c->mutex);
}

size_t pluq__cache_count(struct pluq__cache *c)
{
	size_t n;

	pthread_mutex_lock(&c->mutex);
	n = c->count;
	pthread_mutex_unlock(&c->mutex);
	return n;
}

void pluq__cache_free(struct pluq__cache **out)
{
	struct pluq__cache *c = *out;

	*out = NULL;
	if (!c)
		return;
	pluq__cache_clear(c);
	pthread_mutex_destroy(&c->mutex);
	free(c);
}
