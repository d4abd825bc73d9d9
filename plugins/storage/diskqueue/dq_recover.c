/* The state of a queue at start, from its meta file and what its data files say.
 *
 * After a clean stop the two agree, and no data file is read. After a crash there may be more data than the meta file knows of:
 * records behind the writer's place, and files above the writer's. They are counted and kept; only the last record of the last
 * file may be torn, and is cut off. Where the meta file is missing or unreadable the data files alone decide. If something
 * cannot be looked at, the queue is not opened, and nothing is concluded from that. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "dq.h"

#define META_MOST 4096

struct survey {
	int64_t lowest, highest; /* data files from the reader's on; -1: none */
	int64_t stale;           /* files below the reader's */
};

static int find_files(struct dq *q, int64_t from, struct survey *v, struct pluq_why *why)
{
	size_t count;
	const struct dq_index_file *f = dq_index_find(&q->store->index, q->name, &count);
	*v = (struct survey){ .lowest = -1, .highest = -1 };
	for (size_t i = 0; i < count; i++) {
		int64_t size;
		int rc = dq_size(q->store->dir_fd, dq_data_name(q->name, f[i].number).text, &size, why);
		if (rc == PLUQ_EUNKNOWN)
			continue; /* the index is of the start; the queue has been deleted since */
		if (rc != 0)
			return rc;
		if (f[i].number < from) {
			v->stale++;
			continue;
		}
		if (v->lowest < 0)
			v->lowest = f[i].number;
		v->highest = f[i].number;
	}
	return 0;
}

/* Files below the reader's: a crash came between the meta file and their deletion. */
static void delete_stale(struct dq *q, const struct survey *v, int64_t from)
{
	size_t count;
	const struct dq_index_file *f = dq_index_find(&q->store->index, q->name, &count);
	struct pluq_why why;
	for (size_t i = 0; v->stale > 0 && i < count && f[i].number < from; i++) {
		if (dq_unlink(q->store->dir_fd, dq_data_name(q->name, f[i].number).text, &why) != 0)
			DQ_LOG(q, PLUQ_WARN, "%s", why.text);
	}
}

static bool cut(struct dq *q, const struct dq_tail *t)
{
	struct dq_file_name name = dq_data_name(q->name, t->end.file);
	struct pluq_why why;
	if (t->end.pos == t->size)
		return true;
	int fd = openat(q->store->dir_fd, name.text, O_WRONLY | O_CLOEXEC);
	bool good = fd >= 0 && ftruncate(fd, t->end.pos) == 0;
	if (good) {
		DQ_LOG(q, PLUQ_WARN, "%s: cut a torn record of %" PRId64 " bytes off its end at %" PRId64, name.text,
		    t->size - t->end.pos, t->end.pos);
	} else {
		dq_fail(&why, "truncate", name.text);
		DQ_LOG(q, PLUQ_ERROR, "%s", why.text);
	}
	if (fd >= 0)
		close(fd);
	return good;
}

/* Where to write after the last file: behind its last record if all is well with it, else in a file of its own. */
static void set_end(struct dq *q, const struct dq_tail *t, bool trusted)
{
	bool whole = t->how == DQ_END || (t->how == DQ_TORN && cut(q, t));
	q->end_exists = whole && trusted;
	q->end = q->end_exists ? t->end : (struct dq_at){ .file = t->end.file + 1 };
}

/* A place in a file that is not there, or at the end of one that is complete, counts as the beginning of the next. */
static int place_reader(struct dq *q, struct pluq_why *why)
{
	while (dq_at_before(q->next, q->end)) {
		int64_t size, file = q->next.file;
		int rc = dq_size(q->store->dir_fd, dq_data_name(q->name, file).text, &size, why);
		if (rc == PLUQ_EUNKNOWN)
			rc = dq_next_file(q, file + 1, q->end.file, &file, why);
		else if (rc == 0 && file < q->end.file && q->next.pos >= size)
			file++;
		if (rc != 0)
			return rc;
		if (file == q->next.file)
			return 0;
		q->next = (struct dq_at){ .file = file };
	}
	q->next = q->end;
	return 0;
}

static int recount(struct dq *q, struct pluq_why *why)
{
	int rc = place_reader(q, why);
	return rc ? rc : dq_scan(q, q->next, q->end, &q->unread, why);
}

/* No meta file to go by. */
static int from_files(struct dq *q, bool unreadable, struct pluq_why *why)
{
	struct survey v;
	struct dq_tail t;
	int rc = find_files(q, 0, &v, why);
	if (rc != 0)
		return rc;
	if (unreadable)
		DQ_LOG(q, PLUQ_ERROR, "%s is not a meta file: going by the data files", dq_meta_name(q->name).text);
	if (v.highest < 0)
		return 0;
	q->new_name = true; /* they are to get a meta file */
	rc = dq_scan_file(q, (struct dq_at){ .file = v.highest }, true, &t, why);
	if (rc != 0)
		return rc;
	set_end(q, &t, true);
	q->first = v.lowest;
	q->next = (struct dq_at){ .file = v.lowest };
	rc = recount(q, why);
	if (rc == 0 && !unreadable)
		DQ_LOG(q, PLUQ_WARN, "%s is missing: %" PRId64 " records found in the data files", dq_meta_name(q->name).text, q->unread);
	return rc;
}

/* Files above the writer's, and more in the writer's than the meta file says: counts what is there, finds the end. */
static int read_on(struct dq *q, const struct dq_state *m, int64_t highest, int64_t *more, struct pluq_why *why)
{
	struct dq_at from = m->end;
	struct dq_tail t = { .how = DQ_END, .end = m->end, .size = m->end.pos };
	*more = 0;
	while (from.file <= highest) {
		int64_t next = from.file + 1;
		int rc = dq_scan_file(q, from, true, &t, why);
		if (rc == 0)
			*more += t.count;
		else if (rc == PLUQ_EUNKNOWN)
			rc = dq_next_file(q, next, highest + 1, &next, why);
		if (rc != 0)
			return rc;
		from = (struct dq_at){ .file = next };
	}
	set_end(q, &t, true);
	return 0;
}

/* The writer's file is the last one, and shorter than it should be. */
static int short_end(struct dq *q, const struct dq_state *m, int64_t size, struct pluq_why *why)
{
	struct dq_tail t;
	struct dq_at from = { .file = m->end.file, .pos = m->read.file == m->end.file ? m->read.pos : 0 };
	int rc = dq_scan_file(q, from, true, &t, why);
	if (rc != 0)
		return rc;
	DQ_LOG(q, PLUQ_ERROR, "%s has %" PRId64 " bytes instead of %" PRId64 ": records are lost",
	    dq_data_name(q->name, m->end.file).text, size, m->end.pos);
	/* Not trusted: should the next meta file not get written, the writer's place in the present one must not be passed
	 * by records that do not begin there. */
	set_end(q, &t, false);
	return recount(q, why);
}

static int no_end(struct dq *q, const struct dq_state *m, struct pluq_why *why)
{
	if (m->end.pos > 0) {
		if (!dq_at_same(m->read, m->end))
			DQ_LOG(q, PLUQ_ERROR, "%s is missing: its records are lost", dq_data_name(q->name, m->end.file).text);
		q->end = (struct dq_at){ .file = m->end.file + 1 };
	}
	return recount(q, why);
}

static int from_meta(struct dq *q, const struct dq_state *m, const struct survey *v, struct pluq_why *why)
{
	int64_t size, more = 0;
	q->first = m->read.file;
	q->next = m->read;
	q->end = m->end;
	q->unread = m->depth;
	int rc = dq_size(q->store->dir_fd, dq_data_name(q->name, m->end.file).text, &size, why);
	if (rc != 0 && rc != PLUQ_EUNKNOWN)
		return rc;
	bool missing = rc == PLUQ_EUNKNOWN;
	q->end_exists = !missing;
	if (v->highest > m->end.file || (!missing && size > m->end.pos)) {
		if (missing || size < m->end.pos)
			q->unread = -1;
		rc = read_on(q, m, v->highest > m->end.file ? v->highest : m->end.file, &more, why);
	} else if (missing) {
		return no_end(q, m, why);
	} else if (size < m->end.pos) {
		return short_end(q, m, size, why);
	} else {
		rc = 0;
	}
	struct dq_at next = q->next;
	if (rc == 0)
		rc = place_reader(q, why);
	if (rc != 0)
		return rc;
	bool jumped = next.file != q->next.file && m->read.file != v->lowest; /* the reader's file is missing */
	if (dq_at_same(q->next, q->end))
		q->unread = 0;
	else if (q->unread < 0 || q->unread + more == 0 || jumped)
		rc = dq_scan(q, q->next, q->end, &q->unread, why);
	else
		q->unread += more;
	return rc;
}

static int load_due(struct dq *q, struct pluq_why *why)
{
	bool odd;
	struct dq_file_name name = dq_due_name(q->name);
	int rc = dq_due_load(&q->due, q->store->dir_fd, name.text, q->next, &odd, why);
	if (odd)
		DQ_LOG(q, PLUQ_WARN, "%s is damaged: some deferred messages come early", name.text);
	return rc;
}

static int read_meta(struct dq *q, struct dq_state *m, bool *unreadable, struct pluq_why *why)
{
	char *text;
	size_t length;
	int rc = dq_slurp(q->store->dir_fd, dq_meta_name(q->name).text, META_MOST, &text, &length, why);
	*unreadable = rc == PLUQ_ECORRUPT;
	if (rc != 0)
		return rc;
	*unreadable = !dq_meta_parse(text, length, m);
	free(text);
	return *unreadable ? PLUQ_ECORRUPT : 0;
}

int dq_recover(struct dq *q, struct pluq_why *why)
{
	struct dq_state m;
	struct survey v = { .lowest = -1 };
	bool unreadable;
	int rc = read_meta(q, &m, &unreadable, why);
	if (rc == 0) {
		q->saved = m;
		q->meta_valid = true;
		q->synced = m.end;
		rc = find_files(q, m.read.file, &v, why);
		if (rc == 0)
			rc = from_meta(q, &m, &v, why);
		if (rc == 0)
			delete_stale(q, &v, m.read.file);
	} else if (rc == PLUQ_EUNKNOWN || unreadable) {
		rc = from_files(q, unreadable, why);
		if (unreadable)
			q->saved.depth = -1; /* none of ours: whatever the state is, it is written */
	}
	if (rc == 0 && q->end.file - q->first > DQ_FILE_MASK)
		rc = dq_say(why, PLUQ_ECORRUPT, "%s: numbers of data files are too far apart", q->name);
	if (rc == 0)
		rc = load_due(q, why);
	if (rc != 0)
		return rc;
	q->own = q->end;
	dq_show(q);
	struct pluq_why later; /* a full disk must not keep the queue from being read */
	if (dq_sync_held(q, &later) != 0)
		DQ_LOG(q, PLUQ_WARN, "%s", later.text);
	dq_reclaim(q);
	return 0;
}
