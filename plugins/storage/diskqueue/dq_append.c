/* Records are laid out in a buffer that goes to the file in few large writes; a body too large for that goes out of the caller's
 * memory. A write that fails is undone up to the last whole record. */
#include <stdlib.h>
#include <unistd.h>

#include "dq.h"
#include "dq_codec.h"

/* Copying costs less than a system call per record up to about this size, and more above. */
#define BUFFER ((size_t)256 << 10)
#define BODY_COPIED ((uint32_t)32 << 10)

struct batch {
	struct dq *q;
	struct pluq_record *records;
	size_t first, count; /* of the records laid out and not yet written */
	uint8_t *buf;
	size_t used, capacity;
	const struct pluq_record *large; /* the last of them, if its body is not in the buffer */
	size_t done;
};

static size_t pending(const struct batch *b)
{
	return b->used + (b->large ? b->large->length : 0);
}

/* One record is in the file at q->end. */
static void enter(struct dq *q, struct pluq_record *r)
{
	uint64_t name = dq_name(q->end);
	uint32_t size = (uint32_t)DQ_RECORD_SIZE(r->length);
	if (r->due_ns != 0) {
		pthread_mutex_lock(&q->lock);
		dq_due_push(&q->due, q->end, r->id, r->due_ns);
		pthread_mutex_unlock(&q->lock);
	}
	if (r->flags & PLUQ_RECORD_HELD) {
		dq_held_push(&q->held, name, size);
		r->position = name;
	}
	q->end.pos += size;
	q->unread++;
}

/* Room for what enter() pushes, so that it cannot fail once the record has been written. The window's: for all the held
 * ones, which come into it sooner or later. */
static bool reserve(struct dq *q, const struct pluq_record *r, size_t pending_held)
{
	if (r->flags & PLUQ_RECORD_HELD) {
		size_t held = dq_held_count(&q->held) + pending_held + 1;
		if (!dq_held_reserve(&q->held, pending_held + 1) || !dq_window_reserve(&q->window, held))
			return false;
	}
	if (r->due_ns == 0)
		return true;
	pthread_mutex_lock(&q->lock);
	bool good = dq_due_reserve(&q->due, pending_held + 1);
	pthread_mutex_unlock(&q->lock);
	return good;
}

/* The file ends after the last whole record, or is marked as in need of that. */
static int trim(struct dq *q, struct pluq_why *why)
{
	struct pluq_why ignored;
	q->end_dirty = ftruncate(q->write_fd, q->end.pos) != 0;
	return q->end_dirty ? dq_fail(why ? why : &ignored, "truncate", dq_data_name(q->name, q->end.file).text) : 0;
}

/* Writes what is laid out. After a failure the whole records among what was written are kept. */
static int flush(struct batch *b, struct pluq_why *why)
{
	struct dq *q = b->q;
	struct iovec v[2] = { { .iov_base = b->buf, .iov_len = b->used } };
	size_t written;
	if (b->large)
		v[1] = (struct iovec){ .iov_base = (void *)(uintptr_t)b->large->body, .iov_len = b->large->length };
	int rc = 0;
	if (!dq_write_at(q->write_fd, v, b->large ? 2 : 1, q->end.pos, &written))
		rc = dq_fail(why, "write", dq_data_name(q->name, q->end.file).text);
	for (size_t i = b->first; i < b->first + b->count; i++) {
		struct pluq_record *r = &b->records[i];
		if (written < DQ_RECORD_SIZE(r->length))
			break;
		written -= DQ_RECORD_SIZE(r->length);
		enter(q, r);
		b->done++;
	}
	if (rc != 0)
		trim(q, NULL);
	dq_pass_held(q);
	dq_show(q);
	b->first += b->count;
	b->count = b->used = 0;
	b->large = NULL;
	return rc;
}

static int make_room(struct batch *b, const struct pluq_record *r, struct pluq_why *why)
{
	struct dq *q = b->q;
	size_t size = DQ_RECORD_SIZE(r->length);
	int64_t at = q->end.pos + (int64_t)pending(b);
	bool roll = at > 0 && (int64_t)size > q->store->conf->max_bytes_per_file - at;
	size_t copied = r->length < BODY_COPIED ? size : size - r->length;
	int rc = 0;
	if (b->count > 0 && (roll || b->large || copied > b->capacity - b->used))
		rc = flush(b, why);
	if (rc == 0 && roll)
		rc = dq_roll(q, why);
	if (rc == 0)
		rc = dq_open_write(q, why);
	return rc;
}

static int lay_out(struct batch *b, const struct pluq_record *r, struct pluq_why *why)
{
	if (r->length > PLUQ_BODY_MAX)
		return dq_say(why, PLUQ_EINVAL, "a body of %" PRIu32 " bytes is larger than any queue takes", r->length);
	int rc = make_room(b, r, why);
	if (rc != 0)
		return rc;
	if (((r->flags & PLUQ_RECORD_HELD) || r->due_ns != 0) && !reserve(b->q, r, b->count))
		return dq_no_memory(why);
	b->used += dq_put_head(b->buf + b->used, r);
	if (r->length < BODY_COPIED) {
		memcpy(b->buf + b->used, r->body, r->length);
		b->used += r->length;
	} else {
		b->large = r;
	}
	b->count++;
	return 0;
}

/* As much as all of it takes, up to BUFFER. */
static size_t buffer_size(const struct pluq_record *r, size_t n)
{
	size_t size = BODY_COPIED + DQ_RECORD_SIZE(0);
	for (size_t i = 0; i < n && size < BUFFER; i++)
		size += DQ_RECORD_SIZE(r[i].length < BODY_COPIED ? r[i].length : 0);
	return size < BUFFER ? size : BUFFER;
}

static int append(struct batch *b, size_t n, struct pluq_why *why)
{
	struct dq *q = b->q;
	int rc = q->end_dirty ? dq_open_write(q, why) : 0;
	if (rc == 0 && q->end_dirty)
		rc = trim(q, why);
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = lay_out(b, &b->records[i], why);
	if (b->count > 0) {
		struct pluq_why second;
		int flushed = flush(b, rc ? &second : why);
		rc = rc ? rc : flushed;
	}
	return rc;
}

int dq_append(void *queue, struct pluq_record *records, size_t n, size_t *done, struct pluq_why *why)
{
	struct dq *q = dq_queue(queue);
	struct batch b = { .q = q, .records = records, .capacity = buffer_size(records, n) };
	*done = 0;
	b.buf = malloc(b.capacity);
	if (!b.buf)
		return dq_no_memory(why);
	dq_begin(q);
	int rc = append(&b, n, why);
	dq_end(q);
	free(b.buf);
	*done = b.done;
	return rc;
}
