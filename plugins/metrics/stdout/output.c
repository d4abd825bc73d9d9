#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* How long a reader that does not read is waited for. */
#define PATIENCE_MS 1000
/* What a pipe surely takes at once when it takes anything, and undivided: it may be a blocking one that others have too, such as the log. */
#define CHUNK 4096

static int fail(struct pluq_why *why, const char *name, const char *wrong)
{
	snprintf(why->text, sizeof(why->text), "%.150s: %s", name, wrong);
	return PLUQ_EIO;
}

/* O_NONBLOCK: a pipe without a reader is told of, not waited for. */
static int open_path(struct output *o, const char *path)
{
	o->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0644);
	o->own = true;
	return o->fd < 0 ? -1 : 0;
}

int output_open(struct output *o, const char *to, struct pluq_why *why)
{
	struct stat st;

	*o = (struct output){.fd = -1};
	if (strcmp(to, "stdout") == 0)
		o->fd = STDOUT_FILENO;
	else if (strcmp(to, "stderr") == 0)
		o->fd = STDERR_FILENO;
	else if (open_path(o, to))
		return fail(why, to, errno == ENXIO ? "a pipe that nobody reads" : strerror(errno));
	if (fstat(o->fd, &st)) {
		int error = errno;

		output_close(o);
		return fail(why, to, strerror(error));
	}
	o->type = st.st_mode & S_IFMT;
	o->device = st.st_dev;
	o->inode = st.st_ino;
	o->name = strdup(o->own ? to : o->fd == STDOUT_FILENO ? "standard output" : "standard error");
	if (o->name && o->type != S_IFDIR)
		return 0;
	output_close(o);
	if (o->type == S_IFDIR)
		return fail(why, to, "it is a directory");
	snprintf(why->text, sizeof(why->text), "out of memory");
	return PLUQ_ENOMEM;
}

/* Whether a file could be made there. */
static int check_folder(const char *path, struct pluq_why *why)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	bool good = folder && access(folder, W_OK | X_OK) == 0;
	int error = errno;

	free(folder);
	return good ? 0 : fail(why, path, strerror(error));
}

/* Nothing is opened: whoever reads a pipe would take it for its end. */
int output_check(const char *to, struct pluq_why *why)
{
	struct stat st;

	if (strcmp(to, "stdout") == 0 || strcmp(to, "stderr") == 0)
		return 0;
	if (stat(to, &st))
		return errno == ENOENT && *to ? check_folder(to, why) : fail(why, to, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return fail(why, to, "it is a directory");
	return access(to, W_OK) ? fail(why, to, strerror(errno)) : 0;
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* 1: there is room; 0: not in time; -1: errno */
static int await_room(const struct output *o, int64_t until_ms)
{
	struct pollfd p = {.fd = o->fd, .events = POLLOUT};
	int64_t left = until_ms - now_ms();
	int rc = poll(&p, 1, left > 0 ? (int)left : 0);

	if (rc > 0 && p.revents & POLLNVAL) {
		errno = EBADF;
		return -1;
	}
	return rc;
}

/* Whole lines if one fits. */
static size_t chunk_of(const char *bytes, size_t length)
{
	size_t end = length < CHUNK ? length : CHUNK;

	for (size_t n = end; n; n--)
		if (bytes[n - 1] == '\n')
			return n;
	return end;
}

static ssize_t write_some(const struct output *o, const char *bytes, size_t length, int64_t until_ms)
{
	size_t chunk;
	int rc;

	if (o->type == S_IFREG)
		return write(o->fd, bytes, length);
	if ((rc = await_room(o, until_ms)) <= 0) {
		errno = rc < 0 ? errno : ETIMEDOUT;
		return -1;
	}
	chunk = chunk_of(bytes, length);
	return o->type == S_IFSOCK ? send(o->fd, bytes, chunk, MSG_DONTWAIT | MSG_NOSIGNAL) : write(o->fd, bytes, chunk);
}

/* How much went out; less than length: errno says why. */
static size_t write_all(const struct output *o, const char *bytes, size_t length, int64_t until_ms)
{
	size_t done = 0;

	while (done < length) {
		ssize_t n = write_some(o, bytes + done, length - done, until_ms);

		if (n == 0)
			errno = EAGAIN;
		if (n > 0)
			done += (size_t)n;
		else if ((errno != EINTR && errno != EAGAIN) || now_ms() >= until_ms)
			return done;
	}
	return done;
}

static int failed(const struct output *o, struct pluq_why *why)
{
	return fail(why, o->name, errno == ETIMEDOUT || errno == EAGAIN ? "nobody reads it" : strerror(errno));
}

static int write_rest(struct output *o, int64_t until_ms, struct pluq_why *why)
{
	size_t done = write_all(o, o->rest.bytes, o->rest.length, until_ms);

	if (done < o->rest.length) {
		memmove(o->rest.bytes, o->rest.bytes + done, o->rest.length - done);
		o->rest.length -= done;
		return failed(o, why);
	}
	text_clear(&o->rest);
	return 0;
}

/* The line in which it ended is kept to its end. */
static void keep_rest(struct output *o, const struct text *lines, size_t done)
{
	const char *end;

	if (done == 0 || lines->bytes[done - 1] == '\n')
		return;
	end = memchr(lines->bytes + done, '\n', lines->length - done);
	text_put(&o->rest, lines->bytes + done, end ? (size_t)(end + 1 - (lines->bytes + done)) : lines->length - done);
}

int output_write(struct output *o, const struct text *lines, bool *some, struct pluq_why *why)
{
	int64_t until_ms = now_ms() + PATIENCE_MS;
	size_t done;
	int rc = write_rest(o, until_ms, why);

	*some = false;
	if (rc)
		return rc;
	done = write_all(o, lines->bytes, lines->length, until_ms);
	*some = done > 0;
	if (done == lines->length)
		return 0;
	rc = failed(o, why);
	keep_rest(o, lines, done);
	return rc;
}

void output_follow(struct output *o, struct output *earlier)
{
	struct pluq_why why;

	if (o->device != earlier->device || o->inode != earlier->inode) {
		write_rest(earlier, 0, &why);
		return;
	}
	text_fini(&o->rest);
	o->rest = earlier->rest;
	earlier->rest = (struct text){0};
}

void output_close(struct output *o)
{
	if (o->own && o->fd >= 0)
		close(o->fd);
	o->fd = -1;
	o->own = false;
	free(o->name);
	o->name = NULL;
	text_fini(&o->rest);
}
