#include "auth.h"

#include <stdlib.h>
#include <string.h>

#include "body.h"
#include "json_out.h"
#include "peer.h"
#include "protocol.h"
#include "quote.h"

static const struct pluq_auth *auth_of(const struct conn *c)
{
	return c->nsqd->host->auth;
}

bool auth_required(const struct nsqd *n)
{
	return n->host->auth && n->host->auth->required(n->host);
}

/* --- AUTH */

static void put_identity(const struct conn *c, struct text *text)
{
	struct json j = {.http = c->nsqd->http, .out = text};

	json_open(&j, '{');
	json_put_string(&j, "identity", auth_of(c)->identity(c->session));
	json_put_string(&j, "identity_url", auth_of(c)->identity_url(c->session));
	json_put_int(&j, "permission_count", auth_of(c)->grant_count(c->session));
	json_close(&j, '}');
}

/* pluq_auth_fn */
static void on_opened(void *arg, int status)
{
	struct conn *c = arg;
	struct answer *answer = c->auth_answer;
	struct text text = {0};

	c->auth_answer = NULL;
	c->authed = status == 0;
	if (c->authed)
		put_identity(c, &text);
	else if (status == PLUQ_ENOGRANT)
		text_str(&text, "E_UNAUTHORIZED AUTH no authorizations found");
	else
		text_str(&text, "E_AUTH_FAILED AUTH failed");
	if (text.failed) {
		text_free(&text);
		conn_abort(c);
		return;
	}
	answers_known(answer, text, !c->authed);
	conn_resume(c, PAUSE_AUTH);
}

/* Asks with a copy of the secret that is terminated, as plugins are promised. */
static int ask(struct conn *c, const uint8_t *secret, size_t length)
{
	struct pluq_auth_query query = {.size = sizeof(query), .secret_length = length, .common_name = ""};
	struct pluq_tls_info tls = {.size = sizeof(tls)};
	char *text = malloc(length + 1), ip[PEER_IP_MAX];

	if (!text)
		return PLUQ_ENOMEM;
	memcpy(text, secret, length);
	text[length] = 0;
	query.secret = (const uint8_t *)text;
	query.remote_ip = peer_ip(c->nsqd->net->conn_remote(c->net), ip);
	if ((c->layers & LAYER_TLS) && c->nsqd->net->conn_tls(c->net, &tls)) {
		query.tls = true;
		query.verified = tls.verified;
		query.common_name = tls.common_name;
		query.alt_names = tls.alt_names;
	}
	int status = auth_of(c)->open(c->nsqd->host, &query, on_opened, c, &c->session);
	explicit_bzero(text, length);
	free(text);
	return status;
}

enum step auth_open(struct conn *c, const uint8_t *secret, size_t length)
{
	struct answer *answer = answers_next(c);

	if (!answer)
		return STEP_CLOSE;
	if (ask(c, secret, length) < 0)
		return fail(c, "E_AUTH_FAILED AUTH failed");
	answers_take(c);
	c->auth_answer = answer;
	conn_pause(c, PAUSE_AUTH);
	return STEP_STOP;
}

/* --- what it may do */

static enum step refused(struct conn *c, const char *command, struct span topic, struct span channel, int status)
{
	struct text text = {0};

	if (status != PLUQ_EDENIED && status != PLUQ_ENOGRANT)
		return fail(c, "E_AUTH_FAILED AUTH failed");
	text_printf(&text, "E_UNAUTHORIZED AUTH failed for %s on ", command);
	text_quote(&text, topic.at, topic.length);
	text_byte(&text, ' ');
	text_quote(&text, channel.at, channel.length);
	return answer_fatal(c, text);
}

/* pluq_auth_fn */
static void on_checked(void *arg, int status)
{
	struct conn *c = arg;

	c->auth_known = true;
	c->auth_status = status;
	conn_resume(c, PAUSE_AUTH);
	if (c->intake && intake_complete(c) && !c->ending)
		conn_settle(c, intake_step(c, NULL));
}

enum step auth_check(
    struct conn *c, const char *command, uint32_t permission, struct span topic, struct span channel)
{
	int status = c->auth_status;

	if (auth_missing(c))
		return fail(c, "E_AUTH_FIRST AUTH required before %s", command);
	if (!c->auth_known)
		status = auth_of(c)->check(c->session, permission, (const char *)topic.at, topic.length,
		    (const char *)channel.at, channel.length, on_checked, c);
	c->auth_known = false;
	if (status == 0)
		return STEP_NEXT;
	if (status != PLUQ_ELATER)
		return refused(c, command, topic, channel, status);
	conn_pause(c, PAUSE_AUTH);
	return STEP_STOP;
}

/* pluq_auth_fn. What is in flight is left to what happens on a disconnect. */
static void on_revoked(void *arg, int status)
{
	struct conn *c = arg;
	const char *topic = c->nsqd->broker->topic_name(c->sub_topic), *channel = c->sub_channel;

	if (c->ending)
		return;
	conn_settle(c, refused(c, "SUB", (struct span){(const uint8_t *)topic, strlen(topic)},
	    (struct span){(const uint8_t *)channel, strlen(channel)}, status));
}

enum step auth_watch(struct conn *c)
{
	const char *topic = c->nsqd->broker->topic_name(c->sub_topic), *channel = c->sub_channel;
	int status = auth_of(c)->watch(c->session, topic, strlen(topic), channel, strlen(channel), on_revoked, c);

	return status < 0 ? STEP_CLOSE : STEP_NEXT;
}

/* --- life */

void auth_leave(struct conn *c)
{
	if (c->session)
		auth_of(c)->leave(c->session);
}

int auth_arrive(struct conn *c)
{
	return c->session && auth_of(c)->arrive(c->session) < 0 ? -1 : 0;
}

void auth_close(struct conn *c)
{
	if (c->session)
		auth_of(c)->close(&c->session);
}
