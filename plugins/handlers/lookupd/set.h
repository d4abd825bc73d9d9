/* Sets of pointers, hashed: open addressing with linear probing, without tombs. A set knows neither its items' hashes nor their
 * keys by itself; its kind does. Zero-initialised it is empty and owns nothing. */
#ifndef LOOKUPD_SET_H
#define LOOKUPD_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct set {
	void **slots; /* NULL: free */
	uint32_t count, capacity; /* capacity: 0 or a power of two */
};

struct set_kind {
	uint32_t (*hash)(const void *item);
	bool (*is)(const void *item, const void *key);
};

void *set_find(const struct set *, const struct set_kind *, uint32_t hash, const void *key); /* NULL: not there */
/* The item is not in the set yet. false: no memory, nothing has changed. */
bool set_add(struct set *, const struct set_kind *, void *item);
/* The item is in the set. */
void set_remove(struct set *, const struct set_kind *, const void *item);
void set_free(struct set *);

/* Goes through all items; the body must not change the set. */
#define SET_EACH(set, type, item)                                                                                      \
	for (uint32_t item##_slot = 0; item##_slot < (set)->capacity; item##_slot++)                                   \
		for (type *item = (set)->slots[item##_slot]; item; item = NULL)

#endif
