/* Private to daemon/net. {"message":"TEXT"}. */
#ifndef PLUQ__HTTP_JSON_H
#define PLUQ__HTTP_JSON_H

#include <stddef.h>

/* To be freed; NULL: no memory. Escapes as the original's encoder does: also < > & and the two line separators of
 * Unicode; bytes that are not UTF-8 become U+FFFD. */
char *pluq__http_json_message(const char *text, size_t *length);

#endif
