/* How many messages a connection has published to each topic. */
#ifndef NSQD_PUB_COUNTS_H
#define NSQD_PUB_COUNTS_H

#include <stddef.h>
#include <stdint.h>

struct pub_count {
	uint64_t count;
	uint32_t length;
	char name[]; /* terminated */
};

struct pub_counts {
	struct pub_count **items; /* sorted by name, bytewise */
	uint32_t count, capacity;
};

/* Finds the topic's, or makes it; its address stays. NULL: no memory. */
struct pub_count *pub_counts_get(struct pub_counts *, const char *name, size_t length);
void pub_counts_free(struct pub_counts *);

#endif
