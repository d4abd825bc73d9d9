#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http.h"

static void set_phase(struct pluq__http_conn *h, enum pluq__http_phase phase)
{
	h->server->listener->requesting += (phase != PLUQ__HTTP_IDLE) - (h->phase != PLUQ__HTTP_IDLE);
	h->phase = (uint8_t)phase;
}

static void wait_for(struct pluq__http_conn *h, enum pluq__http_phase phase, int64_t ns)
{
	struct pluq__loop *l = h->conn->at->loop;
	set_phase(h, phase);
	if (ns > 0)
		pluq__loop_set(l, &h->timer, l->now_ns + ns);
	else
		pluq__loop_clear(l, &h->timer);
}

static bool is_open(const struct pluq__http_conn *h)
{
	return h->conn->state == PLUQ__CONN_OPEN;
}

/* Takes the request out of the connection's hands. */
static struct pluq_http_request *let_go(struct pluq__http_conn *h)
{
	struct pluq_http_request *r = h->request;
	h->request = NULL;
	return r;
}

static void refuse(struct pluq__http_conn *h, uint32_t status, const char *text)
{
	struct pluq_http_request *r = h->request ? let_go(h) : pluq__http_request_new(h);
	if (r)
		pluq__http_refuse(r, status, text);
	else
		pluq__conn_close(h->conn, false);
}

/* pluq__timer_fn */
static void on_timeout(struct pluq__timer *t)
{
	struct pluq__http_conn *h = (struct pluq__http_conn *)((char *)t - offsetof(struct pluq__http_conn, timer));
	if (h->phase == PLUQ__HTTP_IDLE)
		pluq__conn_close(h->conn, true);
	else
		refuse(h, 408, "REQUEST_TIMEOUT");
}

/* ---- what the parser finds ---- */

static int on_message_begin(http_parser *p)
{
	struct pluq__http_conn *h = p->data;
	h->request = pluq__http_request_new(h);
	if (!h->request)
		return -1;
	wait_for(h, PLUQ__HTTP_HEAD, h->server->patience.head_ns);
	return 0;
}

static int on_text(http_parser *p, enum pluq__http_text kind, const char *bytes, size_t n)
{
	struct pluq__http_conn *h = p->data;
	if (h->phase != PLUQ__HTTP_HEAD)
		return 0; /* a trailer */
	return pluq__http_fields_add(&h->request->fields, kind, bytes, n) < 0 ? -1 : 0;
}

static int on_url(http_parser *p, const char *bytes, size_t n)
{
	return on_text(p, PLUQ__HTTP_URI, bytes, n);
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
	struct pluq__http_conn *h = p->data;
	if (pluq__http_fields_end(&h->request->fields) < 0)
		return -1;
	p->upgrade = 0; /* an offer that we do not take up (CONNECT included): it is a request like any other */
	http_parser_pause(p, 1);
	return 0;
}

static int on_body_bytes(http_parser *p, const char *bytes, size_t n)
{
	struct pluq__http_conn *h = p->data;
	int error = pluq__http_request_body(h->request, bytes, n);
	h->request->too_big = error == PLUQ_ELIMIT;
	wait_for(h, PLUQ__HTTP_BODY, h->server->patience.body_ns);
	return error ? -1 : 0;
}

static int on_message_complete(http_parser *p)
{
	struct pluq__http_conn *h = p->data;
	wait_for(h, PLUQ__HTTP_HANDLING, 0);
	http_parser_pause(p, 1);
	return 0;
}

static const http_parser_settings settings = {
	.on_message_begin = on_message_begin,
	.on_url = on_url,
	.on_header_field = on_header_field,
	.on_header_value = on_header_value,
	.on_headers_complete = on_headers_complete,
	.on_body = on_body_bytes,
	.on_message_complete = on_message_complete,
};

/* ---- judging a head ---- */

static bool has_body(const http_parser *p)
{
	return (p->flags & F_CHUNKED) || ((p->flags & F_CONTENTLENGTH) && p->content_length > 0);
}

static void too_big(struct pluq__http_conn *h)
{
	struct pluq_http_request *r = h->request;
	if (r->route) {
		refuse(h, r->route->too_big_status, r->route->too_big);
	} else {
		let_go(h)->keep_alive = false;
		pluq__http_answer_unrouted(r);
	}
}

/* false: the request has been refused. */
static bool answer_expectation(struct pluq__http_conn *h)
{
	static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
	const char *expect = pluq__http_request_header(h->request, "Expect");
	if (!expect || h->parser.http_minor == 0)
		return true;
	if (strcasecmp(expect, "100-continue") != 0) {
		refuse(h, 417, "EXPECTATION_FAILED");
		return false;
	}
	if (has_body(&h->parser) && pluq__conn_write(h->conn, go_on, sizeof go_on - 1) < 0) {
		pluq__conn_close(h->conn, false);
		return false;
	}
	return true;
}

/* It may: the body is next. */
static void admit(struct pluq__http_conn *h)
{
	http_parser *p = &h->parser;
	if ((p->flags & F_CONTENTLENGTH) && p->content_length > (uint64_t)pluq__http_request_limit(h->request))
		too_big(h);
	else if (answer_expectation(h))
		wait_for(h, PLUQ__HTTP_BODY, h->server->patience.body_ns);
}

/* Without a body the request ends here, and the connection may go on. One that is still to come is not read. */
static void turn_away(struct pluq__http_conn *h, int status)
{
	struct pluq_http_request *r = h->request;
	r->refusal = (uint16_t)status;
	if (!has_body(&h->parser)) {
		wait_for(h, PLUQ__HTTP_BODY, h->server->patience.body_ns);
		return;
	}
	let_go(h)->keep_alive = false;
	pluq__http_answer_refusal(r);
}

static void judged(struct pluq__http_conn *h, int status)
{
	if (status == 0)
		admit(h);
	else
		turn_away(h, status);
}

static void judge_client(struct pluq__http_conn *h)
{
	int status = h->server->refuse_plain ? 403 : pluq__http_auth_judge(h);
	if (status != PLUQ_ELATER) {
		judged(h, status);
		return;
	}
	wait_for(h, PLUQ__HTTP_JUDGING, 0); /* the auth core has a deadline of its own */
	h->waiting = true;
	pluq__conn_pause(h->conn);
}

void pluq__http_conn_judged(struct pluq__http_conn *h, int status)
{
	if (!is_open(h))
		return; /* on_close is due */
	h->waiting = false;
	pluq__conn_resume(h->conn);
	judged(h, status);
}

static void judge_head(struct pluq__http_conn *h)
{
	http_parser *p = &h->parser;
	struct pluq_http_request *r = h->request;
	r->method = http_method_str((enum http_method)p->method);
	r->started_ns = pluq__clock_mono_ns();
	if (p->http_major != 1) {
		refuse(h, 505, "HTTP_VERSION_NOT_SUPPORTED");
		return;
	}
	r->minor = p->http_minor ? 1 : 0;
	r->keep_alive = http_should_keep_alive(p);
	int error = r->fields.malformed ? PLUQ_EINVAL : pluq__http_request_judge(r);
	if (error == PLUQ_EINVAL)
		refuse(h, 400, "BAD_REQUEST");
	else if (error)
		pluq__conn_close(h->conn, false);
	else
		judge_client(h);
}

/* ---- handling ---- */

static void handle(struct pluq__http_conn *h)
{
	struct pluq_http_request *r = h->request;
	if (r->refusal)
		pluq__http_answer_refusal(r);
	else if (r->route)
		r->route->handle(r->arg, r);
	else
		pluq__http_answer_unrouted(r);
	if (h->request) {
		h->waiting = true;
		pluq__conn_pause(h->conn);
	}
}

void pluq__http_conn_answered(struct pluq__http_conn *h, bool keep_alive)
{
	h->request = NULL;
	wait_for(h, PLUQ__HTTP_IDLE, keep_alive ? h->server->patience.idle_ns : 0);
	if (!keep_alive) {
		pluq__conn_close(h->conn, true);
		return;
	}
	/* a peer that asks and asks, and does not read, is not answered without end */
	if (h->conn->full && !h->backed_up) {
		h->backed_up = true;
		pluq__conn_pause(h->conn);
	}
	if (h->waiting) {
		h->waiting = false;
		pluq__conn_resume(h->conn);
	}
}

static void parse_failed(struct pluq__http_conn *h)
{
	enum http_errno error = HTTP_PARSER_ERRNO(&h->parser);
	struct pluq_http_request *r = h->request;
	if (r && r->too_big)
		too_big(h);
	else if (error == HPE_CB_message_begin || error == HPE_CB_url || error == HPE_CB_header_field ||
	    error == HPE_CB_header_value || error == HPE_CB_headers_complete || error == HPE_CB_body)
		pluq__conn_close(h->conn, false); /* no memory */
	else if (error == HPE_HEADER_OVERFLOW)
		refuse(h, 431, "REQUEST_HEADER_FIELDS_TOO_LARGE");
	else if (h->phase == PLUQ__HTTP_BODY && r && !pluq__http_request_discards(r))
		refuse(h, 500, "INTERNAL_ERROR"); /* the body cannot be read to its end */
	else
		refuse(h, 400, "BAD_REQUEST");
}

/* One request at most. */
static int64_t on_data(struct pluq_conn *c, void *user, const uint8_t *bytes, size_t length)
{
	(void)c;
	struct pluq__http_conn *h = user;
	size_t used = 0;
	for (;;) {
		used += http_parser_execute(&h->parser, &settings, (const char *)bytes + used, length - used);
		if (HTTP_PARSER_ERRNO(&h->parser) == HPE_OK)
			return (int64_t)used;
		if (HTTP_PARSER_ERRNO(&h->parser) != HPE_PAUSED) {
			parse_failed(h);
			return PLUQ_CONN_CLOSE;
		}
		http_parser_pause(&h->parser, 0);
		if (h->phase == PLUQ__HTTP_HANDLING) {
			handle(h);
			return (int64_t)used;
		}
		judge_head(h);
		if (!is_open(h))
			return PLUQ_CONN_CLOSE;
		if (h->waiting)
			return (int64_t)used;
	}
}

/* ---- the connection ---- */

static int on_open(void *arg, struct pluq_conn *c)
{
	struct pluq__http_conn *h = calloc(1, sizeof *h);
	if (!h)
		return PLUQ_ENOMEM;
	h->conn = c;
	h->server = arg;
	h->timer.fn = on_timeout;
	http_parser_init(&h->parser, HTTP_REQUEST);
	h->parser.data = h;
	c->user = h;
	c->write_timeout_ns = h->server->patience.write_ns;
	wait_for(h, PLUQ__HTTP_IDLE, h->server->patience.head_ns);
	return 0;
}

static bool on_body(struct pluq_conn *c, void *user)
{
	(void)c;
	(void)user;
	return false; /* nothing is received by conn_read_into */
}

static void on_eof(struct pluq_conn *c, void *user, const uint8_t *rest, size_t length, bool in_body)
{
	(void)c;
	(void)rest;
	(void)length;
	(void)in_body;
	struct pluq__http_conn *h = user;
	if (h->phase == PLUQ__HTTP_BODY && !pluq__http_request_discards(h->request))
		refuse(h, 500, "INTERNAL_ERROR"); /* the body cannot be read to its end */
}

static void on_drained(struct pluq_conn *c, void *user)
{
	struct pluq__http_conn *h = user;
	if (!h->backed_up)
		return;
	h->backed_up = false;
	pluq__conn_resume(c);
}

static void on_close(struct pluq_conn *c, void *user, const char *why)
{
	(void)why;
	struct pluq__http_conn *h = user;
	pluq__loop_clear(c->at->loop, &h->timer);
	pluq__http_auth_cancel(h);
	if (h->phase == PLUQ__HTTP_HANDLING && h->request)
		h->request->conn = NULL; /* the handler's; freed when it is answered */
	else
		pluq__http_request_free(&h->request);
	set_phase(h, PLUQ__HTTP_IDLE);
	free(h);
}

const struct pluq_conn_ops pluq__http_conn_ops = {
	.size = sizeof pluq__http_conn_ops,
	.on_open = on_open,
	.on_data = on_data,
	.on_body = on_body,
	.on_eof = on_eof,
	.on_drained = on_drained,
	.on_close = on_close,
};
