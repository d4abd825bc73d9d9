/* What a host offers an auth plugin, for unit tests: it keeps what the plugin says, and runs its work when told to. */
#ifndef MOCK_ASKER_H
#define MOCK_ASKER_H

#include <pluq/auth.h>

#include "mock_host.h"

struct pluq_auth_call {
	char text[4096]; /* what was said: "identity ID URL\n", "live NS\n", "grant sp- TOPIC CHANNEL...\n" */
	size_t used;
	int verdict;     /* by answer; 0: none came */
	char why[256];
};

#define MOCK_WORK 128

struct mock_asker {
	struct mock_host host; /* first; host.pub is what the plugin gets */
	struct {
		pluq_post_fn work, done;
		void *arg;
	} waiting[MOCK_WORK];
	size_t count;
	bool refuse_work; /* the pool takes nothing */
};

void mock_asker_init(struct mock_asker *);
/* Runs what waits; its number. */
size_t mock_asker_work(struct mock_asker *);
void mock_asker_fini(struct mock_asker *);

/* A file of its own with this text; the path is valid until the next call. */
const char *mock_asker_file(const char *text);

/* Query with these facts; borrowed. */
struct pluq_auth_query mock_asker_query(const char *secret);

#endif
