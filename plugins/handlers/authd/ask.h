/* A broker's question on its way: first, if there is one, to the OAuth2 endpoint, then to the process's auth plugins. */
#ifndef AUTHD_ASK_H
#define AUTHD_ASK_H

#include "request.h"

/* Takes the question. The request will be answered. Loop 0. */
void ask(struct authd *, struct pluq_http_request *, struct question *);
/* The daemon stops: what is open is answered 503. Loop 0. */
void ask_drain(struct authd *);

#endif
