/* What the HTTP API offers. The profiling pages of the original belong to Go's runtime and are not here. */
#include "http_args.h"

static const struct {
	const char *method, *path;
	uint32_t flags;
	void (*handle)(void *arg, struct pluq_http_request *);
} table[LOOKUPD_ROUTES] = {
	{"GET", "/ping", PLUQ_HTTP_PLAIN | PLUQ_HTTP_OPEN, http_ping},
	{"GET", "/healthz/live", PLUQ_HTTP_PLAIN | PLUQ_HTTP_QUIET | PLUQ_HTTP_OPEN, http_live},
	{"GET", "/healthz/ready", PLUQ_HTTP_PLAIN | PLUQ_HTTP_QUIET | PLUQ_HTTP_OPEN, http_ready},
	{"GET", "/info", PLUQ_HTTP_NO_TOPIC, http_info},
	{"GET", "/topics", PLUQ_HTTP_NO_TOPIC, http_topics},
	{"GET", "/channels", 0, http_channels},
	{"GET", "/lookup", 0, http_lookup},
	{"GET", "/nodes", PLUQ_HTTP_NO_TOPIC, http_nodes},
	{"GET", "/debug", PLUQ_HTTP_ADMIN | PLUQ_HTTP_NO_TOPIC, http_debug},
	{"POST", "/topic/create", PLUQ_HTTP_ADMIN | PLUQ_HTTP_WHOLE_TOPIC, http_topic_create},
	{"POST", "/topic/delete", PLUQ_HTTP_ADMIN | PLUQ_HTTP_WHOLE_TOPIC, http_topic_delete},
	{"POST", "/topic/tombstone", PLUQ_HTTP_ADMIN | PLUQ_HTTP_WHOLE_TOPIC, http_topic_tombstone},
	{"POST", "/channel/create", PLUQ_HTTP_ADMIN, http_channel_create},
	{"POST", "/channel/delete", PLUQ_HTTP_ADMIN, http_channel_delete},
};

/* tls NULL: in the clear. An empty address is off. */
static int serve(struct lookupd *l, const char *address, struct pluq_tls *tls, struct pluq_http_server **out, struct pluq_why *why)
{
	struct pluq_http_listen listen = {.size = sizeof(listen), .address = address, .routes = l->routes, .count = LOOKUPD_ROUTES,
	    .stride = sizeof(l->routes[0]), .arg = l, .tls = tls, .refuse_plain = !tls && l->conf->tls_required, .https = l->https,
	    .auth = l->conf->http_auth};

	return *address ? l->http->listen(l->host, &listen, out, why) : 0;
}

/* No endpoint looks at a body. */
int http_start(struct lookupd *l, struct pluq_why *why)
{
	for (size_t i = 0; i < LOOKUPD_ROUTES; i++)
		l->routes[i] = (struct pluq_http_route){.method = table[i].method, .path = table[i].path,
		    .flags = table[i].flags | PLUQ_HTTP_DISCARD, .too_big_status = 413, .too_big = "BODY_TOO_BIG",
		    .max_body = INT64_MAX, .handle = table[i].handle};
	int status = serve(l, l->conf->https_address, l->tls, &l->https, why);
	return status < 0 ? status : serve(l, l->conf->http_address, NULL, &l->server, why);
}
