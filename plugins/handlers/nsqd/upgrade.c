#include "upgrade.h"

#include "heartbeat.h"
#include "protocol.h"

/* A handshake that is not done by then is given up. */
#define HANDSHAKE_TIME INT64_C(5000000000)

/* The next one: TLS first. */
static uint8_t next_layer(const struct conn *c)
{
	return (uint8_t)(c->wanted & -c->wanted);
}

static int begin(struct conn *c)
{
	struct pluq_upgrade u = {.size = sizeof(u), .what = PLUQ_UPGRADE_TLS, .tls = c->nsqd->tls,
	    .timeout_ns = HANDSHAKE_TIME, .level = c->deflate_level};

	if (next_layer(c) != LAYER_TLS)
		u.what = next_layer(c) == LAYER_SNAPPY ? PLUQ_UPGRADE_SNAPPY : PLUQ_UPGRADE_DEFLATE;
	return c->nsqd->net->conn_upgrade(c->net, &u);
}

static enum step failed(struct conn *c, const char *cause)
{
	c->wanted = 0;
	return fail(c, "E_IDENTIFY_FAILED IDENTIFY failed %s", cause);
}

enum step upgrade_start(struct conn *c)
{
	frame_settle(c);
	int status = begin(c);
	if (status < 0)
		return failed(c, status_text(status));
	heartbeat_arm(c);
	return STEP_STOP;
}

static void note(struct conn *c, uint8_t layer)
{
	struct pluq_tls_info info = {.size = sizeof(info)};

	c->layers |= layer;
	c->wanted &= (uint8_t)~layer;
	if (layer != LAYER_TLS)
		return;
	c->clear = false;
	if (c->nsqd->net->conn_tls(c->net, &info)) {
		c->tls_version = info.version;
		c->tls_suite = info.cipher;
	}
}

void on_upgraded(struct pluq_conn *net, void *user, int status, const struct pluq_why *why)
{
	struct conn *c = user;

	(void)net;
	if (c->ending)
		return;
	if (status < 0) {
		conn_settle(c, failed(c, why && why->text[0] ? why->text : status_text(status)));
		return;
	}
	note(c, next_layer(c));
	frame_ok(c);
	if (c->wanted && (status = begin(c)) < 0) {
		conn_settle(c, failed(c, status_text(status)));
	} else if (!c->wanted) {
		c->waiting_since = c->nsqd->host->now_ns(c->nsqd->host);
		heartbeat_arm(c);
	}
}
