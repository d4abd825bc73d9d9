/* Writing JSON, as the original does: compact. */
#ifndef LOOKUPD_JSON_H
#define LOOKUPD_JSON_H

#include <pluq/http.h>

#include "db.h"
#include "text.h"

/* Any bytes as a string. */
void put_string(const struct pluq_http *, struct text *, const char *bytes, size_t n);
/* A comma before every item of a list but the first; *some begins false. */
void put_comma(struct text *, bool *some);
/* A registration's name, of which nothing needs an escape, as an item of a list. */
void put_name(struct text *, const struct registration *, bool *some);

/* The channels of a topic as a list; empty for NULL. */
void put_channels(struct text *, const struct topic *);
/* The peer's own members, its address under the name `key`; the object is still open. */
void put_peer(struct text *, const char *key, const struct peer *);

#endif
