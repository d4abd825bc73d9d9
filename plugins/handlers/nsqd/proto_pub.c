/* PUB topic: one message. */
#include "auth.h"
#include "body.h"
#include "protocol.h"

enum step publish_body(struct conn *c, enum verb verb, const struct line *l, struct input *in, int64_t defer_ns)
{
	size_t line = (size_t)(l->after - in->at), left = (size_t)(in->end - l->after);

	if (left < 4)
		return conn_more(c, verb == VERB_PUB ? MISSING_PUB_SIZE : MISSING_DPUB_SIZE, line + 4);
	int32_t size = wire_i32(l->after);
	if (size <= 0)
		return fail(c, "E_BAD_MESSAGE %s invalid message body size %d", verb_name(verb), size);
	if (size > c->nsqd->conf->max_msg_size)
		return fail(c, "E_BAD_MESSAGE %s message too big %d > %lld", verb_name(verb), size,
		    (long long)c->nsqd->conf->max_msg_size);
	const uint8_t *body = l->after + 4;
	if ((size_t)size > left - 4) {
		enum step step = conn_more(c, verb_body_missing(verb), line + 4 + (size_t)size);
		if (size <= BODY_WAIT_MAX)
			return step;
		struct intake *intake = intake_new(c, verb, l->word[1], 1);
		if (!intake)
			return STEP_CLOSE;
		intake->defer_ns = defer_ns;
		in->at = body;
		return auth_missing(c) ? intake_discard(c, intake, in, (uint32_t)size) : intake_receive(c, intake, (uint32_t)size);
	}
	struct pluq_body whole = {.bytes = body, .length = (uint32_t)size};
	struct publish p = {.topic = l->word[1], .bodies = &whole, .count = 1, .defer_ns = defer_ns, .verb = verb};
	enum step step = publish(c, &p);
	if (step == STEP_NEXT)
		in->at = body + size;
	return step;
}

enum step proto_pub(struct conn *c, const struct line *l, struct input *in)
{
	if (l->count < 2)
		return fail(c, "E_INVALID PUB insufficient number of parameters");
	if (!topic_name_ok(c, l->word[1]))
		return fail_quoted(c, "E_BAD_TOPIC PUB topic name ", l->word[1], " is not valid");
	return publish_body(c, VERB_PUB, l, in, 0);
}
