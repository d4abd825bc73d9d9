/* NOP: keeps the connection alive, as any command does. */
#include "protocol.h"

enum step proto_nop(struct conn *c, const struct line *l, struct input *in)
{
	(void)c;
	(void)l;
	(void)in;
	return STEP_NEXT;
}
