#include "dq.h"

static bool untouched(const struct dq *q)
{
	return !q->meta_valid && !q->end_exists && q->end.file == 0 && q->first == 0;
}

static void forget(struct dq *q)
{
	dq_close_read(q);
	dq_window_clear(&q->window);
	dq_held_clear(&q->held);
	dq_due_forget(&q->due);
	q->unread = 0;
	q->damage.file = -1;
}

/* As the original does it: on to the next file number, all files before it deleted. The meta file is written first, so that a
 * crash in between leaves files that the next start deletes, not messages that come back. */
int dq_empty(void *queue, struct pluq_why *why)
{
	struct dq *q = dq_queue(queue);
	if (untouched(q))
		return 0;
	forget(q);
	q->next = q->end;
	dq_end_file(q);
	q->next = q->end;
	dq_show(q);
	struct pluq_why meta;
	bool saved = dq_sync_held(q, &meta) == 0;
	int rc = dq_delete_files(q, q->first, q->end.file, why);
	if (rc == 0)
		q->first = q->end.file;
	if (!saved && dq_sync_held(q, &meta) != 0) /* the disk may have been full */
		DQ_LOG(q, PLUQ_WARN, "%s", meta.text);
	return rc;
}

int dq_remove(void *queue, struct pluq_why *why)
{
	struct dq *q = dq_queue(queue);
	int dir = q->store->dir_fd;
	forget(q);
	dq_close_write(q);
	/* The meta file last: data files without one would be taken for messages to be saved. */
	int rc = dq_delete_files(q, q->first, q->end.file + 1, why);
	int due = dq_unlink(dir, dq_due_name(q->name).text, why);
	if (rc == 0)
		rc = due;
	if (rc == 0)
		rc = dq_unlink(dir, dq_meta_name(q->name).text, why);
	dq_free(q);
	return rc;
}
