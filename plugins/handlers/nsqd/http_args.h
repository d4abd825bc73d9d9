/* Parameters and answers of HTTP requests. All on loop 0. */
#ifndef NSQD_HTTP_ARGS_H
#define NSQD_HTTP_ARGS_H

#include "nsqd.h"

struct name_arg {
	const char *name; /* borrowed from the request; terminated, but may hold a NUL when not checked */
	size_t length;
};

/* Each answers the request and returns false if what it asks for does not hold. */
bool http_query_ok(struct nsqd *, struct pluq_http_request *);
bool http_arg(struct nsqd *, struct pluq_http_request *, const char *key, const char *missing, struct name_arg *out);
bool http_name_arg(struct nsqd *, struct pluq_http_request *, const char *key, const char *missing, const char *invalid,
    struct name_arg *out);

/* "true" "1" "false" "0". Anything else, or absent: standard. */
bool http_bool_arg(struct nsqd *, struct pluq_http_request *, const char *key, bool standard);

void http_text(struct nsqd *, struct pluq_http_request *, uint32_t status, const char *text);
void http_json(struct nsqd *, struct pluq_http_request *, const void *body, size_t length);

/* pluq_http_route.handle; arg is the struct nsqd. Each in the file that is named after its path. */
void http_pub(void *arg, struct pluq_http_request *);
void http_mpub(void *arg, struct pluq_http_request *);
void http_topic(void *arg, struct pluq_http_request *);        /* create */
void http_topic_admin(void *arg, struct pluq_http_request *);  /* the other actions */
void http_channel_admin(void *arg, struct pluq_http_request *);
void http_ping(void *arg, struct pluq_http_request *);
void http_live(void *arg, struct pluq_http_request *);
void http_ready(void *arg, struct pluq_http_request *);
void http_info(void *arg, struct pluq_http_request *);
void http_stats(void *arg, struct pluq_http_request *);
void http_config_get(void *arg, struct pluq_http_request *);
void http_config_put(void *arg, struct pluq_http_request *);

#endif
