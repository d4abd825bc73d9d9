/* Private to daemon/net. HTTP on our connections; everything runs on loop 0.
 *
 * http_server.c: listening and the table for handlers. http_conn.c: a connection, from bytes to complete requests and
 * back. http_get.c, http_ask.c: requests of ours.
 * http_auth.c, http_secret.c: who asks, and whether it may.
 * http_request.c: what was asked. http_reply.c: what is answered. http_route.c, http_query.c, http_fields.c: paths, parameters, headers.
 *
 * A request belongs to its connection while it is received, then to the handler until it is answered; if the peer
 * leaves meanwhile, the request stays, without a connection.
 */
#ifndef PLUQ__HTTP_H
#define PLUQ__HTTP_H

#include <http_parser.h>

#include "conn.h"
#include "http_auth.h"
#include "http_fields.h"
#include "http_query.h"
#include "http_route.h"

/* Request line and header fields. */
#define PLUQ__HTTP_HEAD_MAX (64 * 1024)

/* How long a peer is waited for. */
struct pluq__http_patience {
	int64_t head_ns;  /* from a request's first byte (or the connection's start) to the end of its header fields */
	int64_t body_ns;  /* without a byte of the body */
	int64_t idle_ns;  /* between requests */
	int64_t write_ns; /* without a byte of the answer taken */
};

struct pluq_http_server {
	struct pluq_http_server *next;
	struct pluq__net *net;
	struct pluq_listener *listener;
	struct pluq__http_routes routes;
	void *arg; /* the handler's */
	struct pluq__http_patience patience;
	bool auth;         /* requests need a secret */
	bool refuse_plain; /* every request is told to come to `https` */
	const struct pluq_http_server *https; /* NULL: none */
	const struct pluq_host *host;         /* who asks the auth plugins */
	struct pluq__http_refusals *refusals; /* loop 0's */
};

enum pluq__http_phase {
	PLUQ__HTTP_IDLE,    /* between requests */
	PLUQ__HTTP_HEAD,
	PLUQ__HTTP_JUDGING, /* the head is complete; whether it may is being found out */
	PLUQ__HTTP_BODY,
	PLUQ__HTTP_HANDLING /* complete, not yet answered */
};

struct pluq__http_conn {
	struct pluq_conn *conn;
	const struct pluq_http_server *server;
	struct pluq_http_request *request; /* being received or handled; NULL: none */
	struct pluq__http_who *who;        /* of the last secret that came; NULL: none that is known */
	http_parser parser;
	struct pluq__timer timer;
	uint8_t phase;     /* enum pluq__http_phase */
	bool waiting;      /* paused until the request is judged, or answered */
	bool backed_up;    /* paused until the peer has taken answers */
};

struct pluq_http_request {
	struct pluq__http_conn *conn; /* NULL: the peer has gone */
	const struct pluq_http_server *server;
	const struct pluq_http_route *route; /* NULL: none fits */
	void *arg;         /* for the route's handle */
	struct pluq__http_who *who;          /* NULL: it was not asked */
	const char *method;
	struct pluq__http_fields fields; /* behind the URI */
	uint8_t minor;     /* HTTP/1.minor */
	bool judged;       /* path and route are known */
	bool keep_alive;
	bool too_big;
	uint16_t refusal;  /* 0, or the status that it is refused with, once it is complete */
	char *path;        /* decoded */
	const char *param;
	const char *query_text; /* in fields.text, behind the '?'; "" if there is none */
	struct pluq__http_query *query; /* parsed on demand */
	uint8_t *body;
	size_t body_length, body_room;
	int64_t started_ns;
	char remote[PLUQ__ADDR_TEXT];
};

extern const struct pluq_conn_ops pluq__http_conn_ops;

void pluq__http_servers_free(struct pluq_http_server **list);
struct pluq__http_routes pluq__http_extras(const struct pluq__net *); /* those that every server has */

/* http_conn.c */
void pluq__http_conn_answered(struct pluq__http_conn *, bool keep_alive); /* the next request may come, or it closes */
void pluq__http_conn_judged(struct pluq__http_conn *, int status); /* of pluq__http_auth_judge, later: 0, or a refusal's */

/* http_request.c */
struct pluq_http_request *pluq__http_request_new(struct pluq__http_conn *);
void pluq__http_request_free(struct pluq_http_request **);
/* Splits and decodes the target, finds the route. PLUQ_EINVAL: malformed; PLUQ_ENOMEM. */
int pluq__http_request_judge(struct pluq_http_request *);
bool pluq__http_request_discards(const struct pluq_http_request *); /* its body is read and thrown away */
int64_t pluq__http_request_limit(const struct pluq_http_request *); /* of the body, bytes */
int pluq__http_request_body(struct pluq_http_request *, const void *bytes, size_t n); /* PLUQ_ELIMIT, PLUQ_ENOMEM */
const char *pluq__http_request_header(const struct pluq_http_request *, const char *name);
const struct pluq__http_query *pluq__http_request_query(struct pluq_http_request *); /* NULL: no memory */

/* http_get.c. See get, cancel and call_header of <pluq/http.h>. */
int pluq__http_get(const struct pluq_host *, const struct pluq_http_get *, struct pluq_http_call **out, struct pluq_why *why);
void pluq__http_cancel(struct pluq_http_call *);
const char *pluq__http_call_header(const struct pluq_http_call *, const char *name);

/* http_reply.c. Each answers and frees the request. */
void pluq__http_reply(struct pluq_http_request *, uint32_t status, const char *type, const void *body, size_t n);
void pluq__http_error(struct pluq_http_request *, uint32_t status, const char *text);
void pluq__http_refuse(struct pluq_http_request *, uint32_t status, const char *text); /* and closes the connection */
void pluq__http_answer_unrouted(struct pluq_http_request *); /* redirect, OPTIONS, 405, 404 */
void pluq__http_answer_refusal(struct pluq_http_request *);  /* that it needs TLS, or what its `refusal` is about */

#endif
