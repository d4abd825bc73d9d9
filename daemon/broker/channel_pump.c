/* Handing out: from the channel's queue to its ready consumers, in batches, in equal shares. Runs at the end of a loop turn. */
#include "../base/spent.h"
#include "channel.h"
#include "topic.h"

/* Most messages per call of a consumer: amortises the call, and bounds what is prepared for one that takes less. */
#define BATCH 64

enum source { NOTHING, HEAD, FETCHED, REQUEUED };

struct handout {
	size_t count;
	struct pluq__held *held[BATCH];
	struct pluq_delivery delivery[BATCH];
};

static enum source rest_of(const struct pluq__channel *c)
{
	if (c->head.count)
		return HEAD;
	return c->spill && c->spill->fetched.count ? FETCHED : NOTHING;
}

/* Requeued messages and the rest take turns, so that neither starves the other. */
static enum source next_source(struct pluq__channel *c)
{
	enum source rest = rest_of(c);

	if (!c->requeued.count)
		return rest;
	if (rest == NOTHING)
		return REQUEUED;
	c->requeued_next = !c->requeued_next;
	return c->requeued_next ? REQUEUED : rest;
}

static uint64_t available(const struct pluq__channel *c, enum source src)
{
	switch (src) {
	case HEAD:
		return c->head.count;
	case FETCHED:
		return c->spill->fetched.count;
	case REQUEUED:
		return c->requeued.count;
	case NOTHING:
		break;
	}
	return 0;
}

/* How many for this consumer now: with a queue behind, what an equal share allows; else one, so that all get their turn. */
static size_t share(const struct pluq__channel *c, const struct pluq_sub *s, enum source src)
{
	uint64_t n = available(c, src) / (uint64_t)c->ready_count;
	uint64_t credit = (uint64_t)(s->ready - s->in_flight);

	if (n < 1)
		n = 1;
	if (n > BATCH)
		n = BATCH;
	return n < credit ? n : credit;
}

static void describe(struct pluq_delivery *d, const struct pluq__held *h)
{
	d->body = h->msg->body;
	d->msg = h->msg;
	d->id = h->msg->id;
	d->timestamp_ns = h->msg->timestamp_ns;
	d->length = h->msg->length;
	d->attempts = (uint16_t)(h->attempts + 1);
	d->reserved = 0;
}

/* Fills in the n-th of the source without taking it from there. */
static void look_at(struct pluq__channel *c, enum source src, uint64_t n, struct pluq__held *h)
{
	const struct pluq__fetched *f;

	if (src == HEAD) {
		h->msg = *(struct pluq_msg **)pluq__fifo_at(&c->head, n);
		return;
	}
	f = pluq__spill_peek(c->spill, n);
	h->msg = f->msg;
	h->attempts = f->attempts;
	h->position = f->position;
	h->stored = true;
}

static void take(struct pluq__channel *c, enum source src, size_t n)
{
	if (src == HEAD)
		pluq__fifo_pop(&c->head, n);
	else if (src == FETCHED)
		pluq__spill_pop(c->spill, n);
	else
		while (n--)
			pluq__held_unlink(&c->requeued, c->requeued.first);
}

static bool not_due(struct pluq__channel *c, enum source src, uint64_t n)
{
	return src == FETCHED && pluq__spill_peek(c->spill, n)->due_ns > c->home->loop->real_ns;
}

static void prepare(struct pluq__channel *c, enum source src, size_t n, struct handout *o)
{
	struct pluq__held *h = c->requeued.first;

	for (o->count = 0; o->count < n; o->count++) {
		if (src != REQUEUED) {
			if (o->count && not_due(c, src, o->count))
				return;
			h = pluq__held_new(c->home);
			if (!h)
				return;
			h->channel = c;
			look_at(c, src, o->count, h);
		}
		o->held[o->count] = h;
		describe(&o->delivery[o->count], h);
		h = h->next;
	}
}

/* What was prepared and not taken stays where it is. */
static void put_back(struct pluq__channel *c, enum source src, const struct handout *o, size_t from)
{
	if (src == REQUEUED)
		return;
	for (size_t i = from; i < o->count; i++) {
		o->held[i]->msg = NULL;
		pluq__held_free(c->home, o->held[i]);
	}
}

static void launch(struct pluq__channel *c, struct pluq_sub *s, struct pluq__held *h)
{
	struct pluq__loop *l = c->home->loop;

	h->attempts++;
	c->delivered_bytes += h->msg->length;
	c->from_memory_count += !h->stored;
	h->state = PLUQ__HELD_IN_FLIGHT;
	h->sub = s;
	h->delivered_ns = l->now_ns;
	h->timer.fn = pluq__channel_on_deadline;
	pluq__loop_set(l, &h->timer, l->now_ns + s->msg_timeout_ns);
	pluq__inflight_add(&c->inflight, h);
	pluq__held_append(&s->held, h);
}

/* Sampling keeps (rate + 1) of 100; what it drops is gone for the whole channel. */
static bool sampled_out(struct pluq__channel *c, const struct pluq_sub *s)
{
	uint64_t *r = &c->home->random;

	if (!s->sample_rate)
		return false;
	*r ^= *r << 13; /* xorshift64 */
	*r ^= *r >> 7;
	*r ^= *r << 17;
	return (int32_t)(*r >> 33) % 100 > s->sample_rate;
}

static void discard_first(struct pluq__channel *c, enum source src)
{
	struct handout o;

	prepare(c, src, 1, &o);
	if (!o.count)
		return;
	take(c, src, 1);
	c->from_memory_count += !o.held[0]->stored;
	c->dropped[PLUQ_DROP_SAMPLED]++;
	pluq__channel_finish(c, o.held[0]);
}

static size_t deliver(const struct pluq__channel *c, struct pluq_sub *s, const struct handout *o)
{
	const struct pluq__home *home = c->home;
	struct pluq__spent *spent = home->broker->spent ? &home->broker->spent[home->loop->index] : NULL;
	int64_t began = pluq__spent_begin(spent);
	size_t taken = s->ops.on_deliver(s->arg, o->delivery, o->count);

	pluq__spent_end(spent, began);
	return taken;
}

/* false: the consumer is to be left alone for now. */
static bool hand_out(struct pluq__channel *c, struct pluq_sub *s, enum source src)
{
	size_t n = s->sample_rate ? 1 : share(c, s, src), taken;
	struct handout o;

	if (pluq__inflight_reserve(&c->inflight, n) < 0)
		return false;
	prepare(c, src, n, &o);
	if (!o.count)
		return false;
	taken = deliver(c, s, &o);
	put_back(c, src, &o, taken);
	take(c, src, taken);
	for (size_t i = 0; i < taken; i++)
		launch(c, s, o.held[i]);
	s->in_flight += (int64_t)taken;
	s->message_count += taken;
	c->delivered_count += taken;
	s->blocked = taken < o.count;
	pluq__sub_review(s);
	return true;
}

/* To the end of the line, if it is still in it. */
static void rotate(struct pluq__channel *c, struct pluq_sub *s)
{
	if (!s->is_ready || c->ready_last == s)
		return;
	c->ready_first = s->ready_next;
	c->ready_first->ready_prev = NULL;
	s->ready_prev = c->ready_last;
	s->ready_next = NULL;
	c->ready_last->ready_next = s;
	c->ready_last = s;
}

/* A deferred message that came back from storage before its time is held until then. */
static bool hold_until_due(struct pluq__channel *c)
{
	struct pluq__loop *l = c->home->loop;
	const struct pluq__fetched *f = pluq__spill_peek(c->spill, 0);
	int64_t wait = f->due_ns ? f->due_ns - l->real_ns : 0;
	struct pluq__held *h;

	if (wait <= 0 || !(h = pluq__held_new(c->home)))
		return false;
	h->channel = c;
	look_at(c, FETCHED, 0, h);
	pluq__spill_pop(c->spill, 1);
	pluq__channel_defer(c, h, l->now_ns + wait);
	return true;
}

static void hold_deferred(struct pluq__channel *c)
{
	while (c->spill->fetched.count && hold_until_due(c))
		;
}

void pluq__channel_on_turn(struct pluq__turn *t)
{
	struct pluq__channel *c = (struct pluq__channel *)(void *)((char *)t - offsetof(struct pluq__channel, turn));
	enum source src;

	if (c->paused || c->ending)
		return;
	while (c->ready_first) {
		struct pluq_sub *s = c->ready_first;

		if (c->spill)
			hold_deferred(c);
		src = next_source(c);
		if (src == NOTHING)
			break;
		if (sampled_out(c, s))
			discard_first(c, src);
		else if (!hand_out(c, s, src))
			break;
		rotate(c, s);
	}
	if (c->spill && c->ready_first)
		pluq__spill_want(c->spill);
	pluq__topic_kick(c->topic);
}
