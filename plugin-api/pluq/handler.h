/* <pluq/handler.h>: the handler kind: a protocol that the daemon serves.
 *
 * A handler opens its listeners in init (so that a busy port stops the start) and is driven by their callbacks.
 */
#ifndef PLUQ_HANDLER_H
#define PLUQ_HANDLER_H

#include <pluq/broker.h>
#include <pluq/host.h>
#include <pluq/http.h>
#include <pluq/net.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pluq_handler_ops {
	uint32_t size;
	uint32_t flags; /* 0 */

	/* Main, after every init and after the metadata was loaded; no loop runs yet. Listeners accept once all have
	 * started. May be NULL. */
	int (*start)(void *self, struct pluq_why *why);

	/* Loop 0. The daemon begins to stop: listeners are closed already. After this call connections are read no more;
	 * open publishes are still answered; then the daemon closes every connection (on_close comes on its loop), and
	 * only then the queues. May be NULL. */
	void (*drain)(void *self);
};

#ifdef __cplusplus
}
#endif
#endif
