#define _GNU_SOURCE /* strerrordesc_np */
#include "lookup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../base/pool.h"

struct pluq__lookup {
	struct pluq__job job;         /* first */
	struct pluq__lookup *next;    /* of the loop */
	struct pluq__net_loop *at;
	struct pluq__asker *askers;
	_Atomic bool wanted;          /* there are askers: a job that waited for a thread need not bother otherwise */
	bool skipped;                 /* it did not bother */
	int error, system_error;
	struct addrinfo *list;
	char host[sizeof(((struct pluq__addr *)0)->host)], port[sizeof(((struct pluq__addr *)0)->port)];
};

const char *pluq__lookup_cause(int error, int system_error)
{
	const char *text = error == EAI_SYSTEM ? strerrordesc_np(system_error) : gai_strerror(error);
	return text ? text : "unknown error";
}

/* On the pool. */
static void look_up(struct pluq__job *job)
{
	struct pluq__lookup *k = (struct pluq__lookup *)job;
	static const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
	if (!atomic_load(&k->wanted)) {
		k->skipped = true;
		return;
	}
	k->error = getaddrinfo(k->host, k->port, &hints, &k->list);
	k->system_error = errno;
}

static void submit(struct pluq__lookup *k)
{
	k->skipped = false;
	pluq__pool_submit(k->at->net->lane, &k->job);
}

static void unlink_lookup(struct pluq__lookup *k)
{
	struct pluq__lookup **at = &k->at->lookups;
	while (*at != k)
		at = &(*at)->next;
	*at = k->next;
}

static void lookup_free(struct pluq__lookup *k)
{
	if (k->list)
		freeaddrinfo(k->list);
	free(k);
}

static void on_looked_up(struct pluq__job *job)
{
	struct pluq__lookup *k = (struct pluq__lookup *)job;
	if (k->skipped && k->askers) { /* one has come since */
		submit(k);
		return;
	}
	unlink_lookup(k);
	while (k->askers) {
		struct pluq__asker *a = k->askers;
		pluq__lookup_leave(a);
		a->fn(a, k->error ? NULL : k->list, k->error ? pluq__lookup_cause(k->error, k->system_error) : NULL);
	}
	lookup_free(k);
}

static struct pluq__lookup *find(struct pluq__net_loop *at, const char *host, const char *port)
{
	for (struct pluq__lookup *k = at->lookups; k; k = k->next)
		if (strcmp(k->host, host) == 0 && strcmp(k->port, port) == 0)
			return k;
	return NULL;
}

/* host and port come from a struct pluq__addr, so they fit. */
static struct pluq__lookup *begin(struct pluq__net_loop *at, const char *host, const char *port)
{
	struct pluq__lookup *k = calloc(1, sizeof *k);
	if (!k)
		return NULL;
	k->job = (struct pluq__job){.back = at->loop, .work = look_up, .done = on_looked_up, .what = "resolving a name"};
	k->at = at;
	k->wanted = true;
	memcpy(k->host, host, strlen(host) + 1);
	memcpy(k->port, port, strlen(port) + 1);
	k->next = at->lookups;
	at->lookups = k;
	submit(k);
	return k;
}

int pluq__lookup_ask(struct pluq__net_loop *at, struct pluq__asker *a, const char *host, const char *port)
{
	struct pluq__lookup *k = find(at, host, port);
	if (!k)
		k = begin(at, host, port);
	if (!k)
		return PLUQ_ENOMEM;
	atomic_store(&k->wanted, true);
	a->lookup = k;
	a->next = k->askers;
	a->link = &k->askers;
	if (a->next)
		a->next->link = &a->next;
	k->askers = a;
	return 0;
}

void pluq__lookup_leave(struct pluq__asker *a)
{
	if (!a->lookup)
		return;
	*a->link = a->next;
	if (a->next)
		a->next->link = a->link;
	if (!a->lookup->askers)
		atomic_store(&a->lookup->wanted, false);
	a->lookup = NULL;
}

void pluq__lookups_free(struct pluq__net_loop *at)
{
	while (at->lookups) {
		struct pluq__lookup *k = at->lookups;
		at->lookups = k->next;
		lookup_free(k);
	}
}
