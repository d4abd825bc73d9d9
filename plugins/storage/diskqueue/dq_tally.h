/* How many of a file's records were handed out, and how many of these are not released yet: tells which file is kept for a few
 * records only. Files in queue order; used by the window. */
#ifndef DQ_TALLY_H
#define DQ_TALLY_H

#include <stddef.h>

#include "dq_place.h"

struct dq_tally_file {
	uint64_t key; /* name of the file's first place, without DQ_LIVE */
	size_t total, live;
};

struct dq_tally {
	struct dq_tally_file *file;
	size_t head, tail, capacity;
	size_t hint; /* where the next release is looked for first */
};

bool dq_tally_reserve(struct dq_tally *, size_t more); /* room for so many files; false: no memory */
void dq_tally_add(struct dq_tally *, uint64_t name);   /* live if DQ_LIVE is set; room was reserved */
void dq_tally_release(struct dq_tally *, uint64_t name); /* one that was added live */
/* The first file that has live ones; NULL: none has. */
const struct dq_tally_file *dq_tally_first(struct dq_tally *);
void dq_tally_clear(struct dq_tally *); /* frees the memory too */

#endif
