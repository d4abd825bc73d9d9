/* Bodies that do not stand in the input as a whole. Messages are received into bodies of their own, so that a large one
 * is copied by the kernel only. */
#include "body.h"

#include <stdlib.h>
#include <string.h>

#include "protocol.h"

struct intake *intake_new(struct conn *c, enum verb verb, struct span topic, uint32_t expected)
{
	struct intake *i = calloc(1, sizeof(*i));

	if (!i)
		return NULL;
	i->verb = (uint8_t)verb;
	i->expected = expected;
	i->topic_length = (uint8_t)topic.length; /* a valid name */
	if (topic.length)
		memcpy(i->topic, topic.at, topic.length);
	c->intake = i;
	return i;
}

static void drop_bodies(struct conn *c, struct intake *i)
{
	for (uint32_t k = 0; k < i->count; k++)
		c->nsqd->broker->msg_unref(i->bodies[k].msg);
}

static void release(struct conn *c, bool taken)
{
	struct intake *i = c->intake;

	if (!taken)
		drop_bodies(c, i);
	c->intake = NULL;
	free(i->bodies);
	free(i->bytes);
	free(i);
}

void intake_drop(struct conn *c)
{
	if (c->intake)
		release(c, false);
}

/* The array grows with what has arrived, not with what was announced. */
static bool grow(struct intake *i)
{
	uint32_t capacity = i->capacity ? i->capacity * 2 : 64;

	if (capacity > i->expected)
		capacity = i->expected;
	struct pluq_body *bodies = realloc(i->bodies, capacity * sizeof(*bodies));
	if (!bodies)
		return false;
	i->bodies = bodies;
	i->capacity = capacity;
	return true;
}

uint8_t *intake_message(struct conn *c, struct intake *i, uint32_t length)
{
	const struct pluq_broker *broker = c->nsqd->broker;

	if (i->count == i->capacity && !grow(i))
		return NULL;
	struct pluq_msg *msg = broker->msg_new(c->nsqd->host, length);
	if (!msg)
		return NULL;
	uint8_t *to = broker->msg_body(msg);
	i->bodies[i->count++] = (struct pluq_body){.bytes = to, .msg = msg, .length = length};
	return to;
}

enum step intake_receive(struct conn *c, struct intake *i, uint32_t length)
{
	uint8_t *to = intake_message(c, i, length);

	if (!to)
		return STEP_CLOSE;
	i->filling = true;
	c->nsqd->net->conn_read_into(c->net, to, length);
	return STEP_STOP;
}

bool intake_complete(const struct conn *c)
{
	const struct intake *i = c->intake;

	if (i->length)
		return i->received == i->length;
	return !i->filling && i->count == i->expected;
}

static enum step hand_over(struct conn *c, struct intake *i)
{
	struct publish p = {.topic = {(const uint8_t *)i->topic, i->topic_length}, .bodies = i->bodies,
	    .count = i->count, .defer_ns = i->defer_ns, .verb = (enum verb)i->verb};
	enum step step = publish(c, &p);

	if (step != STEP_STOP || c->ending)
		release(c, step == STEP_NEXT);
	return step;
}

static enum step judge(struct conn *c, struct intake *i)
{
	enum step step = i->verb == VERB_IDENTIFY ? identify_body(c, i->bytes, i->length) :
						    auth_body(c, i->bytes, i->length);

	release(c, false);
	return step;
}

/* IDENTIFY and AUTH are not received straight into their place: a connection is upgraded within on_data only. */
static enum step take_bytes(struct conn *c, struct intake *i, struct input *in)
{
	size_t left = (size_t)(in->end - in->at), n = i->length - i->received;

	if (n > left)
		n = left;
	if (i->bytes)
		memcpy(i->bytes + i->received, in->at, n);
	in->at += n;
	i->received += (uint32_t)n;
	return i->received == i->length ? STEP_NEXT : conn_more(c, verb_body_missing((enum verb)i->verb), 0);
}

enum step intake_discard(struct conn *c, struct intake *i, struct input *in, uint32_t length)
{
	i->length = length;
	return take_bytes(c, i, in);
}

enum step intake_step(struct conn *c, struct input *in)
{
	if (!intake_complete(c)) {
		enum step step = c->intake->length ? take_bytes(c, c->intake, in) : mpub_take(c, c->intake, in);
		if (step != STEP_NEXT)
			return step;
	}
	c->missing = MISSING_NONE;
	return c->intake->bytes ? judge(c, c->intake) : hand_over(c, c->intake);
}

enum step intake_received(struct conn *c)
{
	c->intake->filling = false;
	if (intake_complete(c))
		return intake_step(c, NULL);
	c->missing = MISSING_MPUB_MESSAGE_SIZE;
	c->missing_index = c->intake->count;
	return STEP_NEXT;
}

enum step small_body(struct conn *c, enum verb verb, const struct line *l, struct input *in)
{
	bool identify = verb == VERB_IDENTIFY;
	size_t line = (size_t)(l->after - in->at), left = (size_t)(in->end - l->after);

	if (left < 4)
		return conn_more(c, identify ? MISSING_IDENTIFY_SIZE : MISSING_AUTH_SIZE, line + 4);
	int32_t size = wire_i32(l->after);
	if (size > c->nsqd->conf->max_body_size)
		return fail(c, "E_BAD_BODY %s body too big %d > %lld", verb_name(verb), size,
		    (long long)c->nsqd->conf->max_body_size);
	if (size <= 0)
		return fail(c, "E_BAD_BODY %s invalid body size %d", verb_name(verb), size);
	const uint8_t *body = l->after + 4;
	if ((size_t)size <= left - 4) {
		in->at = body + size;
		return identify ? identify_body(c, body, (size_t)size) : auth_body(c, body, (size_t)size);
	}
	enum step step = conn_more(c, verb_body_missing(verb), line + 4 + (size_t)size);
	if (size <= BODY_WAIT_MAX)
		return step;
	struct intake *i = intake_new(c, verb, (struct span){NULL, 0}, 0);
	if (!i || !(i->bytes = malloc((size_t)size)))
		return STEP_CLOSE;
	i->length = (uint32_t)size;
	in->at = body;
	return take_bytes(c, i, in);
}
