/* A host table for unit tests of plugins: it keeps what is logged. */
#ifndef MOCK_HOST_H
#define MOCK_HOST_H

#include <pthread.h>

#include <pluq/host.h>

struct mock_host {
	struct pluq_host pub; /* first: what the plugin gets */
	pthread_mutex_t lock;
	char text[65536]; /* "level text\n" per line; what no longer fits is dropped */
	size_t used;
	int lines[PLUQ_FATAL + 1]; /* per level */
};

void mock_host_init(struct mock_host *);
void mock_host_forget(struct mock_host *); /* what has been logged so far */
bool mock_host_logged(struct mock_host *, enum pluq_level, const char *part);
void mock_host_fini(struct mock_host *);

#endif
