/* The names of the members met so far in one text, to find out whether one comes twice in its object. Belongs to one loop and is used
 * for one text after the other. */
#ifndef VALIDATE_JSON_KEYS_H
#define VALIDATE_JSON_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Members of one text that are compared. */
#define KEYS_MOST 65536

struct key {
	uint64_t hash;
	uint32_t text;   /* number of the text that it is from; others are no longer there */
	uint32_t object; /* in which */
	const uint8_t *at;
	uint32_t length;
};

struct keys {
	struct key *slots; /* `room` of them, a power of two; NULL: none yet */
	uint32_t room, count, text;
	uint64_t secret;
};

enum keys_status { KEYS_NEW, KEYS_TWICE, KEYS_TOO_MANY, KEYS_NO_MEMORY };

void keys_init(struct keys *, uint64_t secret);
void keys_fini(struct keys *);
void keys_begin(struct keys *); /* another text */
/* A name, as it stands between its quotes, of a member of the object with that number. */
enum keys_status keys_add(struct keys *, uint32_t object, const uint8_t *at, size_t length, bool escaped);

#endif
