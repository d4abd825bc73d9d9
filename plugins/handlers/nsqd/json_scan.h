/* JSON as Go's decoder accepts it, read value by value from memory. Each call starts at a value (white space before it
 * is skipped) and moves behind it; false: it is not JSON, or not a value of that kind. */
#ifndef NSQD_JSON_SCAN_H
#define NSQD_JSON_SCAN_H

#include "text.h"

struct json_scan {
	const uint8_t *at, *end;
};

void json_scan_space(struct json_scan *);
/* The next byte behind white space, or 0 at the end. */
uint8_t json_scan_peek(struct json_scan *);
bool json_scan_byte(struct json_scan *, uint8_t byte);
bool json_scan_null(struct json_scan *);
bool json_scan_bool(struct json_scan *, bool *out);
/* No fraction, no exponent, within 64 bits. */
bool json_scan_int(struct json_scan *, int64_t *out);
/* Decoded, appended to *out up to `max` bytes in all (whole characters); the rest is checked and dropped. out NULL:
 * only checked. */
bool json_scan_string(struct json_scan *, struct text *out, size_t max);
/* Any value, checked and dropped. Nesting beyond JSON_SCAN_DEPTH is an error. */
#define JSON_SCAN_DEPTH 9999 /* Go stops at 10000, the object that the value stands in included */
bool json_scan_skip(struct json_scan *);

#endif
