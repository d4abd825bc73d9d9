/* The file. */
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "table.h"

static int fail(struct pluq_why *why, const char *path, const char *what, int error)
{
	char text[80] = "";

	if (error && strerror_r(error, text, sizeof(text)) != 0)
		snprintf(text, sizeof(text), "error %d", error);
	snprintf(why->text, sizeof(why->text), "%.120s: %s%s%s", path, what, error ? ": " : "", text);
	return error == ENOMEM ? PLUQ_ENOMEM : PLUQ_EINVAL;
}

/* Whole, though it may grow or shrink meanwhile. text: heap. */
static int read_all(int fd, const char *path, size_t size, char **text, size_t *length, struct pluq_why *why)
{
	char *bytes = malloc(size + 1);
	size_t have = 0;

	if (!bytes)
		return fail(why, path, "cannot be read", ENOMEM);
	while (have < size) {
		ssize_t n = read(fd, bytes + have, size - have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			int error = errno;

			OPENSSL_cleanse(bytes, have);
			free(bytes);
			return fail(why, path, "cannot be read", error);
		}
		if (n == 0)
			break;
		have += (size_t)n;
	}
	bytes[have] = 0;
	*text = bytes;
	*length = have;
	return 0;
}

int csv_table_load(struct csv_table *t, const struct pluq_host *host, const char *path, struct pluq_why *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), rc; /* does not wait for the writer of a pipe */
	struct stat st;
	size_t length = 0;
	char *text = NULL;

	if (fd < 0)
		return fail(why, path, "cannot be opened", errno);
	if (fstat(fd, &st) < 0)
		rc = fail(why, path, "cannot be read", errno);
	else if (!S_ISREG(st.st_mode))
		rc = fail(why, path, "is not a file", 0);
	else if (st.st_size > CSV_FILE_MAX)
		rc = fail(why, path, "is larger than 64 MiB", 0);
	else
		rc = read_all(fd, path, (size_t)st.st_size, &text, &length, why);
	close(fd);
	return rc ? rc : csv_table_make(t, host, path, text, length, why);
}
