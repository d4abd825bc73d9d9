/* JSON that comes from others, as far as discovery needs it. Nothing is copied that is not said to be. */
#ifndef NSQD_LOOKUP_JSON_H
#define NSQD_LOOKUP_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A lookup daemon's answer to IDENTIFY. false: it is no JSON object. Otherwise *address is "host:port" of its HTTP side, to be freed, or
 * NULL if it tells none that could be one (or there is no memory). */
bool lookup_json_identity(const uint8_t *bytes, size_t n, char **address);

/* Calls fn for each string of a list, terminated and borrowed; what is no string comes as NULL. The list is the member of that name of
 * an object, or with member NULL the whole, which may then also be null. false: it is not a list, or fn said false. */
bool lookup_json_list(const uint8_t *bytes, size_t n, const char *member, bool (*fn)(void *arg, const char *item), void *arg);

#endif
