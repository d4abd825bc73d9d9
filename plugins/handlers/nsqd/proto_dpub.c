/* DPUB topic delay_ms: one message that is to wait. */
#include <inttypes.h>

#include "body.h"
#include "protocol.h"

#define MS INT64_C(1000000)

enum step proto_dpub(struct conn *c, const struct line *l, struct input *in)
{
	uint64_t delay_ms, longest_ms = (uint64_t)(c->nsqd->conf->max_req_timeout / MS);

	if (l->count < 3)
		return fail(c, "E_INVALID DPUB insufficient number of parameters");
	if (!topic_name_ok(c, l->word[1]))
		return fail_quoted(c, "E_BAD_TOPIC DPUB topic name ", l->word[1], " is not valid");
	if (!decimal_parse(l->word[2], &delay_ms))
		return fail_raw(c, "E_INVALID DPUB could not parse timeout ", l->word[2]);
	if (delay_ms > longest_ms)
		return fail(c, "E_INVALID DPUB timeout %" PRIu64 " out of range 0-%" PRIu64, delay_ms, longest_ms);
	return publish_body(c, VERB_DPUB, l, in, (int64_t)delay_ms * MS);
}
