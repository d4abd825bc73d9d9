#define _GNU_SOURCE /* AT_EACCESS */
#include "dq_store.h"

#include <sys/file.h>

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dq_names.h"

static bool ends_with(const char *name, const char *tail)
{
	size_t n = strlen(name), t = strlen(tail);
	return n >= t && strcmp(name + n - t, tail) == 0;
}

/* "<target>.<digits>.tmp", as the original names its temporary files; ours end in DQ_TMP. */
static bool is_stale(const char *name)
{
	if (ends_with(name, DQ_TMP))
		return true;
	if (!ends_with(name, ".tmp"))
		return false;
	const char *end = name + strlen(name) - strlen(".tmp"), *p = end;
	while (p > name && isdigit((unsigned char)p[-1]))
		p--;
	if (p == end || p == name || p[-1] != '.')
		return false;
	char target[DQ_FILE_NAME];
	snprintf(target, sizeof(target), "%.*s", (int)(p - 1 - name), name);
	return strcmp(target, "nsqd.dat") == 0 || ends_with(target, DQ_INFIX "meta.dat");
}

/* Removes what a crash left half-written, and notes the data files. */
static int survey(struct dq_store *s, struct pluq_why *why)
{
	int fd = openat(s->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	if (!d) {
		int rc = dq_fail(why, "open", s->conf->data_path);
		if (fd >= 0)
			close(fd);
		return rc;
	}
	int rc = 0;
	struct dirent *e;
	for (errno = 0; rc == 0 && (e = readdir(d)); errno = 0) {
		struct pluq_why ignored;
		if (is_stale(e->d_name))
			dq_unlink(s->dir_fd, e->d_name, &ignored);
		else if (dq_index_add(&s->index, e->d_name) != 0)
			rc = dq_no_memory(why);
	}
	if (rc == 0 && errno != 0)
		rc = dq_fail(why, "list", s->conf->data_path);
	closedir(d);
	dq_index_sort(&s->index);
	return rc;
}

static int lock(struct dq_store *s, struct pluq_why *why)
{
	const char *path = s->conf->data_path;
	if (!*path)
		return dq_say(why, PLUQ_EINVAL, "data_path is empty: it names the directory for messages and metadata");
	s->dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->dir_fd < 0)
		return dq_fail(why, "open data_path", path);
	if (flock(s->dir_fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK)
			return dq_fail(why, "lock data_path", path);
		return dq_say(why, PLUQ_EBUSY, "data_path %s is in use by another process", path);
	}
	if (faccessat(s->dir_fd, ".", W_OK | X_OK, AT_EACCESS) != 0)
		return dq_fail(why, "cannot write to data_path", path);
	return 0;
}

int dq_store_init(const struct pluq_host *host, const void *conf, void **self, struct pluq_why *why)
{
	struct dq_store *s = calloc(1, sizeof(*s));
	if (!s)
		return dq_no_memory(why);
	s->host = host;
	s->conf = conf;
	s->dir_fd = -1;
	int rc = lock(s, why);
	if (rc == 0)
		rc = survey(s, why);
	if (rc == 0)
		*self = s;
	else
		dq_store_fini(s);
	return rc;
}

void dq_store_fini(void *self)
{
	struct dq_store *s = self;
	if (s->dir_fd >= 0)
		close(s->dir_fd); /* gives the lock back */
	dq_index_fini(&s->index);
	free(s);
}
