/* Discovery: tells the lookup daemons what this node has, and asks them for the channels that a new topic is to have.
 *
 * Everything runs on loop 0. Each peer (lookup_peer.c) goes its own way, so that one that hangs, lies or is not there delays
 * nobody; publishes and subscriptions wait for none of them, only a new topic's fan-out does, for a while (lookup_channels.c).
 */
#ifndef NSQD_LOOKUP_H
#define NSQD_LOOKUP_H

#include "json_out.h"
#include "nsqd.h"

/* Init. PLUQ_EINVAL (an address is none), PLUQ_ETLS, PLUQ_ENOMEM. */
int lookup_init(struct nsqd *, struct pluq_why *why);
/* Loop 0. The list is the configured one. */
void lookup_configure(struct nsqd *);
/* Loop 0. Ends all of it; says good-bye to nobody, as the original. */
void lookup_stop(struct nsqd *);
/* "host:port" ("" is this host, an IPv6 address stands in brackets), "tls://host:port" or the path of a unix socket. */
bool lookup_address_ok(const char *entry);
/* Any thread. 0, or PLUQ_EINVAL with the option and what is wrong with it. */
int lookup_check(const struct conf *, struct pluq_why *why);
/* Loop 0. Whether it may be given to lookup_set; a reason beyond its form is logged. */
bool lookup_entry_ok(const struct nsqd *, const char *entry);
/* Loop 0. The list is these from now on: who is no longer in it is left, the others stay as they are. Repeated ones count once. */
void lookup_set(struct nsqd *, const char *const *addresses, size_t n);
/* Loop 0. The list as a JSON array. */
void lookup_put(const struct nsqd *, struct json *);

/* pluq_gate_fn */
void lookup_on_gate(void *nsqd, const char *topic, struct pluq_gate *gate);
/* Loop 0. Nobody is waited for any more. */
void lookup_drop_asks(struct nsqd *);

#endif
