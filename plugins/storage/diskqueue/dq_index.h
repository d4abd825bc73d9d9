/* The data files that lie in the directory at start, by queue: found with one listing, so that opening thousands of queues does
 * not list it thousands of times. Never changed afterwards; what it says is checked against the directory when used. */
#ifndef DQ_INDEX_H
#define DQ_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pluq/error.h>

struct dq_index_file {
	char *queue;
	int64_t number;
};

struct dq_index {
	struct dq_index_file *file; /* by queue, then number */
	size_t count, capacity;
};

/* Splits `<queue>.diskqueue.<number>.dat`. *queue_length: of the part before. false: not such a name. */
bool dq_index_split(const char *name, size_t *queue_length, int64_t *number);

int dq_index_add(struct dq_index *, const char *name); /* names of other kinds are ignored */
void dq_index_sort(struct dq_index *);
const struct dq_index_file *dq_index_find(const struct dq_index *, const char *queue, size_t *count);
void dq_index_fini(struct dq_index *);

#endif
