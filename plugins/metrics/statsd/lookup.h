/* Finding the addresses that a name stands for, with an end to the waiting. One thread at a time. */
#ifndef STATSD_LOOKUP_H
#define STATSD_LOOKUP_H

#include <netdb.h>
#include <stddef.h>

/* A name that is being looked up, by a thread of its own: nobody can end a resolver that hangs. */
struct lookup;

/* NULL, and *list is the caller's; or what is wrong, for people (valid until the thread's next call). Waits a second, as the original
 * does. Who takes longer stays in *held: the next call for the same name waits for that one, and takes its answer if it has come
 * meanwhile, so that there is one thread at most and a slow resolver's answers are of use too. host: NULL or "" is this machine. */
const char *lookup_find(struct lookup **held, const char *host, const char *port, struct addrinfo **list);
/* Nobody wants to know any more; the thread ends when it can. Accepts NULL inside. */
void lookup_drop(struct lookup **held);

#endif
