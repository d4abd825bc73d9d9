/* Private to the daemon. The daemon's side of struct pluq_host: one per plugin instance, and one for the daemon itself. */
#ifndef PLUQ__HOST_H
#define PLUQ__HOST_H

#include <pluq/host.h>

#include "loop.h"
#include "pool.h"
#include "spent.h"

struct pluq__net;
struct pluq__broker;
struct pluq__auth;
struct pluq__validate;
struct pluq__metrics;

struct pluq__host {
	struct pluq_host pub; /* first: what the plugin sees */
	struct pluq__loops *loops;
	struct pluq__lane *lane;   /* of this instance; NULL until the pool exists */
	struct pluq__net *net;     /* of the process */
	struct pluq__broker *broker;
	struct pluq__auth *auth;
	struct pluq__validate *validate;
	struct pluq__metrics *metrics;
	struct pluq__spent *spent; /* per loop; NULL: nobody counts */
	void *plugins;             /* the loader's list, for option_get */
	bool in_init;              /* calls marked "init only" are allowed now */
};

static inline struct pluq__host *pluq__host(const struct pluq_host *h)
{
	return (struct pluq__host *)(uintptr_t)h;
}

#endif
