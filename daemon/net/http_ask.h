/* Private to daemon/net. The text of a request of ours. */
#ifndef PLUQ__HTTP_ASK_H
#define PLUQ__HTTP_ASK_H

#include <pluq/http.h>

/* Whether it can be asked at all. PLUQ_EINVAL, PLUQ_EADDRESS with `why`. */
int pluq__http_ask_judge(const struct pluq_http_get *, struct pluq_why *why);

/* Request line and header fields; as snprintf. */
size_t pluq__http_ask_head(const struct pluq_http_get *, char *out, size_t room);

#endif
