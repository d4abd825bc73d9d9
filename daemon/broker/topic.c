#include "topic.h"

#include <pluq/name.h>
#include <stdlib.h>

#include "../base/clock.h"
#include "../base/log.h"
#include "../base/memory.h"
#include "channel.h"
#include "directory.h"
#include "gate.h"
#include "metadata.h"
#include "names.h"
#include "stats.h"

/* Ids go by the clock up to this far below the ceiling; beyond, they only count on, until a higher ceiling is on the medium.
 * 30 s are room for 117 million ids per topic. */
#define CEILING_MARGIN_NS (30 * PLUQ__SEC)

static const struct pluq__spill_owner spill_owner;

struct pluq_topic *pluq__topic_new(struct pluq__home *home, const char *name, size_t length, int64_t id_floor_ns)
{
	struct pluq_topic *t = calloc(1, sizeof(*t));
	struct pluq__broker *b = home->broker;

	if (!t)
		return NULL;
	atomic_init(&t->refs, 1);
	t->home = home;
	memcpy(t->name, name, length);
	t->ephemeral = pluq_name_is_ephemeral(name, length);
	pluq__fifo_init(&t->head, sizeof(struct pluq__waiting));
	pluq__idgen_init(&t->ids, b->limits->node_id, id_floor_ns);
	if (t->ephemeral)
		t->overflow = PLUQ__OVERFLOW_DROP;
	else if (b->storage->flags & PLUQ_STORAGE_REJECTS)
		t->overflow = PLUQ__OVERFLOW_REJECT;
	if (t->overflow == PLUQ__OVERFLOW_SPILL) {
		t->spill = malloc(sizeof(*t->spill));
		if (!t->spill) {
			free(t);
			return NULL;
		}
		pluq__spill_init(t->spill, home, &spill_owner, t->name);
	}
	return t;
}

struct pluq_topic *pluq__topic_ref(struct pluq_topic *t)
{
	atomic_fetch_add_explicit(&t->refs, 1, memory_order_relaxed);
	return t;
}

void pluq__topic_unref(struct pluq_topic *t)
{
	if (atomic_fetch_sub_explicit(&t->refs, 1, memory_order_acq_rel) != 1)
		return;
	pluq__fifo_clear(&t->head);
	free(t->spill);
	free(t);
}

static void on_turn(struct pluq__turn *);

void pluq__topic_start(struct pluq_topic *t)
{
	struct pluq__home *home = t->home;

	t->turn.fn = on_turn;
	t->next = NULL;
	t->link = home->topics_end;
	*t->link = pluq__topic_ref(t);
	home->topics_end = &t->next;
	pluq__gate_watch(t);
}

static void leave_home(struct pluq_topic *t)
{
	pluq__stats_skip(t);
	*t->link = t->next;
	if (t->next)
		t->next->link = t->link;
	else
		t->home->topics_end = t->link;
	t->next = NULL;
	t->link = NULL;
	pluq__topic_unref(t);
}

/* ---- in ---- */

static int64_t memory_limit(const struct pluq_topic *t)
{
	return t->home->broker->limits->mem_queue_size;
}

static bool passes_on(const struct pluq_topic *t)
{
	return t->channels && !t->paused && !t->gated;
}

static bool queue_is_empty(const struct pluq_topic *t)
{
	return !t->head.count && (!t->spill || pluq__spill_is_empty(t->spill));
}

static void fan_out(struct pluq_topic *t, struct pluq_msg *m, int64_t defer_ns, struct pluq__put *put)
{
	for (struct pluq__channel *c = t->channels; c; c = c->next)
		pluq__channel_put(c, c->next ? pluq__msg_ref(m) : m, defer_ns, put);
}

static int64_t due_at(int64_t defer_ns)
{
	return defer_ns > 0 ? pluq__clock_real_ns() + defer_ns : 0;
}

static int spill_one(struct pluq_topic *t, struct pluq_msg *m, int64_t defer_ns, struct pluq__put *put)
{
	struct pluq__spill_item item = {.msg = m, .due_ns = due_at(defer_ns), .ticket = pluq__put_ticket(put)};
	int err = item.ticket ? pluq__spill_append(t->spill, &item) : PLUQ_ENOMEM;

	if (err < 0 && item.ticket)
		pluq__ticket_settle(item.ticket, err, NULL);
	return err;
}

static int push_head(struct pluq_topic *t, struct pluq_msg *m, int64_t defer_ns)
{
	struct pluq__waiting *w = pluq__fifo_push(&t->head);

	if (!w)
		return PLUQ_ENOMEM;
	*w = (struct pluq__waiting){m, defer_ns};
	return 0;
}

/* Into the topic's own queue: it has no channel yet, is paused, or others wait there already. */
static void enqueue(struct pluq_topic *t, struct pluq_msg *m, int64_t defer_ns, struct pluq__put *put)
{
	bool room = (int64_t)t->head.count < memory_limit(t);
	int err;

	if (room && (!t->spill || (pluq__spill_is_empty(t->spill) && !pluq__memory_over())))
		err = push_head(t, m, defer_ns);
	else if (t->spill)
		err = spill_one(t, m, defer_ns, put);
	else if (t->overflow == PLUQ__OVERFLOW_REJECT)
		err = PLUQ_EFULL;
	else {
		t->dropped[PLUQ_DROP_FULL]++;
		pluq__msg_unref(m); /* ephemeral: dropped in silence, as in the original */
		return;
	}
	if (err < 0) {
		pluq__put_failed(put, err);
		pluq__msg_unref(m);
	}
}

static bool all_have_room(const struct pluq_topic *t, uint64_t n)
{
	for (const struct pluq__channel *c = t->channels; c; c = c->next)
		if (!pluq__channel_has_room(c, n))
			return false;
	return true;
}

static void drop_all(struct pluq_msg **msgs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		pluq__msg_unref(msgs[i]);
}

void pluq__topic_put(struct pluq_topic *t, struct pluq_msg **msgs, size_t n, int64_t defer_ns, struct pluq__put *put)
{
	const struct pluq__loop *l = t->home->loop;
	int64_t ids_by_clock_ns =
	    atomic_load_explicit(&t->home->broker->id_ceiling_ns, memory_order_relaxed) - CEILING_MARGIN_NS;
	int64_t id_clock_ns = l->real_ns < ids_by_clock_ns ? l->real_ns : ids_by_clock_ns;
	bool direct = passes_on(t) && queue_is_empty(t);

	if (direct && t->overflow == PLUQ__OVERFLOW_REJECT && !all_have_room(t, n)) {
		pluq__put_failed(put, PLUQ_EFULL);
		drop_all(msgs, n);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		struct pluq_msg *m = msgs[i];

		pluq__idgen_next(&t->ids, id_clock_ns, m->id);
		m->timestamp_ns = l->real_ns;
		t->message_count++;
		t->message_bytes += m->length;
		if (direct)
			fan_out(t, m, defer_ns, put);
		else
			enqueue(t, m, defer_ns, put);
	}
	if (l->real_ns > ids_by_clock_ns || pluq__idgen_above_ns(&t->ids) > ids_by_clock_ns)
		pluq__metadata_raise_ceiling(t->home, pluq__idgen_above_ns(&t->ids));
	if (!direct)
		pluq__topic_kick(t);
}

/* ---- moving on ---- */

/* Messages moved in one turn of the loop, before others get theirs. */
#define TURN_MAX 4096
#define MOVE_BATCH 256
/* Appends that may wait in a channel before the topic stops moving messages on to it. */
#define CHANNEL_BACKLOG 2048

/* Fetched records on their way into the channels: released once every channel has them. */
struct move {
	struct pluq__ticket ticket;
	struct pluq_topic *topic;
	size_t count;
	uint64_t positions[MOVE_BATCH];
};

void pluq__topic_kick(struct pluq_topic *t)
{
	if (passes_on(t) && !t->dead && !queue_is_empty(t))
		pluq__loop_turn(t->home->loop, PLUQ__TURN_WORK, &t->turn);
}

static bool may_move(const struct pluq_topic *t)
{
	for (const struct pluq__channel *c = t->channels; c; c = c->next)
		if (!pluq__channel_has_room(c, 1) || (c->spill && pluq__spill_backlog(c->spill) >= CHANNEL_BACKLOG))
			return false;
	return passes_on(t);
}

static void move_done(struct pluq__ticket *ticket, const struct pluq_why *why)
{
	struct move *m = (struct move *)ticket;

	(void)why;
	if (!ticket->status)
		for (size_t i = 0; i < m->count; i++)
			pluq__spill_release(m->topic->spill, m->positions[i]);
	pluq__topic_unref(m->topic);
	free(m);
}

struct move_put {
	struct pluq__put put;
	struct pluq_topic *topic;
};

static struct pluq__ticket *make_move(struct pluq__put *put)
{
	struct move *m = malloc(sizeof(*m));

	if (!m)
		return NULL;
	m->ticket = (struct pluq__ticket){.pending = 1, .retry = true, .done = move_done};
	m->topic = pluq__topic_ref(((struct move_put *)put)->topic);
	m->count = 0;
	return &m->ticket;
}

/* Nobody is left who could be told: the publisher has his answer. */
static void complain(const struct pluq_topic *t, const char *what_becomes_of_them)
{
	pluq__log(PLUQ_ERROR, "core", "topic %s: out of memory: messages that a channel could not take %s", t->name,
	    what_becomes_of_them);
}

static size_t move_head(struct pluq_topic *t, size_t most)
{
	struct move_put mp = {.put.make = make_move, .topic = t};
	size_t n = 0;

	while (n < most && t->head.count && may_move(t)) {
		struct pluq__waiting w = *(struct pluq__waiting *)pluq__fifo_at(&t->head, 0);

		pluq__fifo_pop(&t->head, 1);
		fan_out(t, w.msg, w.defer_ns, &mp.put);
		n++;
	}
	if (mp.put.ticket)
		pluq__ticket_settle(mp.put.ticket, 0, NULL);
	if (mp.put.status < 0)
		complain(t, "are lost to it");
	return n;
}

static size_t move_fetched(struct pluq_topic *t)
{
	struct move_put mp = {.put.make = make_move, .topic = t};
	struct move *m;
	int64_t now = t->home->loop->real_ns;

	/* The ticket first: without it nothing is taken, so nothing can be forgotten. */
	if (!may_move(t) || !(mp.put.ticket = make_move(&mp.put)))
		return 0;
	m = (struct move *)mp.put.ticket;
	m->ticket.stored = true;
	while (m->count < MOVE_BATCH && t->spill->fetched.count && may_move(t)) {
		struct pluq__fetched f = *pluq__spill_peek(t->spill, 0);

		pluq__spill_pop(t->spill, 1);
		m->positions[m->count++] = f.position;
		fan_out(t, f.msg, f.due_ns > now ? f.due_ns - now : 0, &mp.put);
	}
	size_t n = m->count;

	pluq__ticket_settle(&m->ticket, mp.put.status, NULL);
	if (mp.put.status < 0)
		complain(t, "come again after a restart");
	return n;
}

static void on_turn(struct pluq__turn *turn)
{
	struct pluq_topic *t = (struct pluq_topic *)(void *)((char *)turn - offsetof(struct pluq_topic, turn));
	size_t moved = 0, n;

	if (t->dead)
		return;
	moved = move_head(t, TURN_MAX);
	while (t->spill && !t->head.count && moved < TURN_MAX && (n = move_fetched(t)) > 0)
		moved += n;
	if (t->spill && passes_on(t))
		pluq__spill_want(t->spill);
	if (moved >= TURN_MAX)
		pluq__topic_kick(t);
}

static void on_spill_change(struct pluq__spill *s)
{
	pluq__topic_kick((struct pluq_topic *)(void *)((char *)(uintptr_t)s->name - offsetof(struct pluq_topic, name)));
}

static const struct pluq__spill_owner spill_owner = {.on_change = on_spill_change};

/* ---- channels ---- */

static struct pluq__channel *find(struct pluq__channel *list, const char *name, size_t length)
{
	for (; list; list = list->next)
		if (strncmp(list->name, name, length) == 0 && !list->name[length])
			return list;
	return NULL;
}

struct pluq__channel *pluq__topic_channel(struct pluq_topic *t, const char *name, size_t length)
{
	return find(t->channels, name, length);
}

struct pluq__channel *pluq__topic_channel_by_uid(struct pluq_topic *t, uint64_t uid)
{
	struct pluq__channel *c = t->channels;

	while (c && c->uid != uid)
		c = c->next;
	return c;
}

static void link_channel(struct pluq_topic *t, struct pluq__channel *c)
{
	struct pluq__channel **end = &t->channels;

	while (*end)
		end = &(*end)->next;
	*end = c;
}

struct pluq__channel *pluq__topic_channel_load(struct pluq_topic *t, const char *name, size_t length)
{
	struct pluq__channel *c = pluq__channel_new(t, name, length, ++t->next_uid);

	if (c)
		link_channel(t, c);
	return c;
}

static struct pluq__channel *make_channel(struct pluq_topic *t, const char *name, size_t length)
{
	struct pluq__channel *c = pluq__channel_new(t, name, length, ++t->next_uid);
	struct pluq__change *added =
	    c ? pluq__change_new(t, PLUQ__CHANNEL_ADDED, c->name, c->uid, false, NULL, NULL) : NULL;

	if (!added) {
		pluq__channel_free(&c);
		return NULL;
	}
	link_channel(t, c);
	pluq__change_send(added);
	if (c->spill)
		pluq__spill_open(c->spill);
	pluq__topic_kick(t);
	return c;
}

int pluq__topic_channel_get(struct pluq_topic *t, const char *name, size_t length, struct pluq__channel **out)
{
	struct pluq__channel *c = find(t->channels, name, length);

	if (!c && find(t->closing, name, length))
		return PLUQ_EEXITING;
	if (!c && !(c = make_channel(t, name, length)))
		return PLUQ_ENOMEM;
	*out = c;
	return 0;
}

static void unlink_channel(struct pluq__channel **list, struct pluq__channel *c)
{
	while (*list != c)
		list = &(*list)->next;
	*list = c->next;
	c->next = NULL;
}

static void end_queue(struct pluq_topic *t);

static void on_channel_gone(void *arg)
{
	struct pluq__channel *c = arg;
	struct pluq_topic *t = c->topic;
	static const struct pluq_why none;
	int err = 0;

	unlink_channel(&t->closing, c);
	if (!t->ending) {
		err = pluq__metadata_change(t, PLUQ__CHANNEL_REMOVED, c->name, false, c->on_gone, c->gone_arg);
		if (t->ephemeral && !t->channels && !t->closing)
			pluq__directory_expire(t);
	}
	if ((t->ending || err < 0) && c->on_gone)
		c->on_gone(c->gone_arg, err, &none);
	pluq__channel_free(&c);
	if (t->ending && !t->closing && !t->channels)
		end_queue(t);
	pluq__topic_unref(t);
}

static void end_channel(struct pluq_topic *t, struct pluq__channel *c, bool keep, pluq_done_fn done, void *arg)
{
	pluq__topic_ref(t); /* until it is gone */
	pluq__stats_skip_channel(c);
	unlink_channel(&t->channels, c);
	c->next = t->closing;
	t->closing = c;
	c->on_gone = done;
	c->gone_arg = arg;
	pluq__channel_end(c, keep, on_channel_gone, c);
}

void pluq__topic_channel_delete(struct pluq_topic *t, struct pluq__channel *c, pluq_done_fn done, void *arg)
{
	end_channel(t, c, false, done, arg);
}

/* ---- the whole topic ---- */

void pluq__topic_pause(struct pluq_topic *t, bool paused)
{
	t->paused = paused;
	pluq__topic_kick(t);
}

static void drop_head(struct pluq_topic *t)
{
	while (t->head.count) {
		pluq__msg_unref(((struct pluq__waiting *)pluq__fifo_at(&t->head, 0))->msg);
		pluq__fifo_pop(&t->head, 1);
	}
}

void pluq__topic_empty(struct pluq_topic *t, pluq_done_fn done, void *arg)
{
	static const struct pluq_why none;

	t->dropped[PLUQ_DROP_EMPTIED] += (uint64_t)pluq__topic_depth(t);
	drop_head(t);
	if (t->spill)
		pluq__spill_empty(t->spill, done, arg);
	else
		done(arg, 0, &none);
}

static void store_head(struct pluq_topic *t)
{
	while (t->head.count) {
		struct pluq__waiting w = *(struct pluq__waiting *)pluq__fifo_at(&t->head, 0);
		struct pluq__spill_item item = {.msg = w.msg, .due_ns = due_at(w.defer_ns)};

		pluq__fifo_pop(&t->head, 1);
		if (pluq__spill_append(t->spill, &item) < 0) {
			t->home->lost++;
			pluq__msg_unref(w.msg);
		}
	}
}

static void on_queue_ended(void *arg)
{
	struct pluq_topic *t = arg;
	struct pluq__home *home = t->home;

	if (t->on_gone)
		t->on_gone(t, t->gone_arg);
	pluq__topic_unref(t);
	pluq__broker_topic_ended(home);
}

static void end_queue(struct pluq_topic *t)
{
	if (!t->keep)
		t->home->figures.deleted += (uint64_t)pluq__topic_depth(t);
	if (t->keep && t->spill) {
		store_head(t);
	} else {
		if (t->keep && t->overflow == PLUQ__OVERFLOW_REJECT)
			t->home->unkept += t->head.count;
		drop_head(t);
	}
	if (t->spill)
		pluq__spill_end(t->spill, !t->keep, on_queue_ended, t);
	else
		on_queue_ended(t);
}

void pluq__topic_end(struct pluq_topic *t, bool keep, void (*on_gone)(struct pluq_topic *, void *arg), void *arg)
{
	pluq__topic_ref(t); /* until on_queue_ended */
	t->ending = true;
	atomic_store(&t->dead, true);
	t->keep = keep;
	t->on_gone = on_gone;
	t->gone_arg = arg;
	t->home->topics_ending++;
	pluq__loop_unturn(&t->turn);
	pluq__loop_clear(t->home->loop, &t->gate_timer);
	leave_home(t);
	pluq__topic_ref(t); /* while the channels go: the last of them may end everything */
	if (!t->channels && !t->closing)
		end_queue(t);
	while (t->channels)
		end_channel(t, t->channels, keep, NULL, NULL);
	pluq__topic_unref(t);
}

int64_t pluq__topic_backend_depth(const struct pluq_topic *t)
{
	return t->spill ? (int64_t)(pluq__spill_backend_depth(t->spill) + pluq__spill_backlog(t->spill)) : 0;
}

int64_t pluq__topic_depth(const struct pluq_topic *t)
{
	return (int64_t)t->head.count + pluq__topic_backend_depth(t);
}

int64_t pluq__topic_oldest_ns(struct pluq_topic *t)
{
	if (t->head.count)
		return ((struct pluq__waiting *)pluq__fifo_at(&t->head, 0))->msg->timestamp_ns;
	return t->spill ? pluq__spill_oldest_ns(t->spill) : PLUQ_OLDEST_NONE;
}
