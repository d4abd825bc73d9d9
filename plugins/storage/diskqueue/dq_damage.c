/* Data files that cannot be read to their end. The records before the damage are handed out, the rest of the file is lost (but for
 * what this process has written to it), the following file goes on. The file is kept as `<file>.bad`, for people; it gets that name when nothing in it is outstanding any
 * more, so that a crash before that does not lose what was handed out. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dq.h"

/* Counting anew after a loss is worth reading this much; a longer queue's count is put right at its end. */
#define RECOUNT_MOST (INT64_C(1) << 30)

bool dq_is_bad(const struct dq *q, int64_t file)
{
	for (size_t i = 0; i < q->bad_count; i++) {
		if (q->bad[i] == file)
			return true;
	}
	return false;
}

void dq_condemn(struct dq *q, int64_t file)
{
	if (dq_is_bad(q, file))
		return;
	int64_t *bad = realloc(q->bad, (q->bad_count + 1) * sizeof(*bad));
	if (!bad)
		return; /* no memory: then it is deleted like a good one */
	q->bad = bad;
	q->bad[q->bad_count++] = file;
}

static struct dq_file_name bad_name(const struct dq *q, int64_t file)
{
	struct dq_file_name name = dq_data_name(q->name, file);
	strcat(name.text, ".bad"); /* there is room: see DQ_QUEUE_NAME_MOST */
	return name;
}

void dq_set_aside(struct dq *q, int64_t file)
{
	struct dq_file_name name = dq_data_name(q->name, file);
	struct pluq_why why;
	if (renameat(q->store->dir_fd, name.text, q->store->dir_fd, bad_name(q, file).text) != 0) {
		dq_fail(&why, "rename", name.text);
		DQ_LOG(q, PLUQ_ERROR, "%s", why.text);
	}
	size_t kept = 0;
	for (size_t i = 0; i < q->bad_count; i++) {
		if (q->bad[i] != file)
			q->bad[kept++] = q->bad[i];
	}
	q->bad_count = kept;
}

void dq_keep_bad(struct dq *q, int64_t file)
{
	struct dq_file_name name = dq_data_name(q->name, file);
	struct pluq_why why;
	if (linkat(q->store->dir_fd, name.text, q->store->dir_fd, bad_name(q, file).text, 0) != 0 && errno != EEXIST) {
		dq_fail(&why, "link", name.text);
		DQ_LOG(q, PLUQ_ERROR, "%s", why.text);
	}
}

static void recount(struct dq *q)
{
	int64_t counted, files = q->end.file - q->next.file, before = q->unread;
	struct pluq_why why;
	if (files > RECOUNT_MOST / q->store->conf->max_bytes_per_file)
		return;
	if (dq_scan(q, q->next, q->end, &counted, &why) != 0) {
		DQ_LOG(q, PLUQ_WARN, "%s: %s", q->name, why.text);
		return;
	}
	q->unread = counted;
	DQ_LOG(q, PLUQ_ERROR, "%s: %" PRId64 " records lost", q->name, before - counted);
}

void dq_give_up(struct dq *q, const char *cause, struct dq_at to)
{
	struct dq_at at = q->next;
	const struct dq_held_record *h;
	DQ_LOG(q, PLUQ_ERROR, "%s: %s at %" PRId64 ": going on at %" PRId64 " of file %" PRId64, dq_data_name(q->name, at.file).text,
	    cause, at.pos, to.pos, to.file);
	dq_close_read(q);
	if (to.file > q->end.file)
		dq_end_file(q);
	while ((h = dq_held_first(&q->held)) && dq_at_before(dq_at_of(h->name, q->end.file), to))
		dq_held_pop(&q->held); /* their owner has them, and will release them in vain */
	q->next = to;
	recount(q);
}
