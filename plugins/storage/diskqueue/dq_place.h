/* A place in a queue, and its name outside the plugin. */
#ifndef DQ_PLACE_H
#define DQ_PLACE_H

#include <stdbool.h>
#include <stdint.h>

struct dq_at {
	int64_t file; /* number of the data file */
	int64_t pos;  /* offset in it, bytes */
};

/* The position that the engine sees: bit 63 set (so never 0), 23 bits of the file's number, 40 bits of offset. File numbers
 * never go back, so a name stays unique until 2^23 files later, when nothing of that age is outstanding. */
#define DQ_POS_BITS 40
#define DQ_POS_MAX ((INT64_C(1) << DQ_POS_BITS) - 1)
#define DQ_FILE_MASK ((INT64_C(1) << 23) - 1)
#define DQ_LIVE (UINT64_C(1) << 63)
#define DQ_NAME_MASK (DQ_LIVE - 1)

static inline bool dq_at_same(struct dq_at a, struct dq_at b)
{
	return a.file == b.file && a.pos == b.pos;
}

static inline bool dq_at_before(struct dq_at a, struct dq_at b)
{
	return a.file < b.file || (a.file == b.file && a.pos < b.pos);
}

static inline uint64_t dq_name(struct dq_at a)
{
	return DQ_LIVE | (uint64_t)(a.file & DQ_FILE_MASK) << DQ_POS_BITS | (uint64_t)a.pos;
}

/* The other way; last_file: the highest file in use, at or above the named one. */
static inline struct dq_at dq_at_of(uint64_t name, int64_t last_file)
{
	int64_t low = (int64_t)((name & DQ_NAME_MASK) >> DQ_POS_BITS);
	return (struct dq_at){ .file = last_file - ((last_file - low) & DQ_FILE_MASK), .pos = (int64_t)(name & DQ_POS_MAX) };
}

/* Distance from the name `base` to a later one; huge if it is an earlier one. */
static inline uint64_t dq_name_after(uint64_t base, uint64_t name)
{
	return (name - base) & DQ_NAME_MASK;
}

#endif
