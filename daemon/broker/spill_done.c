#include "spill_work.h"

#include <stdlib.h>

#include "health.h"
#include "home.h"

static void failed(struct pluq__spill *s, int operation, const struct pluq_why *why)
{
	s->failures++;
	pluq__health_bad(s->home->broker, operation, s->name, why);
	pluq__health_retrying(s->home->broker, &s->retrying, true);
	pluq__spill_retry_later(s);
}

static void recovered(struct pluq__spill *s)
{
	s->failures = 0;
	pluq__loop_clear(s->home->loop, &s->retry);
	pluq__health_retrying(s->home->broker, &s->retrying, false);
}

static void settle_item(struct pluq__spill *s, struct pluq__spill_item *i, int status, const struct pluq_why *why)
{
	if (i->rewritten)
		s->owner->on_rewritten(s, i->rewritten, PLUQ_EEXITING, 0);
	if (i->ticket)
		pluq__ticket_settle(i->ticket, status, why);
	pluq__msg_unref(i->msg);
}

void pluq__spill_drop(struct pluq__spill *s, struct pluq__items *items, int status, const struct pluq_why *why)
{
	struct pluq__items all = *items;

	*items = (struct pluq__items){0};
	for (size_t i = 0; i < all.count; i++)
		settle_item(s, &all.item[i], status, why);
	free(all.item);
}

static void item_written(struct pluq__spill *s, const struct pluq__spill_work *w, size_t n)
{
	struct pluq__spill_item *i = &w->items.item[n];

	if (i->has_old)
		pluq__spill_release(s, i->old_position);
	if (i->rewritten)
		s->owner->on_rewritten(s, i->rewritten, 0, w->new_positions[n]);
	else if (!w->stale)
		s->stored++;
	if (i->ticket && !(s->sync_every == 1 && pluq__spill_await_sync(&s->written, i->ticket)))
		pluq__ticket_settle(i->ticket, 0, NULL);
	pluq__msg_unref(i->msg);
}

/* What was not written: publishers are told, the rest goes back to the front. */
void pluq__spill_refuse(struct pluq__spill *s, struct pluq__spill_work *w)
{
	struct pluq__items back = w->items;
	size_t kept = 0;

	/* A publisher that is told may publish again at once; he must not find the queue empty while others stand in it. */
	s->writing = w->items.count - w->appended;
	for (size_t n = w->appended; n < w->items.count; n++) {
		struct pluq__spill_item *i = &w->items.item[n];

		if (w->stale || (i->ticket && !i->ticket->retry))
			settle_item(s, i, w->stale ? 0 : PLUQ_EIO, &w->append_why);
		else
			back.item[kept++] = *i;
	}
	back.count = kept;
	s->writing = 0;
	w->items = (struct pluq__items){0};
	if (!kept) {
		free(back.item);
		return;
	}
	if (s->waiting.count) {
		if (!pluq__spill_grow((void **)&back.item, &back.room, kept + s->waiting.count, sizeof(*back.item))) {
			/* Cannot be joined: the newer ones, that their publishers still wait for, give way. */
			pluq__spill_drop(s, &s->waiting, PLUQ_ENOMEM, NULL);
		} else {
			memcpy(back.item + kept, s->waiting.item, s->waiting.count * sizeof(*back.item));
			back.count += s->waiting.count;
			free(s->waiting.item);
		}
	}
	s->waiting = back;
}

static void after_append(struct pluq__spill *s, struct pluq__spill_work *w)
{
	size_t done = w->appended;

	for (size_t i = 0; i < done; i++)
		item_written(s, w, i);
	if (done == w->items.count) {
		s->writing = 0;
		free(w->items.item);
		w->items = (struct pluq__items){0};
		if (!w->fetch_status && !w->release_status) /* else it is not well yet */
			pluq__health_good(s->home->broker);
	} else {
		pluq__spill_refuse(s, w);
		failed(s, PLUQ__STORAGE_APPEND, &w->append_why);
	}
}

static void after_fetch(struct pluq__spill *s, struct pluq__spill_work *w)
{
	for (size_t i = 0; i < w->batch.count; i++) {
		struct pluq__fetched *f = w->stale || s->ending ? NULL : pluq__fifo_push(&s->fetched);

		if (!f) {
			/* Emptied, or at its end, or no memory for its place: not released, so offered again after a restart. */
			pluq__msg_unref(w->batch.fetched[i].msg);
			continue;
		}
		*f = w->batch.fetched[i];
		s->fetched_bytes += f->msg->length;
		s->edge_ns = f->msg->timestamp_ns;
	}
	free(w->batch.fetched);
	if (w->fetch_status < 0) {
		/* The back end has nothing to say on what is left: what it gave is taken off. Fetches that succeed correct it. */
		if (!w->stale)
			s->stored -= w->batch.count < s->stored ? w->batch.count : s->stored;
		failed(s, PLUQ__STORAGE_FETCH, &w->why);
	} else if (!w->stale) {
		s->stored = w->left.count;
		if (w->seen_ns)
			s->edge_ns = w->seen_ns;
	}
}

static void after_move(struct pluq__spill *s, struct pluq__spill_work *w)
{
	int64_t operations = (int64_t)(w->appended + w->releases.count);
	bool appends = w->items.count > 0;

	if (w->release_status < 0)
		pluq__health_bad(s->home->broker, PLUQ__STORAGE_RELEASE, s->name, &w->why);
	free(w->releases.position);
	if (w->fetch)
		after_fetch(s, w); /* before the appends are counted: it ran after them, its count includes them */
	if (appends) {
		uint64_t stored = s->stored;
		bool fetched = w->fetch && !w->fetch_status && !w->stale;

		after_append(s, w);
		if (fetched)
			s->stored = stored;
	}
	free(w->new_positions);
	if ((appends || (w->fetch && !s->waiting.count)) && !w->append_status && !w->fetch_status && !w->release_status)
		recovered(s);
	pluq__spill_operations(s, operations);
	if (w->released.pinned && !w->stale && s->owner->on_pinned)
		s->owner->on_pinned(s, w->released.pinned_position);
}

static void after_open(struct pluq__spill *s, const struct pluq__spill_work *w)
{
	if (w->open_status < 0) {
		failed(s, PLUQ__STORAGE_OPEN, &w->why);
		/* Publishers are not kept waiting for what may never open. */
		struct pluq__spill_work refused = {.items = s->waiting, .append_why = w->why};

		s->waiting = (struct pluq__items){0};
		pluq__spill_refuse(s, &refused);
		return;
	}
	s->queue = w->queue;
	s->stored = s->emptying ? 0 : w->info.count;
	s->sync_every = w->info.sync_every;
	s->sync_timeout_ns = w->info.sync_timeout_ns;
	recovered(s);
}

static void after_empty(struct pluq__spill *s, const struct pluq__spill_work *w)
{
	void (*done)(void *, int, const struct pluq_why *) = s->on_empty;

	s->emptying = false;
	s->on_empty = NULL;
	if (w->end_status < 0)
		pluq__health_bad(s->home->broker, PLUQ__STORAGE_EMPTY, s->name, &w->why);
	if (done)
		done(s->empty_arg, w->end_status, &w->why);
	if (s->sync_again)
		pluq__spill_sync(s);
}

static void ended(struct pluq__spill *s)
{
	pluq__loop_clear(s->home->loop, &s->retry);
	pluq__loop_clear(s->home->loop, &s->sync_timer);
	pluq__loop_unturn(&s->turn);
	pluq__health_retrying(s->home->broker, &s->retrying, false);
	pluq__health_retrying(s->home->broker, &s->sync_failed, false);
	pluq__spill_settle(&s->written, 0, NULL);
	free(s->releases.position); /* of what has been removed */
	s->releases = (struct pluq__positions){0};
	s->on_end(s->end_arg);
}

void pluq__spill_end_unopened(struct pluq__spill *s)
{
	if (s->on_empty) {
		void (*done)(void *, int, const struct pluq_why *) = s->on_empty;
		struct pluq_why why = {.text = "storage cannot be opened"};

		s->on_empty = NULL;
		done(s->empty_arg, PLUQ_EIO, &why);
	}
	ended(s);
}

void pluq__spill_on_done(struct pluq__job *job)
{
	struct pluq__spill_work *w = (struct pluq__spill_work *)job;
	struct pluq__spill *s = w->spill;

	s->work = NULL;
	atomic_fetch_add_explicit(&s->home->broker->progress, 1, memory_order_relaxed);
	switch (w->kind) {
	case PLUQ__SPILL_OPEN:
		after_open(s, w);
		break;
	case PLUQ__SPILL_MOVE:
		after_move(s, w);
		break;
	case PLUQ__SPILL_EMPTY:
		after_empty(s, w);
		break;
	case PLUQ__SPILL_CLOSE:
	case PLUQ__SPILL_REMOVE:
		if (w->end_status < 0)
			pluq__health_bad(s->home->broker, w->kind == PLUQ__SPILL_CLOSE ? PLUQ__STORAGE_CLOSE : PLUQ__STORAGE_REMOVE,
			    s->name, &w->why);
		s->queue = NULL;
		free(w);
		ended(s);
		return;
	}
	free(w);
	pluq__spill_kick(s);
	s->owner->on_change(s);
}
