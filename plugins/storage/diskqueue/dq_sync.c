#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "dq.h"

#define BLOCK ((size_t)64 << 10)

static int rewrite_block(int fd, uint8_t *block, size_t n, int64_t at)
{
	size_t done = 0, written;
	while (done < n) {
		ssize_t got = pread(fd, block + done, n - done, at + (int64_t)done);
		if (got < 0 && errno == EINTR)
			continue;
		if (got == 0)
			errno = EIO; /* shorter than it was */
		if (got <= 0)
			return -1;
		done += (size_t)got;
	}
	return dq_write_at(fd, &(struct iovec){ .iov_base = block, .iov_len = n }, 1, at, &written) ? 0 : -1;
}

/* A failed fsync leaves pages that the kernel takes for written; the next one would succeed without them. Their bytes are still
 * to be read, and written again they count as unwritten once more. Appends go on behind them meanwhile. */
static int write_again(struct dq *q, struct dq_at upto, struct pluq_why *why)
{
	struct dq_file_name name = dq_data_name(q->name, upto.file);
	int64_t at = q->synced.file == upto.file ? q->synced.pos : 0;
	uint8_t *block = malloc(BLOCK);
	if (!block)
		return dq_no_memory(why);
	int fd = openat(q->store->dir_fd, name.text, O_RDWR | O_CLOEXEC), rc = fd < 0 ? -1 : 0;
	for (; rc == 0 && at < upto.pos; at += (int64_t)BLOCK)
		rc = rewrite_block(fd, block, upto.pos - at < (int64_t)BLOCK ? (size_t)(upto.pos - at) : BLOCK, at);
	if (rc != 0)
		rc = dq_fail(why, "write again", name.text);
	if (fd >= 0)
		close(fd);
	free(block);
	return rc;
}

int dq_sync_data(struct dq *q, struct dq_at upto, struct pluq_why *why)
{
	struct dq_file_name name = dq_data_name(q->name, upto.file);
	pthread_mutex_lock(&q->lock);
	int own = -1, fd = q->write_fd;
	pthread_mutex_unlock(&q->lock);
	if (dq_at_same(upto, q->synced) || upto.pos == 0)
		return 0;
	int rc = q->dropped ? write_again(q, upto, why) : 0;
	if (rc != 0)
		return rc;
	if (fd < 0) /* an earlier sync, or a recovery, has left it closed */
		fd = own = openat(q->store->dir_fd, name.text, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return dq_fail(why, "open", name.text);
	rc = fdatasync(fd) == 0 ? 0 : dq_fail(why, "fsync", name.text);
	if (own >= 0)
		close(own);
	q->dropped = rc != 0;
	if (rc == 0)
		q->synced = upto;
	return rc;
}

int dq_save_meta(struct dq *q, const struct dq_state *state, struct pluq_why *why)
{
	pthread_mutex_lock(&q->lock);
	bool new_name = q->new_name;
	/* Without a meta file it says what no file at all would mean; a data file beside none would be taken for a crash's. */
	bool said = dq_state_same(state, &q->saved) && (q->meta_valid || !new_name);
	if (!said)
		q->new_name = false;
	pthread_mutex_unlock(&q->lock);
	if (said)
		return 0;
	new_name |= !q->meta_valid;
	char text[DQ_META_TEXT];
	size_t length = dq_meta_print(text, state);
	int rc = dq_replace(q->store->dir_fd, dq_meta_name(q->name).text, text, length, why);
	if (rc == 0 && new_name && fsync(q->store->dir_fd) != 0)
		rc = dq_fail(why, "fsync", q->store->conf->data_path);
	if (rc == 0) {
		q->saved = *state;
		q->meta_valid = true;
		return 0;
	}
	pthread_mutex_lock(&q->lock);
	q->new_name |= new_name;
	pthread_mutex_unlock(&q->lock);
	return rc;
}

int dq_save_due(struct dq *q, struct pluq_why *why)
{
	struct dq_due_change c;
	pthread_mutex_lock(&q->lock);
	bool good = dq_due_changes(&q->due, &c);
	pthread_mutex_unlock(&q->lock);
	if (!good)
		return dq_no_memory(why);
	if (c.what == DQ_DUE_NOTHING)
		return 0;
	int rc = dq_due_write(&c, q->store->dir_fd, dq_due_name(q->name).text, why);
	pthread_mutex_lock(&q->lock);
	dq_due_written(&q->due, &c, rc == 0);
	pthread_mutex_unlock(&q->lock);
	return rc;
}

/* Ten thousand queues that had something to do once must not hold ten thousand descriptors; opening one again costs a few
 * microseconds per sync. */
static void rest(struct dq *q)
{
	pthread_mutex_lock(&q->lock);
	int write_fd = -1, read_fd = -1;
	if (!q->busy) {
		write_fd = q->write_fd;
		read_fd = q->read_fd;
		q->write_fd = q->read_fd = -1;
		/* Held records have a place in the window reserved. */
		if (dq_window_count(&q->window) == 0 && dq_held_count(&q->held) == 0) {
			dq_window_clear(&q->window);
			dq_held_clear(&q->held);
		}
		if (q->due.live == 0)
			dq_due_forget(&q->due);
	}
	pthread_mutex_unlock(&q->lock);
	if (write_fd >= 0)
		close(write_fd);
	if (read_fd >= 0)
		close(read_fd);
}

int dq_sync_held(struct dq *q, struct pluq_why *why)
{
	pthread_mutex_lock(&q->lock);
	struct dq_state state = q->shown; /* taken before the fsync: the meta file promises no more than that covers */
	pthread_mutex_unlock(&q->lock);
	int rc = dq_sync_data(q, state.end, why);
	if (rc == 0)
		rc = dq_save_due(q, why);
	if (rc == 0)
		rc = dq_save_meta(q, &state, why);
	return rc;
}

int dq_sync(void *queue, struct pluq_why *why)
{
	struct dq *q = dq_queue(queue);
	pthread_mutex_lock(&q->sync_lock);
	int rc = dq_sync_held(q, why);
	if (rc == 0)
		rest(q);
	pthread_mutex_unlock(&q->sync_lock);
	return rc;
}
