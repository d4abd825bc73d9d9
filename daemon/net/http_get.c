/* A request of ours: one connection, one request, one answer. The call lives until fn has come or it is cancelled; the connection
 * forgets it then, and ends by itself. It is its loop's, whichever that is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/host.h"
#include "../base/memory.h"
#include "http.h"
#include "http_ask.h"

#define OUTPUT_LIMIT (64 * 1024)

struct pluq_http_call {
	struct pluq_conn *conn;
	struct pluq__timer timer; /* the whole */
	http_parser parser;
	pluq_http_get_fn fn;
	void *arg;
	int64_t max_body;
	uint8_t *body;
	size_t length, room;      /* of the body */
	struct pluq__http_fields fields; /* of the answer */
	bool head;                /* HEAD: the answer has no body, whatever it says */
	bool in_body;             /* the header fields are complete; what looks like one is a trailer */
	bool asked;               /* it is connected, the request is on its way */
	bool complete;            /* the answer is there */
	int error;                /* found by one of the parser's callbacks */
	const char *cause;        /* its text */
	char *address;            /* in request, behind its end */
	size_t request_length, content_length;
	char request[];           /* the head, then the content */
};

static void call_free(struct pluq_http_call *k)
{
	pluq__memory_add(-(int64_t)(k->room + k->content_length));
	pluq__http_fields_fini(&k->fields);
	free(k->body);
	free(k);
}

/* The connection goes its own way. */
static void let_go(struct pluq_http_call *k)
{
	struct pluq_conn *c = k->conn;
	pluq__loop_clear(c->at->loop, &k->timer);
	c->user = NULL;
	pluq__conn_close(c, false);
}

/* status: the answer's, or PLUQ_E*. */
static void finish(struct pluq_http_call *k, int status, const char *cause)
{
	struct pluq_why why = {""};
	let_go(k);
	if (status < 0)
		snprintf(why.text, sizeof why.text, "%.150s: %s", k->address, cause);
	k->fn(k->arg, status, status < 0 ? NULL : k->body, status < 0 ? 0 : k->length, &why);
	call_free(k);
}

/* pluq__timer_fn */
static void on_timeout(struct pluq__timer *t)
{
	struct pluq_http_call *k = (struct pluq_http_call *)((char *)t - offsetof(struct pluq_http_call, timer));
	finish(k, PLUQ_ELIMIT, k->asked ? "no complete answer in time" : "not connected in time");
}

/* ---- what the parser finds ---- */

static int stop_parsing(struct pluq_http_call *k, int error, const char *cause)
{
	k->error = error;
	k->cause = cause;
	return -1;
}

static int on_text(http_parser *p, enum pluq__http_text kind, const char *bytes, size_t n)
{
	struct pluq_http_call *k = p->data;
	if (k->in_body || pluq__http_fields_add(&k->fields, kind, bytes, n) == 0)
		return 0;
	return stop_parsing(k, PLUQ_ENOMEM, "out of memory");
}

static int on_header_field(http_parser *p, const char *bytes, size_t n)
{
	return on_text(p, PLUQ__HTTP_NAME, bytes, n);
}

static int on_header_value(http_parser *p, const char *bytes, size_t n)
{
	return on_text(p, PLUQ__HTTP_VALUE, bytes, n);
}

static int on_headers_complete(http_parser *p)
{
	struct pluq_http_call *k = p->data;
	if (p->http_major != 1 || p->status_code < 100 || p->status_code == 101)
		return stop_parsing(k, PLUQ_ECLOSED, "the answer is not one of HTTP/1.1");
	if (!k->head && (p->flags & F_CONTENTLENGTH) && p->content_length > (uint64_t)k->max_body)
		return stop_parsing(k, PLUQ_ELIMIT, "the answer is longer than allowed");
	if (pluq__http_fields_end(&k->fields) < 0)
		return stop_parsing(k, PLUQ_ENOMEM, "out of memory");
	k->in_body = true;
	p->upgrade = 0;
	return k->head ? 1 : 0;
}

static int on_body_bytes(http_parser *p, const char *bytes, size_t n)
{
	struct pluq_http_call *k = p->data;
	if ((int64_t)n > k->max_body - (int64_t)k->length)
		return stop_parsing(k, PLUQ_ELIMIT, "the answer is longer than allowed");
	if (n > k->room - k->length) {
		size_t room = 2 * (k->length + n) < 1024 ? 1024 : 2 * (k->length + n);
		uint8_t *larger = realloc(k->body, room);
		if (!larger)
			return stop_parsing(k, PLUQ_ENOMEM, "out of memory");
		pluq__memory_add((int64_t)(room - k->room));
		k->body = larger;
		k->room = room;
	}
	memcpy(k->body + k->length, bytes, n);
	k->length += n;
	return 0;
}

static int on_message_complete(http_parser *p)
{
	struct pluq_http_call *k = p->data;
	if (p->status_code < 200) { /* a word on the way ("103 Early Hints"); the answer follows */
		pluq__http_fields_fini(&k->fields);
		k->in_body = false;
		return 0;
	}
	k->complete = true;
	http_parser_pause(p, 1);
	return 0;
}

static const http_parser_settings settings = {
	.on_header_field = on_header_field,
	.on_header_value = on_header_value,
	.on_headers_complete = on_headers_complete,
	.on_body = on_body_bytes,
	.on_message_complete = on_message_complete,
};

/* n 0: the end. Returns whether more is wanted; else the call is finished. */
static bool parse(struct pluq_http_call *k, const uint8_t *bytes, size_t n)
{
	http_parser_execute(&k->parser, &settings, (const char *)bytes, n);
	enum http_errno error = HTTP_PARSER_ERRNO(&k->parser);
	if (k->complete)
		finish(k, (int)k->parser.status_code, NULL);
	else if (k->error)
		finish(k, k->error, k->cause);
	else if (error != HPE_OK)
		finish(k, PLUQ_ECLOSED, http_errno_description(error));
	else if (n == 0)
		finish(k, PLUQ_ECLOSED, "ended before the answer was complete");
	else
		return true;
	return false;
}

/* ---- the connection ---- */

static int on_open(void *arg, struct pluq_conn *c)
{
	struct pluq_http_call *k = arg;
	k->asked = true;
	if (pluq__conn_write(c, k->request, k->request_length) == 0)
		return 0;
	stop_parsing(k, PLUQ_ENOMEM, "out of memory");
	return PLUQ_ENOMEM;
}

static int64_t on_data(struct pluq_conn *c, void *user, const uint8_t *bytes, size_t length)
{
	(void)c;
	return parse(user, bytes, length) ? (int64_t)length : PLUQ_CONN_CLOSE;
}

static void on_eof(struct pluq_conn *c, void *user, const uint8_t *rest, size_t length, bool in_body)
{
	(void)c;
	(void)rest;
	(void)length;
	(void)in_body;
	parse(user, NULL, 0);
}

static void on_close(struct pluq_conn *c, void *user, const char *why)
{
	struct pluq_http_call *k = user;
	if (!k)
		return; /* it has been let go */
	if (k->error)
		finish(k, k->error, k->cause);
	else
		finish(k, k->asked || c->at->reading_stopped ? PLUQ_ECLOSED : PLUQ_EADDRESS, why);
}

static const struct pluq_conn_ops ops = {
	.size = sizeof ops,
	.on_open = on_open,
	.on_data = on_data,
	.on_eof = on_eof,
	.on_close = on_close,
};

/* ---- the call ---- */

static struct pluq_http_call *call_new(const struct pluq_http_get *p)
{
	size_t head = pluq__http_ask_head(p, NULL, 0), n = strlen(p->address) + 1;
	struct pluq_http_call *k = calloc(1, sizeof *k + head + 1 + p->content_length + n);
	if (!k)
		return NULL;
	pluq__http_ask_head(p, k->request, head + 1);
	if (p->content_length)
		memcpy(k->request + head, p->content, p->content_length);
	k->request_length = head + p->content_length;
	k->content_length = p->content_length;
	pluq__memory_add((int64_t)k->content_length);
	k->address = memcpy(k->request + k->request_length + 1, p->address, n);
	k->max_body = p->max_body;
	k->head = p->method && strcmp(p->method, "HEAD") == 0;
	k->fn = p->fn;
	k->arg = p->arg;
	k->timer.fn = on_timeout;
	http_parser_init(&k->parser, HTTP_RESPONSE);
	k->parser.data = k;
	return k;
}

int pluq__http_get(const struct pluq_host *host, const struct pluq_http_get *p, struct pluq_http_call **out,
    struct pluq_why *why)
{
	struct pluq__loop *l = pluq__loop_self();
	if (!l) {
		snprintf(why->text, sizeof why->text, "get was not called on a loop");
		return PLUQ_EINVAL;
	}
	int error = pluq__http_ask_judge(p, why);
	if (error)
		return error;
	struct pluq_http_call *k = call_new(p);
	if (!k) {
		snprintf(why->text, sizeof why->text, "out of memory");
		return PLUQ_ENOMEM;
	}
	struct pluq_connect params = {.size = sizeof params, .max_rest = 1024, .output_limit = OUTPUT_LIMIT,
		.address = p->address, .timeout_ns = p->connect_timeout_ns, .ops = &ops, .arg = k, .tls = p->tls};
	error = pluq__dial(pluq__host(host)->net, &params, &k->conn, why);
	if (error) {
		call_free(k);
		return error;
	}
	if (p->timeout_ns > 0 && p->timeout_ns < INT64_MAX / 2)
		pluq__loop_set(l, &k->timer, l->now_ns + p->timeout_ns);
	*out = k;
	return 0;
}

void pluq__http_cancel(struct pluq_http_call *k)
{
	let_go(k);
	call_free(k);
}

const char *pluq__http_call_header(const struct pluq_http_call *k, const char *name)
{
	return k->complete ? pluq__http_fields_find(&k->fields, name, NULL) : NULL;
}
