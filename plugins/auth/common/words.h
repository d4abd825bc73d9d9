/* Lines, cut into words in place. */
#ifndef AUTH_WORDS_H
#define AUTH_WORDS_H

#include "rules.h"

struct words {
	struct rule_word *items;
	size_t count, room;
	uint32_t bad_column; /* of what was wrong */
};

/* The items of a list, with room for one more behind the `count` that are there, or NULL: no memory, the list is as it was. */
void *list_room(void *items, size_t *room, size_t count, size_t size);

/* Cuts a line (without its end) into words, which are terminated where they stand: line[n] is written to. NULL, or what is wrong
 * with it, for people. */
const char *words_split(struct words *, char *line, size_t n);

#endif
