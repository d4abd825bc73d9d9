/* FIN id: the message is done with. */
#include <string.h>

#include "protocol.h"

/* "FIN ", the id, the line end. */
#define FIN_LENGTH 21

static void finish(struct conn *c, const uint8_t *id)
{
	int status = c->sub ? c->nsqd->broker->sub_finish(c->sub, id) : PLUQ_ENOTINFLIGHT;

	if (status < 0)
		fail_message(c, "E_FIN_FAILED", "FIN", id, status);
}

/* Whether any byte of the word is the given one. */
static inline bool word_has(uint64_t word, uint8_t byte)
{
	uint64_t x = word ^ (UINT64_C(0x0101010101010101) * byte);

	return ((x - UINT64_C(0x0101010101010101)) & ~x & UINT64_C(0x8080808080808080)) != 0;
}

/* A space or a line end within the id makes it another line; a '\r' at its end would be part of the line end. */
static inline bool id_plain(const uint8_t *id)
{
	uint64_t half[2];

	memcpy(half, id, sizeof(half));
	return !word_has(half[0], ' ') && !word_has(half[1], ' ') && !word_has(half[0], '\n') &&
	    !word_has(half[1], '\n') && id[15] != '\r';
}

bool proto_fin_fast(struct conn *c, struct input *in)
{
	if (in->end - in->at < FIN_LENGTH || c->state == STATE_INIT)
		return false;
	if (memcmp(in->at, "FIN ", 4) != 0 || in->at[FIN_LENGTH - 1] != '\n' || !id_plain(in->at + 4))
		return false;
	finish(c, in->at + 4);
	in->at += FIN_LENGTH;
	return true;
}

enum step proto_fin(struct conn *c, const struct line *l, struct input *in)
{
	enum step step;
	const uint8_t *id = message_id(c, "FIN", l, 2, &step);

	(void)in;
	if (!id)
		return step;
	finish(c, id);
	return STEP_NEXT;
}
