#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int fail(struct pluq_why *why, const char *path, const char *what, int error)
{
	char text[80] = "";

	if (error && strerror_r(error, text, sizeof(text)) != 0)
		snprintf(text, sizeof(text), "error %d", error);
	snprintf(why->text, sizeof(why->text), "%.120s: %s%s%s", path, what, error ? ": " : "", text);
	return error == ENOMEM ? PLUQ_ENOMEM : PLUQ_EIO;
}

/* Whole, though it may grow or shrink meanwhile. */
static int read_all(int fd, const char *path, size_t size, char **out, size_t *length, struct pluq_why *why)
{
	char *bytes = malloc(size + 1);
	size_t have = 0;
	int error = 0;

	if (!bytes)
		return fail(why, path, "cannot be read", ENOMEM);
	while (have < size) {
		ssize_t n = read(fd, bytes + have, size - have);

		if (n < 0 && (error = errno) != EINTR)
			break;
		error = 0;
		if (n == 0)
			break;
		if (n > 0)
			have += (size_t)n;
	}
	if (error) {
		explicit_bzero(bytes, have);
		free(bytes);
		return fail(why, path, "cannot be read", error);
	}
	bytes[have] = 0;
	*out = bytes;
	*length = have;
	return 0;
}

static void judge_mode(const struct pluq_host *host, const char *path, mode_t mode, const char *inside)
{
	if (mode & S_IWOTH)
		host->log(host, PLUQ_WARN, "%s: everybody on this machine may write it, and so grant himself anything: chmod o-w", path);
	if (inside && mode & S_IROTH)
		host->log(host, PLUQ_WARN, "%s: everybody on this machine may read the %s in it: chmod o-r", path, inside);
}

int auth_file_read(const struct pluq_host *host, const char *path, int64_t most, const char *inside, char **bytes, size_t *length,
    struct pluq_why *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), rc; /* does not wait for the writer of a pipe */
	struct stat st;
	char text[64];

	if (fd < 0)
		return fail(why, path, "cannot be opened", errno);
	snprintf(text, sizeof(text), "is larger than %d MiB", (int)(most >> 20));
	if (fstat(fd, &st) < 0)
		rc = fail(why, path, "cannot be read", errno);
	else if (!S_ISREG(st.st_mode))
		rc = fail(why, path, "is not a file", 0);
	else if (st.st_size > most)
		rc = fail(why, path, text, 0);
	else
		rc = read_all(fd, path, (size_t)st.st_size, bytes, length, why);
	close(fd);
	if (rc == 0 && host)
		judge_mode(host, path, st.st_mode, inside);
	return rc;
}
