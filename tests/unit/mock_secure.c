#undef NDEBUG /* checks with effects */
#include "mock_secure.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mock_broker.h"

/* --- auth */

struct pluq_auth_session {
	int32_t loop; /* -1: between two */
	bool good;
	pluq_auth_fn asking, revoked; /* NULL: none is waited for */
	void *asking_arg, *revoked_arg;
	bool opening;
	char topic; /* first letter of that asked about */
};

static struct pluq_auth_session *session; /* the last one; there is one connection */

static bool required(const struct pluq_host *h) { return mock.secure.auth; }

static void here(const struct pluq_auth_session *s) { assert(s && s->loop == mock.loop); }

static int open_session(const struct pluq_host *h, const struct pluq_auth_query *q, pluq_auth_fn fn, void *arg,
    struct pluq_auth_session **out)
{
	assert(q->size == sizeof(*q) && q->secret[q->secret_length] == 0 && q->remote_ip && q->common_name);
	snprintf(mock.secure.secret, sizeof(mock.secure.secret), "%s", (const char *)q->secret);
	snprintf(mock.secure.remote_ip, sizeof(mock.secure.remote_ip), "%s", q->remote_ip);
	snprintf(mock.secure.common_name, sizeof(mock.secure.common_name), "%s", q->common_name);
	mock.secure.tls = q->tls;
	mock.secure.verified = q->verified;
	if (mock.secure.open_status == PLUQ_ENOMEM)
		return PLUQ_ENOMEM;
	mock.secure.sessions++;
	session = calloc(1, sizeof(*session));
	*session = (struct pluq_auth_session){.loop = mock.loop, .asking = fn, .asking_arg = arg, .opening = true};
	*out = session;
	return 0;
}

static void close_session(struct pluq_auth_session **s)
{
	if (!*s)
		return;
	here(*s);
	mock.secure.sessions--;
	free(*s);
	*s = session = NULL;
}

static int check(struct pluq_auth_session *s, uint32_t permissions, const char *topic, size_t topic_length,
    const char *channel, size_t channel_length, pluq_auth_fn fn, void *arg)
{
	here(s);
	assert(s->good && !s->asking);
	mock.secure.checks++;
	snprintf(mock.secure.checked, sizeof(mock.secure.checked), "%u %.*s %.*s", permissions, (int)topic_length, topic,
	    (int)channel_length, channel);
	if (mock.secure.check_status != PLUQ_ELATER)
		return mock.secure.check_status;
	s->asking = fn;
	s->asking_arg = arg;
	s->topic = *topic;
	return PLUQ_ELATER;
}

static int watch(struct pluq_auth_session *s, const char *topic, size_t topic_length, const char *channel,
    size_t channel_length, pluq_auth_fn fn, void *arg)
{
	here(s);
	assert(s->good && !s->revoked);
	snprintf(mock.secure.watched, sizeof(mock.secure.watched), "%.*s %.*s", (int)topic_length, topic, (int)channel_length,
	    channel);
	s->revoked = fn;
	s->revoked_arg = arg;
	return 0;
}

static void leave(struct pluq_auth_session *s)
{
	here(s);
	assert(!s->asking);
	s->loop = -1;
}

static int arrive(struct pluq_auth_session *s)
{
	assert(s->loop == -1);
	s->loop = mock.loop;
	return 0;
}

static const char *identity(const struct pluq_auth_session *s) { return "jo<e>"; }
static const char *identity_url(const struct pluq_auth_session *s) { return "http://x"; }
static uint32_t grant_count(const struct pluq_auth_session *s) { return 3; }

const struct pluq_auth mock_auth = {
	.size = sizeof(mock_auth),
	.required = required,
	.open = open_session,
	.close = close_session,
	.check = check,
	.watch = watch,
	.leave = leave,
	.arrive = arrive,
	.identity = identity,
	.identity_url = identity_url,
	.grant_count = grant_count,
};

bool mock_auth_asked(void) { return session && session->asking; }

static void answer(int status)
{
	struct pluq_auth_session *s = session;
	pluq_auth_fn fn = s->asking;
	s->asking = NULL;
	if (s->opening)
		s->good = status == 0;
	s->opening = false;
	fn(s->asking_arg, status);
}

void mock_auth_answer(int status)
{
	assert(mock_auth_asked());
	answer(status);
	mock_pump(mock.conn);
}

void mock_auth_revoke(int status)
{
	pluq_auth_fn fn = session->revoked;
	assert(fn);
	session->revoked = NULL;
	fn(session->revoked_arg, status);
	mock_pump(mock.conn);
}

/* --- TLS and compression */

int mock_tls_new(
    const struct pluq_host *h, const struct pluq_tls_params *params, struct pluq_tls **out, struct pluq_why *why)
{
	*out = (struct pluq_tls *)&mock.secure.params;
	return mock_tls_change(*out, params, why);
}

int mock_tls_check(const struct pluq_tls_params *params, struct pluq_why *why)
{
	assert(params->size == sizeof(*params));
	if (!mock.secure.no_file)
		return 0;
	strcpy(why->text, mock.secure.no_file);
	return PLUQ_ETLS;
}

int mock_tls_change(struct pluq_tls *tls, const struct pluq_tls_params *params, struct pluq_why *why)
{
	int status = mock_tls_check(params, why);

	if (status == 0)
		mock.secure.params = *params;
	return status;
}

bool mock_conn_tls(const struct pluq_conn *c, struct pluq_tls_info *out)
{
	if (!strchr(c->layers, 'T'))
		return false;
	*out = (struct pluq_tls_info){.size = sizeof(*out), .version = 0x0304, .cipher = 4865,
	    .cipher_name = "TLS_AES_128_GCM_SHA256", .verified = true, .common_name = "cn"};
	return true;
}

int mock_conn_upgrade(struct pluq_conn *c, const struct pluq_upgrade *u)
{
	assert(u->size == sizeof(*u) && c->upgrade == 0 && !c->paused && strlen(c->layers) < 3);
	if (mock.secure.refuse_upgrade)
		return PLUQ_ENOMEM;
	if (u->what == PLUQ_UPGRADE_TLS) {
		assert(u->tls && !*c->layers);
		mock.secure.handshake_ns = u->timeout_ns;
	} else if (u->what == PLUQ_UPGRADE_DEFLATE) {
		assert(u->level >= 1 && u->level <= 9);
		mock.secure.deflate_level = u->level;
	}
	c->upgrade = u->what == PLUQ_UPGRADE_TLS ? 'T' : u->what == PLUQ_UPGRADE_SNAPPY ? 'S' : 'D';
	return 0;
}

static void finish_upgrade(struct pluq_conn *c, int status, const char *text)
{
	struct pluq_why why = {.text = ""};
	assert(c->upgrade);
	if (status == 0)
		c->layers[strlen(c->layers)] = c->upgrade;
	snprintf(why.text, sizeof(why.text), "%s", text);
	c->upgrade = 0;
	c->in.length = 0;
	c->ops->on_upgraded(c, c->user, status, &why);
}

void mock_upgrade_answer(struct pluq_conn *c, int status, const char *why)
{
	finish_upgrade(c, status, why);
	mock_pump(c);
}

bool mock_secure_step(struct pluq_conn *c)
{
	if (c->upgrade && !mock.secure.upgrades_later) {
		finish_upgrade(c, 0, "");
		return true;
	}
	if (mock_auth_asked() && !mock.secure.auth_later) {
		bool denied = mock.secure.deny_d && !session->opening && session->topic == 'd';
		answer(session->opening ? mock.secure.open_status : denied ? PLUQ_EDENIED : 0);
		return true;
	}
	return false;
}
