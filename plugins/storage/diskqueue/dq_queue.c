#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dq.h"

#define MAGIC UINT32_C(0x64697371)

struct dq *dq_queue(void *queue)
{
	struct dq *q = queue;
	assert(q && q->magic == MAGIC);
	return q;
}

static struct dq *new(const struct dq_store *s, const char *name)
{
	size_t length = strlen(name) + 1;
	struct dq *q = calloc(1, sizeof(*q) + length);
	if (!q)
		return NULL;
	q->magic = MAGIC;
	q->store = s;
	q->write_fd = q->read_fd = -1;
	q->damage.file = -1;
	memcpy(q->name, name, length);
	pthread_mutex_init(&q->lock, NULL);
	pthread_mutex_init(&q->sync_lock, NULL);
	return q;
}

void dq_free(struct dq *q)
{
	dq_close_write(q);
	dq_close_read(q);
	dq_window_clear(&q->window);
	dq_held_clear(&q->held);
	dq_due_fini(&q->due);
	free(q->bad);
	pthread_mutex_destroy(&q->lock);
	pthread_mutex_destroy(&q->sync_lock);
	q->magic = 0;
	free(q);
}

int dq_open(void *self, const char *name, struct pluq_queue_info *info, void **queue, struct pluq_why *why)
{
	const struct dq_store *s = self;
	size_t length = strlen(name);
	if (length == 0 || length > DQ_QUEUE_NAME_MOST || strchr(name, '/'))
		return dq_say(why, PLUQ_EINVAL, "no file can have the name of this queue");
	struct dq *q = new(s, name);
	if (!q)
		return dq_no_memory(why);
	int rc = dq_recover(q, why);
	if (rc != 0) {
		dq_free(q);
		return rc;
	}
	*info = (struct pluq_queue_info){
		.count = dq_count(q),
		.sync_every = s->conf->sync_every > 0 ? s->conf->sync_every : 1, /* 0 acts like 1, as in the original */
		.sync_timeout_ns = s->conf->sync_timeout_ns,
	};
	*queue = q;
	return 0;
}

struct dq_at dq_low(const struct dq *q)
{
	if (dq_window_count(&q->window) == 0)
		return q->next;
	return dq_at_of(dq_window_get(&q->window, q->window.head), q->end.file);
}

uint64_t dq_count(const struct dq *q)
{
	int64_t n = q->unread - (int64_t)dq_held_count(&q->held);
	if (n > 0)
		return (uint64_t)n;
	return !dq_at_same(q->next, q->end) && dq_held_count(&q->held) == 0; /* the count is wrong: there is something */
}

static void show(struct dq *q)
{
	q->shown.read = dq_low(q);
	q->shown.end = q->end;
	q->shown.depth = (int64_t)dq_window_count(&q->window) + q->unread;
}

void dq_begin(struct dq *q)
{
	pthread_mutex_lock(&q->lock);
	q->busy = true;
	pthread_mutex_unlock(&q->lock);
}

void dq_show(struct dq *q)
{
	pthread_mutex_lock(&q->lock);
	show(q);
	pthread_mutex_unlock(&q->lock);
}

void dq_end(struct dq *q)
{
	pthread_mutex_lock(&q->lock);
	show(q);
	q->busy = false;
	pthread_mutex_unlock(&q->lock);
}

void dq_pass_held(struct dq *q)
{
	const struct dq_held_record *h;
	while ((h = dq_held_first(&q->held)) && (h->name | DQ_LIVE) == dq_name(q->next)) {
		/* There is room: it was reserved with the place among the held. */
		dq_window_push(&q->window, h->name);
		q->next.pos += h->size;
		q->unread--;
		dq_held_pop(&q->held);
		dq_settle(q);
	}
	dq_window_trim(&q->window);
}

void dq_settle(struct dq *q)
{
	struct pluq_why ignored; /* then it is done by a later fetch */
	int64_t size;
	if (q->next.file >= q->end.file || q->next.pos == 0 ||
	    dq_size(q->store->dir_fd, dq_data_name(q->name, q->next.file).text, &size, &ignored) != 0 || q->next.pos != size)
		return;
	dq_close_read(q);
	q->next = (struct dq_at){ .file = q->next.file + 1 };
}
