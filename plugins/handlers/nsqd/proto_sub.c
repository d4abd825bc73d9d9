/* SUB topic channel: the connection goes to the topic's home and becomes a consumer there. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "auth.h"
#include "body.h"
#include "deliver.h"
#include "metrics.h"
#include "names.h"
#include "protocol.h"

/* Times a deleted topic is looked up again; its name is free once the lookup has answered. */
#define STALE_TRIES 2

static enum step check(struct conn *c, const struct line *l)
{
	if (c->state != STATE_INIT)
		return fail_state(c, "SUB");
	if (c->interval <= 0)
		return fail(c, "E_INVALID cannot SUB with heartbeats disabled");
	if (l->count < 3)
		return fail(c, "E_INVALID SUB insufficient number of parameters");
	if (!topic_name_ok(c, l->word[1]))
		return fail_quoted(c, "E_BAD_TOPIC SUB topic name ", l->word[1], " is not valid");
	if (!name_valid(l->word[2].at, l->word[2].length))
		return fail_quoted(c, "E_BAD_CHANNEL SUB channel name ", l->word[2], " is not valid");
	return STEP_NEXT;
}

static enum step refused(struct conn *c, const struct line *l, int status)
{
	if (status == PLUQ_ELIMIT)
		return fail(c, "E_SUB_FAILED SUB failed consumers for %.*s:%.*s exceeds limit of %" PRId64,
		    (int)l->word[1].length, (const char *)l->word[1].at, (int)l->word[2].length,
		    (const char *)l->word[2].at, c->nsqd->conf->max_channel_consumers);
	if (status == PLUQ_ESTALE)
		return fail(c, "E_SUB_FAILED SUB failed to deleted topic/channel");
	return fail(c, "E_SUB_FAILED SUB failed %s", status_text(status));
}

static int subscribe(struct conn *c, struct span channel)
{
	struct pluq_sub_params params = {.size = sizeof(params), .sample_rate = c->deliver_sample_rate,
	    .msg_timeout_ns = c->deliver_timeout, .touch_timeout_ns = c->touch_timeout};
	char *name = strndup((const char *)channel.at, channel.length);

	if (!name)
		return PLUQ_ENOMEM;
	int status = c->nsqd->broker->subscribe(c->nsqd->host, c->topic, name, channel.length, &params, &sub_ops, c,
	    &c->sub);
	if (status < 0) {
		free(name);
		return status;
	}
	c->sub_topic = c->nsqd->broker->topic_ref(c->topic);
	c->sub_channel = name;
	return 0;
}

enum step proto_sub(struct conn *c, const struct line *l, struct input *in)
{
	enum step step = check(c, l);
	int status;

	(void)in;
	if (step != STEP_NEXT)
		return step;
	if (answers_open(&c->answers)) { /* a connection with answers to come does not move */
		c->want_quiet = true;
		conn_pause(c, PAUSE_ANSWERS);
		return STEP_STOP;
	}
	if (c->guarded) {
		step = auth_check(c, "SUB", PLUQ_MAY_SUBSCRIBE, l->word[1], l->word[2]);
		if (step != STEP_NEXT)
			return step;
	}
	do {
		status = topic_want(c, l->word[1]);
		if (status == PLUQ_ELATER)
			return STEP_STOP;
		if (status < 0)
			return refused(c, l, status);
		if (c->nsqd->broker->topic_home(c->topic) != c->loop) {
			conn_move_to(c, c->nsqd->broker->topic_home(c->topic));
			return STEP_STOP;
		}
		status = subscribe(c, l->word[2]);
		if (status == PLUQ_ESTALE)
			topic_drop(c);
	} while (status == PLUQ_ESTALE && ++c->stale <= STALE_TRIES);
	if (status < 0)
		return refused(c, l, status);
	c->stale = 0;
	metrics_state(c, -1);
	c->state = STATE_SUBSCRIBED;
	metrics_state(c, 1);
	answer_ok(c);
	return c->guarded ? auth_watch(c) : STEP_NEXT;
}
