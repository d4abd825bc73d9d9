#include "sieve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* `judged` is not looked at before a validator has filled it. */
void sieve_init(struct sieve *s, struct nsqd *n, const struct pluq_validation *by)
{
	s->nsqd = n;
	s->by = by;
	s->split = NULL;
	s->out = NULL;
	s->room = s->seen = s->out_count = 0;
}

static bool leave_out(struct sieve *s)
{
	size_t byte = s->seen / 8;

	if (byte >= s->room) {
		size_t room = s->room ? s->room : 16;
		while (room <= byte)
			room *= 2;
		uint8_t *out = realloc(s->out, room);
		if (!out)
			return false;
		memset(out + s->room, 0, room - s->room);
		s->out = out;
		s->room = room;
	}
	s->out[byte] |= (uint8_t)(1u << s->seen % 8);
	s->out_count++;
	return true;
}

static int send_elsewhere(struct sieve *s, const struct pluq_body *body)
{
	const char *topic = s->judged.finding.topic;

	if (!s->split && !(s->split = split_new(s->nsqd)))
		return PLUQ_ENOMEM;
	if (s->judged.judgement == PLUQ_REJECT)
		return split_drop(s->split, body);
	return split_add(s->split, topic, strlen(topic), body);
}

static enum sieved take_out(struct sieve *s, const struct pluq_body *body)
{
	int status = leave_out(s) ? send_elsewhere(s, body) : PLUQ_ENOMEM;

	if (status != PLUQ_ELIMIT)
		return status == 0 ? SIEVE_ACCEPTS : SIEVE_NO_MEMORY;
	snprintf(s->judged.finding.reason, sizeof(s->judged.finding.reason), "the messages would go to more than %d topics",
	    SPLIT_TOPICS_MOST);
	return SIEVE_REFUSES;
}

enum sieved sieve_judge(struct sieve *s, const struct pluq_body *body)
{
	struct pluq_judged *judged = &s->judged;
	enum sieved sieved = SIEVE_ACCEPTS;

	s->nsqd->validators->judge(s->by, body->bytes, body->length, judged);
	if (judged->judgement == PLUQ_REJECT && !judged->drop)
		sieved = SIEVE_REFUSES;
	else if (judged->judgement != PLUQ_ACCEPT)
		sieved = take_out(s, body);
	s->seen++;
	return sieved;
}

bool sieve_leaves_out(const struct sieve *s, size_t index)
{
	return index / 8 < s->room && (s->out[index / 8] >> index % 8 & 1);
}

void sieve_text_index(const struct sieve *s, bool batch, struct text *t)
{
	if (batch)
		text_printf(t, " message(%zu)", s->seen - 1);
}

void sieve_text_reason(const struct sieve *s, struct text *t)
{
	text_printf(t, " by %s: %s", s->judged.validator, s->judged.finding.reason);
}

void sieve_fini(struct sieve *s)
{
	split_free(&s->split);
	free(s->out);
	s->out = NULL;
	s->room = 0;
}
