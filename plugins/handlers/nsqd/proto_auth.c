/* AUTH: a secret, by which the auth plugins tell who the client is and what it may do. */
#include "auth.h"
#include "body.h"
#include "protocol.h"

enum step proto_auth(struct conn *c, const struct line *l, struct input *in)
{
	if (c->state != STATE_INIT)
		return fail_state(c, "AUTH");
	if (l->count != 1)
		return fail(c, "E_INVALID AUTH invalid number of parameters");
	return small_body(c, VERB_AUTH, l, in);
}

enum step auth_body(struct conn *c, const uint8_t *body, size_t length)
{
	if (c->authed)
		return fail(c, "E_INVALID AUTH already set");
	if (!c->guarded)
		return fail(c, "E_AUTH_DISABLED AUTH disabled");
	return auth_open(c, body, length);
}
