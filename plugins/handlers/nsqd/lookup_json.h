/* JSON that comes from others, as far as discovery needs it. Nothing is copied that is not said to be. */
#ifndef NSQD_LOOKUP_JSON_H
#define NSQD_LOOKUP_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room for "host:port" of the HTTP side of a lookup daemon, with the NUL. */
#define LOOKUP_HTTP_MAX 264

/* A lookup daemon's answer to IDENTIFY. false: it is no JSON object. Otherwise http and https are "host:port" of its HTTP side, in the
 * clear and under TLS, or "" if it tells none that could be one. Only ours tell https_port. */
bool lookup_json_identity(const uint8_t *bytes, size_t n, char http[LOOKUP_HTTP_MAX], char https[LOOKUP_HTTP_MAX]);

/* Of an answer 403: where it is to be asked under TLS. 0: it names no usable port; -1: it is no JSON object that speaks of one. */
int lookup_json_https_port(const uint8_t *bytes, size_t n);

/* Calls fn for each string of a list, terminated and borrowed; what is no string comes as NULL. The list is the member of that name of
 * an object, or with member NULL the whole, which may then also be null. false: it is not a list, or fn said false. */
bool lookup_json_list(const uint8_t *bytes, size_t n, const char *member, bool (*fn)(void *arg, const char *item), void *arg);

#endif
