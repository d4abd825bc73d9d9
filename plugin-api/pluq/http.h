/* <pluq/http.h>: HTTP routes, as a handler sees them.
 *
 * All HTTP of the daemon runs on loop 0: every callback comes there and every call is made there. A request is handled
 * once its whole body is there, and stays valid until it has been answered (exactly once), even if its peer has left.
 * Requests of one connection are handled one at a time, in order.
 *
 * The layer answers by itself: unknown path (404 NOT_FOUND), wrong method (405 METHOD_NOT_ALLOWED with Allow), OPTIONS,
 * redirects to the canonical path, a body over the route's limit, malformed requests (400). Errors have the form
 * {"message":"TEXT"}.
 */
#ifndef PLUQ_HTTP_H
#define PLUQ_HTTP_H

#include <pluq/host.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pluq_http_request;
struct pluq_http_server;

enum {
	PLUQ_HTTP_PLAIN = 1u << 0, /* answers carry no X-NSQ-Content-Type */
	PLUQ_HTTP_QUIET = 1u << 1, /* not logged at info */
	PLUQ_HTTP_DISCARD = 1u << 2, /* the request's body is read and thrown away */

	/* What a server that has `auth` set asks of a request, about the topic and channel that its query names (`topic`, `channel`).
	 * Without any of these: any grant on the topic; or, if the query names none, that its secret is known. */
	PLUQ_HTTP_OPEN = 1u << 3,    /* nothing */
	PLUQ_HTTP_PUBLISH = 1u << 4, /* PLUQ_MAY_PUBLISH */
	PLUQ_HTTP_ADMIN = 1u << 5,   /* PLUQ_MAY_ADMIN; without a topic the grant must match the empty one */
	PLUQ_HTTP_NO_TOPIC = 1u << 6, /* the request is about no topic, whatever its query names */
	PLUQ_HTTP_WHOLE_TOPIC = 1u << 7 /* it is about all of the topic, whatever channel its query names: a grant for some channels is
	                                 * not enough, it must match the empty one */
};

struct pluq_http_route {
	const char *method; /* "GET" */
	const char *path;   /* "/topic/create"; a last segment ":name" stands for any one non-empty segment */
	uint32_t flags;
	uint32_t too_big_status;  /* answer to a body above max_body: 413 */
	const char *too_big;      /* its text: "MSG_TOO_BIG" */
	int64_t max_body;         /* bytes; a Content-Length above it is answered before the body is read */
	void (*handle)(void *arg, struct pluq_http_request *);
};

struct pluq_tls;

/* A server. */
struct pluq_http_listen {
	uint32_t size;
	const char *address;  /* as in struct pluq_listen */
	const struct pluq_http_route *routes; /* the caller's; must live as long as the daemon serves */
	size_t count, stride; /* of the routes; bytes from one to the next */
	void *arg;            /* given to the routes */
	struct pluq_tls *tls; /* HTTPS. NULL: HTTP */
	/* Every request is answered 403 {"message": "TLS_REQUIRED", "https_port": N}, whatever it asks. N is the port of `https`, 0 without. */
	bool refuse_plain;
	const struct pluq_http_server *https;
	/* Requests need a secret: a bearer token, or a basic password. Without or with an unknown one they are answered 401
	 * UNAUTHORIZED, without the permission 403 FORBIDDEN, and 503 AUTH_UNAVAILABLE if it cannot be found out. */
	bool auth;
};

struct pluq_http_call; /* a request of ours in progress */

/* Once: the answer's status with its body (borrowed for the call), or PLUQ_E* with why: PLUQ_EADDRESS (cannot be resolved or
 * connected), PLUQ_ECLOSED (ended or garbled before the answer was complete), PLUQ_ELIMIT (longer than max_body, or later than
 * timeout_ns), PLUQ_ENOMEM. */
typedef void (*pluq_http_get_fn)(void *arg, int status, const uint8_t *body, size_t length, const struct pluq_why *why);

struct pluq_http_get {
	uint32_t size;
	const char *address; /* "host:port", or the path of a unix socket; copied, like all texts here */
	const char *target;  /* path and query, encoded: "/channels?topic=t" */
	const char *headers; /* whole lines, each ended by \r\n, or NULL; Host, User-Agent and Connection are added */
	int64_t connect_timeout_ns, timeout_ns; /* of connecting; of the whole. 0: none of ours */
	int64_t max_body;    /* bytes */
	pluq_http_get_fn fn;
	void *arg;
	const char *method;  /* NULL: "GET" */
	const uint8_t *content; /* the request's body; copied */
	size_t content_length;  /* above 0: Content-Length is added, Content-Type is in `headers` */
	struct pluq_tls *tls;   /* https, as in struct pluq_connect. NULL: http */
};

struct pluq_http {
	uint32_t size;

	/* init only. As pluq_net.listen. PLUQ_EADDRESS, PLUQ_EINVAL with `why`: auth was set in a process without an auth plugin, too. */
	int (*listen)(const struct pluq_host *, const struct pluq_http_listen *, struct pluq_http_server **out, struct pluq_why *why);
	int32_t (*server_port)(const struct pluq_http_server *); /* as listener_port */

	/* What was asked; borrowed until the answer. The path is decoded, without the query. */
	const char *(*path)(const struct pluq_http_request *);
	const char *(*path_param)(const struct pluq_http_request *); /* what stood for ":name", or NULL */
	const uint8_t *(*body)(const struct pluq_http_request *, size_t *length);
	const char *(*remote)(const struct pluq_http_request *);
	const char *(*header)(const struct pluq_http_request *, const char *name); /* any case; NULL if absent */
	/* Parameters of the URL's query, decoded. query_ok: false if the query has a malformed escape or a ';'. query:
	 * the first value of that name (may hold NUL bytes: *length), or NULL if absent. */
	bool (*query_ok)(const struct pluq_http_request *);
	const char *(*query)(const struct pluq_http_request *, const char *name, size_t *length);

	/* The answer. Everything is copied. type NULL: no Content-Type. error: {"message":"TEXT"} as JSON. The request is
	 * dead after any of the two. */
	void (*reply)(struct pluq_http_request *, uint32_t status, const char *type, const void *body, size_t length);
	void (*error)(struct pluq_http_request *, uint32_t status, const char *text);

	/* Loop. Asks another server, HTTP/1.1, one connection for each request. fn comes on the same loop, in a later step, exactly once
	 * unless the call is cancelled before; redirects are not followed (see call_header). PLUQ_ENOMEM, PLUQ_EADDRESS, PLUQ_EEXITING as
	 * connect; PLUQ_EINVAL: method, target or headers are not as they should be, or this is no loop. */
	int (*get)(const struct pluq_host *, const struct pluq_http_get *, struct pluq_http_call **out, struct pluq_why *why);
	void (*cancel)(struct pluq_http_call *); /* before fn: it will not come; the handle is dead */

	/* Any thread. Writes n bytes as a JSON string, quotes included, as the original does: < > & and U+2028/9 as \uNNNN, what is not
	 * UTF-8 as U+FFFD. Returns its length; writes only if that is at most room (6 * n + 2 is always enough). */
	size_t (*json_quote)(char *out, size_t room, const char *bytes, size_t n);

	/* Whether the request may do one of `permissions` (PLUQ_MAY_*) on the topic, for answers that leave out what it may not see. Always
	 * true on a server without auth. */
	bool (*may)(const struct pluq_http_request *, uint32_t permissions, const char *topic, size_t length);

	/* Within the fn of `get`, when its status is that of an answer: a header field of the answer ("Location", for a caller that follows
	 * redirects), any case; the first of that name, NULL: absent. Borrowed until fn returns. */
	const char *(*call_header)(const struct pluq_http_call *, const char *name);
};

#ifdef __cplusplus
}
#endif
#endif
