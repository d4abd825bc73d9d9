#include "lookup_question.h"

#include <pluq/name.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lookup_json.h"

#define ANSWER_MAX (1 << 20) /* bytes: it is read in one step of loop 0 */
#define MS INT64_C(1000000)

struct lookup_question {
	struct nsqd *nsqd;
	struct lookup_listener to;
	struct pluq_http_call *call;
	int64_t deadline_ns; /* of asking twice, too */
	bool secure;         /* under TLS */
	bool private;        /* the secret must not be sent in the clear */
	char topic[PLUQ_NAME_MAX + 1];
	char address[LOOKUP_HTTP_MAX];
};

static void ask_over_tls(struct lookup_question *, const uint8_t *body, size_t length);

/* ---- the answer ---- */

static void conclude(struct lookup_question *q)
{
	q->to.done(q->to.arg, q);
	free(q);
}

static void complain(const struct lookup_question *q, const char *what)
{
	q->nsqd->host->log(q->nsqd->host, PLUQ_WARN, "lookupd %s%s: asked for channels of topic %s, %s", q->secure ? "https://" : "",
	    q->address, q->topic, what);
}

static const char *meaning(const struct lookup_question *q, int status)
{
	bool secret = *q->nsqd->conf->lookupd_http_secret;

	if (status == 401 && secret && q->private && !q->secure)
		return ": it wants the secret, which is kept for TLS: give it an https_address";
	if (status == 401)
		return secret ? ": it does not know lookupd_http_secret" : ": set lookupd_http_secret";
	return status == 403 && secret ? ": lookupd_http_secret has no grant for that topic" : "";
}

static void refused(const struct lookup_question *q, int status)
{
	char what[160];

	snprintf(what, sizeof(what), "it answered with status %d%s", status, meaning(q, status));
	complain(q, what);
}

/* pluq_http_get_fn */
static void on_answer(void *arg, int status, const uint8_t *body, size_t length, const struct pluq_why *why)
{
	struct lookup_question *q = arg;
	const struct pluq_host *host = q->nsqd->host;

	q->call = NULL;
	if (status == 403 && !q->secure && lookup_json_https_port(body, length) >= 0) {
		ask_over_tls(q, body, length);
		return;
	}
	if (status < 0)
		host->log(host, PLUQ_WARN, "lookupd %s%s: does not tell the channels of topic %s: %s", q->secure ? "https://" : "",
		    q->address, q->topic, why->text);
	else if (status != 200)
		refused(q, status);
	else if (!lookup_json_list(body, length, "channels", q->to.name, q->to.arg))
		complain(q, "its answer is not a list of them");
	conclude(q);
}

/* ---- asking ---- */

/* A topic's name has at most one character that must be escaped. */
static void put_target(char *out, size_t size, const char *topic)
{
	const char *hash = strchr(topic, '#');
	int plain = (int)(hash ? hash - topic : (ptrdiff_t)strlen(topic));

	snprintf(out, size, "/channels?topic=%.*s%s%s", plain, topic, hash ? "%23" : "", hash ? hash + 1 : "");
}

/* To be freed. NULL: no memory. */
static char *headers(const struct lookup_question *q)
{
	static const char accept[] = "Accept: application/vnd.nsq; version=1.0\r\n", bearer[] = "Authorization: Bearer ";
	const char *secret = q->secure || !q->private ? q->nsqd->conf->lookupd_http_secret : "";
	size_t room = sizeof(accept) + sizeof(bearer) + strlen(secret) + 2;
	char *out = malloc(room);

	if (out)
		snprintf(out, room, "%s%s%s%s", accept, *secret ? bearer : "", secret, *secret ? "\r\n" : "");
	return out;
}

/* false: it cannot be asked; that is in the log. */
static bool ask(struct lookup_question *q)
{
	struct nsqd *n = q->nsqd;
	int64_t left = q->deadline_ns - n->host->now_ns(n->host);
	char target[PLUQ_NAME_MAX + 32], *lines = headers(q);
	struct pluq_why why = {"out of memory"};

	put_target(target, sizeof(target), q->topic);
	const struct pluq_http_get get = {.size = sizeof(get),
		.address = q->address,
		.target = target,
		.headers = lines,
		.connect_timeout_ns = n->conf->http_client_connect_timeout,
		.timeout_ns = left > MS ? left : MS,
		.max_body = ANSWER_MAX,
		.fn = on_answer,
		.arg = q,
		.tls = q->secure ? n->lookup.tls : NULL};
	bool asked = lines && n->http->get(n->host, &get, &q->call, &why) == 0;
	free(lines);
	if (!asked)
		n->host->log(n->host, PLUQ_WARN, "lookupd %s%s: not asked for channels of topic %s: %s", q->secure ? "https://" : "",
		    q->address, q->topic, why.text);
	return asked;
}

/* It wants the same over TLS, at another port of the same host. The peer that it came from may be gone. */
static void ask_over_tls(struct lookup_question *q, const uint8_t *body, size_t length)
{
	int port = lookup_json_https_port(body, length);
	char *colon = strrchr(q->address, ':');

	if (!port) {
		complain(q, "it wants TLS and has no port for that");
	} else if (!q->nsqd->lookup.tls) {
		complain(q, "it wants TLS: set lookupd_tls_root_ca_file");
	} else {
		snprintf(colon, sizeof(q->address) - (size_t)(colon - q->address), ":%d", port);
		q->secure = true;
		if (ask(q))
			return;
	}
	conclude(q);
}

struct lookup_question *lookup_question_new(struct lookup_peer *p, const char *topic, const struct lookup_listener *to)
{
	struct nsqd *n = p->nsqd;
	bool secure = *p->https && n->lookup.tls && (p->tls || !*p->http);
	const char *address = secure ? p->https : p->http;
	struct lookup_question *q = *address ? calloc(1, sizeof(*q)) : NULL;

	if (!q)
		return NULL;
	q->nsqd = n;
	q->to = *to;
	q->secure = secure;
	q->private = p->tls;
	q->deadline_ns = n->host->now_ns(n->host) + n->conf->http_client_request_timeout;
	memcpy(q->topic, topic, strlen(topic));
	memcpy(q->address, address, strlen(address) + 1);
	if (ask(q))
		return q;
	free(q);
	return NULL;
}

void lookup_question_drop(struct lookup_question *q)
{
	q->nsqd->http->cancel(q->call);
	free(q);
}
