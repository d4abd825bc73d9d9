#include "channel.h"

#include <pluq/name.h>
#include <stdlib.h>

#include "../base/clock.h"
#include "../base/memory.h"
#include "names.h"
#include "topic.h"

struct pluq__channel *pluq__channel_new(struct pluq_topic *t, const char *name, size_t length, uint64_t uid)
{
	struct pluq__channel *c = calloc(1, sizeof(*c));
	size_t topic_length = strlen(t->name);

	if (!c)
		return NULL;
	c->topic = t;
	c->home = t->home;
	c->uid = uid;
	c->turn.fn = pluq__channel_on_turn;
	c->window.since_ns = c->home->loop->now_ns;
	pluq__fifo_init(&c->head, sizeof(struct pluq_msg *));
	memcpy(c->name, name, length);
	memcpy(c->queue_name, t->name, topic_length);
	c->queue_name[topic_length] = ':';
	memcpy(c->queue_name + topic_length + 1, name, length);
	c->ephemeral = pluq_name_is_ephemeral(name, length);
	if (c->ephemeral)
		c->overflow = PLUQ__OVERFLOW_DROP;
	else if (t->home->broker->storage->flags & PLUQ_STORAGE_REJECTS)
		c->overflow = PLUQ__OVERFLOW_REJECT;
	if (c->overflow == PLUQ__OVERFLOW_SPILL) {
		c->spill = malloc(sizeof(*c->spill));
		if (!c->spill) {
			free(c);
			return NULL;
		}
		pluq__spill_init(c->spill, c->home, &pluq__channel_spill_owner, c->queue_name);
	}
	return c;
}

void pluq__channel_free(struct pluq__channel **pc)
{
	struct pluq__channel *c = *pc;

	if (!c)
		return;
	*pc = NULL;
	pluq__loop_unturn(&c->turn);
	pluq__inflight_fini(&c->inflight);
	pluq__latency_free(&c->latency);
	pluq__window_fini(&c->window);
	pluq__due_free(&c->due);
	free(c->spill);
	free(c);
}

/* ---- in ---- */

static int64_t memory_limit(const struct pluq__channel *c)
{
	return c->home->broker->limits->mem_queue_size;
}

bool pluq__channel_has_room(const struct pluq__channel *c, uint64_t n)
{
	return c->overflow != PLUQ__OVERFLOW_REJECT || (int64_t)(c->head.count + n) <= memory_limit(c);
}

static bool fits_in_head(const struct pluq__channel *c)
{
	if ((int64_t)c->head.count >= memory_limit(c))
		return false;
	/* With no memory queue at all, an ephemeral channel passes messages to who waits for them; see put_ephemeral. */
	return !c->spill || (pluq__spill_is_empty(c->spill) && !pluq__memory_over());
}

static bool push_head(struct pluq__channel *c, struct pluq_msg *m)
{
	struct pluq_msg **place = pluq__fifo_push(&c->head);

	if (!place)
		return false;
	*place = m;
	pluq__channel_kick(c);
	return true;
}

static void append(struct pluq__channel *c, struct pluq_msg *m, struct pluq__put *put)
{
	struct pluq__spill_item item = {.msg = m, .ticket = pluq__put_ticket(put)};
	int err = item.ticket ? pluq__spill_append(c->spill, &item) : PLUQ_ENOMEM;

	if (!err)
		return;
	if (item.ticket)
		pluq__ticket_settle(item.ticket, err, NULL);
	pluq__put_failed(put, err);
	pluq__msg_unref(m);
}

/* A message that finds no place in an ephemeral channel is dropped, unless a consumer is ready for it this very turn. */
static void put_ephemeral(struct pluq__channel *c, struct pluq_msg *m)
{
	bool taken = (int64_t)c->head.count < c->ready_count && push_head(c, m);

	if (taken)
		return;
	c->dropped[PLUQ_DROP_FULL]++;
	pluq__msg_unref(m);
}

static void put_deferred(struct pluq__channel *c, struct pluq_msg *m, int64_t defer_ns, struct pluq__put *put)
{
	struct pluq__held *h = pluq__held_new(c->home);

	if (!h) {
		pluq__put_failed(put, PLUQ_ENOMEM);
		pluq__msg_unref(m);
		return;
	}
	h->msg = m;
	h->channel = c;
	pluq__channel_defer(c, h, pluq__clock_mono_ns() + defer_ns);
}

void pluq__channel_put(struct pluq__channel *c, struct pluq_msg *m, int64_t defer_ns, struct pluq__put *put)
{
	c->message_count++;
	c->message_bytes += m->length;
	if (defer_ns > 0) {
		put_deferred(c, m, defer_ns, put);
	} else if (fits_in_head(c)) {
		if (!push_head(c, m)) {
			pluq__put_failed(put, PLUQ_ENOMEM);
			pluq__msg_unref(m);
		}
	} else if (c->overflow == PLUQ__OVERFLOW_SPILL) {
		append(c, m, put);
	} else if (c->overflow == PLUQ__OVERFLOW_DROP) {
		put_ephemeral(c, m);
	} else {
		pluq__put_failed(put, PLUQ_EFULL);
		pluq__msg_unref(m);
	}
}

void pluq__channel_kick(struct pluq__channel *c)
{
	if (c->ready_first && !c->paused)
		pluq__loop_turn(c->home->loop, PLUQ__TURN_WORK, &c->turn);
}

/* ---- held messages ---- */

static int64_t due_ns(const struct pluq__held *h)
{
	return h->timer.at_ns + pluq__due_lead_ns(h->due_bin);
}

/* It is not counted any more, nor waited for; due_ns stays what it is. */
static void leave_deferred(struct pluq__channel *c, struct pluq__held *h)
{
	int64_t at_ns = due_ns(h);

	pluq__loop_clear(c->home->loop, &h->timer);
	h->timer.at_ns = at_ns;
	pluq__due_remove(c->due, h->due_bin);
	h->due_bin = 0;
}

static void await_due(struct pluq__channel *c, struct pluq__held *h, int64_t at_ns)
{
	h->due_bin = pluq__due_add(&c->due, c->home->loop->now_ns, at_ns);
	pluq__loop_set(c->home->loop, &h->timer, at_ns - pluq__due_lead_ns(h->due_bin));
}

static void on_due(struct pluq__timer *t)
{
	struct pluq__held *h = (struct pluq__held *)t;
	struct pluq__channel *c = h->channel;
	bool early = pluq__due_lead_ns(h->due_bin) > 0;

	leave_deferred(c, h);
	if (early) { /* only near enough to be counted more finely; or due by now, when the clock has leapt, but others are due before it */
		await_due(c, h, due_ns(h));
		return;
	}
	pluq__held_unlink(&c->deferred, h);
	pluq__channel_make_ready(c, h);
}

void pluq__channel_defer(struct pluq__channel *c, struct pluq__held *h, int64_t at_ns)
{
	h->state = PLUQ__HELD_DEFERRED;
	h->timer.fn = on_due;
	pluq__held_append(&c->deferred, h);
	await_due(c, h, at_ns);
}

void pluq__channel_on_deadline(struct pluq__timer *t)
{
	struct pluq__held *h = (struct pluq__held *)t;
	struct pluq__channel *c = h->channel;

	c->timeout_count++;
	pluq__channel_land(c, h);
	pluq__channel_make_ready(c, h);
}

void pluq__channel_land(struct pluq__channel *c, struct pluq__held *h)
{
	struct pluq_sub *s = h->sub;

	pluq__loop_clear(c->home->loop, &h->timer);
	pluq__inflight_remove(&c->inflight, h);
	pluq__held_unlink(s ? &s->held : &c->orphans, h);
	h->sub = NULL;
	if (s) {
		s->in_flight--;
		pluq__sub_review(s);
	}
}

/* Requeued messages beyond what may stay in memory go to storage; the record they came from is released once that is done. */
static bool append_requeued(struct pluq__channel *c, struct pluq__held *h)
{
	struct pluq__spill_item item = {
	    .msg = h->msg, .attempts = h->attempts, .has_old = h->stored, .old_position = h->position};

	if (c->overflow != PLUQ__OVERFLOW_SPILL || h->rewriting || c->ending ||
	    (int64_t)c->requeued.count < memory_limit(c) || pluq__spill_append(c->spill, &item) < 0)
		return false;
	h->msg = NULL;
	pluq__held_free(c->home, h);
	return true;
}

void pluq__channel_make_ready(struct pluq__channel *c, struct pluq__held *h)
{
	if (append_requeued(c, h)) {
		pluq__channel_kick(c);
		return;
	}
	h->state = PLUQ__HELD_READY;
	pluq__held_append(&c->requeued, h);
	pluq__channel_kick(c);
}

void pluq__channel_finish(struct pluq__channel *c, struct pluq__held *h)
{
	if (h->rewriting) { /* its old record goes with the rewrite, the new one when that has ended */
		h->state = PLUQ__HELD_FINISHED;
		return;
	}
	if (h->stored)
		pluq__spill_release(c->spill, h->position);
	pluq__held_free(c->home, h);
}

/* ---- storage's side ---- */

static struct pluq__channel *of_spill(const struct pluq__spill *s)
{
	/* The name it was given stands inside the channel. */
	return (struct pluq__channel *)(void *)((char *)(uintptr_t)s->name - offsetof(struct pluq__channel, queue_name));
}

static void on_spill_change(struct pluq__spill *s)
{
	struct pluq__channel *c = of_spill(s);

	pluq__channel_kick(c);
	pluq__topic_kick(c->topic);
}

static struct pluq__held *find_stored(struct pluq__held_list *l, uint64_t position)
{
	struct pluq__held *h = l->first;

	while (h && !(h->stored && h->position == position))
		h = h->next;
	return h;
}

static struct pluq__held *find_pinning(struct pluq__channel *c, uint64_t position)
{
	struct pluq__held *h = find_stored(&c->deferred, position);

	if (!h)
		h = find_stored(&c->requeued, position);
	if (!h)
		h = find_stored(&c->orphans, position);
	for (struct pluq_sub *s = c->subs; s && !h; s = s->next)
		h = find_stored(&s->held, position);
	return h;
}

static int64_t due_real_ns(const struct pluq__channel *c, const struct pluq__held *h)
{
	const struct pluq__loop *l = c->home->loop;

	return h->state == PLUQ__HELD_DEFERRED ? l->real_ns + (due_ns(h) - l->now_ns) : 0;
}

static void on_pinned(struct pluq__spill *s, uint64_t position)
{
	struct pluq__channel *c = of_spill(s);
	struct pluq__held *h = c->ending ? NULL : find_pinning(c, position);
	struct pluq__spill_item item;

	if (!h || h->rewriting)
		return;
	item = (struct pluq__spill_item){.msg = pluq__msg_ref(h->msg),
	    .rewritten = h,
	    .due_ns = due_real_ns(c, h),
	    .old_position = h->position,
	    .attempts = h->attempts,
	    .has_old = true};
	h->rewriting = true;
	if (pluq__spill_append(s, &item) < 0) {
		h->rewriting = false;
		pluq__msg_unref(item.msg);
	}
}

/* ---- the whole channel ---- */

void pluq__channel_pause(struct pluq__channel *c, bool paused)
{
	c->paused = paused;
	pluq__channel_kick(c);
}

static void drop_list(struct pluq__channel *c, struct pluq__held_list *l)
{
	struct pluq__held *h;

	while ((h = l->first)) {
		pluq__held_unlink(l, h);
		leave_deferred(c, h);
		h->stored = h->stored && h->rewriting; /* the whole queue goes: nothing is released one by one */
		pluq__channel_finish(c, h);
	}
}

static void drop_in_flight(struct pluq__channel *c)
{
	for (struct pluq_sub *s = c->subs; s; s = s->next)
		while (s->held.first) {
			struct pluq__held *h = s->held.first;

			pluq__channel_land(c, h);
			pluq__held_append(&c->deferred, h); /* only to be dropped with the rest */
		}
	while (c->orphans.first) {
		struct pluq__held *h = c->orphans.first;

		pluq__channel_land(c, h);
		pluq__held_append(&c->deferred, h);
	}
}

static void drop_head(struct pluq__channel *c)
{
	while (c->head.count) {
		pluq__msg_unref(*(struct pluq_msg **)pluq__fifo_at(&c->head, 0));
		pluq__fifo_pop(&c->head, 1);
	}
}

static void drop_memory(struct pluq__channel *c)
{
	drop_in_flight(c);
	drop_list(c, &c->deferred);
	drop_list(c, &c->requeued);
	drop_head(c);
}

void pluq__channel_empty(struct pluq__channel *c, void (*done)(void *, int, const struct pluq_why *), void *arg)
{
	static const struct pluq_why none;

	c->dropped[PLUQ_DROP_EMPTIED] += pluq__channel_holds(c);
	drop_memory(c);
	if (c->spill)
		pluq__spill_empty(c->spill, done, arg);
	else if (done)
		done(arg, 0, &none);
}

/* Everything held goes to storage, with its attempts and, if deferred, its time. */
static void store_held(struct pluq__channel *c, struct pluq__held *h)
{
	struct pluq__spill_item item = {.msg = h->msg,
	    .due_ns = due_real_ns(c, h),
	    .attempts = h->attempts,
	    .has_old = h->stored,
	    .old_position = h->position};

	if (h->rewriting) /* on its way, but perhaps with older attempts, or without its due time: once more after that */
		return;
	if (pluq__spill_append(c->spill, &item) < 0)
		c->home->lost += !h->stored; /* else its record stays as it is */
	else
		h->msg = NULL;
	pluq__held_free(c->home, h);
}

static void on_rewritten(struct pluq__spill *s, struct pluq__held *h, int status, uint64_t position)
{
	struct pluq__channel *c = of_spill(s);

	h->rewriting = false;
	if (!status)
		h->position = position;
	if (h->state != PLUQ__HELD_FINISHED && c->ending && !status) {
		store_held(c, h);
		return;
	}
	if (h->state != PLUQ__HELD_FINISHED && c->ending) { /* the old record stays as it is */
		h->stored = false;
		h->state = PLUQ__HELD_FINISHED;
	}
	if (h->state == PLUQ__HELD_FINISHED) {
		pluq__channel_finish(c, h);
	} else if (h->state == PLUQ__HELD_DEFERRED && !status) {
		/* The first ones of the list stay those of the oldest records, which will pin next: they are found at once. */
		pluq__held_unlink(&c->deferred, h);
		pluq__held_append(&c->deferred, h);
	}
}

const struct pluq__spill_owner pluq__channel_spill_owner = {on_spill_change, on_pinned, on_rewritten};

static void store_list(struct pluq__channel *c, struct pluq__held_list *l)
{
	struct pluq__held *h;

	while ((h = l->first)) {
		pluq__held_unlink(l, h);
		leave_deferred(c, h);
		store_held(c, h);
	}
}

static void store_memory(struct pluq__channel *c)
{
	while (c->head.count) {
		struct pluq__spill_item item = {.msg = *(struct pluq_msg **)pluq__fifo_at(&c->head, 0)};

		pluq__fifo_pop(&c->head, 1);
		if (pluq__spill_append(c->spill, &item) < 0) {
			c->home->lost++;
			pluq__msg_unref(item.msg);
		}
	}
	store_list(c, &c->requeued);
	while (c->orphans.first) {
		struct pluq__held *h = c->orphans.first;

		pluq__channel_land(c, h);
		h->state = PLUQ__HELD_READY;
		store_held(c, h);
	}
	store_list(c, &c->deferred);
}

static void end_subs(struct pluq__channel *c)
{
	while (c->subs) {
		struct pluq_sub *s = c->subs;
		void (*on_end)(void *) = s->ops.on_end;
		void *arg = s->arg;

		pluq__sub_leave(s);
		on_end(arg);
	}
}

void pluq__channel_end(struct pluq__channel *c, bool keep, void (*fn)(void *), void *arg)
{
	end_subs(c);
	c->ending = true;
	if (!keep)
		c->home->figures.deleted += pluq__channel_holds(c);
	pluq__loop_unturn(&c->turn);
	if (keep && c->spill) {
		store_memory(c);
	} else {
		if (keep && c->overflow == PLUQ__OVERFLOW_REJECT)
			c->home->unkept += c->head.count + c->requeued.count + c->inflight.count + c->deferred.count;
		drop_memory(c);
	}
	if (c->spill)
		pluq__spill_end(c->spill, !keep, fn, arg);
	else
		fn(arg);
}

int64_t pluq__channel_backend_depth(const struct pluq__channel *c)
{
	return c->spill ? (int64_t)(pluq__spill_backend_depth(c->spill) + pluq__spill_backlog(c->spill)) : 0;
}

int64_t pluq__channel_depth(const struct pluq__channel *c)
{
	return (int64_t)(c->head.count + c->requeued.count) + pluq__channel_backend_depth(c);
}

uint64_t pluq__channel_holds(const struct pluq__channel *c)
{
	return (uint64_t)pluq__channel_depth(c) + c->inflight.count + c->deferred.count;
}

static void note_both(struct pluq__channel *c, int64_t took)
{
	pluq__latency_add(&c->latency, took);
	pluq__window_add(&c->window, c->home->loop->now_ns, c->home->broker->e2e_half_ns, took);
}

void pluq__channel_note_finish(struct pluq__channel *c, const struct pluq_msg *m)
{
	int64_t took = c->home->loop->real_ns - m->timestamp_ns;

	c->finish_count++;
	if (c->home->broker->e2e_count)
		note_both(c, took);
	else
		pluq__latency_add(&c->latency, took);
}

static int64_t older(int64_t a, int64_t b)
{
	return a == PLUQ_OLDEST_NONE || (b != PLUQ_OLDEST_NONE && b < a) ? b : a;
}

/* What was given back stands where it was given back, behind younger ones. */
static int64_t oldest_held(const struct pluq__held_list *l, int64_t oldest, int *left)
{
	for (const struct pluq__held *h = l->first; h && *left > 0; h = h->next, --*left)
		oldest = older(oldest, h->msg->timestamp_ns);
	return oldest;
}

static int64_t oldest_in_flight(const struct pluq__channel *c, int64_t oldest, int *left)
{
	int first = PLUQ__CHANNEL_LOOKS;

	for (const struct pluq_sub *s = c->subs; s && first > 0; s = s->next, first--)
		if (s->held.first)
			oldest = older(oldest, s->held.first->msg->timestamp_ns);
	for (const struct pluq_sub *s = c->subs; s && *left > 0; s = s->next)
		oldest = oldest_held(&s->held, oldest, left);
	return oldest;
}

int64_t pluq__channel_oldest_ns(const struct pluq__channel *c)
{
	struct pluq__channel *unlocked = (struct pluq__channel *)(uintptr_t)c; /* looking at a fifo needs it, and changes nothing */
	int64_t oldest = PLUQ_OLDEST_NONE;
	int left = PLUQ__CHANNEL_LOOKS;

	if (c->head.count)
		oldest = (*(struct pluq_msg **)pluq__fifo_at(&unlocked->head, 0))->timestamp_ns;
	else if (c->spill)
		oldest = pluq__spill_oldest_ns(c->spill);
	if (oldest == PLUQ_OLDEST_UNKNOWN)
		return oldest;
	oldest = oldest_held(&c->requeued, oldest, &left);
	oldest = oldest_held(&c->orphans, oldest, &left);
	return oldest_in_flight(c, oldest, &left);
}
