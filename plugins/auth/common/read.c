/* A file, whole into memory. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rules.h"

static int trouble(struct pluq_why *why, const char *path, const char *what)
{
	snprintf(why->text, sizeof(why->text), "%.120s: %.120s", path, what);
	return PLUQ_EIO;
}

static int read_all(int fd, char *to, size_t length, size_t *got)
{
	for (*got = 0; *got < length;) {
		ssize_t n = read(fd, to + *got, length - *got);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return (int)n;
		*got += (size_t)n;
	}
	return 0;
}

static int read_open(struct rules *r, const char *path, int fd, struct pluq_why *why)
{
	struct stat st;
	size_t got;

	if (fstat(fd, &st) < 0)
		return trouble(why, path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return trouble(why, path, "is not a file");
	if (st.st_size > RULES_SIZE_MOST)
		return trouble(why, path, "is far too large");
	char *bytes = malloc((size_t)st.st_size + 1);
	if (!bytes)
		return rules_no_memory(why);
	int status = read_all(fd, bytes, (size_t)st.st_size, &got) < 0 ? trouble(why, path, strerror(errno)) :
	                                                                 rules_parse(r, path, bytes, got, why);
	free(bytes);
	return status;
}

int rules_read(struct rules *r, const char *path, struct pluq_why *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return trouble(why, path, strerror(errno));
	int status = read_open(r, path, fd, why);
	close(fd);
	return status;
}
