#include "identify.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"

#define MAX_RDY_DEFAULT 2500 /* of a server that does not tell */

/* Absent members are not sent at all: null would be accepted too, but not by every older server. */
static bool set_string(json_t *object, const char *key, const char *value)
{
	return !value || !json_object_set_new(object, key, json_string(value));
}

static bool set_number(json_t *object, const char *key, int32_t value)
{
	return !value || !json_object_set_new(object, key, json_integer(value));
}

static bool set_true(json_t *object, const char *key, bool value)
{
	return !value || !json_object_set_new(object, key, json_true());
}

static json_t *to_json(const struct pluqc_identity *who)
{
	char host[256] = "", shortened[256];
	json_t *object = json_object();

	if (gethostname(host, sizeof host - 1))
		host[0] = 0;
	memcpy(shortened, host, sizeof shortened);
	shortened[strcspn(shortened, ".")] = 0;
	if (object && set_string(object, "client_id", who->client_id ? who->client_id : shortened) &&
	    set_string(object, "hostname", who->hostname ? who->hostname : host) &&
	    set_string(object, "user_agent", who->user_agent) &&
	    set_number(object, "heartbeat_interval", who->heartbeat_interval_ms) &&
	    set_number(object, "msg_timeout", who->msg_timeout_ms) && set_true(object, "tls_v1", who->tls) &&
	    set_true(object, "snappy", who->snappy) && set_true(object, "deflate", who->deflate) &&
	    !json_object_set_new(object, "feature_negotiation", json_true()))
		return object;
	json_decref(object);
	return NULL;
}

void pluqc_identify_encode(struct pluqc_buf *b, const struct pluqc_identity *who)
{
	json_t *object = to_json(who);
	char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;

	if (text)
		pluqc_cmd_identify(b, text, strlen(text));
	else if (!b->error)
		b->error = PLUQC_ENOMEM;
	free(text);
	json_decref(object);
}

int pluqc_identify_decode(const struct pluqc_frame *frame, struct pluqc_features *out)
{
	json_t *object;
	json_int_t max_rdy;

	*out = (struct pluqc_features){.max_rdy_count = MAX_RDY_DEFAULT};
	if (frame->type != PLUQC_FRAME_RESPONSE)
		return PLUQC_EFRAME;
	if (!frame->length || frame->data[0] != '{')
		return 0;
	object = json_loadb((const char *)frame->data, frame->length, 0, NULL);
	if (!object)
		return PLUQC_EFRAME;
	max_rdy = json_integer_value(json_object_get(object, "max_rdy_count"));
	if (max_rdy > 0 && max_rdy <= UINT32_MAX)
		out->max_rdy_count = (uint32_t)max_rdy;
	out->tls = json_is_true(json_object_get(object, "tls_v1"));
	out->snappy = json_is_true(json_object_get(object, "snappy"));
	out->deflate = json_is_true(json_object_get(object, "deflate"));
	out->auth_required = json_is_true(json_object_get(object, "auth_required"));
	json_decref(object);
	return 0;
}
