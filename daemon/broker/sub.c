#include <stdlib.h>

#include "channel.h"
#include "topic.h"

int pluq__sub_new(struct pluq__channel *c, const struct pluq_sub_params *p, const struct pluq_sub_ops *ops, void *arg,
    struct pluq_sub **out)
{
	struct pluq_sub *s = calloc(1, sizeof(*s));

	if (!s)
		return PLUQ_ENOMEM;
	s->ops = *ops;
	s->arg = arg;
	s->channel = c;
	s->sample_rate = p->sample_rate;
	s->msg_timeout_ns = p->msg_timeout_ns;
	s->touch_timeout_ns = p->touch_timeout_ns;
	s->next = c->subs;
	if (c->subs)
		c->subs->prev = s;
	c->subs = s;
	c->sub_count++;
	*out = s;
	return 0;
}

static void ready_append(struct pluq__channel *c, struct pluq_sub *s)
{
	s->ready_next = NULL;
	s->ready_prev = c->ready_last;
	if (c->ready_last)
		c->ready_last->ready_next = s;
	else
		c->ready_first = s;
	c->ready_last = s;
	c->ready_count++;
	s->is_ready = true;
}

static void ready_unlink(struct pluq__channel *c, struct pluq_sub *s)
{
	if (s->ready_prev)
		s->ready_prev->ready_next = s->ready_next;
	else
		c->ready_first = s->ready_next;
	if (s->ready_next)
		s->ready_next->ready_prev = s->ready_prev;
	else
		c->ready_last = s->ready_prev;
	s->ready_next = s->ready_prev = NULL;
	c->ready_count--;
	s->is_ready = false;
}

void pluq__sub_review(struct pluq_sub *s)
{
	bool ready = s->in_flight < s->ready && !s->blocked;

	if (ready == s->is_ready)
		return;
	if (ready) {
		ready_append(s->channel, s);
		pluq__channel_kick(s->channel);
	} else {
		ready_unlink(s->channel, s);
	}
}

static void leave_in_flight(struct pluq_sub *s)
{
	struct pluq__channel *c = s->channel;
	bool requeue = c->home->broker->limits->requeue_on_disconnect;
	struct pluq__held *h;

	while ((h = s->held.first)) {
		if (requeue) {
			pluq__channel_land(c, h);
			pluq__channel_make_ready(c, h);
		} else {
			pluq__held_unlink(&s->held, h);
			h->sub = NULL;
			pluq__held_append(&c->orphans, h);
		}
	}
}

void pluq__sub_leave(struct pluq_sub *s)
{
	struct pluq__channel *c = s->channel;

	s->ready = 0;
	s->blocked = true;
	pluq__sub_review(s);
	leave_in_flight(s);
	if (s->prev)
		s->prev->next = s->next;
	else
		c->subs = s->next;
	if (s->next)
		s->next->prev = s->prev;
	c->sub_count--;
	free(s);
}
