#define _GNU_SOURCE /* strerror_r */
#include "dq_file.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int dq_say(struct pluq_why *why, int code, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	vsnprintf(why->text, sizeof(why->text), fmt, args);
	va_end(args);
	return code;
}

int dq_fail(struct pluq_why *why, const char *verb, const char *file)
{
	int e = errno;
	char text[128];
	int code = dq_say(why, e == ENOMEM ? PLUQ_ENOMEM : PLUQ_EIO, "%s %s: %s", verb, file, strerror_r(e, text, sizeof(text)));
	errno = e;
	return code;
}

int dq_no_memory(struct pluq_why *why)
{
	return dq_say(why, PLUQ_ENOMEM, "out of memory");
}

static void consume(struct iovec **iov, int *count, size_t n)
{
	while (*count > 0 && n >= (*iov)->iov_len) {
		n -= (*iov)->iov_len;
		(*iov)++;
		(*count)--;
	}
	if (*count > 0) {
		(*iov)->iov_base = (char *)(*iov)->iov_base + n;
		(*iov)->iov_len -= n;
	}
}

bool dq_write_at(int fd, struct iovec *iov, int count, int64_t at, size_t *written)
{
	*written = 0;
	consume(&iov, &count, 0);
	while (count > 0) {
		ssize_t n = pwritev(fd, iov, count, at + (int64_t)*written);
		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0)
			errno = EIO; /* a regular file that takes nothing and gives no reason */
		if (n <= 0)
			return false;
		*written += (size_t)n;
		consume(&iov, &count, (size_t)n);
	}
	return true;
}

static int write_synced(int dir_fd, const char *name, const void *data, size_t length, struct pluq_why *why)
{
	int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return dq_fail(why, "open", name);
	int rc = 0;
	size_t written;
	struct iovec v = { .iov_base = (void *)(uintptr_t)data, .iov_len = length };
	if (!dq_write_at(fd, &v, 1, 0, &written))
		rc = dq_fail(why, "write", name);
	else if (fsync(fd) != 0)
		rc = dq_fail(why, "fsync", name);
	if (close(fd) != 0 && rc == 0)
		rc = dq_fail(why, "close", name);
	return rc;
}

int dq_replace(int dir_fd, const char *name, const void *data, size_t length, struct pluq_why *why)
{
	char tmp[DQ_FILE_NAME];
	snprintf(tmp, sizeof(tmp), "%s" DQ_TMP, name);
	int rc = write_synced(dir_fd, tmp, data, length, why);
	if (rc == 0 && renameat(dir_fd, tmp, dir_fd, name) != 0)
		rc = dq_fail(why, "rename", tmp);
	if (rc != 0)
		unlinkat(dir_fd, tmp, 0);
	return rc;
}

static int read_all(int fd, const char *name, size_t most, char **data, size_t *length, struct pluq_why *why)
{
	struct stat st;
	if (fstat(fd, &st) != 0)
		return dq_fail(why, "stat", name);
	if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size > most)
		return dq_say(why, PLUQ_ECORRUPT, "%s is not a file of at most %zu bytes", name, most);
	char *buf = malloc((size_t)st.st_size + 1);
	if (!buf)
		return dq_no_memory(why);
	size_t used = 0;
	while (used < (size_t)st.st_size) {
		ssize_t n = pread(fd, buf + used, (size_t)st.st_size - used, (off_t)used);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			int rc = dq_fail(why, "read", name);
			free(buf);
			return rc;
		}
		if (n == 0)
			break;
		used += (size_t)n;
	}
	buf[used] = 0;
	*data = buf;
	*length = used;
	return 0;
}

int dq_slurp(int dir_fd, const char *name, size_t most, char **data, size_t *length, struct pluq_why *why)
{
	int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? PLUQ_EUNKNOWN : dq_fail(why, "open", name);
	int rc = read_all(fd, name, most, data, length, why);
	close(fd);
	return rc;
}

int dq_size(int dir_fd, const char *name, int64_t *size, struct pluq_why *why)
{
	struct stat st;
	if (fstatat(dir_fd, name, &st, 0) != 0)
		return errno == ENOENT ? PLUQ_EUNKNOWN : dq_fail(why, "stat", name);
	*size = st.st_size;
	return 0;
}

int dq_unlink(int dir_fd, const char *name, struct pluq_why *why)
{
	if (unlinkat(dir_fd, name, 0) != 0 && errno != ENOENT)
		return dq_fail(why, "unlink", name);
	return 0;
}
