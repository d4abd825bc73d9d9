/* What the HTTP API offers. The profiling pages of the original belong to Go's runtime and are not here. */
#include "http_args.h"

static const struct {
	const char *method, *path;
	uint32_t flags;
	void (*handle)(void *arg, struct pluq_http_request *);
} table[LOOKUPD_ROUTES] = {
	{"GET", "/ping", PLUQ_HTTP_PLAIN, http_ping},
	{"GET", "/healthz/live", PLUQ_HTTP_PLAIN | PLUQ_HTTP_QUIET, http_live},
	{"GET", "/healthz/ready", PLUQ_HTTP_PLAIN | PLUQ_HTTP_QUIET, http_ready},
	{"GET", "/info", 0, http_info},
	{"GET", "/topics", 0, http_topics},
	{"GET", "/channels", 0, http_channels},
	{"GET", "/lookup", 0, http_lookup},
	{"GET", "/nodes", 0, http_nodes},
	{"GET", "/debug", 0, http_debug},
	{"POST", "/topic/create", 0, http_topic_create},
	{"POST", "/topic/delete", 0, http_topic_delete},
	{"POST", "/topic/tombstone", 0, http_topic_tombstone},
	{"POST", "/channel/create", 0, http_channel_create},
	{"POST", "/channel/delete", 0, http_channel_delete},
};

/* No endpoint looks at a body. */
int http_start(struct lookupd *l, struct pluq_why *why)
{
	if (!*l->conf->http_address)
		return 0;
	for (size_t i = 0; i < LOOKUPD_ROUTES; i++)
		l->routes[i] = (struct pluq_http_route){.method = table[i].method, .path = table[i].path,
		    .flags = table[i].flags | PLUQ_HTTP_DISCARD, .too_big_status = 413, .too_big = "BODY_TOO_BIG",
		    .max_body = INT64_MAX, .handle = table[i].handle};
	struct pluq_http_listen listen = {.size = sizeof(listen), .address = l->conf->http_address, .routes = l->routes,
	    .count = LOOKUPD_ROUTES, .stride = sizeof(l->routes[0]), .arg = l};
	return l->http->listen(l->host, &listen, &l->server, why);
}
