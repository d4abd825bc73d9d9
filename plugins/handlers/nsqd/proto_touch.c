/* TOUCH id: more time for a message in flight. */
#include "protocol.h"

enum step proto_touch(struct conn *c, const struct line *l, struct input *in)
{
	enum step step;
	const uint8_t *id = message_id(c, "TOUCH", l, 2, &step);

	(void)in;
	if (!id)
		return step;
	int status = c->sub ? c->nsqd->broker->sub_touch(c->sub, id) : PLUQ_ENOTINFLIGHT;
	if (status < 0)
		fail_message(c, "E_TOUCH_FAILED", "TOUCH", id, status);
	return STEP_NEXT;
}
