#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/log.h"
#include "http.h"
#include "http_json.h"

#define JSON_TYPE "application/json; charset=utf-8"
#define HTML_TYPE "text/html; charset=utf-8"
/* Longest URI that is logged whole. */
#define LOGGED_URI 1024

enum { BARE = 1, UNLOGGED = 2 }; /* no X-NSQ-Content-Type; no line in the log */

/* An answer, as it is put together. */
struct answer {
	uint32_t status;
	unsigned flags;
	const char *type;        /* NULL: none */
	const char *name, *value; /* more of the header: its last field; NULL: none */
	const void *body;
	size_t length;
	pluq_post_fn release;    /* the body is sent by reference, then released. NULL: it is copied */
	void *release_arg;
};

static const char *connection_field(const struct pluq_http_request *r)
{
	if (!r->keep_alive)
		return "Connection: close\r\n";
	return r->minor == 0 ? "Connection: keep-alive\r\n" : "";
}

static int write_text(struct pluq_conn *c, const char *text)
{
	return pluq__conn_write(c, text, strlen(text));
}

static int write_head(struct pluq_http_request *r, const struct answer *a)
{
	struct pluq_conn *c = r->conn->conn;
	char line[512];
	int n = snprintf(line, sizeof line,
	    "HTTP/1.%d %" PRIu32 " %s\r\n%s%.120s%s%sContent-Length: %zu\r\n%s%s%s", r->minor, a->status,
	    http_status_str((enum http_status)a->status), a->type ? "Content-Type: " : "", a->type ? a->type : "",
	    a->type ? "\r\n" : "",
	    a->flags & BARE ? "" : "X-NSQ-Content-Type: nsq; version=1.0\r\n", a->length, connection_field(r),
	    a->name ? a->name : "", a->name ? ": " : "\r\n");
	int error = pluq__conn_write(c, line, (size_t)n);
	if (error || !a->name)
		return error;
	error = write_text(c, a->value);
	return error ? error : write_text(c, "\r\n\r\n");
}

static int write_body(struct pluq_conn *c, struct answer *a)
{
	if (!a->release)
		return pluq__conn_write(c, a->body, a->length);
	int error = a->length ? pluq__conn_attach(c, a->body, a->length, a->release, a->release_arg) : 0;
	if (!error && a->length)
		a->release = NULL;
	return error;
}

static void write_answer(struct pluq_http_request *r, struct answer *a)
{
	struct pluq_conn *c = r->conn->conn;
	int error = write_head(r, a);
	if (!error && strcmp(r->method, "HEAD") != 0)
		error = write_body(c, a);
	if (error)
		pluq__conn_close(c, false);
}

/* A query that no route has asked for is not written down: at an auth server it may be a secret that went astray. */
static int logged_length(const struct pluq_http_request *r)
{
	size_t n = r->route ? strlen(r->fields.text) : strcspn(r->fields.text, "?");
	return n < LOGGED_URI ? (int)n : LOGGED_URI;
}

static void log_answer(const struct pluq_http_request *r, const struct answer *a)
{
	char took[32];
	if ((a->flags & UNLOGGED) || !r->judged || (r->route && (r->route->flags & PLUQ_HTTP_QUIET)) ||
	    !pluq__log_on(PLUQ_INFO))
		return;
	int64_t ns = pluq__clock_mono_ns() - r->started_ns;
	if (ns < PLUQ__MS)
		snprintf(took, sizeof took, "%.3fµs", (double)ns / 1e3);
	else if (ns < PLUQ__SEC)
		snprintf(took, sizeof took, "%.3fms", (double)ns / 1e6);
	else
		snprintf(took, sizeof took, "%.3fs", (double)ns / 1e9);
	pluq__log(PLUQ_INFO, "http", "%" PRIu32 " %s %.*s (%s) %s", a->status, r->method, logged_length(r), r->fields.text,
	    r->remote, took);
}

static void finish(struct pluq_http_request *r, struct answer *a)
{
	struct pluq__http_conn *c = r->conn;
	bool keep_alive = r->keep_alive;
	if (c)
		write_answer(r, a);
	if (a->release)
		a->release(a->release_arg);
	log_answer(r, a);
	pluq__http_request_free(&r);
	if (c)
		pluq__http_conn_answered(c, keep_alive);
}

static unsigned flags_of(const struct pluq_http_request *r)
{
	return r->route && (r->route->flags & PLUQ_HTTP_PLAIN) ? BARE : 0;
}

void pluq__http_reply(struct pluq_http_request *r, uint32_t status, const char *type, const void *body, size_t n)
{
	struct answer a = {.status = status, .flags = flags_of(r), .type = type, .body = body, .length = n};
	finish(r, &a);
}

void pluq__http_reply_by_reference(struct pluq_http_request *r, uint32_t status, const char *type, const char *encoding,
    const void *body, size_t n, pluq_post_fn release, void *arg)
{
	struct answer a = {.status = status, .flags = flags_of(r), .type = type, .body = body, .length = n, .release = release,
		.release_arg = arg, .name = "Vary", .value = "Accept, Accept-Encoding"};
	if (encoding) {
		a.name = "Vary: Accept, Accept-Encoding\r\nContent-Encoding";
		a.value = encoding;
	}
	finish(r, &a);
}

static void finish_error(struct pluq_http_request *r, struct answer *a, const char *text)
{
	char *json = pluq__http_json_message(text, &a->length);
	if (!json)
		a->length = 0;
	a->type = JSON_TYPE;
	a->body = json;
	finish(r, a);
	free(json);
}

void pluq__http_error(struct pluq_http_request *r, uint32_t status, const char *text)
{
	struct answer a = {.status = status, .flags = flags_of(r)};
	finish_error(r, &a, text);
}

void pluq__http_refuse(struct pluq_http_request *r, uint32_t status, const char *text)
{
	r->keep_alive = false;
	pluq__http_error(r, status, text);
}

static bool stands_in_url(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	    (c && strchr("/-._~:@!$,=", c));
}

/* path, percent-encoded, with the query as it came. To be freed. */
static char *location(const char *path, const char *query)
{
	char *out = malloc(3 * strlen(path) + strlen(query) + 2), *at = out;
	if (!out)
		return NULL;
	for (const unsigned char *p = (const unsigned char *)path; *p; p++)
		at += sprintf(at, stands_in_url(*p) ? "%c" : "%%%02X", *p);
	sprintf(at, "%s%s", *query ? "?" : "", query);
	return out;
}

/* The characters that matter in HTML become references; at most 6 bytes for each. */
static char *put_html(char *out, const char *text)
{
	for (; *text; text++) {
		if (strchr("&<>\"'", *text))
			out += sprintf(out, "&#%d;", *text);
		else
			*out++ = *text;
	}
	return out;
}

static char *redirect_page(const char *where, size_t *length)
{
	static const char head[] = "<!DOCTYPE html><title>Moved</title><a href=\"", tail[] = "\">It is here now.</a>\n";
	char *page = malloc(sizeof head + sizeof tail + 6 * strlen(where));
	if (!page)
		return NULL;
	char *end = stpcpy(put_html(stpcpy(page, head), where), tail);
	*length = (size_t)(end - page);
	return page;
}

static void redirect(struct pluq_http_request *r, const char *path)
{
	bool get = strcmp(r->method, "GET") == 0;
	char *where = location(path, r->query_text), *page = NULL;
	struct answer a = {.status = get ? 301 : 307, .flags = BARE | UNLOGGED, .name = "Location", .value = where};
	if (where && get)
		page = redirect_page(where, &a.length);
	if (page) {
		a.type = HTML_TYPE;
		a.body = page;
	}
	if (where)
		finish(r, &a);
	else
		pluq__http_refuse(r, 503, "OUT_OF_MEMORY");
	free(page);
	free(where);
}

static void answer_method(struct pluq_http_request *r, const char *allow)
{
	struct answer a = {.status = 405, .name = "Allow", .value = allow};
	if (strcmp(r->method, "OPTIONS") != 0) {
		finish_error(r, &a, "METHOD_NOT_ALLOWED");
		return;
	}
	a.status = 200;
	a.flags = BARE | UNLOGGED;
	finish(r, &a);
}

/* Every byte of it is the original's. */
static void answer_tls_required(struct pluq_http_request *r)
{
	const struct pluq_http_server *https = r->server->https;
	char body[64];
	int n = snprintf(body, sizeof body, "{\"message\": \"TLS_REQUIRED\", \"https_port\": %" PRId32 "}",
	    https && https->listener->port > 0 ? https->listener->port : 0);
	finish(r, &(struct answer){.status = 403, .flags = UNLOGGED, .type = JSON_TYPE, .body = body, .length = (size_t)n});
}

void pluq__http_answer_refusal(struct pluq_http_request *r)
{
	struct answer a = {.status = r->refusal, .flags = flags_of(r) | UNLOGGED};
	if (r->server->refuse_plain) {
		answer_tls_required(r);
		return;
	}
	const char *text = pluq__http_auth_text(r->refusal, &a.value);
	a.name = a.value ? "WWW-Authenticate" : NULL;
	finish_error(r, &a, text);
}

void pluq__http_answer_unrouted(struct pluq_http_request *r)
{
	const struct pluq__http_routes *routes = &r->server->routes, extras = pluq__http_extras(r->server->net);
	char allow[PLUQ__HTTP_ALLOW_MAX];
	char *canonical = pluq__http_route_canonical(routes, r->method, r->path);
	if (!canonical)
		canonical = pluq__http_route_canonical(&extras, r->method, r->path);
	if (canonical) {
		redirect(r, canonical);
		free(canonical);
	} else if (strcmp(r->path, "*") == 0 && strcmp(r->method, "OPTIONS") == 0) {
		finish(r, &(struct answer){.status = 200, .flags = BARE | UNLOGGED});
	} else if (pluq__http_route_allow(routes, r->path, allow) || pluq__http_route_allow(&extras, r->path, allow)) {
		answer_method(r, allow);
	} else {
		pluq__http_error(r, 404, "NOT_FOUND");
	}
}
