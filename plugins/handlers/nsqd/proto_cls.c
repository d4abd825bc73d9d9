/* CLS: no more messages, please; what is in flight may still be answered. */
#include "metrics.h"
#include "protocol.h"

enum step proto_cls(struct conn *c, const struct line *l, struct input *in)
{
	struct text text = {0};

	(void)l;
	(void)in;
	if (c->state != STATE_SUBSCRIBED)
		return fail_state(c, "CLS");
	if (c->sub)
		c->nsqd->broker->sub_ready(c->sub, 0);
	metrics_state(c, -1);
	c->state = STATE_CLOSING;
	metrics_state(c, 1);
	text_str(&text, "CLOSE_WAIT");
	answer_text(c, FRAME_RESPONSE, text);
	return STEP_NEXT;
}
