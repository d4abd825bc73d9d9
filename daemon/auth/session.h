/* Private to daemon/auth. For the table: see <pluq/auth.h>. */
#ifndef PLUQ__AUTH_SESSION_H
#define PLUQ__AUTH_SESSION_H

#include "core.h"

int pluq__session_open(struct pluq__auth *, const struct pluq_auth_query *, bool shared, pluq_auth_fn, void *arg,
    struct pluq_auth_session **out);
void pluq__session_close(struct pluq_auth_session **);
int pluq__session_check(struct pluq_auth_session *, uint32_t permissions, const char *topic, size_t topic_length,
    const char *channel, size_t channel_length, pluq_auth_fn, void *arg);
int pluq__session_watch(struct pluq_auth_session *, const char *topic, size_t topic_length, const char *channel,
    size_t channel_length, pluq_auth_fn, void *arg);
void pluq__session_leave(struct pluq_auth_session *);
int pluq__session_arrive(struct pluq_auth_session *);
const char *pluq__session_identity(const struct pluq_auth_session *);
const char *pluq__session_identity_url(const struct pluq_auth_session *);
uint32_t pluq__session_grant_count(const struct pluq_auth_session *);

#endif
