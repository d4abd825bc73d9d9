#include "spill.h"

#include <stdlib.h>

#include "../base/clock.h"
#include "../base/log.h"
#include "../base/memory.h"
#include "health.h"
#include "home.h"
#include "metadata.h"

/* Records per call of the plugin: keeps the array on the stack of a pool thread small, the system calls few. */
#define CHUNK 256
#define FETCH_BATCH 1024
#define FETCH_BYTES (1 << 20)
/* Pauses between attempts of what fails: double from the first to the last. */
#define RETRY_FIRST_NS (50 * PLUQ__MS)
#define RETRY_LAST_NS (2 * PLUQ__SEC)
/* Attempts to write what is left when the daemon stops. */
#define END_TRIES 4

enum kind { OPEN, MOVE, EMPTY, CLOSE, REMOVE };

static const char *const kind_names[] = {"open", "append/fetch/release", "empty", "close", "remove"};

struct batch {
	struct pluq__fetched *fetched;
	size_t count, room;
};

/* One operation in progress. */
struct pluq__spill_work {
	struct pluq__job job;
	struct pluq__spill *spill;
	enum kind kind;
	const struct pluq_storage_ops *ops;
	void *self, *queue;
	const char *name;

	struct pluq_queue_info info;
	struct pluq__items items;
	uint64_t *new_positions; /* per item; made only if an item is a rewrite */
	struct pluq__positions releases;
	bool fetch;
	bool stale; /* the queue was emptied meanwhile: what was fetched is gone */

	int open_status, append_status, fetch_status, release_status, end_status;
	size_t appended;
	struct batch batch;
	struct pluq_fetched left;
	struct pluq_released released;
	struct pluq_why why; /* of the failure reported last */
	struct pluq_why append_why;
};

struct sync_work {
	struct pluq__job job;
	struct pluq__spill *spill;
	const struct pluq_storage_ops *ops;
	void *queue;
	int64_t covers;
	int status;
	struct pluq_why why;
};

static void kick(struct pluq__spill *s)
{
	pluq__loop_turn(s->home->loop, PLUQ__TURN_WORK, &s->turn);
}

static bool grow(void **array, size_t *room, size_t need, size_t size)
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

/* ---- on the pool ---- */

static int keep_fetched(void *arg, const struct pluq_record *r)
{
	struct batch *b = arg;
	struct pluq__fetched *f;
	struct pluq_msg *m;

	if (b->count == b->room && !grow((void **)&b->fetched, &b->room, b->count + 1, sizeof(*b->fetched)))
		return PLUQ_ENOMEM;
	m = pluq__msg_new(r->length);
	if (!m)
		return PLUQ_ENOMEM;
	memcpy(m->id, r->id, sizeof(m->id));
	m->timestamp_ns = r->timestamp_ns;
	if (r->length)
		memcpy(m->body, r->body, r->length);
	f = &b->fetched[b->count++];
	*f = (struct pluq__fetched){
	    .msg = m, .due_ns = r->due_ns, .position = r->position, .attempts = r->attempts};
	return 0;
}

static void to_record(const struct pluq__spill_item *i, struct pluq_record *r)
{
	memcpy(r->id, i->msg->id, sizeof(r->id));
	r->timestamp_ns = i->msg->timestamp_ns;
	r->due_ns = i->due_ns;
	r->position = 0;
	r->body = i->msg->body;
	r->length = i->msg->length;
	r->attempts = i->attempts;
	r->flags = i->rewritten ? PLUQ_RECORD_HELD : 0;
}

static void append_all(struct pluq__spill_work *w)
{
	struct pluq_record records[CHUNK];

	while (w->appended < w->items.count && !w->append_status) {
		size_t n = w->items.count - w->appended, done = 0;

		if (n > CHUNK)
			n = CHUNK;
		for (size_t i = 0; i < n; i++)
			to_record(&w->items.item[w->appended + i], &records[i]);
		w->append_status = w->ops->append(w->queue, records, n, &done, &w->append_why);
		if (w->new_positions)
			for (size_t i = 0; i < done; i++)
				w->new_positions[w->appended + i] = records[i].position;
		w->appended += done;
		if (done < n && !w->append_status) /* the plugin's word is kept whatever it says */
			w->append_status = PLUQ_EIO;
	}
}

static void move(struct pluq__spill_work *w)
{
	if (w->releases.count)
		w->release_status =
		    w->ops->release(w->queue, w->releases.position, w->releases.count, &w->released, &w->why);
	if (w->items.count)
		append_all(w);
	if (w->fetch)
		w->fetch_status =
		    w->ops->fetch(w->queue, FETCH_BATCH, FETCH_BYTES, keep_fetched, &w->batch, &w->left, &w->why);
}

static void on_pool(struct pluq__job *job)
{
	struct pluq__spill_work *w = (struct pluq__spill_work *)job;

	switch (w->kind) {
	case OPEN:
		w->open_status = w->ops->open(w->self, w->name, &w->info, &w->queue, &w->why);
		break;
	case MOVE:
		move(w);
		break;
	case EMPTY:
		w->end_status = w->ops->empty(w->queue, &w->why);
		break;
	case CLOSE:
		w->end_status = w->ops->close(w->queue, &w->why);
		break;
	case REMOVE:
		w->end_status = w->ops->remove(w->queue, &w->why);
		break;
	}
}

/* ---- submitting ---- */

static void run_here(struct pluq__mail *mail)
{
	struct pluq__job *job = (struct pluq__job *)mail;

	job->work(job);
	job->done(job);
}

static void submit(struct pluq__spill *s, struct pluq__job *job)
{
	struct pluq__broker *b = s->home->broker;

	job->back = s->home->loop;
	if (b->storage->flags & PLUQ_STORAGE_ON_LOOP) {
		job->mail.fn = run_here;
		pluq__loop_post(s->home->loop, &job->mail);
	} else {
		pluq__pool_submit(b->lane, job);
	}
}

static void on_done(struct pluq__job *job);

static struct pluq__spill_work *begin(struct pluq__spill *s, enum kind kind)
{
	struct pluq__broker *b = s->home->broker;
	struct pluq__spill_work *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->spill = s;
	w->kind = kind;
	w->ops = b->storage;
	w->self = b->storage_self;
	w->queue = s->queue;
	w->name = s->name;
	w->job.work = on_pool;
	w->job.done = on_done;
	w->job.what = kind_names[kind];
	s->work = w;
	return w;
}

static bool has_rewrites(const struct pluq__items *items)
{
	for (size_t i = 0; i < items->count; i++)
		if (items->item[i].rewritten)
			return true;
	return false;
}

static bool begin_move(struct pluq__spill *s, bool append)
{
	struct pluq__spill_work *w = begin(s, MOVE);

	if (!w)
		return false;
	if (append) {
		w->items = s->waiting;
		if (has_rewrites(&w->items)) {
			w->new_positions = calloc(w->items.count, sizeof(*w->new_positions));
			if (!w->new_positions)
				goto fail;
		}
		s->writing = w->items.count;
		s->waiting = (struct pluq__items){0};
	}
	w->releases = s->releases;
	s->releases = (struct pluq__positions){0};
	w->fetch = s->want && s->stored;
	s->want = false;
	submit(s, &w->job);
	return true;
fail:
	s->work = NULL;
	free(w);
	return false;
}

static bool begin_simple(struct pluq__spill *s, enum kind kind)
{
	struct pluq__spill_work *w = begin(s, kind);

	if (!w)
		return false;
	submit(s, &w->job);
	return true;
}

static void drop_items(struct pluq__spill *s, struct pluq__items *items, int status, const struct pluq_why *why);

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
	drop_items(s, &s->waiting, PLUQ_EEXITING, NULL);
	return true;
}

/* An end without a queue: it never opened. */
static void end_unopened(struct pluq__spill *s);

static bool begin_end(struct pluq__spill *s)
{
	if (s->waiting.count && !give_up(s))
		return true; /* the retry timer runs */
	if (s->syncing)
		return true; /* its end kicks */
	if (!s->queue) {
		end_unopened(s);
		return true;
	}
	return begin_simple(s, s->removing ? REMOVE : CLOSE);
}

static void retry_later(struct pluq__spill *s)
{
	int64_t pause = RETRY_FIRST_NS;

	for (int i = 1; i < s->failures && pause < RETRY_LAST_NS; i++)
		pause *= 2;
	if (pause > RETRY_LAST_NS)
		pause = RETRY_LAST_NS;
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
		return pause || begin_simple(s, OPEN);
	if (s->emptying)
		return s->syncing || begin_simple(s, EMPTY); /* the sync's end kicks */
	if (append && pause && s->waiting.item[0].ticket && !s->waiting.item[0].ticket->retry)
		pause = false; /* a publisher waits for the verdict */
	if (append && !pause)
		return begin_move(s, true);
	if (s->releases.count || (s->want && s->stored && !pause))
		return begin_move(s, false);
	if (s->ending)
		return begin_end(s);
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
		retry_later(s);
	}
}

static void on_retry(struct pluq__timer *t)
{
	struct pluq__spill *s = (struct pluq__spill *)(void *)((char *)t - offsetof(struct pluq__spill, retry));

	kick(s);
}

/* ---- results, on the home loop ---- */

static void failed(struct pluq__spill *s, int status, const char *what, const struct pluq_why *why)
{
	(void)status;
	s->failures++;
	pluq__health_bad(s->home->broker, what, s->name, why);
	retry_later(s);
}

static void settle_item(struct pluq__spill *s, struct pluq__spill_item *i, int status, const struct pluq_why *why)
{
	if (i->rewritten)
		s->owner->on_rewritten(s, i->rewritten, PLUQ_EEXITING, 0);
	if (i->ticket)
		pluq__ticket_settle(i->ticket, status, why);
	pluq__msg_unref(i->msg);
}

static void drop_items(struct pluq__spill *s, struct pluq__items *items, int status, const struct pluq_why *why)
{
	struct pluq__items all = *items;

	*items = (struct pluq__items){0};
	for (size_t i = 0; i < all.count; i++)
		settle_item(s, &all.item[i], status, why);
	free(all.item);
}

static bool push_ticket(struct pluq__tickets *l, struct pluq__ticket *t)
{
	if (l->count == l->room && !grow((void **)&l->ticket, &l->room, l->count + 1, sizeof(*l->ticket)))
		return false;
	l->ticket[l->count++] = t;
	return true;
}

static void settle_tickets(struct pluq__tickets *l, int status, const struct pluq_why *why)
{
	struct pluq__tickets all = *l;

	*l = (struct pluq__tickets){0};
	for (size_t i = 0; i < all.count; i++)
		pluq__ticket_settle(all.ticket[i], status, why);
	free(all.ticket);
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
	if (i->ticket && !(s->sync_every == 1 && push_ticket(&s->written, i->ticket)))
		pluq__ticket_settle(i->ticket, 0, NULL);
	pluq__msg_unref(i->msg);
}

/* What was not written: publishers are told, the rest goes back to the front. */
static void items_refused(struct pluq__spill *s, struct pluq__spill_work *w)
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
		if (!grow((void **)&back.item, &back.room, kept + s->waiting.count, sizeof(*back.item))) {
			/* Cannot be joined: the newer ones, that their publishers still wait for, give way. */
			drop_items(s, &s->waiting, PLUQ_ENOMEM, NULL);
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
		if (w->fetch_status < 0 || w->release_status < 0) /* not well yet */
			return;
		s->failures = 0;
		pluq__loop_clear(s->home->loop, &s->retry);
		pluq__health_good(s->home->broker);
	} else {
		items_refused(s, w);
		failed(s, w->append_status, "append to", &w->append_why);
	}
}

static void after_fetch(struct pluq__spill *s, struct pluq__spill_work *w)
{
	for (size_t i = 0; i < w->batch.count; i++) {
		struct pluq__fetched *f = w->stale ? NULL : pluq__fifo_push(&s->fetched);

		if (!f) {
			/* Emptied, or no memory for its place: in the second case it is offered again after a restart. */
			pluq__msg_unref(w->batch.fetched[i].msg);
			continue;
		}
		*f = w->batch.fetched[i];
		s->fetched_bytes += f->msg->length;
	}
	free(w->batch.fetched);
	if (w->fetch_status < 0) {
		/* The back end has nothing to say on what is left: what it gave is taken off. Fetches that succeed correct it. */
		if (!w->stale)
			s->stored -= w->batch.count < s->stored ? w->batch.count : s->stored;
		failed(s, w->fetch_status, "fetch from", &w->why);
	} else if (!w->stale) {
		s->stored = w->left.count;
	}
}

static void start_sync(struct pluq__spill *s);

static void operations_done(struct pluq__spill *s, int64_t n)
{
	if (!n)
		return;
	s->unsynced += n;
	if (s->sync_every > 0 && s->unsynced >= s->sync_every)
		start_sync(s);
	else if (s->sync_timeout_ns > 0 && !pluq__timer_is_set(&s->sync_timer))
		pluq__loop_set(s->home->loop, &s->sync_timer, s->home->loop->now_ns + s->sync_timeout_ns);
}

static void after_move(struct pluq__spill *s, struct pluq__spill_work *w)
{
	int64_t operations = (int64_t)(w->appended + w->releases.count);

	if (w->release_status < 0)
		pluq__health_bad(s->home->broker, "release in", s->name, &w->why);
	free(w->releases.position);
	if (w->fetch)
		after_fetch(s, w); /* before the appends are counted: it ran after them, its count includes them */
	if (w->items.count) {
		uint64_t stored = s->stored;
		bool fetched = w->fetch && !w->fetch_status && !w->stale;

		after_append(s, w);
		if (fetched)
			s->stored = stored;
	}
	free(w->new_positions);
	operations_done(s, operations);
	if (w->released.pinned && !w->stale && s->owner->on_pinned)
		s->owner->on_pinned(s, w->released.pinned_position);
}

static void after_open(struct pluq__spill *s, const struct pluq__spill_work *w)
{
	if (w->open_status < 0) {
		failed(s, w->open_status, "open", &w->why);
		/* Publishers are not kept waiting for what may never open. */
		struct pluq__spill_work refused = {.items = s->waiting, .append_why = w->why};

		s->waiting = (struct pluq__items){0};
		items_refused(s, &refused);
		return;
	}
	s->queue = w->queue;
	s->stored = s->emptying ? 0 : w->info.count;
	s->sync_every = w->info.sync_every;
	s->sync_timeout_ns = w->info.sync_timeout_ns;
	s->failures = 0;
}

static void after_empty(struct pluq__spill *s, const struct pluq__spill_work *w)
{
	void (*done)(void *, int, const struct pluq_why *) = s->on_empty;

	s->emptying = false;
	s->on_empty = NULL;
	if (w->end_status < 0)
		pluq__health_bad(s->home->broker, "empty", s->name, &w->why);
	if (done)
		done(s->empty_arg, w->end_status, &w->why);
	if (s->sync_again)
		start_sync(s);
}

static void ended(struct pluq__spill *s)
{
	pluq__loop_clear(s->home->loop, &s->retry);
	pluq__loop_clear(s->home->loop, &s->sync_timer);
	pluq__loop_unturn(&s->turn);
	settle_tickets(&s->written, 0, NULL);
	s->on_end(s->end_arg);
}

static void end_unopened(struct pluq__spill *s)
{
	if (s->on_empty) {
		void (*done)(void *, int, const struct pluq_why *) = s->on_empty;
		struct pluq_why why = {.text = "storage cannot be opened"};

		s->on_empty = NULL;
		done(s->empty_arg, PLUQ_EIO, &why);
	}
	ended(s);
}

static void on_done(struct pluq__job *job)
{
	struct pluq__spill_work *w = (struct pluq__spill_work *)job;
	struct pluq__spill *s = w->spill;

	s->work = NULL;
	atomic_fetch_add_explicit(&s->home->broker->progress, 1, memory_order_relaxed);
	switch (w->kind) {
	case OPEN:
		after_open(s, w);
		break;
	case MOVE:
		after_move(s, w);
		break;
	case EMPTY:
		after_empty(s, w);
		break;
	case CLOSE:
	case REMOVE:
		if (w->end_status < 0)
			pluq__health_bad(s->home->broker, w->kind == CLOSE ? "close" : "remove", s->name, &w->why);
		s->queue = NULL;
		free(w);
		ended(s);
		return;
	}
	free(w);
	kick(s);
	s->owner->on_change(s);
}

/* ---- syncs ---- */

static void sync_on_pool(struct pluq__job *job)
{
	struct sync_work *w = (struct sync_work *)job;

	w->status = w->ops->sync(w->queue, &w->why);
}

static void sync_done(struct pluq__job *job)
{
	struct sync_work *w = (struct sync_work *)job;
	struct pluq__spill *s = w->spill;

	s->syncing = false;
	atomic_fetch_add_explicit(&s->home->broker->progress, 1, memory_order_relaxed);
	if (w->status < 0) {
		pluq__health_bad(s->home->broker, "sync", s->name, &w->why);
		s->unsynced += w->covers;
		pluq__loop_set(s->home->loop, &s->sync_timer, s->home->loop->now_ns + RETRY_LAST_NS);
	}
	settle_tickets(&s->covered, w->status, &w->why);
	free(w);
	if (s->sync_again || (s->sync_every > 0 && s->unsynced >= s->sync_every && !pluq__timer_is_set(&s->sync_timer)))
		start_sync(s);
	kick(s);
}

static void start_sync(struct pluq__spill *s)
{
	struct sync_work *w;

	if (s->syncing) {
		s->sync_again = true;
		return;
	}
	if (s->work && s->work->kind == EMPTY) { /* a sync runs beside everything but this; its end starts one */
		s->sync_again = true;
		return;
	}
	s->sync_again = false;
	if (!s->queue || (s->ending && s->work)) /* closing syncs by itself */
		return;
	w = calloc(1, sizeof(*w));
	if (!w) {
		pluq__loop_set(s->home->loop, &s->sync_timer, s->home->loop->now_ns + RETRY_FIRST_NS);
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
	submit(s, &w->job);
}

static void on_sync_timer(struct pluq__timer *t)
{
	start_sync((struct pluq__spill *)(void *)((char *)t - offsetof(struct pluq__spill, sync_timer)));
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
	s->sync_timer.fn = on_sync_timer;
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
	kick(s);
}

void pluq__spill_named(struct pluq__spill *s, int status, const struct pluq_why *why)
{
	if (status < 0) {
		struct pluq__spill_work refused = {.items = s->waiting};

		if (why)
			refused.append_why = *why;
		s->waiting = (struct pluq__items){0};
		items_refused(s, &refused);
		return;
	}
	s->named = true;
	if (s->waiting.count)
		kick(s);
}

int pluq__spill_append(struct pluq__spill *s, const struct pluq__spill_item *item)
{
	struct pluq__items *l = &s->waiting;

	if (l->count == l->room && !grow((void **)&l->item, &l->room, l->count + 1, sizeof(*l->item)))
		return PLUQ_ENOMEM;
	l->item[l->count++] = *item;
	if (!s->named && l->count == 1)
		pluq__metadata_hurry(s->home);
	if (!s->work)
		kick(s);
	return 0;
}

void pluq__spill_want(struct pluq__spill *s)
{
	if (s->want || !s->stored || s->fetched.count > PLUQ__FETCH_AHEAD / 2 ||
	    s->fetched_bytes > PLUQ__FETCH_AHEAD_BYTES / 2)
		return;
	s->want = true;
	if (!s->work)
		kick(s);
}

struct pluq__fetched *pluq__spill_peek(struct pluq__spill *s, uint64_t n)
{
	return pluq__fifo_at(&s->fetched, n);
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
	if (l->count == l->room && !grow((void **)&l->position, &l->room, l->count + 1, sizeof(*l->position)))
		return;
	l->position[l->count++] = position;
	if (!s->work)
		kick(s);
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
	drop_items(s, &s->waiting, 0, NULL);
	drop_fetched(s);
	s->releases.count = 0;
	s->stored = 0;
	s->want = false;
	if (s->work)
		s->work->stale = true;
	if (s->emptying && s->on_empty) /* two at once: the first is answered by the second's success or failure */
		s->on_empty(s->empty_arg, 0, NULL);
	s->emptying = true;
	s->on_empty = done;
	s->empty_arg = arg;
	kick(s);
}

void pluq__spill_end(struct pluq__spill *s, bool remove, void (*done)(void *arg), void *arg)
{
	if (remove) {
		/* Not a failure: they were accepted, and go with the queue. A record of the topic's queue that was on its way
		 * here is not to wait for this one. */
		drop_items(s, &s->waiting, 0, NULL);
		if (s->work)
			s->work->stale = true;
		s->stored = 0;
		s->releases.count = 0;
	}
	drop_fetched(s);
	s->want = false;
	s->ending = true;
	s->removing = remove;
	s->failures = 0;
	s->on_end = done;
	s->end_arg = arg;
	pluq__loop_clear(s->home->loop, &s->retry);
	kick(s);
}
