#include "http_json.h"

#include <stdlib.h>
#include <string.h>

#include "json_quote.h"

char *pluq__http_json_message(const char *text, size_t *length)
{
	static const char head[] = "{\"message\":";
	size_t n = strlen(text), quoted = pluq__json_quote(NULL, 0, text, n);
	char *json = malloc(sizeof head + quoted + 1);
	if (!json)
		return NULL;
	memcpy(json, head, sizeof head - 1);
	pluq__json_quote(json + sizeof head - 1, quoted, text, n);
	*length = sizeof head - 1 + quoted;
	json[(*length)++] = '}';
	json[*length] = 0;
	return json;
}
