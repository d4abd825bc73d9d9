#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "dq.h"

/* Counting reads everything, in order: large reads pay. */
#define BLOCK ((size_t)1 << 20)

/* What a power cut leaves behind the last synced byte, instead of what was written. */
static bool zero_to_end(int fd, int64_t pos)
{
	char buf[4096];
	ssize_t n;
	while ((n = pread(fd, buf, sizeof(buf), pos)) > 0) {
		for (ssize_t i = 0; i < n; i++) {
			if (buf[i])
				return false;
		}
		pos += n;
	}
	return n == 0;
}

static int walk(struct dq *q, int fd, const char *name, struct dq_at from, int64_t limit, struct dq_tail *t, struct pluq_why *why)
{
	(void)q;
	struct dq_reader r;
	dq_reader_init(&r, BLOCK);
	dq_reader_set(&r, fd, from.pos, limit);
	t->count = 0;
	while ((t->how = dq_reader_skip(&r)) == DQ_RECORD)
		t->count++;
	t->end = (struct dq_at){ .file = from.file, .pos = r.pos < limit ? r.pos : limit };
	if (t->how == DQ_BAD && r.bad_length == 0 && zero_to_end(fd, r.pos))
		t->how = DQ_TORN;
	dq_reader_fini(&r);
	if (t->how == DQ_IO)
		return dq_fail(why, "read", name);
	return t->how == DQ_NOMEM ? dq_no_memory(why) : 0;
}

/* most: where to stop at the latest. */
static int scan_file(struct dq *q, struct dq_at from, int64_t most, bool sync, struct dq_tail *t, struct pluq_why *why)
{
	struct dq_file_name name = dq_data_name(q->name, from.file);
	int fd = openat(q->store->dir_fd, name.text, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? PLUQ_EUNKNOWN : dq_fail(why, "open", name.text);
	struct stat st;
	int rc = 0;
	if (fstat(fd, &st) != 0 || (sync && fdatasync(fd) != 0)) {
		rc = dq_fail(why, "stat", name.text);
	} else if (!S_ISREG(st.st_mode) || st.st_size > DQ_POS_MAX) {
		rc = dq_say(why, PLUQ_ECORRUPT, "%s is not a data file", name.text);
	} else {
		t->size = st.st_size;
		rc = walk(q, fd, name.text, from, st.st_size < most ? st.st_size : most, t, why);
	}
	close(fd);
	return rc;
}

int dq_scan_file(struct dq *q, struct dq_at from, bool sync, struct dq_tail *t, struct pluq_why *why)
{
	return scan_file(q, from, DQ_POS_MAX, sync, t, why);
}

int dq_scan(struct dq *q, struct dq_at from, struct dq_at to, int64_t *count, struct pluq_why *why)
{
	*count = 0;
	while (dq_at_before(from, to)) {
		struct dq_tail t;
		int64_t next = from.file + 1;
		int rc = scan_file(q, from, from.file == to.file ? to.pos : DQ_POS_MAX, false, &t, why);
		if (rc == 0)
			*count += t.count;
		else if (rc == PLUQ_EUNKNOWN)
			rc = dq_next_file(q, next, to.file, &next, why);
		if (rc != 0)
			return rc;
		from = (struct dq_at){ .file = next };
	}
	return 0;
}

static bool ours(const struct dq *q, const char *name, int64_t *number)
{
	size_t length;
	return dq_index_split(name, &length, number) && length == strlen(q->name) && memcmp(name, q->name, length) == 0;
}

int dq_next_file(struct dq *q, int64_t from, int64_t to, int64_t *found, struct pluq_why *why)
{
	int fd = openat(q->store->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	if (!d) {
		int rc = dq_fail(why, "open", q->store->conf->data_path);
		if (fd >= 0)
			close(fd);
		return rc;
	}
	struct dirent *e;
	int64_t n;
	*found = to;
	for (errno = 0; (e = readdir(d)); errno = 0) {
		if (ours(q, e->d_name, &n) && n >= from && n < *found)
			*found = n;
	}
	int rc = errno ? dq_fail(why, "list", q->store->conf->data_path) : 0;
	closedir(d);
	return rc;
}
