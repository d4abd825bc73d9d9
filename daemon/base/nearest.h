/* Private to the daemon. "Did you mean": the candidate that the fewest slips of the finger turn into a word. */
#ifndef PLUQ__NEAREST_H
#define PLUQ__NEAREST_H

#include <stddef.h>

struct pluq__nearest {
	const char *word;
	const char *best; /* NULL: nothing near enough was offered; borrowed from the offers */
	size_t distance;  /* of best */
};

/* Insertions, deletions, replacements and swaps of neighbours that turn a into b. Words longer than 64 bytes are
 * compared by their first 64. */
size_t pluq__edit_distance(const char *a, const char *b);

static inline struct pluq__nearest pluq__nearest(const char *word)
{
	return (struct pluq__nearest){ .word = word };
}
/* The first of equally near candidates wins. One that differs in more than a third of the word's length is not near. */
void pluq__nearest_offer(struct pluq__nearest *, const char *candidate);

#endif
