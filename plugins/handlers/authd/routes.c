/* What is served. */
#include <string.h>

#include "ask.h"

/* Longest body of a POST: a secret whose every byte is escaped, and room to spare. */
#define BODY_MOST (8 * SECRET_MOST)

static void text(struct authd *a, struct pluq_http_request *req, uint32_t status, const char *what)
{
	a->http->reply(req, status, "text/plain; charset=utf-8", what, strlen(what));
}

static void ping(void *arg, struct pluq_http_request *req)
{
	text(arg, req, 200, "OK");
}

static void ready(void *arg, struct pluq_http_request *req)
{
	struct authd *a = arg;

	text(a, req, a->draining ? 503 : 200, a->draining ? "draining" : "OK");
}

static void serve(struct authd *a, struct pluq_http_request *req, struct refusal refusal, struct question *q)
{
	if (refusal.status)
		a->http->error(req, refusal.status, refusal.text);
	else
		ask(a, req, q);
}

static void get_auth(void *arg, struct pluq_http_request *req)
{
	struct authd *a = arg;
	struct question q;

	serve(a, req, question_from_query(a->http, req, &q), &q);
}

static void post_auth(void *arg, struct pluq_http_request *req)
{
	struct authd *a = arg;
	struct question q;
	size_t n;
	const uint8_t *body = a->http->body(req, &n);

	serve(a, req, question_from_json(body, n, &q), &q);
}

static const struct {
	const char *method, *path;
	uint32_t flags;
	int64_t max_body;
	void (*handle)(void *arg, struct pluq_http_request *);
} table[AUTHD_ROUTES] = {
	{"GET", "/ping", PLUQ_HTTP_DISCARD, INT64_MAX, ping},
	{"GET", "/healthz/live", PLUQ_HTTP_DISCARD | PLUQ_HTTP_QUIET, INT64_MAX, ping},
	{"GET", "/healthz/ready", PLUQ_HTTP_DISCARD | PLUQ_HTTP_QUIET, INT64_MAX, ready},
	{"GET", "/auth", PLUQ_HTTP_DISCARD | PLUQ_HTTP_QUIET, INT64_MAX, get_auth},
	{"POST", "/auth", PLUQ_HTTP_QUIET, BODY_MOST, post_auth},
};

int authd_listen(struct authd *a, struct pluq_why *why)
{
	struct pluq_http_listen listen = {.size = sizeof(listen), .routes = a->routes, .count = AUTHD_ROUTES,
	    .stride = sizeof(a->routes[0]), .arg = a};
	const struct conf *c = a->conf;
	int status = 0;

	for (size_t i = 0; i < AUTHD_ROUTES; i++)
		a->routes[i] = (struct pluq_http_route){.method = table[i].method, .path = table[i].path,
		    .flags = table[i].flags | PLUQ_HTTP_PLAIN | PLUQ_HTTP_OPEN, .too_big_status = 413, .too_big = "BODY_TOO_BIG",
		    .max_body = table[i].max_body, .handle = table[i].handle};
	if (*c->http_address) {
		listen.address = c->http_address;
		status = a->http->listen(a->host, &listen, &a->server, why);
	}
	if (status == 0 && a->tls) {
		listen.address = c->https_address;
		listen.tls = a->tls;
		status = a->http->listen(a->host, &listen, &a->https, why);
	}
	return status;
}
