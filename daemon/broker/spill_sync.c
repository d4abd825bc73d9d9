#include "spill_work.h"

#include <stdlib.h>

#include "../base/clock.h"
#include "health.h"
#include "home.h"

struct sync_work {
	struct pluq__job job;
	struct pluq__spill *spill;
	const struct pluq_storage_ops *ops;
	void *queue;
	int64_t covers, took_ns;
	int status;
	struct pluq_why why;
};

bool pluq__spill_await_sync(struct pluq__tickets *l, struct pluq__ticket *t)
{
	if (l->count == l->room && !pluq__spill_grow((void **)&l->ticket, &l->room, l->count + 1, sizeof(*l->ticket)))
		return false;
	l->ticket[l->count++] = t;
	return true;
}

void pluq__spill_settle(struct pluq__tickets *l, int status, const struct pluq_why *why)
{
	struct pluq__tickets all = *l;

	*l = (struct pluq__tickets){0};
	for (size_t i = 0; i < all.count; i++)
		pluq__ticket_settle(all.ticket[i], status, why);
	free(all.ticket);
}

void pluq__spill_operations(struct pluq__spill *s, int64_t n)
{
	if (!n)
		return;
	s->unsynced += n;
	if (s->sync_every > 0 && s->unsynced >= s->sync_every)
		pluq__spill_sync(s);
	else if (s->sync_timeout_ns > 0 && !pluq__timer_is_set(&s->sync_timer))
		pluq__loop_set(s->home->loop, &s->sync_timer, s->home->loop->now_ns + s->sync_timeout_ns);
}

static void sync_on_pool(struct pluq__job *job)
{
	struct sync_work *w = (struct sync_work *)job;

	int64_t began = pluq__clock_mono_ns();

	w->status = w->ops->sync(w->queue, &w->why);
	w->took_ns = pluq__clock_mono_ns() - began;
}

static void sync_done(struct pluq__job *job)
{
	struct sync_work *w = (struct sync_work *)job;
	struct pluq__spill *s = w->spill;

	s->syncing = false;
	pluq__latency_add(&s->home->figures.syncs, w->took_ns);
	pluq__health_retrying(s->home->broker, &s->sync_failed, w->status < 0);
	atomic_fetch_add_explicit(&s->home->broker->progress, 1, memory_order_relaxed);
	if (w->status < 0) {
		pluq__health_bad(s->home->broker, PLUQ__STORAGE_SYNC, s->name, &w->why);
		s->unsynced += w->covers;
		pluq__loop_set(s->home->loop, &s->sync_timer, s->home->loop->now_ns + PLUQ__SPILL_RETRY_LAST_NS);
	}
	pluq__spill_settle(&s->covered, w->status, &w->why);
	free(w);
	if (s->sync_again || (s->sync_every > 0 && s->unsynced >= s->sync_every && !pluq__timer_is_set(&s->sync_timer)))
		pluq__spill_sync(s);
	pluq__spill_kick(s);
}

void pluq__spill_sync(struct pluq__spill *s)
{
	struct sync_work *w;

	if (s->syncing) {
		s->sync_again = true;
		return;
	}
	if (s->work && s->work->kind == PLUQ__SPILL_EMPTY) { /* a sync runs beside everything but this; its end starts one */
		s->sync_again = true;
		return;
	}
	s->sync_again = false;
	if (!s->queue || (s->ending && s->work)) /* closing syncs by itself */
		return;
	w = calloc(1, sizeof(*w));
	if (!w) {
		pluq__loop_set(s->home->loop, &s->sync_timer, s->home->loop->now_ns + PLUQ__SPILL_RETRY_FIRST_NS);
		return;
	}
	pluq__loop_clear(s->home->loop, &s->sync_timer);
	*w = (struct sync_work){.spill = s, .ops = s->home->broker->storage, .queue = s->queue, .covers = s->unsynced};
	w->job.work = sync_on_pool;
	w->job.done = sync_done;
	w->job.what = "sync";
	s->unsynced = 0;
	s->syncing = true;
	s->covered = s->written;
	s->written = (struct pluq__tickets){0};
	pluq__spill_submit(s, &w->job);
}

void pluq__spill_on_sync_timer(struct pluq__timer *t)
{
	pluq__spill_sync((struct pluq__spill *)(void *)((char *)t - offsetof(struct pluq__spill, sync_timer)));
}
