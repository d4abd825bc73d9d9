#include "split.h"

#include <stdlib.h>
#include <string.h>

/* Times a topic that was deleted meanwhile is made again. */
#define STALE_TRIES 2

struct part {
	struct split *split;
	struct part *next;
	struct pluq_topic *topic; /* NULL: not found yet */
	struct pluq_body *bodies;
	size_t count, capacity;
	uint32_t stale;
	bool lost; /* there was no memory for the bodies while the directory was asked */
	uint8_t length;
	char name[PLUQ_NAME_MAX];
};

struct split {
	struct nsqd *nsqd;
	struct part *parts, **last;
	size_t topics;   /* parts that count for the limit */
	bool owns;       /* messages of its own are the split's, as split_own has made them */
	size_t open;     /* parts that have not ended, and split_send itself */
	int64_t defer_ns;
	int status;      /* what failed first */
	struct pluq_why why;
	pluq_done_fn done;
	void *arg;
	bool sending;    /* split_send has not returned: it tells the end */
};

struct split *split_new(struct nsqd *n)
{
	struct split *s = calloc(1, sizeof(*s));

	if (s) {
		s->nsqd = n;
		s->last = &s->parts;
	}
	return s;
}

void split_free(struct split **out)
{
	struct split *s = *out;

	*out = NULL;
	while (s && s->parts) {
		struct part *p = s->parts;
		s->parts = p->next;
		for (size_t i = 0; s->owns && i < p->count; i++)
			if (p->bodies[i].msg)
				s->nsqd->broker->msg_unref(p->bodies[i].msg);
		if (p->topic)
			s->nsqd->broker->topic_unref(p->topic);
		free(p->bodies);
		free(p);
	}
	free(s);
}

/* Few topics, so a list will do. */
static struct part *find(const struct split *s, const char *topic, size_t length)
{
	struct part *p = s->parts;

	while (p && (p->length != length || memcmp(p->name, topic, length) != 0))
		p = p->next;
	return p;
}

static struct part *part_new(struct split *s, const char *topic, size_t length)
{
	struct part *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->split = s;
	p->length = (uint8_t)length; /* a valid name */
	memcpy(p->name, topic, length);
	*s->last = p;
	s->last = &p->next;
	return p;
}

static int part_add(struct part *p, const struct pluq_body *body)
{
	if (p->count == p->capacity) {
		size_t capacity = p->capacity ? p->capacity * 2 : 8;
		struct pluq_body *bodies = realloc(p->bodies, capacity * sizeof(*bodies));
		if (!bodies)
			return PLUQ_ENOMEM;
		p->bodies = bodies;
		p->capacity = capacity;
	}
	p->bodies[p->count++] = *body;
	return 0;
}

int split_add(struct split *s, const char *topic, size_t length, const struct pluq_body *body)
{
	struct part *p = find(s, topic, length);

	if (p)
		return part_add(p, body);
	if (s->topics == SPLIT_TOPICS_MOST)
		return PLUQ_ELIMIT;
	if (!(p = part_new(s, topic, length)))
		return PLUQ_ENOMEM;
	s->topics++;
	return part_add(p, body);
}

/* The part without a name. */
int split_drop(struct split *s, const struct pluq_body *body)
{
	struct part *p;

	if (!body->msg)
		return 0;
	if (!(p = find(s, "", 0)) && !(p = part_new(s, "", 0)))
		return PLUQ_ENOMEM;
	return part_add(p, body);
}

int split_know(struct split *s, const char *name, size_t length, struct pluq_topic *topic)
{
	struct part *p = part_new(s, name, length); /* nothing is diverted to the topic that it comes from */

	if (!p)
		return PLUQ_ENOMEM;
	p->topic = s->nsqd->broker->topic_ref(topic);
	return 0;
}

static void leave(struct split *s)
{
	if (--s->open)
		return;
	if (!s->sending)
		s->done(s->arg, s->status, &s->why);
	split_free(&s);
}

static void part_ended(struct part *p, int status, const struct pluq_why *why)
{
	struct split *s = p->split;

	if (status < 0 && s->status == 0) {
		s->status = status;
		if (why)
			s->why = *why;
	}
	leave(s);
}

/* Not taken by the engine. status 0: and not to be. */
static void part_unsent(struct part *p, int status)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->bodies[i].msg)
			p->split->nsqd->broker->msg_unref(p->bodies[i].msg);
	part_ended(p, status, NULL);
}

/* The bytes are not there any more when the directory answers. */
static bool own_bodies(struct part *p)
{
	const struct nsqd *n = p->split->nsqd;

	for (size_t i = 0; i < p->count; i++) {
		struct pluq_body *body = &p->bodies[i];
		if (body->msg)
			continue;
		struct pluq_msg *msg = n->broker->msg_new(n->host, body->length);
		if (!msg)
			return false;
		uint8_t *to = n->broker->msg_body(msg);
		memcpy(to, body->bytes, body->length);
		*body = (struct pluq_body){.bytes = to, .msg = msg, .length = body->length};
	}
	return true;
}

int split_own(struct split *s)
{
	s->owns = true;
	for (struct part *p = s->parts; p; p = p->next)
		if (!own_bodies(p))
			return PLUQ_ENOMEM;
	return 0;
}

/* pluq_done_fn */
static void on_published(void *arg, int status, const struct pluq_why *why)
{
	part_ended(arg, status, why);
}

static void part_go(struct part *);

/* pluq_topic_fn */
static void on_topic(void *arg, int status, struct pluq_topic *topic)
{
	struct part *p = arg;

	p->topic = topic;
	if (status == 0 && p->lost)
		status = PLUQ_ENOMEM;
	if (status < 0)
		part_unsent(p, status);
	else
		part_go(p);
}

/* false: it has ended, or waits for the directory. */
static bool find_topic(struct part *p)
{
	const struct nsqd *n = p->split->nsqd;
	int status = n->broker->topic_get(n->host, p->name, p->length, true, &p->topic, on_topic, p);

	if (status == PLUQ_ELATER)
		p->lost = !own_bodies(p);
	else if (status < 0)
		part_unsent(p, status);
	return status == 0;
}

static void part_go(struct part *p)
{
	const struct nsqd *n = p->split->nsqd;

	if (p->length == 0) {
		part_unsent(p, 0);
		return;
	}
	while (p->topic || find_topic(p)) {
		int status = n->broker->publish(n->host, p->topic, p->bodies, p->count, p->split->defer_ns, on_published, p);
		if (status == PLUQ_ELATER)
			return;
		if (status == 0) {
			part_ended(p, 0, NULL);
			return;
		}
		if (status != PLUQ_ESTALE || ++p->stale > STALE_TRIES) {
			part_unsent(p, status == PLUQ_ESTALE ? PLUQ_EEXITING : status); /* which asks nobody to try again */
			return;
		}
		n->broker->topic_unref(p->topic);
		p->topic = NULL;
	}
}

int split_send(struct split *s, int64_t defer_ns, pluq_done_fn done, void *arg, struct pluq_why *why)
{
	s->defer_ns = defer_ns;
	s->done = done;
	s->arg = arg;
	s->sending = true;
	s->owns = false; /* each part gives its messages to the engine, or drops them */
	s->open = 1;
	for (struct part *p = s->parts; p; p = p->next)
		s->open++;
	for (struct part *p = s->parts, *next; p; p = next) {
		next = p->next; /* the last one to end takes the split along, but not before this call */
		part_go(p);
	}
	int status = s->open > 1 ? PLUQ_ELATER : s->status;
	if (status < 0 && status != PLUQ_ELATER)
		*why = s->why;
	s->sending = status != PLUQ_ELATER;
	leave(s);
	return status;
}
