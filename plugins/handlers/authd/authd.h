/* The authd handler: one instance. HTTP's, and so loop 0's, but for init, reload and fini. */
#ifndef AUTHD_AUTHD_H
#define AUTHD_AUTHD_H

#include <pluq/auth.h>
#include <pluq/handler.h>

#include "options.h"

#define AUTHD_ROUTES 5

struct asking;

/* Where tokens are shown, cut into what a request is made of. */
struct endpoint {
	char *address; /* host:port; NULL: there is none */
	char *target;  /* path and query, ready for the token behind it */
	bool https;
};

struct authd {
	const struct pluq_host *host;
	const struct pluq_http *http;
	const struct pluq_auth *auth;
	_Atomic(const struct conf *) conf; /* replaced by a reload; the old one outlives the step of the loop */
	struct pluq_http_server *server, *https; /* NULL: off */
	struct pluq_tls *tls;    /* HTTPS; NULL: off */
	struct pluq_tls *client; /* towards the endpoint; NULL: it is not asked, or over HTTP */
	struct endpoint endpoint;
	struct pluq_http_route routes[AUTHD_ROUTES]; /* borrowed by the HTTP layer */
	struct asking *first; /* questions that are not answered yet */
	bool draining;
};

/* routes.c: opens the listeners. Main. */
int authd_listen(struct authd *, struct pluq_why *why);
/* tls.c. Main, or the pool in reload. check: the options alone. */
int authd_tls_check(const struct conf *, struct pluq_why *why);
int authd_tls_start(struct authd *, struct pluq_why *why);
int authd_tls_reload(struct authd *, const struct conf *, struct pluq_why *why);

#endif
