/* Reads a JSON text (RFC 8259, UTF-8) once, from front to back, without building anything: whether it is well-formed and within its limits,
 * and the values of the members that are asked for.
 *
 * Stricter than the grammar in one thing: an escaped surrogate without its other half, which no UTF-8 can hold, is an error. */
#ifndef VALIDATE_JSON_SCAN_H
#define VALIDATE_JSON_SCAN_H

#include "keys.h"
#include "names.h"

#define SCAN_DEPTH_MOST 1024

enum json_type { VALUE_ABSENT, VALUE_NULL, VALUE_FALSE, VALUE_TRUE, VALUE_NUMBER, VALUE_STRING, VALUE_ARRAY, VALUE_OBJECT };

struct json_value {
	uint8_t type;      /* enum json_type */
	bool escaped;      /* VALUE_STRING: has escapes */
	const uint8_t *at; /* VALUE_STRING: between the quotes; VALUE_NUMBER; followed by more of the text */
	size_t length;
};

enum scan_status {
	SCAN_OK,
	SCAN_BAD,       /* not JSON, or not UTF-8: see `what` */
	SCAN_DEEP,      /* deeper than `depth` */
	SCAN_TWICE,     /* a name comes twice in its object */
	SCAN_TOO_MANY,  /* more members than can be compared */
	SCAN_NO_MEMORY
};

struct scan {
	/* in */
	const struct names *names; /* what is asked for */
	struct keys *keys;         /* NULL: names may come twice, and the last one counts */
	uint32_t depth;            /* containers within each other, 1 .. SCAN_DEPTH_MOST */
	/* out */
	struct json_value *values; /* by slot; the caller's, names->slots of them */
	uint8_t type;              /* of the text as a whole */
	const char *what;          /* SCAN_BAD: what is wrong, for people */
	size_t where;              /* offset of the byte where a failure was found */
};

enum scan_status json_scan(struct scan *, const uint8_t *text, size_t length);

#endif
