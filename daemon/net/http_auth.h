/* Private to daemon/net. Who a request is from, and whether it may ask what it asks. Loop 0. */
#ifndef PLUQ__HTTP_AUTH_H
#define PLUQ__HTTP_AUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../base/complaint.h"

struct pluq__http_conn;
struct pluq_http_request;
struct pluq__http_who;

/* What a server complains of, each at growing gaps. */
struct pluq__http_refusals {
	struct pluq__complaint absent, unknown, forbidden, unavailable;
};

/* The head is complete and the route known. 0: it may; PLUQ_ELATER: pluq__http_conn_judged comes in a later step, unless
 * pluq__http_auth_cancel is called before; above 0: the status it is to be refused with. */
int pluq__http_auth_judge(struct pluq__http_conn *);
void pluq__http_auth_cancel(struct pluq__http_conn *);

/* The words of a refusal: the message, and the challenge that goes with it or NULL. */
const char *pluq__http_auth_text(int status, const char **challenge);

/* Counted: held by the connection, and by the request that it is handling. Accept NULL inside. */
void pluq__http_who_unref(struct pluq__http_who **);

/* See may of <pluq/http.h>. */
bool pluq__http_may(const struct pluq_http_request *, uint32_t permissions, const char *topic, size_t length);

#endif
