/* JSON as Go writes it: compact, keys in the order of the calls, and < > & escaped. Commas come by themselves. */
#ifndef NSQD_JSON_OUT_H
#define NSQD_JSON_OUT_H

#include <pluq/http.h>

#include "text.h"

struct json {
	const struct pluq_http *http; /* whose json_quote writes the strings */
	struct text *out;
	bool comma; /* a value stands before the next one */
};

void json_open(struct json *, char bracket);
void json_close(struct json *, char bracket);
void json_key(struct json *, const char *key);
void json_string(struct json *, const char *bytes, size_t n);
void json_int(struct json *, int64_t);
void json_uint(struct json *, uint64_t);
void json_bool(struct json *, bool);
void json_double(struct json *, double);
void json_null(struct json *);

/* key and value */
void json_put_string(struct json *, const char *key, const char *value);
void json_put_int(struct json *, const char *key, int64_t value);
void json_put_uint(struct json *, const char *key, uint64_t value);
void json_put_bool(struct json *, const char *key, bool value);

#endif
