/* TLS towards lookup daemons: one configuration for all of them, the TCP side and the HTTP side. */
#ifndef NSQD_LOOKUP_TLS_H
#define NSQD_LOOKUP_TLS_H

#include "nsqd.h"

/* What an entry of the list begins with if the daemon is spoken to under TLS. */
#define LOOKUP_TLS_PREFIX "tls://"

/* The address behind the prefix, or the entry itself; *tls: which it was. */
const char *lookup_tls_address(const char *entry, bool *tls);

/* Any thread. 0, or PLUQ_EINVAL with the option that is wrong. */
int lookup_tls_check(const struct conf *, struct pluq_why *why);

/* The same of its files too. Main in init, or the pool in reload. PLUQ_ETLS, PLUQ_EINVAL, PLUQ_ENOMEM. */
int lookup_tls_try(const struct nsqd *, const struct conf *, struct pluq_why *why);

/* Main in init, or the pool in reload: makes or changes n->lookup.tls, if it is of any use. PLUQ_ETLS, PLUQ_EINVAL, PLUQ_ENOMEM: nothing
 * has changed. */
int lookup_tls_set(struct nsqd *, const struct conf *, struct pluq_why *why);

#endif
