/* Space is given back by whole files. */
#include "dq.h"

/* More numbers than this between two places: there must be gaps, and listing the directory costs less than trying them all. */
#define TRY_MOST 1000

int dq_delete_files(struct dq *q, int64_t from, int64_t to, struct pluq_why *why)
{
	int rc = 0;
	while (from < to) {
		struct pluq_why one;
		int failed = 0;
		if (to - from > TRY_MOST) {
			failed = dq_next_file(q, from, to, &from, &one);
			if (failed || from == to)
				return failed ? (*why = one, failed) : rc;
		}
		if (dq_is_bad(q, from))
			dq_set_aside(q, from);
		else
			failed = dq_unlink(q->store->dir_fd, dq_data_name(q->name, from).text, &one);
		if (failed) {
			*why = one;
			rc = failed;
		}
		from++;
	}
	return rc;
}

/* The meta file first, so that it does not name files that are gone; but a disk too full for that must get its room, and
 * recovery knows how to go on from a file that is missing. */
void dq_reclaim(struct dq *q)
{
	struct dq_at low = dq_low(q);
	if (low.file <= q->first)
		return;
	struct pluq_why why;
	pthread_mutex_lock(&q->sync_lock);
	int rc = dq_sync_held(q, &why);
	pthread_mutex_unlock(&q->sync_lock);
	if (rc != 0)
		DQ_LOG(q, PLUQ_WARN, "%s", why.text);
	if (dq_delete_files(q, q->first, low.file, &why) != 0)
		DQ_LOG(q, PLUQ_WARN, "%s", why.text); /* deleted at the next start */
	q->first = low.file;
}
