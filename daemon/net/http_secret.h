/* Private to daemon/net. The secret that a request brings. */
#ifndef PLUQ__HTTP_SECRET_H
#define PLUQ__HTTP_SECRET_H

#include "http_fields.h"

/* From the one field Authorization: a bearer token, or a basic password. 0: *out is the secret, at least one byte and a NUL behind it, to
 * be ended by pluq__http_secret_free. PLUQ_EUNKNOWN: there is no such field; PLUQ_EINVAL: it is none of these, malformed, empty, or there
 * are several; PLUQ_ENOMEM. */
int pluq__http_secret(const struct pluq__http_fields *, char **out, size_t *length);

/* Leaves no copy in memory. Accepts NULL inside. */
void pluq__http_secret_free(char **, size_t length);

#endif
