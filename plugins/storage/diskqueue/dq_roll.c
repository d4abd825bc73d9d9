/* The write file: opening, closing, moving on to the next. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "dq.h"

static void set_write_fd(struct dq *q, int fd, bool made)
{
	pthread_mutex_lock(&q->lock);
	q->write_fd = fd;
	q->new_name |= made;
	pthread_mutex_unlock(&q->lock);
}

void dq_close_write(struct dq *q)
{
	if (q->write_fd >= 0)
		close(q->write_fd);
	set_write_fd(q, -1, false);
}

void dq_close_read(struct dq *q)
{
	pthread_mutex_lock(&q->lock);
	int fd = q->read_fd;
	q->read_fd = -1;
	pthread_mutex_unlock(&q->lock);
	if (fd >= 0)
		close(fd);
}

int dq_open_write(struct dq *q, struct pluq_why *why)
{
	while (q->write_fd < 0) {
		struct dq_file_name name = dq_data_name(q->name, q->end.file);
		int make = q->end_exists ? 0 : O_CREAT | O_EXCL;
		int fd = openat(q->store->dir_fd, name.text, O_WRONLY | O_CLOEXEC | make, 0600);
		if (fd < 0 && (errno == EEXIST || (errno == ENOENT && q->end_exists))) {
			/* Somebody has been at our files. Nothing is overwritten; what is missing the reader will find out. */
			DQ_LOG(q, PLUQ_ERROR, "%s has %s: writing the next file", name.text, make ? "appeared" : "vanished");
			dq_end_file(q);
			continue;
		}
		if (fd < 0)
			return dq_fail(why, "open", name.text);
		set_write_fd(q, fd, make);
		q->end_exists = true;
	}
	return 0;
}

/* Alone or with sync_lock held. */
static void begin_next(struct dq *q)
{
	struct dq_at next = { .file = q->end.file + 1 };
	if (dq_at_same(q->next, q->end))
		q->next = next;
	q->end = next;
	q->end_exists = q->end_dirty = false;
	dq_close_write(q);
	q->synced = next;
	dq_show(q);
}

int dq_roll(struct dq *q, struct pluq_why *why)
{
	pthread_mutex_lock(&q->sync_lock);
	int rc = dq_sync_data(q, q->end, why);
	if (rc == 0) {
		begin_next(q);
		struct pluq_why later; /* what the meta file does not say is found by looking at the files */
		if (dq_save_meta(q, &q->shown, &later) != 0)
			DQ_LOG(q, PLUQ_WARN, "%s", later.text);
	}
	pthread_mutex_unlock(&q->sync_lock);
	if (rc == 0)
		dq_reclaim(q);
	return rc;
}

void dq_end_file(struct dq *q)
{
	pthread_mutex_lock(&q->sync_lock);
	begin_next(q);
	pthread_mutex_unlock(&q->sync_lock);
}
