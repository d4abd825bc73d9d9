#include "http_args.h"

#include <string.h>

#include <pluq/auth.h>
#include <pluq/name.h>

bool http_query_ok(struct lookupd *l, struct pluq_http_request *req)
{
	if (l->http->query_ok(req))
		return true;
	l->host->log(l->host, PLUQ_ERROR, "failed to parse request params - %s", l->http->path(req));
	l->http->error(req, 400, "INVALID_REQUEST");
	return false;
}

bool http_arg(struct lookupd *l, struct pluq_http_request *req, const char *key, const char *missing, struct span *out)
{
	out->at = l->http->query(req, key, &out->length);
	if (out->at)
		return true;
	l->http->error(req, 400, missing);
	return false;
}

bool http_name_arg(struct lookupd *l, struct pluq_http_request *req, const char *key, const char *missing,
    const char *invalid, struct span *out)
{
	if (!http_arg(l, req, key, missing, out))
		return false;
	if (pluq_name_is_valid(out->at, out->length))
		return true;
	l->http->error(req, 400, invalid);
	return false;
}

bool http_may_see(const struct lookupd *l, const struct pluq_http_request *req, const struct registration *topic)
{
	return l->http->may(req, PLUQ_MAY_SUBSCRIBE | PLUQ_MAY_PUBLISH | PLUQ_MAY_ADMIN, topic->name, topic->length);
}

/* With auth its name is matched against patterns. */
size_t http_see_work(const struct lookupd *l)
{
	return l->conf->http_auth ? 8 : 1;
}

void http_text(struct lookupd *l, struct pluq_http_request *req, uint32_t status, const char *text)
{
	l->http->reply(req, status, "text/plain; charset=utf-8", text, strlen(text));
}

void http_json(struct lookupd *l, struct pluq_http_request *req, struct text *t)
{
	if (t->failed)
		http_failed(l, req);
	else
		l->http->reply(req, 200, "application/json; charset=utf-8", t->data, t->length);
	text_free(t);
}

void http_done(struct lookupd *l, struct pluq_http_request *req)
{
	l->http->reply(req, 200, NULL, "", 0);
}

void http_failed(struct lookupd *l, struct pluq_http_request *req)
{
	l->http->error(req, 500, "INTERNAL_ERROR");
}
