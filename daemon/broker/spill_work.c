#include "spill_work.h"

#include <stdlib.h>

#include "home.h"

/* Records per call of the plugin: keeps the array on the stack of a pool thread small, the system calls few. */
#define CHUNK 256
#define FETCH_BATCH 1024
#define FETCH_BYTES (1 << 20)

static const char *const kind_names[] = {"open", "append/fetch/release", "empty", "close", "remove"};

/* ---- on the pool ---- */

static int keep_fetched(void *arg, const struct pluq_record *r)
{
	struct pluq__spill_batch *b = arg;
	struct pluq__fetched *f;
	struct pluq_msg *m;

	if (b->count == b->room && !pluq__spill_grow((void **)&b->fetched, &b->room, b->count + 1, sizeof(*b->fetched)))
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

/* For a record that is to stay where it is. */
#define SEEN 1

static int see(void *arg, const struct pluq_record *r)
{
	struct pluq__spill_work *w = arg;

	w->seen_ns = r->timestamp_ns;
	return SEEN;
}

static int look(struct pluq__spill_work *w)
{
	int status = w->ops->fetch(w->queue, 1, FETCH_BYTES, see, w, &w->left, &w->why);

	return status == SEEN ? 0 : status;
}

static int fetch(struct pluq__spill_work *w)
{
	return w->ops->fetch(w->queue, FETCH_BATCH, FETCH_BYTES, keep_fetched, &w->batch, &w->left, &w->why);
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
		w->fetch_status = w->looks ? look(w) : fetch(w);
}

static void on_pool(struct pluq__job *job)
{
	struct pluq__spill_work *w = (struct pluq__spill_work *)job;

	switch (w->kind) {
	case PLUQ__SPILL_OPEN:
		w->open_status = w->ops->open(w->self, w->name, &w->info, &w->queue, &w->why);
		break;
	case PLUQ__SPILL_MOVE:
		move(w);
		break;
	case PLUQ__SPILL_EMPTY:
		w->end_status = w->ops->empty(w->queue, &w->why);
		break;
	case PLUQ__SPILL_CLOSE:
		w->end_status = w->ops->close(w->queue, &w->why);
		break;
	case PLUQ__SPILL_REMOVE:
		w->end_status = w->ops->remove(w->queue, &w->why);
		break;
	}
}

/* ---- submitting ---- */

static void run_here(struct pluq__mail *mail)
{
	pluq__pool_run_here((struct pluq__job *)mail);
}

void pluq__spill_submit(struct pluq__spill *s, struct pluq__job *job)
{
	struct pluq__broker *b = s->home->broker;

	job->back = s->home->loop;
	if (b->storage->flags & PLUQ_STORAGE_ON_LOOP) {
		job->lane = b->lane;
		job->mail.fn = run_here;
		pluq__loop_post(s->home->loop, &job->mail);
	} else {
		pluq__pool_submit(b->lane, job);
	}
}

static struct pluq__spill_work *begin(struct pluq__spill *s, enum pluq__spill_kind kind)
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
	w->job.done = pluq__spill_on_done;
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

bool pluq__spill_begin_move(struct pluq__spill *s, bool append)
{
	struct pluq__spill_work *w = begin(s, PLUQ__SPILL_MOVE);

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
	w->fetch = (s->want || s->look) && s->stored;
	w->looks = !s->want;
	s->want = s->look = false;
	pluq__spill_submit(s, &w->job);
	return true;
fail:
	s->work = NULL;
	free(w);
	return false;
}

bool pluq__spill_begin(struct pluq__spill *s, enum pluq__spill_kind kind)
{
	struct pluq__spill_work *w = begin(s, kind);

	if (!w)
		return false;
	pluq__spill_submit(s, &w->job);
	return true;
}
