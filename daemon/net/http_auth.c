/* A secret is asked about once for a connection, and for all of them the auth core keeps what was said; each request is then judged by
 * what the answer in force grants. Names are those of the query, found as the handler will find them. */
#include "http_auth.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../auth/auth.h"
#include "../base/log.h"
#include "http.h"
#include "http_secret.h"

struct pluq__http_who {
	unsigned refs; /* the connection, and the request that it is handling */
	const struct pluq_host *host;
	struct pluq_auth_session *session;
	char *secret;
	size_t length;
};

static const struct pluq_auth *table(const struct pluq__http_who *w)
{
	return w->host->auth;
}

void pluq__http_who_unref(struct pluq__http_who **p)
{
	struct pluq__http_who *w = *p;
	*p = NULL;
	if (!w || --w->refs > 0)
		return;
	table(w)->close(&w->session);
	pluq__http_secret_free(&w->secret, w->length);
	free(w);
}

/* Takes the secret on success. */
static struct pluq__http_who *who_new(const struct pluq_host *host, char *secret, size_t length)
{
	struct pluq__http_who *w = calloc(1, sizeof *w);
	if (!w)
		return NULL;
	*w = (struct pluq__http_who){.refs = 1, .host = host, .secret = secret, .length = length};
	return w;
}

/* As long for every secret of that length: behind a proxy the connection has many owners. */
static bool is_secret_of(const struct pluq__http_who *w, const char *secret, size_t length)
{
	unsigned char different = 0;
	if (!w || w->length != length)
		return false;
	for (size_t i = 0; i < length; i++)
		different |= (unsigned char)(w->secret[i] ^ secret[i]);
	return !different;
}

/* ---- what is refused ---- */

const char *pluq__http_auth_text(int status, const char **challenge)
{
	*challenge = status == 401 ? "Basic realm=\"pluq\", Bearer realm=\"pluq\"" : NULL;
	return status == 401 ? "UNAUTHORIZED" : status == 403 ? "FORBIDDEN" : "AUTH_UNAVAILABLE";
}

static int refuse(struct pluq__http_conn *h, struct pluq__complaint *c, enum pluq_level level, int status, const char *what)
{
	const struct pluq_http_request *r = h->request;
	int64_t now_ns = h->conn->at->loop->now_ns;
	uint64_t hidden;
	pluq__complaint_calm(c, now_ns);
	if (!pluq__complaint_raise(c, now_ns, &hidden))
		return status;
	if (hidden)
		pluq__log(level, "http", "%s %s from %s is refused: %s (and %" PRIu64 " more of that kind)", r->method, r->route->path,
		    r->remote, what, hidden);
	else
		pluq__log(level, "http", "%s %s from %s is refused: %s", r->method, r->route->path, r->remote, what);
	return status;
}

static int unknown(struct pluq__http_conn *h, const char *what)
{
	return refuse(h, &h->server->refusals->unknown, PLUQ_WARN, 401, what);
}

static int unavailable(struct pluq__http_conn *h, const char *what)
{
	return refuse(h, &h->server->refusals->unavailable, PLUQ_WARN, 503, what);
}

/* ---- what it asks for ---- */

struct need {
	uint32_t permissions; /* one of them; 0: any */
	bool about_topic;     /* else a known secret will do */
	const char *topic, *channel; /* channel NULL: whichever */
	size_t topic_length, channel_length;
};

/* false: no memory. */
static bool find_need(struct pluq_http_request *r, struct need *n)
{
	const struct pluq__http_query *q = pluq__http_request_query(r);
	if (!q)
		return false;
	bool named = !(r->route->flags & PLUQ_HTTP_NO_TOPIC);
	const struct pluq__http_pair *topic = named ? pluq__http_query_find(q, "topic") : NULL;
	const struct pluq__http_pair *channel = named ? pluq__http_query_find(q, "channel") : NULL;
	bool publish = r->route->flags & PLUQ_HTTP_PUBLISH, admin = r->route->flags & PLUQ_HTTP_ADMIN;
	*n = (struct need){.permissions = (publish ? PLUQ_MAY_PUBLISH : 0) | (admin ? PLUQ_MAY_ADMIN : 0),
		.about_topic = topic || publish || admin, .topic = topic ? topic->value : "",
		.topic_length = topic ? topic->value_length : 0};
	if (publish || (r->route->flags & PLUQ_HTTP_WHOLE_TOPIC)) {
		n->channel = ""; /* as publishing is judged over TCP */
	} else if (channel) {
		n->channel = channel->value;
		n->channel_length = channel->value_length;
	}
	return true;
}

/* The session is good and in force: 0, or the status of the refusal. */
static int judge(struct pluq__http_conn *h)
{
	struct pluq_http_request *r = h->request;
	struct need n;
	if (!find_need(r, &n))
		return unavailable(h, "out of memory");
	if (n.about_topic && !pluq__auth_may(h->who->session, n.permissions, n.topic, n.topic_length, n.channel, n.channel_length))
		return refuse(h, &h->server->refusals->forbidden, PLUQ_WARN, 403, "not permitted");
	r->who = h->who;
	r->who->refs++;
	return 0;
}

/* ---- asking ---- */

/* pluq_auth_fn */
static void on_opened(void *arg, int status)
{
	struct pluq__http_conn *h = arg;
	int result = status == 0 ? judge(h) :
	    status == PLUQ_EREFUSED || status == PLUQ_ENOGRANT ? unknown(h, "unknown secret") :
	    unavailable(h, status == PLUQ_ENOMEM ? "out of memory" : "the secret cannot be looked up");
	if (status < 0)
		pluq__http_who_unref(&h->who);
	pluq__http_conn_judged(h, result);
}

/* "1.2.3.4:5", "[::1]:5", "@" */
static void put_ip(const char *remote, char out[PLUQ__ADDR_TEXT])
{
	const char *colon = strrchr(remote, ':');
	size_t bracket = *remote == '[', n = colon ? (size_t)(colon - remote) : 0;
	if (n >= 2 * bracket)
		n -= 2 * bracket;
	memcpy(out, remote + bracket, n);
	out[n] = 0;
}

/* PLUQ_ELATER, or the status of a refusal. */
static int ask(struct pluq__http_conn *h)
{
	struct pluq__http_who *w = h->who;
	char ip[PLUQ__ADDR_TEXT];
	struct pluq_tls_info tls = {.size = sizeof tls, .common_name = ""};
	bool secure = pluq__net_table.conn_tls(h->conn, &tls);
	put_ip(h->conn->remote, ip);
	const struct pluq_auth_query query = {.size = sizeof query, .secret = (const uint8_t *)w->secret, .secret_length = w->length,
		.remote_ip = ip, .common_name = tls.common_name, .alt_names = tls.alt_names, .tls = secure,
		.verified = secure && tls.verified};
	if (pluq__auth_open_shared(w->host, &query, on_opened, h, &w->session) == 0)
		return PLUQ_ELATER;
	pluq__http_who_unref(&h->who);
	return unavailable(h, "out of memory");
}

/* pluq_auth_fn: the time to live was over. Whatever it was but a yes, a question of its own tells what it is. */
static void on_checked(void *arg, int status)
{
	struct pluq__http_conn *h = arg;
	int result;
	if (status == 0) {
		result = judge(h);
	} else {
		table(h->who)->close(&h->who->session);
		result = ask(h);
	}
	if (result != PLUQ_ELATER)
		pluq__http_conn_judged(h, result);
}

/* The connection's own session is used again. */
static int use_again(struct pluq__http_conn *h)
{
	struct pluq__http_who *w = h->who;
	struct need n;
	if (!find_need(h->request, &n))
		return unavailable(h, "out of memory");
	uint32_t any = PLUQ_MAY_SUBSCRIBE | PLUQ_MAY_PUBLISH | PLUQ_MAY_ADMIN;
	int status = table(w)->check(w->session, n.permissions ? n.permissions : any, n.topic, n.topic_length, n.channel ? n.channel : "",
	    n.channel_length, on_checked, h);
	if (status == PLUQ_ELATER)
		return status;
	if (status == 0 || status == PLUQ_EDENIED) /* it is in force; what it grants is seen by our own rules */
		return judge(h);
	table(w)->close(&w->session);
	return ask(h);
}

int pluq__http_auth_judge(struct pluq__http_conn *h)
{
	struct pluq_http_request *r = h->request;
	char *secret;
	size_t length;
	if (!h->server->auth || !r->route || (r->route->flags & PLUQ_HTTP_OPEN))
		return 0;
	switch (pluq__http_secret(&r->fields, &secret, &length)) {
	case 0:
		break;
	case PLUQ_EUNKNOWN:
		return refuse(h, &h->server->refusals->absent, PLUQ_INFO, 401, "no secret");
	case PLUQ_EINVAL:
		return unknown(h, "its Authorization is malformed, empty or there twice");
	default:
		return unavailable(h, "out of memory");
	}
	if (is_secret_of(h->who, secret, length)) {
		pluq__http_secret_free(&secret, length);
		return use_again(h);
	}
	pluq__http_who_unref(&h->who);
	h->who = who_new(h->server->host, secret, length);
	if (h->who)
		return ask(h);
	pluq__http_secret_free(&secret, length);
	return unavailable(h, "out of memory");
}

/* What was asked is held by nobody else. */
void pluq__http_auth_cancel(struct pluq__http_conn *h)
{
	pluq__http_who_unref(&h->who);
}

bool pluq__http_may(const struct pluq_http_request *r, uint32_t permissions, const char *topic, size_t length)
{
	if (!r->server->auth)
		return true;
	return r->who && pluq__auth_may(r->who->session, permissions, topic, length, NULL, 0);
}
