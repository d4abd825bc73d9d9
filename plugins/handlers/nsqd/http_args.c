#include "http_args.h"

#include <string.h>

#include "names.h"

bool http_query_ok(struct nsqd *n, struct pluq_http_request *req)
{
	if (n->http->query_ok(req))
		return true;
	n->host->log(n->host, PLUQ_ERROR, "failed to parse request params - %s", n->http->path(req));
	n->http->error(req, 400, "INVALID_REQUEST");
	return false;
}

bool http_arg(struct nsqd *n, struct pluq_http_request *req, const char *key, const char *missing, struct name_arg *out)
{
	out->name = n->http->query(req, key, &out->length);
	if (out->name)
		return true;
	n->http->error(req, 400, missing);
	return false;
}

bool http_name_arg(struct nsqd *n, struct pluq_http_request *req, const char *key, const char *missing,
    const char *invalid, struct name_arg *out)
{
	if (!http_arg(n, req, key, missing, out))
		return false;
	if (name_valid(out->name, out->length))
		return true;
	n->http->error(req, 400, invalid);
	return false;
}

bool http_bool_arg(struct nsqd *n, struct pluq_http_request *req, const char *key, bool standard)
{
	size_t length;
	const char *value = n->http->query(req, key, &length);

	if (!value)
		return standard;
	if (strcmp(value, "true") == 0 || strcmp(value, "1") == 0)
		return true;
	if (strcmp(value, "false") == 0 || strcmp(value, "0") == 0)
		return false;
	return standard;
}

void http_text(struct nsqd *n, struct pluq_http_request *req, uint32_t status, const char *text)
{
	n->http->reply(req, status, "text/plain; charset=utf-8", text, strlen(text));
}

void http_json(struct nsqd *n, struct pluq_http_request *req, const void *body, size_t length)
{
	n->http->reply(req, 200, "application/json; charset=utf-8", body, length);
}
