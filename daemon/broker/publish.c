#include "publish.h"

#include <stdlib.h>

#include "directory.h"
#include "pressure.h"
#include "topic.h"

/* Messages made and handed on at a time, so that a batch of any size needs no array of its own. */
#define CHUNK 256

/* A publish that is answered later: because it goes to another loop, or has to wait for storage, or both. */
struct later {
	struct pluq__ticket ticket;
	struct pluq__mail mail;
	struct pluq__broker *broker;
	struct pluq__home *back;
	struct pluq_topic *topic; /* one reference */
	pluq_done_fn done;
	void *arg;
	int64_t defer_ns;
	int status;
	struct pluq_why *why; /* NULL: nothing to tell */
	size_t count;         /* messages, for another home */
	struct pluq_msg *msgs[];
};

struct publish_put {
	struct pluq__put put;
	struct later *later; /* made beforehand for another loop's publish */
	struct pluq__home *home;
	struct pluq_topic *topic;
	pluq_done_fn done;
	void *arg;
};

static void count_refusal(struct pluq__home *home, int status)
{
	uint64_t *refused = home->figures.refused;

	switch (status) {
	case PLUQ_EIO:
		refused[PLUQ__REFUSED_STORAGE]++;
		break;
	case PLUQ_EFULL:
		refused[PLUQ__REFUSED_FULL]++;
		break;
	case PLUQ_EPRESSURE:
		refused[PLUQ__REFUSED_PRESSURE]++;
		break;
	case PLUQ_ENOMEM:
		refused[PLUQ__REFUSED_MEMORY]++;
		break;
	case PLUQ_EEXITING:
		refused[PLUQ__REFUSED_EXITING]++;
		break;
	default: /* accepted, not answered yet, or to be tried again */
		break;
	}
}

static void answered(struct later *l)
{
	static const struct pluq_why none;
	struct pluq__broker *b = l->broker;

	count_refusal(l->back, l->status);
	if (l->status == PLUQ_ESTALE)
		pluq__topic_forget(l->back, l->topic);
	l->done(l->arg, l->status, l->why ? l->why : &none);
	pluq__topic_unref(l->topic);
	free(l->why);
	free(l);
	pluq__broker_ticket_closed(b);
}

static void on_back(struct pluq__mail *mail)
{
	answered((struct later *)(void *)((char *)mail - offsetof(struct later, mail)));
}

static void answer(struct later *l, int status, const struct pluq_why *why)
{
	l->status = status;
	if (status < 0 && why && why->text[0] && (l->why = malloc(sizeof(*why))))
		*l->why = *why;
	if (l->back == l->topic->home) {
		answered(l);
		return;
	}
	l->mail.fn = on_back;
	pluq__loop_post(l->back->loop, &l->mail);
}

static void on_settled(struct pluq__ticket *t, const struct pluq_why *why)
{
	answer((struct later *)t, t->status, why);
}

static struct later *later_new(struct pluq__home *back, struct pluq_topic *t, size_t n, pluq_done_fn done, void *arg)
{
	struct later *l = malloc(sizeof(*l) + n * sizeof(struct pluq_msg *));

	if (!l)
		return NULL;
	*l = (struct later){.ticket = {.pending = 1, .done = on_settled},
	    .broker = back->broker,
	    .back = back,
	    .topic = pluq__topic_ref(t),
	    .done = done,
	    .arg = arg};
	atomic_fetch_add(&l->broker->open_tickets, 1);
	return l;
}

static void later_drop(struct later *l)
{
	struct pluq__broker *b = l->broker;

	pluq__topic_unref(l->topic);
	free(l->ticket.why);
	free(l);
	pluq__broker_ticket_closed(b);
}

static struct pluq__ticket *make_ticket(struct pluq__put *put)
{
	struct publish_put *p = (struct publish_put *)put;

	if (!p->later)
		p->later = later_new(p->home, p->topic, 0, p->done, p->arg);
	return p->later ? &p->later->ticket : NULL;
}

static struct pluq_msg *to_message(const struct pluq_body *body)
{
	struct pluq_msg *m = body->msg;

	if (m)
		return m;
	m = pluq__msg_new(body->length);
	if (m)
		memcpy(m->body, body->bytes, body->length);
	return m;
}

/* A message of the caller's own is the caller's again if the call fails. */
static void give_back(const struct pluq_body *bodies, struct pluq_msg **msgs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!bodies[i].msg)
			pluq__msg_unref(msgs[i]);
}

static bool to_messages(const struct pluq_body *bodies, struct pluq_msg **msgs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!(msgs[i] = to_message(&bodies[i]))) {
			give_back(bodies, msgs, i);
			return false;
		}
	return true;
}

static void drop_refs(const struct pluq_body *bodies, size_t from, size_t n)
{
	for (size_t i = from; i < n; i++)
		if (bodies[i].msg)
			pluq__msg_unref(bodies[i].msg);
}

static int publish_here(struct pluq__home *home, struct pluq_topic *t, const struct pluq_body *bodies, size_t n,
    int64_t defer_ns, pluq_done_fn done, void *arg)
{
	struct publish_put p = {.put.make = make_ticket, .home = home, .topic = t, .done = done, .arg = arg};
	struct pluq_msg *msgs[CHUNK];
	size_t given = 0;

	/* The topic takes a reference of each message whatever the outcome; a refusal must leave the caller his. */
	for (size_t i = 0; i < n; i++)
		if (bodies[i].msg)
			pluq__msg_ref(bodies[i].msg);
	for (size_t at = 0; at < n && !p.put.status; at += CHUNK) {
		size_t k = n - at < CHUNK ? n - at : CHUNK;

		if (!to_messages(bodies + at, msgs, k)) {
			pluq__put_failed(&p.put, PLUQ_ENOMEM);
			break;
		}
		pluq__topic_put(t, msgs, k, defer_ns, &p.put);
		given = at + k;
	}
	if (p.put.ticket && p.put.ticket->pending == 1) { /* everything is settled already */
		if (!p.put.status)
			p.put.status = p.put.ticket->status;
		later_drop(p.later);
		p.put.ticket = NULL;
	}
	drop_refs(bodies, given, n); /* that the topic has not seen */
	if (p.put.ticket || !p.put.status)
		drop_refs(bodies, 0, n); /* the caller's */
	if (!p.put.ticket)
		return p.put.status;
	pluq__ticket_settle(p.put.ticket, p.put.status, NULL);
	return PLUQ_ELATER;
}

/* At the topic's home. */
static void on_publish(struct pluq__mail *mail)
{
	struct later *l = (struct later *)(void *)((char *)mail - offsetof(struct later, mail));
	struct publish_put p = {.put.make = make_ticket, .later = l, .home = l->topic->home, .topic = l->topic};
	int refused = l->topic->dead ? PLUQ_ESTALE : pluq__refusing(l->topic->home) ? PLUQ_EPRESSURE : 0;

	if (refused) {
		for (size_t i = 0; i < l->count; i++)
			pluq__msg_unref(l->msgs[i]);
		answer(l, refused, NULL);
		return;
	}
	pluq__topic_put(l->topic, l->msgs, l->count, l->defer_ns, &p.put);
	pluq__ticket_settle(&l->ticket, p.put.status, NULL);
}

static int publish_there(struct pluq__home *home, struct pluq_topic *t, const struct pluq_body *bodies, size_t n,
    int64_t defer_ns, pluq_done_fn done, void *arg)
{
	struct later *l = later_new(home, t, n, done, arg);

	if (!l)
		return PLUQ_ENOMEM;
	if (!to_messages(bodies, l->msgs, n)) {
		later_drop(l);
		return PLUQ_ENOMEM;
	}
	l->count = n;
	l->defer_ns = defer_ns;
	l->mail.fn = on_publish;
	pluq__loop_post(t->home->loop, &l->mail);
	return PLUQ_ELATER;
}

static int publish(struct pluq__home *home, struct pluq_topic *t, const struct pluq_body *bodies, size_t n, int64_t defer_ns,
    pluq_done_fn done, void *arg)
{
	if (atomic_load_explicit(&home->broker->draining, memory_order_relaxed))
		return PLUQ_EEXITING;
	if (pluq__refusing(home))
		return PLUQ_EPRESSURE;
	if (atomic_load_explicit(&t->dead, memory_order_acquire)) {
		pluq__topic_forget(home, t);
		return PLUQ_ESTALE;
	}
	if (t->home == home)
		return publish_here(home, t, bodies, n, defer_ns, done, arg);
	return publish_there(home, t, bodies, n, defer_ns, done, arg);
}

int pluq__publish(struct pluq__home *home, struct pluq_topic *t, const struct pluq_body *bodies, size_t n, int64_t defer_ns,
    pluq_done_fn done, void *arg)
{
	int status = publish(home, t, bodies, n, defer_ns, done, arg);

	if (status < 0)
		count_refusal(home, status);
	return status;
}
