/* What is served under TLS. */
#ifndef LOOKUPD_TLS_H
#define LOOKUPD_TLS_H

#include "lookupd.h"

/* Main, in init. Judges the options, makes l->tls if there is a certificate. PLUQ_EINVAL with the option, PLUQ_ETLS, PLUQ_ENOMEM. */
int tls_start(struct lookupd *, struct pluq_why *why);
/* The pool, in reload: handshakes that begin from now on go by these options. On failure nothing has changed. */
int tls_reload(struct lookupd *, const struct conf *, struct pluq_why *why);

#endif
