/* IDENTIFY: who the client is, and what it wants the connection to be like. */
#include <inttypes.h>
#include <string.h>

#include "body.h"
#include "heartbeat.h"
#include "identify_json.h"
#include "json_out.h"
#include "protocol.h"
#include "upgrade.h"

#define MS INT64_C(1000000)
#define SHORTEST_MS 1000     /* heartbeat interval and message timeout */
#define SMALLEST_BUFFER 64   /* bytes */
#define DEFLATE_STANDARD 6

enum step proto_identify(struct conn *c, const struct line *l, struct input *in)
{
	if (c->state != STATE_INIT)
		return fail_state(c, "IDENTIFY");
	if (answers_open(&c->answers)) { /* an upgrade begins behind all that was said before */
		c->want_quiet = true;
		conn_pause(c, PAUSE_ANSWERS);
		return STEP_STOP;
	}
	return small_body(c, VERB_IDENTIFY, l, in);
}

static bool within(int64_t value, int64_t low, int64_t high)
{
	return value >= low && value <= high;
}

/* The settings, in the order in which the original judges them. NULL, or what is wrong; *value: with which number. */
static const char *negotiate(struct conn *c, const struct identify *i, int64_t *value)
{
	const struct conf *conf = c->nsqd->conf;

	*value = i->heartbeat_interval;
	if (*value == -1)
		c->interval = 0;
	else if (within(*value, SHORTEST_MS, conf->max_heartbeat_interval / MS))
		c->interval = *value * MS;
	else if (*value != 0)
		return "heartbeat interval";

	*value = i->output_buffer_timeout;
	if (*value == -1)
		c->output_timeout = 0;
	else if (*value != 0 &&
	    !within(*value, conf->min_output_buffer_timeout / MS, conf->max_output_buffer_timeout / MS))
		return "output buffer timeout";
	else if (*value != 0)
		c->output_timeout = *value * MS;

	*value = i->output_buffer_size;
	if (*value == -1) {
		c->output_size = 1;
		c->output_timeout = 0;
	} else if (within(*value, SMALLEST_BUFFER, conf->max_output_buffer_size)) {
		c->output_size = (int32_t)*value;
	} else if (*value != 0) {
		return "output buffer size";
	}

	*value = i->sample_rate;
	if (!within(*value, 0, 99))
		return "sample rate";
	c->sample_rate = i->sample_rate;

	*value = i->msg_timeout;
	if (within(*value, SHORTEST_MS, conf->max_msg_timeout / MS))
		c->touch_timeout = *value * MS;
	else if (*value != 0)
		return "msg timeout";
	return NULL;
}

/* The first IDENTIFY fixes the delivery side; a later one changes deadlines, buffer, and what is shown. */
static void apply(struct conn *c)
{
	const struct pluq_net *net = c->nsqd->net;

	net->conn_set_output_limit(c->net, (size_t)c->output_size);
	net->conn_set_write_timeout(c->net, c->interval);
	if (c->identified) {
		heartbeat_arm(c);
		return;
	}
	c->identified = true;
	c->cadence = c->interval;
	c->deliver_timeout = c->touch_timeout;
	c->deliver_sample_rate = c->sample_rate;
	heartbeat_restart(c);
}

/* Takes the strings out of *i. */
static void introduce(struct conn *c, struct identify *i)
{
	identity_free(&c->identity);
	c->identity = (struct identity){.client_id = i->client_id, .hostname = i->hostname, .user_agent = i->user_agent,
	    .region = i->topology_region, .zone = i->topology_zone};
	*i = (struct identify){0};
}

/* The layers that are asked for and offered. A connection has got all that it will have with the first of them. */
static uint8_t layers_for(const struct conn *c, const struct identify *i)
{
	const struct conf *conf = c->nsqd->conf;
	unsigned layers = 0;

	if (!i->feature_negotiation || c->layers)
		return 0;
	if (i->tls_v1 && c->nsqd->tls)
		layers |= LAYER_TLS;
	if (i->snappy && conf->snappy)
		layers |= LAYER_SNAPPY;
	if (i->deflate && conf->deflate)
		layers |= LAYER_DEFLATE;
	return (uint8_t)layers;
}

static uint8_t deflate_level_for(const struct conn *c, const struct identify *i, uint8_t layers)
{
	int64_t level = (layers & LAYER_DEFLATE) && i->deflate_level > 0 ? i->deflate_level : DEFLATE_STANDARD;
	int64_t most = c->nsqd->conf->max_deflate_level;

	return (uint8_t)(level < most ? level : most);
}

static void answer_features(struct conn *c, uint8_t layers, uint8_t deflate_level)
{
	const struct conf *conf = c->nsqd->conf;
	struct text text = {0};
	struct json j = {.http = c->nsqd->http, .out = &text};

	json_open(&j, '{');
	json_put_int(&j, "max_rdy_count", conf->max_rdy_count);
	json_put_string(&j, "version", NSQD_VERSION);
	json_put_int(&j, "max_msg_timeout", conf->max_msg_timeout / MS);
	json_put_int(&j, "msg_timeout", c->touch_timeout / MS);
	json_put_bool(&j, "tls_v1", layers & LAYER_TLS);
	json_put_bool(&j, "deflate", layers & LAYER_DEFLATE);
	json_put_int(&j, "deflate_level", deflate_level);
	json_put_int(&j, "max_deflate_level", conf->max_deflate_level);
	json_put_bool(&j, "snappy", layers & LAYER_SNAPPY);
	json_put_int(&j, "sample_rate", c->sample_rate);
	json_put_bool(&j, "auth_required", c->guarded);
	json_put_int(&j, "output_buffer_size", c->output_size);
	json_put_int(&j, "output_buffer_timeout", c->output_timeout / MS);
	json_put_string(&j, "topology_region", conf->topology_region);
	json_put_string(&j, "topology_zone", conf->topology_zone);
	json_close(&j, '}');
	answer_text(c, FRAME_RESPONSE, text);
}

/* The answer, and what follows from it. */
static enum step agree(struct conn *c, bool features, uint8_t layers, uint8_t deflate_level)
{
	if (layers & LAYER_SNAPPY && layers & LAYER_DEFLATE)
		return fail(c, "E_IDENTIFY_FAILED cannot enable both deflate and snappy compression");
	if (features)
		answer_features(c, layers, deflate_level);
	else
		answer_ok(c);
	if (!layers || c->ending)
		return STEP_NEXT;
	c->wanted = layers;
	c->deflate_level = deflate_level;
	return upgrade_start(c);
}

enum step identify_body(struct conn *c, const uint8_t *body, size_t length)
{
	struct identify i;
	int64_t value = 0;
	int status = identify_parse(body, length, &i);
	const char *wrong = status < 0 ? NULL : negotiate(c, &i, &value);
	bool features = i.feature_negotiation;
	uint8_t layers = layers_for(c, &i), deflate_level = deflate_level_for(c, &i, layers);

	if (status < 0 || wrong) {
		identify_free(&i);
		if (status == PLUQ_ENOMEM)
			return STEP_CLOSE;
		return wrong ? fail(c, "E_BAD_BODY IDENTIFY %s (%" PRId64 ") is invalid", wrong, value) :
			       fail(c, "E_BAD_BODY IDENTIFY failed to decode JSON body");
	}
	introduce(c, &i);
	apply(c);
	return agree(c, features, layers, deflate_level);
}
