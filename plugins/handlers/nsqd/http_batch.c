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

static void again(struct batch *b, const uint8_t *from)
{
	b->at = from;
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

/* Hands over chunk by chunk; a late answer goes on with the next one. */
static void publish(struct batch *b)
{
	struct pluq_body bodies[CHUNK];

	for (;;) {
		const uint8_t *from = b->at;
		size_t n = 0;
		while (n < CHUNK && b->next(b, &bodies[n]))
			n++;
		if (n == 0)
			break;
		int status = b->nsqd->broker->publish(b->nsqd->host, b->topic, bodies, n, b->defer_ns, on_published, b);
		if (status == PLUQ_ELATER)
			return;
		if (status == PLUQ_ESTALE && ++b->stale <= STALE_TRIES) {
			again(b, from);
			return;
		}
		if (status < 0) {
			refuse(b, status);
			return;
		}
	}
	http_text(b->nsqd, b->req, 200, "OK");
	batch_free(b);
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
	if (!b->judged && !b->judge(b)) {
		batch_free(b);
		return;
	}
	b->judged = true;
	publish(b);
}

static void find_topic(struct batch *b)
{
	struct pluq_topic *topic = NULL;
	int status = b->nsqd->broker->topic_get(b->nsqd->host, b->name, b->name_length, true, &topic, on_topic, b);

	if (status != PLUQ_ELATER)
		on_topic(b, status, topic);
}

void batch_start(struct nsqd *n, struct pluq_http_request *req, const struct name_arg *topic,
    bool (*judge)(struct batch *), bool (*next)(struct batch *, struct pluq_body *))
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
	b->judge = judge;
	b->next = next;
	find_topic(b);
}
