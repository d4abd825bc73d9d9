#include "program.h"

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
	snprintf(why->text, sizeof(why->text), "script: %.120s: %s%s%s", path, what, error ? ": " : "", text);
	return error == ENOMEM ? PLUQ_ENOMEM : PLUQ_EINVAL;
}

/* Whole, though it may grow or shrink meanwhile: at most `size` bytes. 0, or errno. */
static int read_all(int fd, size_t size, struct program *p)
{
	if (!(p->text = malloc(size + 1)))
		return ENOMEM;
	while (p->length < size) {
		ssize_t n = read(fd, p->text + p->length, size - p->length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		if (n == 0)
			break;
		p->length += (size_t)n;
	}
	if (p->length >= 3 && memcmp(p->text, "\xef\xbb\xbf", 3) == 0) {
		p->length -= 3;
		memmove(p->text, p->text + 3, p->length);
	}
	return 0;
}

static int read_file(const char *path, struct program *p, struct pluq_why *why)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), rc; /* does not wait for the writer of a pipe */
	struct stat st;

	if (fd < 0)
		return fail(why, path, "cannot be opened", errno);
	if (fstat(fd, &st) < 0)
		rc = fail(why, path, "cannot be read", errno);
	else if (!S_ISREG(st.st_mode))
		rc = fail(why, path, "is not a file", 0);
	else if (st.st_size > PROGRAM_SIZE_MAX)
		rc = fail(why, path, "is larger than 1 MiB", 0);
	else if ((rc = read_all(fd, (size_t)st.st_size, p)))
		rc = fail(why, path, "cannot be read", rc);
	close(fd);
	return rc;
}

int program_load(const char *path, int64_t max_instructions, int64_t max_memory, struct program **out, struct pluq_why *why)
{
	struct program *p = calloc(1, sizeof(*p));
	const char *slash;
	int rc;

	if (!p || !(p->path = strdup(path))) {
		free(p);
		return fail(why, path, "cannot be read", ENOMEM);
	}
	atomic_init(&p->refs, 1);
	p->max_instructions = max_instructions;
	p->max_memory = max_memory;
	slash = strrchr(p->path, '/');
	p->name = slash ? slash + 1 : p->path;
	if ((rc = read_file(path, p, why)))
		program_unref(&p);
	*out = p;
	return rc;
}

struct program *program_ref(struct program *p)
{
	atomic_fetch_add_explicit(&p->refs, 1, memory_order_relaxed);
	return p;
}

void program_unref(struct program **pp)
{
	struct program *p = *pp;

	*pp = NULL;
	if (!p || atomic_fetch_sub_explicit(&p->refs, 1, memory_order_acq_rel) != 1)
		return;
	free(p->text);
	free(p->path);
	free(p);
}
