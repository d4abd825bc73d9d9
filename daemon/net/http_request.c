#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "http.h"

/* Nobody asked for the body of a request that is answered with 404 or the like; a longer one is not waited for. */
#define UNWANTED_BODY_MAX (256 * 1024)

#define LEAST_BODY 1024 /* room for one */

struct pluq_http_request *pluq__http_request_new(struct pluq__http_conn *c)
{
	struct pluq_http_request *r = calloc(1, sizeof *r);
	if (!r)
		return NULL;
	r->conn = c;
	r->server = c->server;
	r->method = "";
	r->query_text = "";
	r->minor = 1;
	memcpy(r->remote, c->conn->remote, sizeof r->remote);
	return r;
}

void pluq__http_request_free(struct pluq_http_request **p)
{
	struct pluq_http_request *r = *p;
	if (!r)
		return;
	pluq__memory_add(-(int64_t)r->body_room);
	pluq__http_fields_fini(&r->fields);
	pluq__http_who_unref(&r->who);
	free(r->path);
	free(r->query);
	free(r->body);
	free(r);
	*p = NULL;
}

const char *pluq__http_request_header(const struct pluq_http_request *r, const char *name)
{
	return pluq__http_fields_find(&r->fields, name, NULL);
}

/* The path of the target: behind scheme and host if it has them. */
static const char *target_path(const char *uri)
{
	const char *host;
	if (*uri == '/' || *uri == '*')
		return uri;
	host = strstr(uri, "://");
	if (!host)
		return NULL;
	host += 3;
	return host + strcspn(host, "/?");
}

static int decode_path(struct pluq_http_request *r, const char *path, size_t n)
{
	r->path = malloc(n + 2);
	if (!r->path)
		return PLUQ_ENOMEM;
	if (n == 0) { /* http://host */
		memcpy(r->path, "/", 2);
		return 0;
	}
	ptrdiff_t got = pluq__http_unescape(path, n, r->path, false);
	if (got < 0 || memchr(r->path, 0, (size_t)got))
		return PLUQ_EINVAL;
	r->path[got] = 0;
	return 0;
}

/* A server's own routes come first. */
static void find_route(struct pluq_http_request *r)
{
	const struct pluq__http_routes extras = pluq__http_extras(r->server->net);
	r->arg = r->server->arg;
	r->route = pluq__http_route_find(&r->server->routes, r->method, r->path, &r->param);
	if (r->route)
		return;
	r->route = pluq__http_route_find(&extras, r->method, r->path, &r->param);
	if (r->route)
		r->arg = ((const struct pluq__http_extra *)(const void *)r->route)->arg;
}

int pluq__http_request_judge(struct pluq_http_request *r)
{
	const char *path = r->fields.text ? target_path(r->fields.text) : NULL;
	if (!path)
		return PLUQ_EINVAL;
	size_t n = strcspn(path, "?");
	if (path[n] == '?')
		r->query_text = path + n + 1;
	int error = decode_path(r, path, n);
	if (error)
		return error;
	find_route(r);
	r->judged = true;
	return 0;
}

bool pluq__http_request_discards(const struct pluq_http_request *r)
{
	return !r->route || (r->route->flags & PLUQ_HTTP_DISCARD) || !r->route->too_big;
}

int64_t pluq__http_request_limit(const struct pluq_http_request *r)
{
	if (!r->route)
		return UNWANTED_BODY_MAX;
	return pluq__http_request_discards(r) ? INT64_MAX : r->route->max_body;
}

/* Room for n more bytes of the body, at least doubling. */
static int grow(struct pluq_http_request *r, size_t n)
{
	size_t wanted = r->body_room ? r->body_room * 2 : LEAST_BODY;
	if (r->body_room - r->body_length >= n)
		return 0;
	while (wanted - r->body_length < n)
		wanted *= 2;
	uint8_t *larger = realloc(r->body, wanted);
	if (!larger)
		return PLUQ_ENOMEM;
	pluq__memory_add((int64_t)(wanted - r->body_room));
	r->body = larger;
	r->body_room = wanted;
	return 0;
}

int pluq__http_request_body(struct pluq_http_request *r, const void *bytes, size_t n)
{
	if ((int64_t)n > pluq__http_request_limit(r) - (int64_t)r->body_length)
		return PLUQ_ELIMIT;
	if (!pluq__http_request_discards(r)) {
		if (grow(r, n) < 0)
			return PLUQ_ENOMEM;
		memcpy(r->body + r->body_length, bytes, n);
	}
	r->body_length += n;
	return 0;
}

const struct pluq__http_query *pluq__http_request_query(struct pluq_http_request *r)
{
	if (!r->query)
		r->query = pluq__http_query_new(r->query_text);
	return r->query;
}
