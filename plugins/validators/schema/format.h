/* `format`, where it is asserted: date-time, date, time, duration, email, hostname, ipv4, ipv6, uri, uri-reference, uuid, json-pointer,
 * relative-json-pointer, regex. */
#ifndef SCHEMA_FORMAT_H
#define SCHEMA_FORMAT_H

#include "json.h"

typedef bool (*format_fn)(const uint8_t *text, size_t length);

/* NULL: not one of these. All take time in proportion to the length at most. */
format_fn format_find(const struct json_node *name);

/* One of JSON Schema's that is not among these: idn-email and its kin. */
bool format_is_standard(const struct json_node *name);

#endif
