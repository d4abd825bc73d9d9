/* For the tests of daemon/net: event loops on threads of their own, a network floor on them, and blocking sockets that
 * talk to it from the thread of the test. Every wait has a deadline. */
#ifndef NET_RIG_H
#define NET_RIG_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../daemon/base/host.h"
#include "../../daemon/base/loop.h"
#include "../../daemon/net/net.h"

/* Names that are resolved at once. */
#define RIG_RESOLVERS 2

struct rig {
	struct pluq__loops loops;
	struct pluq__pool *pool;
	struct pluq__net *net;
	struct pluq__host host;
	pthread_t thread; /* runs loop 0 */
};

void rig_start(struct rig *, int loops, int64_t max_connections);
void rig_serve(struct rig *);
/* Stops as the daemon does; returns how many nanoseconds that took. */
int64_t rig_stop(struct rig *);
/* The same in two steps: everything of the network ends, and the loops; what names still wait for ends, and all is freed. */
int64_t rig_end_connections(struct rig *);
void rig_free(struct rig *);
/* Runs fn(arg) on the loop, without waiting for it. */
void rig_post(struct rig *, int loop, void (*fn)(void *), void *arg);
/* true once *value is `wanted`; false after 5 s. */
bool rig_await(_Atomic int *value, int wanted);

int rig_descriptor(const struct pluq_conn *); /* of a connection that the test keeps from ending meanwhile */

int peer_connect(int32_t port);
int peer_connect_unix(const char *path);
void peer_send(int fd, const void *bytes, size_t n);
void peer_say(int fd, const char *text);
/* Exactly n bytes; false on end, error or 5 s of silence. */
bool peer_read(int fd, void *to, size_t n);
/* What comes is exactly this. */
bool peer_hears(int fd, const char *text);
/* Everything until the peer ends; its length, or -1 on error or 5 s of silence. Terminated. */
ptrdiff_t peer_read_all(int fd, char *to, size_t room);
bool peer_at_end(int fd); /* an orderly end, and nothing before it */

#endif
