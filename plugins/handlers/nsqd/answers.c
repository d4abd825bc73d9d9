#include "answers.h"

#include <stdlib.h>

#include "conn.h"
#include "quote.h"

static struct answer *slot(struct answers *a, uint32_t number)
{
	return &a->slots[number & (ANSWER_SLOTS - 1)];
}

struct answer *answers_next(struct conn *c)
{
	struct answers *a = &c->answers;

	if (!a->slots) {
		a->slots = calloc(ANSWER_SLOTS, sizeof(*a->slots));
		if (!a->slots)
			return NULL;
	}
	struct answer *next = slot(a, a->tail);
	*next = (struct answer){.conn = c};
	return next;
}

void answers_take(struct conn *c)
{
	c->answers.tail++;
}

static void log_fatal(struct conn *c, const struct text *text)
{
	const struct pluq_host *host = c->nsqd->host;
	struct text shown = {0};

	if (!host->log_on(host, PLUQ_INFO))
		return;
	text_quote(&shown, text->data, text->length < 200 ? text->length : 200);
	if (!shown.failed)
		host->log(host, PLUQ_INFO, "%s: closing after %.*s", c->nsqd->net->conn_remote(c->net),
		    (int)shown.length, shown.data);
	text_free(&shown);
}

static void write_fatal(struct conn *c, const struct text *text)
{
	log_fatal(c, text);
	frame_write(c, FRAME_ERROR, text->data, text->length);
	c->ending = c->ended = true;
}

/* Writes the answers that are known and whose turn it is. false: one of them was fatal. */
static bool write_known(struct conn *c)
{
	struct answers *a = &c->answers;

	while (answers_open(a) && slot(a, a->head)->known) {
		struct answer *first = slot(a, a->head);
		struct text text = first->text;
		a->head++;
		if (first->fatal) {
			write_fatal(c, &text);
			text_free(&text);
			return false;
		}
		if (text.length)
			frame_write(c, (enum frame_type)first->type, text.data, text.length);
		else
			frame_ok(c);
		text_free(&text);
	}
	return true;
}

void answers_known(struct answer *answer, struct text text, bool fatal)
{
	struct conn *c = answer->conn;
	struct answers *a = &c->answers;

	answer->text = text;
	answer->type = fatal ? FRAME_ERROR : FRAME_RESPONSE;
	answer->fatal = fatal;
	answer->known = true;
	if (c->ended)
		return;
	if (!write_known(c)) {
		conn_end(c);
		return;
	}
	if (!answers_open(a))
		c->waiting_since = c->nsqd->host->now_ns(c->nsqd->host);
	if (!answers_open(a) && c->eof)
		conn_end(c);
	else if (c->want_quiet ? !answers_open(a) : a->tail - a->head <= ANSWER_SLOTS / 2)
		conn_resume(c, PAUSE_ANSWERS);
}

/* An answer that is known, behind others that are not. */
static bool queue(struct conn *c, enum frame_type type, struct text text, bool fatal)
{
	struct answer *next = answers_next(c);

	if (!next)
		return false;
	next->text = text;
	next->type = (uint8_t)type;
	next->known = true;
	next->fatal = fatal;
	answers_take(c);
	return true;
}

void answer_ok(struct conn *c)
{
	if (!answers_open(&c->answers))
		frame_ok(c);
	else
		queue(c, FRAME_RESPONSE, (struct text){0}, false);
}

void answer_text(struct conn *c, enum frame_type type, struct text text)
{
	if (text.failed) {
		text_free(&text);
		conn_abort(c);
	} else if (answers_open(&c->answers)) {
		queue(c, type, text, false);
	} else {
		frame_write(c, type, text.data, text.length);
		text_free(&text);
	}
}

enum step answer_fatal(struct conn *c, struct text text)
{
	if (c->ending || text.failed) {
		text_free(&text);
		return STEP_CLOSE;
	}
	c->ending = true;
	if (answers_open(&c->answers)) {
		queue(c, FRAME_ERROR, text, true);
		conn_pause(c, PAUSE_END);
		return STEP_STOP;
	}
	write_fatal(c, &text);
	text_free(&text);
	return STEP_CLOSE;
}

void answers_trim(struct answers *a)
{
	if (!answers_open(a))
		answers_free(a);
}

void answers_free(struct answers *a)
{
	for (; answers_open(a); a->head++)
		text_free(&slot(a, a->head)->text);
	free(a->slots);
	*a = (struct answers){0};
}
