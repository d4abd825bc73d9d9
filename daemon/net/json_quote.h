/* Private to daemon/net. JSON strings. */
#ifndef PLUQ__JSON_QUOTE_H
#define PLUQ__JSON_QUOTE_H

#include <stddef.h>

/* As json_quote of <pluq/http.h>. */
size_t pluq__json_quote(char *out, size_t room, const char *bytes, size_t n);

#endif
