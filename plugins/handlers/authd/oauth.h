/* OAuth2: whose access token a secret is. */
#ifndef AUTHD_OAUTH_H
#define AUTHD_OAUTH_H

#include "authd.h"
#include "text.h"

/* http[s]://HOST[:PORT][/PATH][?QUERY]. PLUQ_EINVAL, PLUQ_ENOMEM with why. */
int endpoint_parse(struct endpoint *, const char *url, struct pluq_why *why);
void endpoint_free(struct endpoint *);

/* The login in the endpoint's answer, found along the path; to be freed. NULL: there is none (or no memory), with why. */
char *oauth_login(const char *path, const uint8_t *body, size_t n, struct pluq_why *why);

/* Loop. fn as for http->get. */
int oauth_ask(struct authd *, const char *token, size_t n, pluq_http_get_fn fn, void *arg, struct pluq_http_call **out,
    struct pluq_why *why);

#endif
