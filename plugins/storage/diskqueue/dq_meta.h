/* The three lines of `<name>.diskqueue.meta.dat`: depth; reader's file,offset; writer's file,offset. */
#ifndef DQ_META_H
#define DQ_META_H

#include <stddef.h>

#include "dq_place.h"

struct dq_state {
	int64_t depth; /* records from read to end; the original may leave it wrong, even negative */
	struct dq_at read, end;
};

#define DQ_META_TEXT 128 /* room for the text */

/* The last line need not end in a line feed. false: not of that form, or places that cannot be. */
bool dq_meta_parse(const char *text, size_t length, struct dq_state *);
size_t dq_meta_print(char text[DQ_META_TEXT], const struct dq_state *);

static inline bool dq_state_same(const struct dq_state *a, const struct dq_state *b)
{
	return a->depth == b->depth && dq_at_same(a->read, b->read) && dq_at_same(a->end, b->end);
}

#endif
