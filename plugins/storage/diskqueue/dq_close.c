#include <unistd.h>

#include "dq.h"

/* A write that failed and could not be undone has left bytes behind the last record: once more, for the next start's sake. */
static void trim(struct dq *q)
{
	struct pluq_why why;
	if (!q->end_dirty)
		return;
	if (dq_open_write(q, &why) == 0 && ftruncate(q->write_fd, q->end.pos) != 0)
		dq_fail(&why, "truncate", dq_data_name(q->name, q->end.file).text);
	else
		return;
	DQ_LOG(q, PLUQ_ERROR, "%s", why.text);
}

int dq_close(void *queue, struct pluq_why *why)
{
	struct dq *q = dq_queue(queue);
	struct pluq_why squeezed;
	trim(q);
	int rc = dq_sync_held(q, why);
	int rc2 = dq_squeeze(q, &squeezed);
	if (rc2 != 0 && rc == 0) {
		*why = squeezed;
		rc = rc2;
	}
	dq_free(q);
	return rc;
}
