/* What the tls_* options come to. */
#ifndef NSQD_TLS_H
#define NSQD_TLS_H

#include "nsqd.h"

/* Whether they go together; reads no file. PLUQ_EINVAL with the option. */
int tls_options_check(const struct conf *, struct pluq_why *why);
/* Init. Without certificate and key TLS is not offered. PLUQ_EINVAL, PLUQ_ETLS, PLUQ_ENOMEM with the option. */
int tls_start(struct nsqd *, struct pluq_why *why);
/* Pool. As tls_start, of what a reload can change; on failure nothing has changed. */
int tls_reload(struct nsqd *, const struct conf *, struct pluq_why *why);

/* TLS_*: a policy for certificates requires TLS. */
int64_t tls_required(const struct conf *);
/* As on the wire: 0x0301 .. 0x0304. */
uint16_t tls_min_version(const struct conf *);

/* As /stats shows them: "TLS1.3", and the name of a suite that the original knows, or "Unknown N". */
const char *tls_version_name(uint16_t version);
#define TLS_SUITE_MAX 48
void tls_suite_name(uint16_t suite, char out[TLS_SUITE_MAX]);

#endif
