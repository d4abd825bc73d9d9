#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "dq.h"
#include "dq_codec.h"

/* Reads are as large as what is asked for is likely to take, within these bounds. */
#define BLOCK_MIN ((size_t)4 << 10)
#define BLOCK_MAX ((size_t)512 << 10)

struct fetch {
	struct dq *q;
	struct dq_reader reader;
	size_t records, bytes; /* still wanted */
	size_t got;
	bool full; /* that was enough */
	int64_t file_limit; /* the reader's may be lower: see open_read */
	pluq_record_fn fn;
	void *arg;
};

/* The reader's file does not exist: its records are lost, the next file there is goes on. */
static int skip_missing(struct dq *q, struct pluq_why *why)
{
	int64_t following = q->next.file + 1;
	if (following < q->end.file) {
		int rc = dq_next_file(q, following, q->end.file, &following, why);
		if (rc != 0)
			return rc;
	}
	dq_give_up(q, "file is missing", (struct dq_at){ .file = following });
	return 0;
}

static int open_read(struct fetch *f, struct pluq_why *why)
{
	struct dq *q = f->q;
	struct dq_file_name name = dq_data_name(q->name, q->next.file);
	struct stat st;
	if (q->read_fd >= 0 && q->read_file != q->next.file)
		dq_close_read(q);
	if (q->read_fd < 0) {
		int fd = openat(q->store->dir_fd, name.text, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return errno == ENOENT ? PLUQ_EUNKNOWN : dq_fail(why, "open", name.text);
		pthread_mutex_lock(&q->lock);
		q->read_fd = fd;
		pthread_mutex_unlock(&q->lock);
		q->read_file = q->next.file;
	}
	if (fstat(q->read_fd, &st) != 0)
		return dq_fail(why, "stat", name.text);
	if (st.st_size > DQ_POS_MAX)
		return dq_say(why, PLUQ_ECORRUPT, "%s is too large for a data file", name.text);
	/* No record reaches over the place where this process began to write: damage before it ends there. */
	f->file_limit = q->next.file < q->end.file ? st.st_size : q->end.pos;
	bool foreign = dq_at_before(q->next, q->own) && q->next.file == q->own.file && q->own.pos < f->file_limit;
	dq_reader_set(&f->reader, q->read_fd, q->next.pos, foreign ? q->own.pos : f->file_limit);
	return 0;
}

/* The record's place becomes outstanding; it had been reserved. */
static void hand_over(struct dq *q, int64_t size)
{
	dq_window_push(&q->window, dq_name(q->next));
	q->next.pos += size;
	q->unread--;
}

/* One record is in the reader. */
static int deliver(struct fetch *f, const uint8_t *payload, uint32_t length, struct pluq_why *why)
{
	struct dq *q = f->q;
	struct pluq_record r;
	dq_get_record(&r, payload, length);
	if (f->got > 0 && r.length > f->bytes) {
		f->full = true;
		return 0;
	}
	if (!dq_window_reserve(&q->window, dq_held_count(&q->held) + 1))
		return dq_no_memory(why);
	r.position = dq_name(q->next);
	if (q->due.live > 0) {
		pthread_mutex_lock(&q->lock);
		r.due_ns = dq_due_find(&q->due, q->next, r.id);
		pthread_mutex_unlock(&q->lock);
	}
	int rc = f->fn(f->arg, &r);
	if (rc != 0)
		return rc;
	hand_over(q, DQ_LENGTH_SIZE + (int64_t)length);
	f->got++;
	f->records--;
	f->bytes -= r.length < f->bytes ? r.length : f->bytes;
	q->usual_size = (7 * q->usual_size + DQ_LENGTH_SIZE + length) / 8;
	f->full = f->records == 0;
	return 0;
}

static int read_failed(struct fetch *f, enum dq_read how, struct pluq_why *why)
{
	struct dq *q = f->q;
	struct dq_at following = { .file = q->next.file + 1 };
	char cause[64];
	switch (how) {
	case DQ_IO:
		return dq_fail(why, "read", dq_data_name(q->name, q->next.file).text);
	case DQ_NOMEM:
		return dq_no_memory(why);
	case DQ_BAD:
		snprintf(cause, sizeof(cause), "record of impossible length %" PRId32, (int32_t)f->reader.bad_length);
		break;
	case DQ_TORN:
		snprintf(cause, sizeof(cause), "record torn by the end of the file");
		break;
	case DQ_RECORD:
	case DQ_END:
		if (f->reader.limit == f->file_limit)
			q->next = following; /* a complete file is done */
		return 0;
	}
	dq_condemn(q, q->next.file);
	if (f->reader.limit != f->file_limit)
		q->damage = q->next;
	dq_give_up(q, cause, f->reader.limit == f->file_limit ? following : q->own);
	return 0;
}

/* Hands out records of the file where next is. 0: on to the next file, or what the file was left at. */
static int read_file(struct fetch *f, struct pluq_why *why)
{
	struct dq *q = f->q;
	int rc = open_read(f, why);
	if (rc == PLUQ_EUNKNOWN)
		return skip_missing(q, why);
	while (rc == 0 && !f->full) {
		const uint8_t *payload;
		uint32_t length;
		int64_t before = q->next.pos;
		dq_pass_held(q);
		if (q->next.file != q->read_file || q->read_fd < 0 || dq_at_same(q->next, q->end))
			return 0;
		if (q->next.pos != before)
			dq_reader_set(&f->reader, q->read_fd, q->next.pos, f->reader.limit);
		enum dq_read how = dq_reader_next(&f->reader, &payload, &length);
		if (how != DQ_RECORD)
			return read_failed(f, how, why);
		rc = deliver(f, payload, length, why);
	}
	return rc;
}

static void reach_end(struct dq *q)
{
	if (q->unread == 0)
		return;
	DQ_LOG(q, PLUQ_WARN, "%s: the count of records was off by %" PRId64, q->name, q->unread);
	q->unread = 0;
}

static int fetch(struct fetch *f, struct pluq_why *why)
{
	struct dq *q = f->q;
	int rc = 0;
	while (rc == 0 && !f->full && !dq_at_same(q->next, q->end))
		rc = read_file(f, why);
	if (dq_at_same(q->next, q->end))
		reach_end(q);
	return rc;
}

static size_t block(const struct dq *q, size_t records, size_t bytes)
{
	size_t each = q->usual_size > 256 ? q->usual_size : 256;
	size_t want = records < BLOCK_MAX / each ? records * each : BLOCK_MAX;
	size_t most = bytes < BLOCK_MAX ? bytes + BLOCK_MIN : BLOCK_MAX; /* heads come on top of the bodies */
	want = want < most ? want : most;
	return want < BLOCK_MIN ? BLOCK_MIN : want;
}

int dq_fetch(void *queue, size_t max_records, size_t max_bytes, pluq_record_fn fn, void *arg, struct pluq_fetched *out,
    struct pluq_why *why)
{
	struct dq *q = dq_queue(queue);
	struct fetch f = { .q = q, .records = max_records, .bytes = max_bytes, .fn = fn, .arg = arg };
	int rc = 0;
	dq_begin(q);
	dq_reader_init(&f.reader, block(q, max_records, max_bytes));
	if (max_records > 0)
		rc = fetch(&f, why);
	dq_reader_fini(&f.reader);
	dq_pass_held(q);
	dq_settle(q);
	dq_show(q);
	dq_reclaim(q);
	out->count = dq_count(q);
	dq_end(q);
	return rc;
}
