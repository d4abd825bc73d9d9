/* MPUB topic: a batch. The body size field is range-checked only: count and inner sizes rule, as in the original.
 * Nothing is published until the last message has been seen. */
#include <stdlib.h>
#include <string.h>

#include "body.h"
#include "protocol.h"

/* Bodies kept on the stack: 12 KiB. */
#define STACK_BODIES 512
/* Shortest message with its length. */
#define MESSAGE_MIN 5

/* The head of the next message, with `total` body bytes before it. STEP_NEXT: *size is good; STEP_MORE: not there;
 * STEP_CLOSE, STEP_STOP: the error it is. */
static enum step message_size(
    struct conn *c, const uint8_t *at, size_t left, uint32_t index, uint64_t total, int32_t *size)
{
	long long largest = (long long)c->nsqd->conf->max_body_size;

	if (left < 4)
		return STEP_MORE;
	*size = wire_i32(at);
	if (*size <= 0)
		return fail(c, "E_BAD_MESSAGE MPUB invalid message(%u) body size %d", index, *size);
	if (*size > c->nsqd->conf->max_msg_size)
		return fail(c, "E_BAD_MESSAGE MPUB message too big %d > %lld", *size,
		    (long long)c->nsqd->conf->max_msg_size);
	if (total + (uint64_t)*size > (uint64_t)largest) /* what the size field hid */
		return fail(c, "E_BAD_BODY MPUB body too big %llu > %lld", (unsigned long long)total + (unsigned)*size,
		    largest);
	return STEP_NEXT;
}

/* Whole batch in the input: bodies borrow it. STEP_MORE: it is not. *after: behind the batch. */
static enum step scan(struct conn *c, const uint8_t *at, const uint8_t *end, struct pluq_body *bodies, uint32_t count,
    const uint8_t **after)
{
	uint64_t total = 0;
	int32_t size;

	for (uint32_t k = 0; k < count; k++) {
		enum step step = message_size(c, at, (size_t)(end - at), k, total, &size);
		if (step != STEP_NEXT)
			return step;
		if (size > end - at - 4)
			return STEP_MORE;
		bodies[k] = (struct pluq_body){.bytes = at + 4, .length = (uint32_t)size};
		at += 4 + size;
		total += (uint32_t)size;
	}
	*after = at;
	return STEP_NEXT;
}

static enum step publish_whole(struct conn *c, struct span topic, uint32_t count, const uint8_t *at, struct input *in)
{
	struct pluq_body on_stack[STACK_BODIES], *bodies = on_stack;
	const uint8_t *after;

	if ((size_t)(in->end - at) / MESSAGE_MIN < count)
		return STEP_MORE;
	if (count > STACK_BODIES && !(bodies = malloc(count * sizeof(*bodies))))
		return STEP_CLOSE;
	enum step step = scan(c, at, in->end, bodies, count, &after);
	if (step == STEP_NEXT) {
		struct publish p = {.topic = topic, .bodies = bodies, .count = count, .verb = VERB_MPUB};
		step = publish(c, &p);
		if (step == STEP_NEXT)
			in->at = after;
	}
	if (bodies != on_stack)
		free(bodies);
	return step;
}

static enum step take_one(struct conn *c, struct intake *i, struct input *in, uint32_t size)
{
	size_t left = (size_t)(in->end - in->at) - 4;

	if (size > left && size <= BODY_WAIT_MAX)
		return conn_more(c, MISSING_MPUB_MESSAGE, 4 + (size_t)size);
	i->total += size;
	in->at += 4;
	if (size > left) {
		conn_more(c, MISSING_MPUB_MESSAGE, 0);
		return intake_receive(c, i, size);
	}
	uint8_t *to = intake_message(c, i, size);
	if (!to)
		return STEP_CLOSE;
	memcpy(to, in->at, size);
	in->at += size;
	return STEP_NEXT;
}

enum step mpub_take(struct conn *c, struct intake *i, struct input *in)
{
	int32_t size;

	while (i->count < i->expected) {
		enum step step = message_size(c, in->at, (size_t)(in->end - in->at), i->count, i->total, &size);
		if (step == STEP_MORE) {
			c->missing_index = i->count;
			return conn_more(c, MISSING_MPUB_MESSAGE_SIZE, 4);
		}
		if (step == STEP_NEXT)
			step = take_one(c, i, in, (uint32_t)size);
		if (step != STEP_NEXT)
			return step;
	}
	return STEP_NEXT;
}

/* Body size and count. */
static enum step check_head(struct conn *c, const struct line *l, const struct input *in)
{
	long long largest = (long long)c->nsqd->conf->max_body_size;
	size_t line = (size_t)(l->after - in->at), left = (size_t)(in->end - l->after);

	if (left < 4)
		return conn_more(c, MISSING_MPUB_SIZE, line + 4);
	int32_t size = wire_i32(l->after);
	if (size <= 0)
		return fail(c, "E_BAD_BODY MPUB invalid body size %d", size);
	if (size > largest)
		return fail(c, "E_BAD_BODY MPUB body too big %d > %lld", size, largest);
	if (left < 8)
		return conn_more(c, MISSING_MPUB_COUNT, line + 8);
	int32_t count = wire_i32(l->after + 4);
	if (count <= 0 || count > (largest - 4) / MESSAGE_MIN)
		return fail(c, "E_BAD_BODY MPUB invalid message count %d", count);
	return STEP_NEXT;
}

enum step proto_mpub(struct conn *c, const struct line *l, struct input *in)
{
	if (l->count < 2)
		return fail(c, "E_INVALID MPUB insufficient number of parameters");
	if (!topic_name_ok(c, l->word[1]))
		return fail_quoted(c, "E_BAD_TOPIC E_BAD_TOPIC MPUB topic name ", l->word[1], " is not valid");
	enum step step = publish_allowed(c, VERB_MPUB, l->word[1]);
	if (step == STEP_NEXT)
		step = topic_open(c, VERB_MPUB, l->word[1]);
	if (step != STEP_NEXT)
		return step;
	step = check_head(c, l, in);
	if (step != STEP_NEXT)
		return step;
	const uint8_t *messages = l->after + 8;
	uint32_t count = (uint32_t)wire_i32(l->after + 4);
	step = publish_whole(c, l->word[1], count, messages, in);
	if (step != STEP_MORE)
		return step;
	if (!intake_new(c, VERB_MPUB, l->word[1], count))
		return STEP_CLOSE;
	in->at = messages;
	return intake_step(c, in);
}
