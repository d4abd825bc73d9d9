/* The meta file knows one place below which all is finished. Records that were released above it are taken out of their files
 * before the queue is closed: each file that has such is copied without them and replaced. Normally there are none left at that
 * time. A damaged part with good records behind it is such a hole too; its file is kept under a second name, `<file>.bad`. */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "dq.h"
#include "dq_codec.h"

#define BUFFER ((size_t)1 << 20)

struct squeeze {
	struct dq *q;
	int64_t file;
	int from, to; /* descriptors */
	int64_t read, written;
	int64_t *gap; /* bytes of each hole */
	uint8_t *buf;
	struct pluq_why *why;
};

static int failed(const struct squeeze *s, const char *verb)
{
	return dq_fail(s->why, verb, dq_data_name(s->q->name, s->file).text);
}

static int read_at(const struct squeeze *s, uint8_t *p, size_t n, int64_t at)
{
	while (n > 0) {
		ssize_t got = pread(s->from, p, n, at);
		if (got < 0 && errno == EINTR)
			continue;
		if (got == 0)
			errno = EIO; /* shorter than it was */
		if (got <= 0)
			return failed(s, "read");
		p += got;
		n -= (size_t)got;
		at += got;
	}
	return 0;
}

/* Copies what lies before `upto`. */
static int copy(struct squeeze *s, int64_t upto)
{
	while (s->read < upto) {
		size_t n = upto - s->read < (int64_t)BUFFER ? (size_t)(upto - s->read) : BUFFER, written;
		struct iovec v = { .iov_base = s->buf, .iov_len = n };
		int rc = read_at(s, s->buf, n, s->read);
		if (rc != 0)
			return rc;
		if (!dq_write_at(s->to, &v, 1, s->written, &written))
			return failed(s, "write copy of");
		s->read += (int64_t)n;
		s->written += (int64_t)n;
	}
	return 0;
}

/* Deferred records behind holes have moved towards the front. */
static void shift_due(const struct squeeze *s, const uint64_t *holes, size_t n)
{
	struct dq_due *d = &s->q->due;
	int64_t removed = 0;
	size_t hole = 0;
	for (size_t i = d->head; i < d->tail; i++) {
		struct dq_at *at = &d->entry[i].at;
		if (at->file != s->file)
			continue;
		for (; hole < n && dq_at_of(holes[hole], s->q->end.file).pos < at->pos; hole++)
			removed += s->gap[hole];
		at->pos -= removed;
	}
}

static bool is_damage(const struct dq *q, uint64_t hole)
{
	return q->damage.file >= 0 && (hole | DQ_LIVE) == dq_name(q->damage);
}

static int copy_without(struct squeeze *s, const uint64_t *holes, size_t n, int64_t size)
{
	int64_t last = s->q->end.file;
	for (size_t i = 0; i < n; i++) {
		uint8_t length[DQ_LENGTH_SIZE];
		int64_t at = dq_at_of(holes[i], last).pos;
		int rc = copy(s, at);
		if (rc == 0)
			rc = read_at(s, length, sizeof(length), at);
		if (rc != 0)
			return rc;
		s->gap[i] = (is_damage(s->q, holes[i]) ? s->q->own.pos : at + DQ_LENGTH_SIZE + (int64_t)dq_get32(length)) - at;
		s->read += s->gap[i];
	}
	return copy(s, size);
}

static int replace(struct squeeze *s, const uint64_t *holes, size_t n, const char *tmp)
{
	struct dq *q = s->q;
	int dir = q->store->dir_fd;
	struct dq_file_name name = dq_data_name(q->name, s->file);
	struct stat st;
	if (fstat(s->from, &st) != 0)
		return failed(s, "stat");
	int rc = copy_without(s, holes, n, s->file == q->end.file ? q->end.pos : st.st_size);
	if (rc == 0 && fsync(s->to) != 0)
		rc = failed(s, "fsync copy of");
	if (rc == 0 && s->file == q->damage.file)
		dq_keep_bad(q, s->file);
	if (rc == 0 && renameat(dir, tmp, dir, name.text) != 0)
		rc = failed(s, "rename copy of");
	if (rc == 0)
		shift_due(s, holes, n);
	if (rc == 0 && s->file == q->end.file)
		q->end.pos = s->written;
	return rc;
}

static int squeeze_file(struct dq *q, int64_t file, const uint64_t *holes, size_t n, struct pluq_why *why)
{
	struct squeeze s = { .q = q, .file = file, .why = why, .buf = malloc(BUFFER), .gap = malloc(n * sizeof(*s.gap)) };
	int rc = s.buf && s.gap ? 0 : dq_no_memory(why);
	struct dq_file_name name = dq_data_name(q->name, file);
	char tmp[DQ_FILE_NAME];
	snprintf(tmp, sizeof(tmp), "%.*s" DQ_TMP, (int)(sizeof(tmp) - sizeof(DQ_TMP)), name.text);
	s.from = s.to = -1;
	if (rc == 0 && (s.from = openat(q->store->dir_fd, name.text, O_RDONLY | O_CLOEXEC)) < 0)
		rc = failed(&s, "open");
	if (rc == 0 && (s.to = openat(q->store->dir_fd, tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)) < 0)
		rc = failed(&s, "open copy of");
	if (rc == 0)
		rc = replace(&s, holes, n, tmp);
	if (s.to >= 0) {
		close(s.to);
		if (rc != 0)
			unlinkat(q->store->dir_fd, tmp, 0);
	}
	if (s.from >= 0)
		close(s.from);
	free(s.gap);
	free(s.buf);
	return rc;
}

/* The damage goes where its place is among the holes, if records are outstanding before it (else the reader's place, behind it,
 * is what the next process begins at). */
static size_t add_damage(const struct dq *q, uint64_t *hole, size_t n)
{
	if (q->damage.file < 0 || !dq_at_before(dq_low(q), q->damage))
		return n;
	size_t i;
	for (i = n; i > 0 && dq_at_before(q->damage, dq_at_of(hole[i - 1], q->end.file)); i--)
		hole[i] = hole[i - 1];
	hole[i] = dq_name(q->damage);
	return n + 1;
}

/* All released ones, in queue order: the window's, then the held ones', which are further on. NULL: no memory. */
static uint64_t *find_holes(const struct dq *q, size_t *n)
{
	uint64_t *hole = malloc((dq_window_count(&q->window) + dq_held_count(&q->held) + 2) * sizeof(*hole));
	*n = 0;
	for (uint64_t i = q->window.head; hole && i != q->window.tail; i++) {
		uint64_t name = dq_window_get(&q->window, i);
		if (!(name & DQ_LIVE))
			hole[(*n)++] = name;
	}
	for (size_t i = q->held.head; hole && i != q->held.tail; i++) {
		if (!(q->held.record[i].name & DQ_LIVE))
			hole[(*n)++] = q->held.record[i].name;
	}
	if (hole)
		*n = add_damage(q, hole, *n);
	return hole;
}

static int squeeze(struct dq *q, const uint64_t *hole, size_t n, struct pluq_why *why)
{
	int64_t depth = q->shown.depth;
	int rc = 0;
	for (size_t i = 0, next; i < n && rc == 0; i = next) {
		int64_t file = dq_at_of(hole[i], q->end.file).file;
		for (next = i + 1; next < n && dq_at_of(hole[next], q->end.file).file == file;)
			next++;
		rc = squeeze_file(q, file, hole + i, next - i, why);
		for (size_t k = i; rc == 0 && k < next; k++)
			depth -= !is_damage(q, hole[k]);
	}
	pthread_mutex_lock(&q->lock);
	q->shown.depth = depth;
	q->shown.end = q->synced = q->end;
	q->new_name = q->due.rewrite = true;
	pthread_mutex_unlock(&q->lock);
	struct pluq_why second;
	int saved = dq_sync_held(q, rc ? &second : why);
	return rc ? rc : saved;
}

int dq_squeeze(struct dq *q, struct pluq_why *why)
{
	size_t n;
	uint64_t *hole = find_holes(q, &n);
	if (!hole)
		return dq_no_memory(why);
	int rc = 0;
	dq_close_write(q);
	dq_close_read(q);
	if (n > 0)
		rc = squeeze(q, hole, n, why);
	free(hole);
	return rc;
}
