/* Parameters and answers of HTTP requests, and the endpoints. All on loop 0. */
#ifndef LOOKUPD_HTTP_ARGS_H
#define LOOKUPD_HTTP_ARGS_H

#include "lookupd.h"
#include "text.h"

/* Each answers the request and returns false if what it asks for does not hold. The argument is borrowed from the request. */
bool http_query_ok(struct lookupd *, struct pluq_http_request *);
bool http_arg(struct lookupd *, struct pluq_http_request *, const char *key, const char *missing, struct span *out);
bool http_name_arg(struct lookupd *, struct pluq_http_request *, const char *key, const char *missing, const char *invalid,
    struct span *out);

/* Whether the answer may speak of the topic: it shows what the secret has a grant for, whatever kind. */
bool http_may_see(const struct lookupd *, const struct pluq_http_request *, const struct registration *topic);
/* What that costs, in things touched (see walk.h). */
size_t http_see_work(const struct lookupd *);

void http_text(struct lookupd *, struct pluq_http_request *, uint32_t status, const char *text);
/* 200 with this JSON, or 500 if it could not be made; frees the text. */
void http_json(struct lookupd *, struct pluq_http_request *, struct text *);
void http_done(struct lookupd *, struct pluq_http_request *); /* 200 with nothing */
void http_failed(struct lookupd *, struct pluq_http_request *); /* 500 */

/* pluq_http_route.handle; arg is the struct lookupd. */
void http_ping(void *arg, struct pluq_http_request *); /* http_info.c */
void http_live(void *arg, struct pluq_http_request *);
void http_ready(void *arg, struct pluq_http_request *);
void http_info(void *arg, struct pluq_http_request *);
void http_topics(void *arg, struct pluq_http_request *); /* http_topics.c */
void http_channels(void *arg, struct pluq_http_request *);
void http_lookup(void *arg, struct pluq_http_request *); /* http_lookup.c */
void http_nodes(void *arg, struct pluq_http_request *); /* http_nodes.c */
void http_debug(void *arg, struct pluq_http_request *); /* http_debug.c */
void http_topic_create(void *arg, struct pluq_http_request *); /* http_admin.c */
void http_topic_delete(void *arg, struct pluq_http_request *);
void http_topic_tombstone(void *arg, struct pluq_http_request *);
void http_channel_create(void *arg, struct pluq_http_request *);
void http_channel_delete(void *arg, struct pluq_http_request *);

#endif
