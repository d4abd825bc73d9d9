#include "mock_storage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "loop_rig.h"

static const char *const op_names[] = {"open", "append", "fetch", "release", "sync", "empty", "close", "remove"};

static void violated(struct mock_storage *m, const char *what, const char *queue)
{
	if (!m->violations++)
		snprintf(m->violation, sizeof(m->violation), "%s: %s", queue, what);
}

static int failure(struct pluq_why *why, const char *what)
{
	snprintf(why->text, sizeof(why->text), "%s fails as it was told to", what);
	return PLUQ_EIO;
}

/* ---- one operation: its books, under the lock ---- */

static void check_company(struct mock_queue *q, enum mock_op op)
{
	for (int other = 0; other < MOCK_OPS; other++) {
		bool may = (op == MOCK_SYNC && other != MOCK_SYNC && other <= MOCK_RELEASE && other != MOCK_OPEN) ||
		    (other == MOCK_SYNC && op != MOCK_SYNC && op <= MOCK_RELEASE && op != MOCK_OPEN);

		if (q->inside[other] && !may) {
			char text[64];

			snprintf(text, sizeof(text), "%s while %s is in progress", op_names[op], op_names[other]);
			violated(q->storage, text, q->name);
		}
	}
	if (op != MOCK_OPEN && !q->is_open)
		violated(q->storage, "used though it is not open", q->name);
}

/* true: it is to fail. */
static bool enter(struct mock_queue *q, enum mock_op op)
{
	struct mock_storage *m = q->storage;

	if (m->slow_us && (op == MOCK_APPEND || op == MOCK_FETCH))
		usleep((useconds_t)m->slow_us);
	pthread_mutex_lock(&m->lock);
	check_company(q, op);
	q->inside[op]++;
	while (q->block[op])
		pthread_cond_wait(&m->changed, &m->lock);
	if (!q->fail[op])
		return false;
	q->fail[op]--;
	return true;
}

static void leave(struct mock_queue *q, enum mock_op op)
{
	q->inside[op]--;
	q->calls[op]++;
	pthread_mutex_unlock(&q->storage->lock);
}

/* ---- metadata ---- */

struct loading {
	struct pluq_meta_topic topic;
	struct pluq_meta_channel channels[64];
};

static int load(void *self, pluq_meta_fn fn, void *arg, int64_t *ceiling, struct pluq_why *why)
{
	struct mock_storage *m = self;
	int err = 0;

	*ceiling = m->ceiling_ns;
	for (size_t i = 0; i < m->saved_count && !err; i++) {
		struct loading l = {.topic = {.name = m->saved[i].name, .paused = m->saved[i].paused, .channels = l.channels}};
		size_t length = strlen(m->saved[i].name);

		while (i + 1 < m->saved_count && strncmp(m->saved[i + 1].name, l.topic.name, length) == 0 &&
		    m->saved[i + 1].name[length] == ':') {
			i++;
			l.channels[l.topic.channel_count++] =
			    (struct pluq_meta_channel){m->saved[i].name + length + 1, m->saved[i].paused};
		}
		err = fn(arg, &l.topic);
	}
	return err;
}

static void keep_name(struct mock_storage *m, const char *topic, const char *channel, bool paused)
{
	struct mock_name *n = &m->saved[m->saved_count++];

	snprintf(n->name, sizeof(n->name), channel ? "%s:%s" : "%s", topic, channel);
	n->paused = paused;
}

static int save(void *self, const struct pluq_meta *meta, struct pluq_why *why)
{
	struct mock_storage *m = self;
	size_t room = 1;
	int err = 0;

	pthread_mutex_lock(&m->lock);
	if (m->saving++)
		violated(m, "two saves at once", "metadata");
	while (m->block_save)
		pthread_cond_wait(&m->changed, &m->lock);
	m->saves++;
	if (m->fail_saves > 0) {
		m->fail_saves--;
		err = failure(why, "save");
		goto out;
	}
	for (size_t i = 0; i < meta->topic_count; i++)
		room += 1 + meta->topics[i].channel_count;
	free(m->saved);
	m->saved = calloc(room, sizeof(*m->saved));
	m->saved_count = 0;
	for (size_t i = 0; i < meta->topic_count; i++) {
		const struct pluq_meta_topic *t = &meta->topics[i];

		keep_name(m, t->name, NULL, t->paused);
		for (size_t c = 0; c < t->channel_count; c++)
			keep_name(m, t->name, t->channels[c].name, t->channels[c].paused);
	}
	m->ceiling_ns = meta->id_ceiling_ns;
out:
	m->saving--;
	pthread_mutex_unlock(&m->lock);
	return err;
}

static bool is_saved(const struct mock_storage *m, const char *name)
{
	for (size_t i = 0; i < m->saved_count; i++)
		if (strcmp(m->saved[i].name, name) == 0)
			return true;
	return false;
}

bool mock_has_saved(struct mock_storage *m, const char *name)
{
	pthread_mutex_lock(&m->lock);
	bool yes = is_saved(m, name);
	pthread_mutex_unlock(&m->lock);
	return yes;
}

int64_t mock_ceiling_ns(struct mock_storage *m)
{
	pthread_mutex_lock(&m->lock);
	int64_t ceiling = m->ceiling_ns;
	pthread_mutex_unlock(&m->lock);
	return ceiling;
}

/* ---- queues ---- */

static unsigned hash_of(const char *name)
{
	unsigned h = 5381;

	while (*name)
		h = h * 33 + (unsigned char)*name++;
	return h;
}

static struct mock_queue *find(struct mock_storage *m, const char *name)
{
	struct mock_queue **bucket = &m->queues[hash_of(name) % MOCK_BUCKETS], *q = *bucket;

	while (q && strcmp(q->name, name) != 0)
		q = q->next;
	if (q)
		return q;
	q = calloc(1, sizeof(*q));
	q->storage = m;
	snprintf(q->name, sizeof(q->name), "%s", name);
	q->next_position = 1;
	q->next = *bucket;
	*bucket = q;
	return q;
}

struct mock_queue *mock_queue(struct mock_storage *m, const char *name)
{
	pthread_mutex_lock(&m->lock);
	struct mock_queue *q = find(m, name);
	pthread_mutex_unlock(&m->lock);
	return q;
}

static uint64_t count_stored(const struct mock_queue *q)
{
	uint64_t n = 0;

	for (size_t i = q->first; i < q->count; i++)
		n += q->record[i].state == MOCK_STORED;
	return n;
}

static int open_queue(void *self, const char *name, struct pluq_queue_info *info, void **queue, struct pluq_why *why)
{
	struct mock_queue *q = mock_queue(self, name);
	int err = 0;

	if (enter(q, MOCK_OPEN)) {
		err = failure(why, "open");
		goto out;
	}
	if (q->is_open)
		violated(q->storage, "opened twice", name);
	/* What an earlier process was given and did not release is offered again. */
	for (size_t i = 0; i < q->count; i++)
		if (q->record[i].state != MOCK_RELEASED)
			q->record[i].state = MOCK_STORED;
	q->first = 0;
	q->is_open = true;
	q->was_removed = false;
	*info = (struct pluq_queue_info){.count = count_stored(q),
	    .sync_every = q->storage->sync_every,
	    .sync_timeout_ns = q->storage->sync_timeout_ns};
	*queue = q;
out:
	leave(q, MOCK_OPEN);
	return err;
}

static void put(struct mock_queue *q, struct pluq_record *from)
{
	struct mock_record *r;

	if (q->count == q->room) {
		q->room = q->room ? q->room * 2 : 64;
		q->record = realloc(q->record, q->room * sizeof(*q->record));
	}
	r = &q->record[q->count++];
	*r = (struct mock_record){.timestamp_ns = from->timestamp_ns,
	    .due_ns = from->due_ns,
	    .position = q->next_position++,
	    .attempts = from->attempts,
	    .state = from->flags & PLUQ_RECORD_HELD ? MOCK_HELD : MOCK_STORED,
	    .length = from->length};
	memcpy(r->id, from->id, sizeof(r->id));
	memcpy(r->body, from->body, from->length < sizeof(r->body) ? from->length : sizeof(r->body) - 1);
	if (from->flags & PLUQ_RECORD_HELD)
		from->position = r->position;
}

static int append(void *queue, struct pluq_record *records, size_t n, size_t *done, struct pluq_why *why)
{
	struct mock_queue *q = queue;
	int err = 0;

	*done = 0;
	if (enter(q, MOCK_APPEND)) {
		err = failure(why, "append");
		goto out;
	}
	/* A durable channel of an ephemeral topic is stored, but never named. */
	if (!q->storage->unnamed_appends && !strchr(q->name, '#') && !is_saved(q->storage, q->name))
		violated(q->storage, "append before the metadata names it", q->name);
	q->batch[q->calls[MOCK_APPEND] % 256] = n;
	for (size_t i = 0; i < n && !err; i++) {
		if (q->fail_at_record > 0 && --q->fail_at_record == 0) {
			err = failure(why, "append");
			break;
		}
		put(q, &records[i]);
		++*done;
	}
out:
	leave(q, MOCK_APPEND);
	return err;
}

static int fetch(void *queue, size_t max_records, size_t max_bytes, pluq_record_fn fn, void *arg,
    struct pluq_fetched *out, struct pluq_why *why)
{
	struct mock_queue *q = queue;
	size_t given = 0, bytes = 0;
	int err = 0;

	if (enter(q, MOCK_FETCH)) {
		err = failure(why, "fetch");
		goto out;
	}
	for (size_t i = q->first; i < q->count && given < max_records && bytes <= max_bytes && !err; i++) {
		struct mock_record *r = &q->record[i];
		struct pluq_record p = {.timestamp_ns = r->timestamp_ns,
		    .due_ns = r->due_ns,
		    .position = r->position,
		    .body = (const uint8_t *)r->body,
		    .length = r->length < sizeof(r->body) ? r->length : (uint32_t)sizeof(r->body) - 1,
		    .attempts = r->attempts};

		if (r->state != MOCK_STORED)
			continue;
		memcpy(p.id, r->id, sizeof(p.id));
		err = fn(arg, &p);
		if (err)
			break;
		r->state = MOCK_HANDED_OUT;
		given++;
		bytes += r->length;
	}
	while (q->first < q->count && q->record[q->first].state != MOCK_STORED)
		q->first++;
	out->count = count_stored(q);
out:
	leave(q, MOCK_FETCH);
	return err;
}

static void release_one(struct mock_queue *q, uint64_t position)
{
	if (position < q->forgotten)
		return;
	/* Positions rise by one from record to record. */
	if (!q->count || position < q->record[0].position || position > q->record[q->count - 1].position) {
		violated(q->storage, "an unknown position released", q->name);
		return;
	}
	struct mock_record *r = &q->record[position - q->record[0].position];

	if (r->state == MOCK_RELEASED)
		violated(q->storage, "a record released twice", q->name);
	if (r->state == MOCK_STORED)
		violated(q->storage, "a record released that was not handed out", q->name);
	r->state = MOCK_RELEASED;
}

static int release(void *queue, const uint64_t *positions, size_t n, struct pluq_released *out, struct pluq_why *why)
{
	struct mock_queue *q = queue;
	int err = 0;

	if (enter(q, MOCK_RELEASE)) {
		err = failure(why, "release");
		goto out;
	}
	for (size_t i = 0; i < n; i++)
		release_one(q, positions[i]);
	if (q->pin > 0)
		for (size_t i = 0; i < q->count && !out->pinned; i++)
			if (q->record[i].state != MOCK_RELEASED) {
				out->pinned = true;
				out->pinned_position = q->record[i].position;
				q->pin--;
			}
out:
	leave(q, MOCK_RELEASE);
	return err;
}

static int sync_queue(void *queue, struct pluq_why *why)
{
	struct mock_queue *q = queue;
	int err = enter(q, MOCK_SYNC) ? failure(why, "sync") : 0;

	leave(q, MOCK_SYNC);
	return err;
}

static void forget(struct mock_queue *q)
{
	q->count = q->first = 0;
	q->forgotten = q->next_position;
}

static int empty(void *queue, struct pluq_why *why)
{
	struct mock_queue *q = queue;
	int err = enter(q, MOCK_EMPTY) ? failure(why, "empty") : 0;

	if (!err)
		forget(q);
	leave(q, MOCK_EMPTY);
	return err;
}

static int close_queue(void *queue, struct pluq_why *why)
{
	struct mock_queue *q = queue;
	int err = enter(q, MOCK_CLOSE) ? failure(why, "close") : 0;

	q->is_open = false;
	leave(q, MOCK_CLOSE);
	return err;
}

static int remove_queue(void *queue, struct pluq_why *why)
{
	struct mock_queue *q = queue;
	int err = enter(q, MOCK_REMOVE) ? failure(why, "remove") : 0;

	forget(q);
	q->is_open = false;
	q->was_removed = true;
	leave(q, MOCK_REMOVE);
	return err;
}

static int probe(void *self, struct pluq_why *why)
{
	struct mock_storage *m = self;
	int err = 0;

	pthread_mutex_lock(&m->lock);
	m->probes++;
	if (m->fail_probes > 0) {
		m->fail_probes--;
		err = failure(why, "probe");
	}
	pthread_mutex_unlock(&m->lock);
	return err;
}

/* ---- the test's side ---- */

void mock_storage_init(struct mock_storage *m)
{
	memset(m, 0, sizeof(*m));
	m->ops = (struct pluq_storage_ops){.size = sizeof(struct pluq_storage_ops),
	    .load = load,
	    .save = save,
	    .open = open_queue,
	    .append = append,
	    .fetch = fetch,
	    .release = release,
	    .sync = sync_queue,
	    .empty = empty,
	    .close = close_queue,
	    .remove = remove_queue,
	    .probe = probe};
	pthread_mutex_init(&m->lock, NULL);
	pthread_cond_init(&m->changed, NULL);
}

void mock_storage_fini(struct mock_storage *m)
{
	for (int b = 0; b < MOCK_BUCKETS; b++)
		while (m->queues[b]) {
			struct mock_queue *next = m->queues[b]->next;

			free(m->queues[b]->record);
			free(m->queues[b]);
			m->queues[b] = next;
		}
	free(m->saved);
	pthread_cond_destroy(&m->changed);
	pthread_mutex_destroy(&m->lock);
}

static void set_block(struct mock_queue *q, enum mock_op op, bool blocked)
{
	pthread_mutex_lock(&q->storage->lock);
	q->block[op] = blocked;
	pthread_cond_broadcast(&q->storage->changed);
	pthread_mutex_unlock(&q->storage->lock);
}

void mock_block(struct mock_queue *q, enum mock_op op)
{
	set_block(q, op, true);
}

void mock_unblock(struct mock_queue *q, enum mock_op op)
{
	set_block(q, op, false);
}

void mock_unblock_all(struct mock_storage *m)
{
	pthread_mutex_lock(&m->lock);
	for (int b = 0; b < MOCK_BUCKETS; b++)
		for (struct mock_queue *q = m->queues[b]; q; q = q->next)
			memset(q->block, 0, sizeof(q->block));
	m->block_save = false;
	pthread_cond_broadcast(&m->changed);
	pthread_mutex_unlock(&m->lock);
}

void mock_fail(struct mock_queue *q, enum mock_op op, int times)
{
	pthread_mutex_lock(&q->storage->lock);
	q->fail[op] = times;
	pthread_mutex_unlock(&q->storage->lock);
}

void mock_block_save(struct mock_storage *m, bool blocked)
{
	pthread_mutex_lock(&m->lock);
	m->block_save = blocked;
	pthread_cond_broadcast(&m->changed);
	pthread_mutex_unlock(&m->lock);
}

void mock_fail_saves(struct mock_storage *m, int times)
{
	pthread_mutex_lock(&m->lock);
	m->fail_saves = times;
	pthread_mutex_unlock(&m->lock);
}

const char *mock_any_open(struct mock_storage *m)
{
	for (int b = 0; b < MOCK_BUCKETS; b++)
		for (struct mock_queue *q = m->queues[b]; q; q = q->next)
			if (q->is_open)
				return q->name;
	return NULL;
}

size_t mock_depth(struct mock_queue *q)
{
	size_t n = 0;

	pthread_mutex_lock(&q->storage->lock);
	for (size_t i = 0; i < q->count; i++)
		n += q->record[i].state != MOCK_RELEASED;
	pthread_mutex_unlock(&q->storage->lock);
	return n;
}

size_t mock_count(struct mock_queue *q, enum mock_state state)
{
	size_t n = 0;

	pthread_mutex_lock(&q->storage->lock);
	for (size_t i = 0; i < q->count; i++)
		n += q->record[i].state == state;
	pthread_mutex_unlock(&q->storage->lock);
	return n;
}

struct mock_record *mock_at(struct mock_queue *q, size_t n)
{
	for (size_t i = 0; i < q->count; i++)
		if (q->record[i].state != MOCK_RELEASED && n-- == 0)
			return &q->record[i];
	return NULL;
}

bool mock_await(struct mock_queue *q, enum mock_op op, int calls)
{
	return until_at_least(&q->calls[op], calls);
}

bool mock_await_inside(struct mock_queue *q, enum mock_op op, int calls)
{
	return until_at_least(&q->inside[op], calls);
}

struct wish {
	struct mock_queue *queue;
	size_t depth;
	struct mock_storage *storage;
	const char *name;
	bool named;
};

static bool has_depth(void *arg)
{
	struct wish *w = arg;

	return mock_depth(w->queue) == w->depth;
}

bool mock_becomes(struct mock_queue *q, size_t depth)
{
	return until(has_depth, &(struct wish){.queue = q, .depth = depth});
}

static bool names_it(void *arg)
{
	struct wish *w = arg;

	return mock_has_saved(w->storage, w->name) == w->named;
}

bool mock_saves(struct mock_storage *m, const char *name, bool named)
{
	return until(names_it, &(struct wish){.storage = m, .name = name, .named = named});
}
