#include "spill.h"

#include <stdlib.h>

#include "../base/clock.h"
#include "health.h"
#include "home.h"
#include "metadata.h"
#include "spill_work.h"

/* Attempts to write what is left when the daemon stops. */
#define END_TRIES 4

void pluq__spill_kick(struct pluq__spill *s)
{
	pluq__loop_turn(s->home->loop, PLUQ__TURN_WORK, &s->turn);
}

bool pluq__spill_grow(void **array, size_t *room, size_t need, size_t size)
{
	size_t n = *room ? *room : 16;
	void *p;

	while (n < need)
		n *= 2;
	if (n == *room)
		return true;
	p = realloc(*array, n * size);
	if (!p)
		return false;
	*array = p;
	*room = n;
	return true;
}

/* ---- what comes next ---- */

/* Is there another record of it, that stays if this one is not written? */
static bool is_stored(const struct pluq__spill_item *i)
{
	return i->has_old || (i->ticket && i->ticket->stored);
}

/* The end is near: what could not be written by now is lost. */
static bool give_up(struct pluq__spill *s)
{
	if (!s->removing && s->failures < END_TRIES)
		return false;
	if (!s->removing)
		for (size_t i = 0; i < s->waiting.count; i++)
			s->home->lost += !is_stored(&s->waiting.item[i]);
	pluq__spill_drop(s, &s->waiting, PLUQ_EEXITING, NULL);
	return true;
}

static bool begin_end(struct pluq__spill *s)
{
	if (s->waiting.count && !give_up(s))
		return true; /* the retry timer runs */
	if (s->syncing)
		return true; /* its end kicks */
	if (!s->queue) {
		pluq__spill_end_unopened(s);
		return true;
	}
	return pluq__spill_begin(s, s->removing ? PLUQ__SPILL_REMOVE : PLUQ__SPILL_CLOSE);
}

void pluq__spill_retry_later(struct pluq__spill *s)
{
	int64_t pause = PLUQ__SPILL_RETRY_FIRST_NS;

	for (int i = 1; i < s->failures && pause < PLUQ__SPILL_RETRY_LAST_NS; i++)
		pause *= 2;
	if (pause > PLUQ__SPILL_RETRY_LAST_NS)
		pause = PLUQ__SPILL_RETRY_LAST_NS;
	if (!pluq__timer_is_set(&s->retry))
		pluq__loop_set(s->home->loop, &s->retry, s->home->loop->now_ns + pause);
}

static bool begin_next(struct pluq__spill *s)
{
	bool pause = pluq__timer_is_set(&s->retry);
	bool append = s->waiting.count && (s->named || s->ending);

	if (!s->queue && s->ending && s->failures >= END_TRIES)
		return begin_end(s);
	if (!s->queue)
		return pause || pluq__spill_begin(s, PLUQ__SPILL_OPEN);
	if (s->emptying)
		return s->syncing || pluq__spill_begin(s, PLUQ__SPILL_EMPTY); /* the sync's end kicks */
	if (append && pause && s->waiting.item[0].ticket && !s->waiting.item[0].ticket->retry)
		pause = false; /* a publisher waits for the verdict */
	if (append && !pause)
		return pluq__spill_begin_move(s, true);
	if (s->releases.count || ((s->want || s->look) && s->stored && !pause))
		return pluq__spill_begin_move(s, false);
	if (s->ending)
		return begin_end(s);
	if (!pause) /* nothing is left to be tried again: the next operation will tell */
		pluq__health_retrying(s->home->broker, &s->retrying, false);
	return true;
}

static struct pluq__spill *of_turn(struct pluq__turn *t)
{
	return (struct pluq__spill *)(void *)((char *)t - offsetof(struct pluq__spill, turn));
}

static void on_turn(struct pluq__turn *t)
{
	struct pluq__spill *s = of_turn(t);

	if (s->work)
		return;
	if (!begin_next(s)) { /* no memory: what waits is not lost, it waits */
		s->failures++;
		pluq__spill_retry_later(s);
	}
}

static void on_retry(struct pluq__timer *t)
{
	struct pluq__spill *s = (struct pluq__spill *)(void *)((char *)t - offsetof(struct pluq__spill, retry));

	pluq__spill_kick(s);
}

/* ---- what the queue asks ---- */

void pluq__spill_init(struct pluq__spill *s, struct pluq__home *home, const struct pluq__spill_owner *owner, const char *name)
{
	memset(s, 0, sizeof(*s));
	s->home = home;
	s->owner = owner;
	s->name = name;
	pluq__fifo_init(&s->fetched, sizeof(struct pluq__fetched));
	s->turn.fn = on_turn;
	s->retry.fn = on_retry;
	s->sync_timer.fn = pluq__spill_on_sync_timer;
}

int pluq__spill_open_now(struct pluq__spill *s, struct pluq_why *why)
{
	struct pluq__broker *b = s->home->broker;
	struct pluq_queue_info info = {0};
	int err = b->storage->open(b->storage_self, s->name, &info, &s->queue, why);

	if (err < 0)
		return err;
	s->stored = info.count;
	s->sync_every = info.sync_every;
	s->sync_timeout_ns = info.sync_timeout_ns;
	s->named = true;
	return 0;
}

void pluq__spill_open(struct pluq__spill *s)
{
	pluq__spill_kick(s);
}

void pluq__spill_named(struct pluq__spill *s, int status, const struct pluq_why *why)
{
	if (status < 0) {
		struct pluq__spill_work refused = {.items = s->waiting};

		if (why)
			refused.append_why = *why;
		s->waiting = (struct pluq__items){0};
		pluq__spill_refuse(s, &refused);
		return;
	}
	s->named = true;
	if (s->waiting.count)
		pluq__spill_kick(s);
}

int pluq__spill_append(struct pluq__spill *s, const struct pluq__spill_item *item)
{
	struct pluq__items *l = &s->waiting;

	if (l->count == l->room && !pluq__spill_grow((void **)&l->item, &l->room, l->count + 1, sizeof(*l->item)))
		return PLUQ_ENOMEM;
	if (pluq__spill_is_empty(s))
		s->edge_ns = item->msg->timestamp_ns;
	l->item[l->count++] = *item;
	if (!s->named && l->count == 1)
		pluq__metadata_hurry(s->home);
	if (!s->work)
		pluq__spill_kick(s);
	return 0;
}

void pluq__spill_want(struct pluq__spill *s)
{
	if (s->want || !s->stored || s->fetched.count > PLUQ__FETCH_AHEAD / 2 ||
	    s->fetched_bytes > PLUQ__FETCH_AHEAD_BYTES / 2)
		return;
	s->want = true;
	if (!s->work)
		pluq__spill_kick(s);
}

void pluq__spill_look(struct pluq__spill *s)
{
	if (s->look || s->want || !s->stored || pluq__spill_oldest_ns(s) != PLUQ_OLDEST_UNKNOWN)
		return;
	s->look = true;
	if (!s->work)
		pluq__spill_kick(s);
}

struct pluq__fetched *pluq__spill_peek(struct pluq__spill *s, uint64_t n)
{
	return pluq__fifo_at(&s->fetched, n);
}

int64_t pluq__spill_oldest_ns(struct pluq__spill *s)
{
	if (s->fetched.count)
		return pluq__spill_peek(s, 0)->msg->timestamp_ns;
	if (pluq__spill_is_empty(s))
		return PLUQ_OLDEST_NONE;
	return s->edge_ns ? s->edge_ns : PLUQ_OLDEST_UNKNOWN;
}

void pluq__spill_pop(struct pluq__spill *s, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		s->fetched_bytes -= ((struct pluq__fetched *)pluq__fifo_at(&s->fetched, i))->msg->length;
	pluq__fifo_pop(&s->fetched, n);
}

void pluq__spill_release(struct pluq__spill *s, uint64_t position)
{
	struct pluq__positions *l = &s->releases;

	/* Without memory the release is forgotten: the message may come again after a restart. */
	if (l->count == l->room && !pluq__spill_grow((void **)&l->position, &l->room, l->count + 1, sizeof(*l->position)))
		return;
	l->position[l->count++] = position;
	if (!s->work)
		pluq__spill_kick(s);
}

static void drop_fetched(struct pluq__spill *s)
{
	for (uint64_t i = 0; i < s->fetched.count; i++)
		pluq__msg_unref(((struct pluq__fetched *)pluq__fifo_at(&s->fetched, i))->msg);
	pluq__fifo_clear(&s->fetched);
	s->fetched_bytes = 0;
}

void pluq__spill_empty(struct pluq__spill *s, void (*done)(void *, int, const struct pluq_why *), void *arg)
{
	pluq__spill_drop(s, &s->waiting, 0, NULL);
	drop_fetched(s);
	s->releases.count = 0;
	s->stored = 0;
	s->edge_ns = 0;
	s->want = s->look = false;
	if (s->work)
		s->work->stale = true;
	if (s->emptying && s->on_empty) /* two at once: the first is answered by the second's success or failure */
		s->on_empty(s->empty_arg, 0, NULL);
	s->emptying = true;
	s->on_empty = done;
	s->empty_arg = arg;
	pluq__spill_kick(s);
}

void pluq__spill_end(struct pluq__spill *s, bool remove, void (*done)(void *arg), void *arg)
{
	if (remove) {
		/* Not a failure: they were accepted, and go with the queue. A record of the topic's queue that was on its way
		 * here is not to wait for this one. */
		pluq__spill_drop(s, &s->waiting, 0, NULL);
		if (s->work)
			s->work->stale = true;
		s->stored = 0;
		s->releases.count = 0;
	}
	drop_fetched(s);
	s->want = s->look = false;
	s->ending = true;
	s->removing = remove;
	s->failures = 0;
	s->on_end = done;
	s->end_arg = arg;
	pluq__loop_clear(s->home->loop, &s->retry);
	pluq__spill_kick(s);
}
