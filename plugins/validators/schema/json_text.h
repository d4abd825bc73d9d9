/* Inside the parser: strings and numbers. */
#ifndef SCHEMA_JSON_TEXT_H
#define SCHEMA_JSON_TEXT_H

#include "json.h"

struct json_parser {
	struct json_doc *doc;
	const uint8_t *begin, *at, *end;
	struct json_error *error;
	bool failed;
};

/* Notes the first trouble; false. what NULL: out of memory. */
bool json_trouble(struct json_parser *, const uint8_t *at, const char *what);
/* At the opening quote. */
bool json_text_string(struct json_parser *, const uint8_t **text, size_t *length);
/* Fills length, flags and u. */
bool json_text_number(struct json_parser *, struct json_node *);

#endif
