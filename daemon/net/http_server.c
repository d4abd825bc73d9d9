#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include <pluq/auth.h>

#include "../base/host.h"
#include "http.h"
#include "json_quote.h"

#define OUTPUT_LIMIT (256 * 1024)

static const struct pluq__http_patience patience = {
	.head_ns = 60 * PLUQ__SEC,
	.body_ns = 60 * PLUQ__SEC,
	.idle_ns = 75 * PLUQ__SEC, /* longer than the usual minute of proxies, so that they are the ones to close */
	.write_ns = 60 * PLUQ__SEC,
};

static void server_free(struct pluq_http_server *s)
{
	if (s)
		free(s->refusals);
	free(s);
}

static struct pluq_http_server *server_new(void)
{
	struct pluq_http_server *s = calloc(1, sizeof *s);
	if (s && (s->refusals = calloc(1, sizeof *s->refusals)))
		return s;
	server_free(s);
	return NULL;
}

static int listen_op(const struct pluq_host *host, const struct pluq_http_listen *p, struct pluq_http_server **out,
    struct pluq_why *why)
{
	struct pluq__net *net = pluq__host(host)->net;
	struct pluq_http_server *s;
	assert(pluq__host(host)->in_init);
	if (p->size < sizeof *p || p->stride < sizeof *p->routes) {
		snprintf(why->text, sizeof why->text, "listen was called with a table that cannot be used");
		return PLUQ_EINVAL;
	}
	if (p->auth && !(host->auth && host->auth->required(host))) {
		snprintf(why->text, sizeof why->text, "HTTP requests are to need a secret (http_auth), and no auth plugin is there to "
		    "know one: name one in `plugins`, or turn that off");
		return PLUQ_EINVAL;
	}
	s = server_new();
	if (!s)
		return PLUQ_ENOMEM;
	s->net = net;
	s->host = host;
	s->auth = p->auth;
	s->refuse_plain = p->refuse_plain;
	s->https = p->https;
	s->routes = (struct pluq__http_routes){.first = p->routes, .count = p->count, .stride = p->stride};
	s->arg = p->arg;
	s->patience = patience;
	http_parser_set_max_header_size(PLUQ__HTTP_HEAD_MAX);
	struct pluq_listen params = {.size = sizeof params, .address = p->address, .what = p->tls ? "HTTPS" : "HTTP",
		.max_rest = 1024, .output_limit = OUTPUT_LIMIT, .ops = &pluq__http_conn_ops, .arg = s, .tls = p->tls};
	int error = pluq__listener_new(net, &params, true, &s->listener, why);
	if (error) {
		server_free(s);
		return error;
	}
	s->listener->instance = host->instance;
	s->listener->spent = pluq__host(host)->spent;
	s->next = net->servers;
	net->servers = s;
	*out = s;
	return 0;
}

int pluq__net_add_route(struct pluq__net *net, const char *instance, const struct pluq_http_route *route, void *arg,
    struct pluq_why *why)
{
	const char *param;
	for (const struct pluq_http_server *s = net->servers; s; s = s->next)
		if (pluq__http_route_find(&s->routes, route->method, route->path, &param)) {
			snprintf(why->text, sizeof why->text, "%s: %s is served by %s already: choose another path", instance, route->path,
			    s->host->instance);
			return PLUQ_EBUSY;
		}
	struct pluq__http_extra *more = realloc(net->extras, (net->extra_count + 1) * sizeof *more);
	if (!more) {
		snprintf(why->text, sizeof why->text, "out of memory");
		return PLUQ_ENOMEM;
	}
	net->extras = more;
	more[net->extra_count++] = (struct pluq__http_extra){.route = *route, .arg = arg};
	return 0;
}

struct pluq__http_routes pluq__http_extras(const struct pluq__net *net)
{
	return (struct pluq__http_routes){.first = net->extras, .count = net->extra_count, .stride = sizeof *net->extras};
}

void pluq__http_servers_free(struct pluq_http_server **list)
{
	while (*list) {
		struct pluq_http_server *s = *list;
		*list = s->next;
		server_free(s);
	}
}

static int32_t server_port(const struct pluq_http_server *s)
{
	return s->listener->port;
}

static const char *path(const struct pluq_http_request *r)
{
	return r->path;
}

static const char *path_param(const struct pluq_http_request *r)
{
	return r->param;
}

static const uint8_t *body(const struct pluq_http_request *r, size_t *length)
{
	*length = r->body ? r->body_length : 0;
	return r->body;
}

static const char *remote(const struct pluq_http_request *r)
{
	return r->remote;
}

/* The parsed form is kept in the request; that does not change what was asked. */
static const struct pluq__http_query *parsed(const struct pluq_http_request *r)
{
	return pluq__http_request_query((struct pluq_http_request *)(uintptr_t)r);
}

static bool query_ok(const struct pluq_http_request *r)
{
	const struct pluq__http_query *q = parsed(r);
	return q && q->ok;
}

static const char *query(const struct pluq_http_request *r, const char *name, size_t *length)
{
	const struct pluq__http_query *q = parsed(r);
	const struct pluq__http_pair *p = q ? pluq__http_query_find(q, name) : NULL;
	*length = p ? p->value_length : 0;
	return p ? p->value : NULL;
}

const struct pluq_http pluq__http_table = {
	.size = sizeof pluq__http_table,
	.listen = listen_op,
	.server_port = server_port,
	.path = path,
	.path_param = path_param,
	.body = body,
	.remote = remote,
	.header = pluq__http_request_header,
	.query_ok = query_ok,
	.query = query,
	.reply = pluq__http_reply,
	.error = pluq__http_error,
	.get = pluq__http_get,
	.cancel = pluq__http_cancel,
	.json_quote = pluq__json_quote,
	.may = pluq__http_may,
	.call_header = pluq__http_call_header,
};
