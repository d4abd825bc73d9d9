/* REQ id delay_ms: the message is to come again, at once or later. */
#include <inttypes.h>

#include "protocol.h"

#define MS INT64_C(1000000)

/* Delays past the limit are clamped, never an error. Told at debug only: info has no line per message. */
static int64_t clamp(struct conn *c, uint64_t delay_ms)
{
	int64_t longest = c->nsqd->conf->max_req_timeout;

	if (delay_ms <= (uint64_t)(longest / MS))
		return (int64_t)delay_ms * MS;
	c->nsqd->host->log(c->nsqd->host, PLUQ_DEBUG,
	    "%s: REQ timeout %" PRIu64 " ms out of range, using %" PRId64 " ms", c->nsqd->net->conn_remote(c->net),
	    delay_ms, longest / MS);
	return longest;
}

enum step proto_req(struct conn *c, const struct line *l, struct input *in)
{
	enum step step;
	uint64_t delay_ms;
	const uint8_t *id = message_id(c, "REQ", l, 3, &step);

	(void)in;
	if (!id)
		return step;
	if (!decimal_parse(l->word[2], &delay_ms))
		return fail_raw(c, "E_INVALID REQ could not parse timeout ", l->word[2]);
	int64_t delay = clamp(c, delay_ms);
	int status = c->sub ? c->nsqd->broker->sub_requeue(c->sub, id, delay) : PLUQ_ENOTINFLIGHT;
	if (status < 0)
		fail_message(c, "E_REQ_FAILED", "REQ", id, status);
	return STEP_NEXT;
}
