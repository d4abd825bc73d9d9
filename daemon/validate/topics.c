/* The topics of one loop: which validators judge each, and what was counted. */
#include "core.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS 1024

int pluq__validate_topics_init(struct pluq__validate_loop *l)
{
	size_t counts = l->core->count * PLUQ__VERDICTS;

	l->bucket_count = BUCKETS;
	l->buckets = calloc(BUCKETS, sizeof(*l->buckets));
	l->topics = calloc(PLUQ__TOPICS_MOST, sizeof(*l->topics));
	l->others = calloc(counts, sizeof(*l->others));
	return l->buckets && l->topics && l->others ? 0 : PLUQ_ENOMEM;
}

void pluq__validate_topics_fini(struct pluq__validate_loop *l)
{
	for (uint32_t i = 0; i < l->topic_count; i++)
		free(l->topics[i]);
	free(l->topics);
	free(l->buckets);
	free(l->others);
}

/* Names come from publishers, but no more of them are kept than fit. */
static uint32_t hash_of(const char *name, size_t length)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < length; i++)
		h = (h ^ (unsigned char)name[i]) * 16777619u;
	return h ^ h >> 15;
}

static void make_chain(struct pluq_validation *t)
{
	const struct pluq__rules *rules = t->loop->rules;

	t->chain_count = 0;
	for (size_t i = 0; i < rules->count; i++)
		if (pluq__rule_covers(&rules->items[i], t->name, t->length))
			t->chain[t->chain_count++] = (uint16_t)i;
	t->generation = t->loop->generation;
}

/* One block: the topic, its counts, its chain. */
static struct pluq_validation *topic_new(struct pluq__validate_loop *l, const char *name, size_t length, uint32_t hash)
{
	size_t n = l->core->count, counts = n * PLUQ__VERDICTS * sizeof(uint64_t);
	struct pluq_validation *t = calloc(1, sizeof(*t) + counts + n * sizeof(uint16_t));

	if (!t)
		return NULL;
	t->loop = l;
	t->counts = (uint64_t *)(t + 1);
	t->chain = (uint16_t *)((char *)t->counts + counts);
	t->hash = hash;
	t->length = (uint8_t)length;
	memcpy(t->name, name, length);
	make_chain(t);
	return t;
}

static void unlink_topic(struct pluq__validate_loop *l, const struct pluq_validation *t)
{
	struct pluq_validation **at = &l->buckets[t->hash % l->bucket_count];

	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
}

/* Whoever holds it looks at the epoch before it is used again, on this loop. */
static void drop(struct pluq__validate_loop *l, struct pluq_validation *t)
{
	unlink_topic(l, t);
	free(t);
	atomic_fetch_add_explicit(&l->core->epoch, 1, memory_order_relaxed);
}

/* A place for one more: a free one, or that of a topic which the hand of the clock finds unused. */
static struct pluq_validation **place(struct pluq__validate_loop *l)
{
	struct pluq_validation *t;

	if (l->topic_count < PLUQ__TOPICS_MOST)
		return &l->topics[l->topic_count++];
	for (;; l->hand = (l->hand + 1) % PLUQ__TOPICS_MOST) {
		t = l->topics[l->hand];
		if (!t->used)
			break;
		t->used = false;
	}
	for (size_t i = 0; i < l->core->count * PLUQ__VERDICTS; i++)
		l->others[i] += t->counts[i];
	drop(l, t);
	return &l->topics[l->hand];
}

static struct pluq_validation *find(const struct pluq__validate_loop *l, uint32_t hash, const char *topic, size_t length)
{
	struct pluq_validation *t = l->buckets[hash % l->bucket_count];

	while (t && (t->hash != hash || t->length != length || memcmp(t->name, topic, length) != 0))
		t = t->next;
	return t;
}

void pluq__validation_forget(struct pluq__validate_loop *l, const char *topic, size_t length)
{
	struct pluq_validation *t = find(l, hash_of(topic, length), topic, length);

	for (uint32_t i = 0; t && i < l->topic_count; i++) {
		if (l->topics[i] != t)
			continue;
		l->topics[i] = l->topics[--l->topic_count];
		drop(l, t);
		break;
	}
}

struct pluq_validation *pluq__validation_get(struct pluq__validate_loop *l, const char *topic, size_t length)
{
	uint32_t hash = hash_of(topic, length);
	struct pluq_validation **bucket = &l->buckets[hash % l->bucket_count], *t = find(l, hash, topic, length);

	if (t) {
		t->used = true; /* a name that came once only is the first to go */
		if (t->generation != l->generation)
			make_chain(t);
	} else {
		if (length > PLUQ_NAME_MAX || !(t = topic_new(l, topic, length, hash)))
			return NULL;
		*place(l) = t;
		t->next = *bucket;
		*bucket = t;
	}
	return t;
}
