#include "dq.h"

/* A file of which so little is outstanding is worth appending that again; of a file that is fuller it would cost more writing than
 * its space is worth. */
#define SPARSE 4

/* A record keeps at least two complete files if the reader is two files on. It is to move if it is the only one outstanding in its
 * file, or one of a few. */
static void find_pinned(struct dq *q, struct pluq_released *out)
{
	struct dq_tally_file file;
	uint64_t lowest;
	*out = (struct pluq_released){ .pinned = false };
	if (!dq_window_lowest(&q->window, &lowest, &file))
		return;
	if (q->next.file - dq_at_of(lowest, q->end.file).file < 2 || (file.live > 1 && file.live > file.total / SPARSE))
		return;
	out->pinned = true;
	out->pinned_position = lowest;
}

static void release_one(struct dq *q, uint64_t name)
{
	if (!(name & DQ_LIVE))
		return; /* none of ours */
	if (!dq_window_release(&q->window, name) && !dq_held_release(&q->held, name))
		return;
	if (q->due.live == 0)
		return;
	pthread_mutex_lock(&q->lock);
	dq_due_release(&q->due, dq_at_of(name, q->end.file));
	pthread_mutex_unlock(&q->lock);
}

int dq_release(void *queue, const uint64_t *positions, size_t n, struct pluq_released *out, struct pluq_why *why)
{
	(void)why;
	struct dq *q = dq_queue(queue);
	dq_begin(q);
	for (size_t i = 0; i < n; i++)
		release_one(q, positions[i]);
	dq_window_trim(&q->window);
	dq_show(q);
	dq_reclaim(q);
	find_pinned(q, out);
	dq_end(q);
	return 0;
}
