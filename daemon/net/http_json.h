/* Private to daemon/net. {"message":"TEXT"}. */
#ifndef PLUQ__HTTP_JSON_H
#define PLUQ__HTTP_JSON_H

#include <stddef.h>

/* To be freed, terminated; NULL: no memory. The text is quoted as by json_quote. */
char *pluq__http_json_message(const char *text, size_t *length);

#endif
