/* What a request's header fields ask for (RFC 9110, 12.5). */
#ifndef PROMETHEUS_ACCEPT_H
#define PROMETHEUS_ACCEPT_H

#include <stdbool.h>

/* Accept asks for OpenMetrics 1 by name, and not for plain text rather. NULL: it does not. */
bool accept_openmetrics(const char *accept);

/* Accept-Encoding takes gzip, and not the bare text rather. NULL: it does not. */
bool accept_gzip(const char *accept_encoding);

#endif
