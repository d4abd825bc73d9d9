/* What an auth server is told of a client, in the original's two forms. */
#ifndef AUTH_PARAMETERS_H
#define AUTH_PARAMETERS_H

#include <pluq/auth.h>
#include <pluq/http.h>

/* "common_name=&remote_ip=..&secret=..&tls=..", escaped as Go's url.Values.Encode does. Heap; NULL: no memory. */
char *parameters_query(const struct pluq_auth_query *);
/* {"common_name":[".."],..}. The same. */
char *parameters_json(const struct pluq_http *, const struct pluq_auth_query *);

#endif
