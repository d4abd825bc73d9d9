#include "http_batch.h"

#include <stdlib.h>
#include <string.h>

/* Messages handed over at once. */
#define CHUNK 512
/* Times a topic that was deleted meanwhile is made again. */
#define STALE_TRIES 2

static void find_topic(struct batch *);

static void batch_free(struct batch *b)
{
	if (b->topic)
		b->nsqd->broker->topic_unref(b->topic);
	sieve_fini(&b->sieve);
	free(b);
}

/* Whatever the reason, this is what the original says. */
static void refuse(struct batch *b, int status)
{
	if (status == PLUQ_ENOMEM)
		b->nsqd->http->error(b->req, 500, "INTERNAL_ERROR");
	else
		b->nsqd->http->error(b->req, 503, "EXITING");
	batch_free(b);
}

static void again(struct batch *b, const uint8_t *from, size_t index)
{
	b->at = from;
	b->index = index;
	b->nsqd->broker->topic_unref(b->topic);
	b->topic = NULL;
	find_topic(b);
}

static void publish(struct batch *);

/* pluq_done_fn */
static void on_published(void *arg, int status, const struct pluq_why *why)
{
	struct batch *b = arg;

	(void)why;
	if (status < 0)
		refuse(b, status);
	else
		publish(b);
}

static void answer_ok(struct batch *b)
{
	http_text(b->nsqd, b->req, 200, "OK");
	batch_free(b);
}

/* pluq_done_fn */
static void on_parts(void *arg, int status, const struct pluq_why *why)
{
	(void)why;
	if (status < 0)
		refuse(arg, status);
	else
		answer_ok(arg);
}

/* What stayed has been accepted; the rest goes elsewhere. */
static void publish_parts(struct batch *b)
{
	struct split *split = b->sieve.split;
	struct pluq_why why = {""};

	b->sieve.split = NULL;
	int status = split ? split_send(split, b->defer_ns, on_parts, b, &why) : 0;
	if (status != PLUQ_ELATER)
		on_parts(b, status, &why);
}

/* The next message that the validators have left where it was to go. */
static bool next_kept(struct batch *b, struct pluq_body *out)
{
	do {
		if (!b->next(b, out))
			return false;
	} while (sieve_leaves_out(&b->sieve, b->index++));
	return true;
}

static void refuse_judged(struct batch *b)
{
	struct text text = {0};

	text_str(&text, "MSG_REJECTED");
	sieve_text_index(&b->sieve, b->many, &text);
	sieve_text_reason(&b->sieve, &text);
	text_byte(&text, 0);
	if (text.failed)
		b->nsqd->http->error(b->req, 500, "INTERNAL_ERROR");
	else
		b->nsqd->http->error(b->req, 400, text.data);
	text_free(&text);
	batch_free(b);
}

/* pluq_post_fn. Asks the validators about all of it, so that nothing is published of a batch that is refused. */
static void validate(void *arg)
{
	struct batch *b = arg;
	struct nsqd *n = b->nsqd;
	struct pace *pace = &n->loops[0].pace;
	enum sieved sieved = SIEVE_ACCEPTS;
	struct pluq_body body;

	pace_begin(pace);
	b->sieve.by = n->validators->of(n->host, b->name, b->name_length);
	while (b->sieve.by && sieved == SIEVE_ACCEPTS) {
		if (pace_spent(pace) && n->host->post(n->host, 0, validate, b) == 0)
			return; /* others have their turn */
		if (!b->next(b, &body))
			break;
		sieved = sieve_judge(&b->sieve, &body);
	}
	b->at = b->first;
	b->judged = true;
	if (sieved == SIEVE_REFUSES)
		refuse_judged(b);
	else if (sieved == SIEVE_NO_MEMORY)
		refuse(b, PLUQ_ENOMEM);
	else
		publish(b);
}

/* Hands over chunk by chunk; a late answer goes on with the next one. */
static void publish(struct batch *b)
{
	struct pluq_body bodies[CHUNK];

	for (;;) {
		const uint8_t *from = b->at;
		size_t n = 0, index = b->index;
		while (n < CHUNK && next_kept(b, &bodies[n]))
			n++;
		if (n == 0)
			break;
		int status = b->nsqd->broker->publish(b->nsqd->host, b->topic, bodies, n, b->defer_ns, on_published, b);
		if (status == PLUQ_ELATER)
			return;
		if (status == PLUQ_ESTALE && ++b->stale <= STALE_TRIES) {
			again(b, from, index);
			return;
		}
		if (status < 0) {
			refuse(b, status);
			return;
		}
	}
	publish_parts(b);
}

/* pluq_topic_fn */
static void on_topic(void *arg, int status, struct pluq_topic *topic)
{
	struct batch *b = arg;

	if (status < 0) {
		refuse(b, status);
		return;
	}
	b->topic = topic;
	if (b->judged) {
		publish(b);
	} else if (!b->judge(b)) {
		batch_free(b);
	} else if (b->nsqd->validators) {
		b->first = b->at;
		sieve_init(&b->sieve, b->nsqd, NULL);
		validate(b);
	} else {
		b->judged = true;
		publish(b);
	}
}

static void find_topic(struct batch *b)
{
	struct pluq_topic *topic = NULL;
	int status = b->nsqd->broker->topic_get(b->nsqd->host, b->name, b->name_length, true, &topic, on_topic, b);

	if (status != PLUQ_ELATER)
		on_topic(b, status, topic);
}

void batch_start(struct nsqd *n, struct pluq_http_request *req, const struct name_arg *topic,
    bool many, bool (*judge)(struct batch *), bool (*next)(struct batch *, struct pluq_body *))
{
	struct batch *b = calloc(1, sizeof(*b));
	size_t length;

	if (!b) {
		n->http->error(req, 500, "INTERNAL_ERROR");
		return;
	}
	b->nsqd = n;
	b->req = req;
	b->name_length = topic->length;
	memcpy(b->name, topic->name, topic->length); /* a valid name */
	b->at = n->http->body(req, &length);
	b->end = b->at + length;
	b->many = many;
	b->judge = judge;
	b->next = next;
	find_topic(b);
}
