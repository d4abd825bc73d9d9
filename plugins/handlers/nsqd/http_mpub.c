/* POST /mpub?topic=T[&binary=B]: many messages, one per line, or each led by its length. */
#include <string.h>

#include "http_batch.h"
#include "line.h"

/* Shortest message with its length. */
#define MESSAGE_MIN 5

/* Empty lines are no messages; the last one needs no line end. */
static bool next_line(struct batch *b, struct pluq_body *out)
{
	while (b->at < b->end) {
		const uint8_t *start = b->at, *stop = memchr(start, '\n', (size_t)(b->end - start));
		b->at = stop ? stop + 1 : b->end;
		size_t length = (size_t)((stop ? stop : b->end) - start);
		if (length == 0)
			continue;
		*out = (struct pluq_body){.bytes = start, .length = (uint32_t)length};
		return true;
	}
	return false;
}

static bool judge_lines(struct batch *b)
{
	const uint8_t *first = b->at;
	struct pluq_body body;

	while (next_line(b, &body)) {
		if (body.length > b->nsqd->conf->max_msg_size) {
			b->nsqd->http->error(b->req, 413, "MSG_TOO_BIG");
			return false;
		}
	}
	b->at = first;
	return true;
}

/* What is left has been judged, and ends with the last message. */
static bool next_binary(struct batch *b, struct pluq_body *out)
{
	if (b->at == b->end)
		return false;
	uint32_t length = (uint32_t)wire_i32(b->at);
	*out = (struct pluq_body){.bytes = b->at + 4, .length = length};
	b->at += 4 + length;
	return true;
}

/* Where the last of `count` messages ends, or NULL. */
static const uint8_t *end_of(const struct batch *b, const uint8_t *at, int32_t count)
{
	for (; count > 0; count--) {
		if (b->end - at < 4)
			return NULL;
		int32_t size = wire_i32(at);
		at += 4;
		if (size <= 0 || size > b->nsqd->conf->max_msg_size || size > b->end - at)
			return NULL;
		at += size;
	}
	return at;
}

static bool judge_binary(struct batch *b)
{
	int32_t count = b->end - b->at < 4 ? 0 : wire_i32(b->at);

	if (count <= 0 || count > (b->nsqd->conf->max_body_size - 4) / MESSAGE_MIN) {
		b->nsqd->http->error(b->req, 413, "BAD_BODY");
		return false;
	}
	const uint8_t *end = end_of(b, b->at + 4, count);
	if (!end) {
		b->nsqd->http->error(b->req, 413, "BAD_MESSAGE");
		return false;
	}
	b->at += 4;
	b->end = end;
	return true;
}

/* Absent, "false" and "0" mean text; anything else is binary. */
static bool is_binary(struct nsqd *n, struct pluq_http_request *req)
{
	size_t length;
	const char *value = n->http->query(req, "binary", &length);

	if (!value || strcmp(value, "false") == 0 || strcmp(value, "0") == 0)
		return false;
	if (strcmp(value, "true") != 0 && strcmp(value, "1") != 0)
		n->host->log(n->host, PLUQ_WARN, "/mpub: a value of binary that is not true or false is taken as true");
	return true;
}

void http_mpub(void *arg, struct pluq_http_request *req)
{
	struct nsqd *n = arg;
	struct name_arg topic;

	if (!http_query_ok(n, req) || !http_name_arg(n, req, "topic", "MISSING_ARG_TOPIC", "INVALID_TOPIC", &topic))
		return;
	if (is_binary(n, req))
		batch_start(n, req, &topic, true, judge_binary, next_binary);
	else
		batch_start(n, req, &topic, true, judge_lines, next_line);
}
