/* POST /pub?topic=T[&defer=MS]: the body is one message. */
#include "http_batch.h"

#define MS INT64_C(1000000)

/* Decimal, with a sign if wanted, within 0 .. longest. */
static bool delay(const char *at, size_t length, int64_t longest, int64_t *out)
{
	const char *end = at + length;
	bool negative = at < end && *at == '-';
	int64_t value = 0;

	if (at < end && (*at == '-' || *at == '+'))
		at++;
	if (at == end)
		return false;
	for (; at < end; at++) {
		if (*at < '0' || *at > '9')
			return false;
		value = value * 10 + (*at - '0');
		if (value > longest)
			return false;
	}
	*out = value;
	return !negative || value == 0;
}

static bool judge(struct batch *b)
{
	size_t length;
	const char *defer = b->nsqd->http->query(b->req, "defer", &length);
	int64_t ms = 0;

	if (defer && !delay(defer, length, b->nsqd->conf->max_req_timeout / MS, &ms)) {
		b->nsqd->http->error(b->req, 400, "INVALID_DEFER");
		return false;
	}
	b->defer_ns = ms * MS;
	return true;
}

static bool next(struct batch *b, struct pluq_body *out)
{
	if (b->at == b->end)
		return false;
	*out = (struct pluq_body){.bytes = b->at, .length = (uint32_t)(b->end - b->at)};
	b->at = b->end;
	return true;
}

void http_pub(void *arg, struct pluq_http_request *req)
{
	struct nsqd *n = arg;
	struct name_arg topic;
	size_t length;

	n->http->body(req, &length);
	if (length == 0) {
		n->http->error(req, 400, "MSG_EMPTY");
		return;
	}
	if (http_query_ok(n, req) && http_name_arg(n, req, "topic", "MISSING_ARG_TOPIC", "INVALID_TOPIC", &topic))
		batch_start(n, req, &topic, false, judge, next);
}
