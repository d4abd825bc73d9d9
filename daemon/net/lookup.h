/* Private to daemon/net. Names become addresses, on the I/O pool. While a name is being looked up, all on this loop who ask for
 * it share the lookup, so that a name server that hangs costs one thread for each name, however often it is tried again. */
#ifndef PLUQ__LOOKUP_H
#define PLUQ__LOOKUP_H

#include <netdb.h>

#include "state.h"

/* Who waits for a lookup; embedded in what it waits for. Zero-initialised it does not wait. */
struct pluq__asker {
	struct pluq__asker *next, **link;
	struct pluq__lookup *lookup; /* NULL: waits for none */
	/* In a later step of the loop. The addresses, borrowed for the call; or NULL, and why (constant text). */
	void (*fn)(struct pluq__asker *, const struct addrinfo *, const char *why);
};

/* Loop. fn is set. PLUQ_ENOMEM. */
int pluq__lookup_ask(struct pluq__net_loop *, struct pluq__asker *, const char *host, const char *port);
/* Loop. fn will not come; does nothing if it is not waiting. */
void pluq__lookup_leave(struct pluq__asker *);
/* Main, after the loops and the pool have ended. */
void pluq__lookups_free(struct pluq__net_loop *);

/* For a failure of getaddrinfo; constant text. */
const char *pluq__lookup_cause(int error, int system_error);

#endif
