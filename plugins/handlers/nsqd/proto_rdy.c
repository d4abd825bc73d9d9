/* RDY [count]: the window, messages that may be in flight to this consumer. */
#include <inttypes.h>

#include "protocol.h"

enum step proto_rdy(struct conn *c, const struct line *l, struct input *in)
{
	uint64_t count = 1;

	(void)in;
	if (c->state == STATE_CLOSING)
		return STEP_NEXT;
	if (c->state != STATE_SUBSCRIBED)
		return fail_state(c, "RDY");
	if (l->count > 1 && !decimal_parse(l->word[1], &count))
		return fail_raw(c, "E_INVALID RDY could not parse count ", l->word[1]);
	if (count > (uint64_t)c->nsqd->conf->max_rdy_count)
		return fail(c, "E_INVALID RDY count %" PRId64 " out of range 0-%" PRId64, (int64_t)count,
		    c->nsqd->conf->max_rdy_count);
	if (c->sub)
		c->nsqd->broker->sub_ready(c->sub, (int64_t)count);
	return STEP_NEXT;
}
