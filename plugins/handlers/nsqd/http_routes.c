/* What the HTTP API offers. The debugging endpoints of the original belong to Go's runtime and are not here. */
#include "http_args.h"

#include <string.h>

enum limit { NO_BODY, MSG_BODY, BATCH_BODY, VALUE_BODY };

static const struct {
	const char *method, *path;
	uint32_t flags;
	enum limit limit;
	void (*handle)(void *arg, struct pluq_http_request *);
} table[NSQD_ROUTES] = {
	{"GET", "/ping", PLUQ_HTTP_PLAIN | PLUQ_HTTP_OPEN, NO_BODY, http_ping},
	{"GET", "/healthz/live", PLUQ_HTTP_PLAIN | PLUQ_HTTP_QUIET | PLUQ_HTTP_OPEN, NO_BODY, http_live},
	{"GET", "/healthz/ready", PLUQ_HTTP_PLAIN | PLUQ_HTTP_QUIET | PLUQ_HTTP_OPEN, NO_BODY, http_ready},
	{"GET", "/info", PLUQ_HTTP_NO_TOPIC, NO_BODY, http_info},
	{"GET", "/stats", 0, NO_BODY, http_stats},
	{"GET", "/config/:opt", PLUQ_HTTP_NO_TOPIC, NO_BODY, http_config_get},
	{"PUT", "/config/:opt", PLUQ_HTTP_ADMIN | PLUQ_HTTP_NO_TOPIC, VALUE_BODY, http_config_put},
	{"POST", "/pub", PLUQ_HTTP_QUIET | PLUQ_HTTP_PUBLISH, MSG_BODY, http_pub},
	{"POST", "/mpub", PLUQ_HTTP_QUIET | PLUQ_HTTP_PUBLISH, BATCH_BODY, http_mpub},
	{"POST", "/topic/create", PLUQ_HTTP_ADMIN | PLUQ_HTTP_WHOLE_TOPIC, NO_BODY, http_topic},
	{"POST", "/topic/delete", PLUQ_HTTP_ADMIN | PLUQ_HTTP_WHOLE_TOPIC, NO_BODY, http_topic_admin},
	{"POST", "/topic/empty", PLUQ_HTTP_ADMIN | PLUQ_HTTP_WHOLE_TOPIC, NO_BODY, http_topic_admin},
	{"POST", "/topic/pause", PLUQ_HTTP_ADMIN | PLUQ_HTTP_WHOLE_TOPIC, NO_BODY, http_topic_admin},
	{"POST", "/topic/unpause", PLUQ_HTTP_ADMIN | PLUQ_HTTP_WHOLE_TOPIC, NO_BODY, http_topic_admin},
	{"POST", "/channel/create", PLUQ_HTTP_ADMIN, NO_BODY, http_channel_admin},
	{"POST", "/channel/delete", PLUQ_HTTP_ADMIN, NO_BODY, http_channel_admin},
	{"POST", "/channel/empty", PLUQ_HTTP_ADMIN, NO_BODY, http_channel_admin},
	{"POST", "/channel/pause", PLUQ_HTTP_ADMIN, NO_BODY, http_channel_admin},
	{"POST", "/channel/unpause", PLUQ_HTTP_ADMIN, NO_BODY, http_channel_admin},
};

static void limit(const struct conf *conf, enum limit what, struct pluq_http_route *route)
{
	route->too_big_status = 413;
	switch (what) {
	case NO_BODY:
		route->flags |= PLUQ_HTTP_DISCARD;
		route->max_body = INT64_MAX;
		route->too_big = "BODY_TOO_BIG";
		break;
	case MSG_BODY:
		route->max_body = conf->max_msg_size;
		route->too_big = "MSG_TOO_BIG";
		break;
	case BATCH_BODY:
		route->max_body = conf->max_body_size;
		route->too_big = "BODY_TOO_BIG";
		break;
	case VALUE_BODY:
		route->max_body = conf->max_msg_size;
		route->too_big = "INVALID_VALUE";
		break;
	}
}

/* tls: HTTPS. An empty address is off. */
static int open_server(struct nsqd *n, const char *address, struct pluq_tls *tls, struct pluq_http_server **out,
    struct pluq_why *why)
{
	struct pluq_http_listen listen = {.size = sizeof(listen), .address = address, .routes = n->routes,
	    .count = NSQD_ROUTES, .stride = sizeof(n->routes[0]), .arg = n, .tls = tls,
	    .refuse_plain = !tls && n->tls_required == TLS_REQUIRED, .https = n->https, .auth = n->conf->http_auth};

	return *address ? n->http->listen(n->host, &listen, out, why) : 0;
}

int http_start(struct nsqd *n, struct pluq_why *why)
{
	for (size_t i = 0; i < NSQD_ROUTES; i++) {
		n->routes[i] = (struct pluq_http_route){.method = table[i].method, .path = table[i].path,
		    .flags = table[i].flags, .handle = table[i].handle};
		limit(n->conf, table[i].limit, &n->routes[i]);
	}
	int status = n->tls ? open_server(n, n->conf->https_address, n->tls, &n->https, why) : 0;
	if (status == 0)
		status = open_server(n, n->conf->http_address, NULL, &n->server, why);
	return status;
}
