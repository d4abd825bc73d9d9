#define _GNU_SOURCE /* strcasestr */
#include "http.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECTIONS 64
#define PATH_ROOM 256
#define ANSWER_ROOM 8192

struct link {
	int fd;
	char path[PATH_ROOM];
};

int http_connect(const struct bench *b)
{
	struct pluqc_addresses addresses;
	int error = pluqc_resolve(b->opt.http, &addresses);

	if (error)
		bench_fail("%s: %s", b->opt.http, pluqc_strerror(error));
	for (size_t i = 0; i < addresses.count; i++) {
		const struct pluqc_address *a = &addresses.list[i];
		int fd = socket(a->name.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (fd >= 0 && !connect(fd, (const struct sockaddr *)&a->name, a->length))
			return fd;
		error = errno;
		if (fd >= 0)
			close(fd);
	}
	bench_fail("%s: %s", b->opt.http, strerror(error));
}

static void ask(struct link *l)
{
	char request[PATH_ROOM + 128];
	int n = snprintf(request, sizeof request,
	    "POST %s HTTP/1.1\r\nHost: bench\r\nContent-Length: 0\r\n\r\n", l->path);

	if (send(l->fd, request, (size_t)n, MSG_NOSIGNAL) != n)
		bench_fail("HTTP %s: cannot send", l->path);
}

/* Length of the whole answer, once its head is there; 0 before. */
static size_t answer_length(const char *answer)
{
	const char *end = strstr(answer, "\r\n\r\n"), *field = strcasestr(answer, "\r\ncontent-length:");

	if (!end)
		return 0;
	return (size_t)(end - answer) + 4 + (field && field < end ? strtoul(field + 17, NULL, 10) : 0);
}

static void await(struct link *l)
{
	char answer[ANSWER_ROOM];
	size_t have = 0, want = 0;

	while (!want || have < want) {
		ssize_t k;

		if (have == sizeof answer - 1)
			bench_fail("HTTP %s: answer too long", l->path);
		k = recv(l->fd, answer + have, sizeof answer - 1 - have, 0);
		if (k <= 0)
			bench_fail("HTTP %s: connection closed", l->path);
		have += (size_t)k;
		answer[have] = 0;
		want = answer_length(answer);
	}
	if (strncmp(answer, "HTTP/1.1 200", 12) && strncmp(answer, "HTTP/1.0 200", 12))
		bench_fail("HTTP %s: %.*s", l->path, (int)strcspn(answer, "\r\n"), answer);
}

void http_post_many(const struct bench *b, uint64_t n, http_path_fn path, void *arg)
{
	uint64_t width = n < CONNECTIONS ? n : CONNECTIONS;
	struct link *links = bench_alloc(width, sizeof *links);

	for (uint64_t i = 0; i < width; i++)
		links[i].fd = http_connect(b);
	for (uint64_t done = 0; done < n; done += width) {
		uint64_t part = n - done < width ? n - done : width;

		for (uint64_t i = 0; i < part; i++) {
			path(arg, done + i, links[i].path, sizeof links[i].path);
			ask(&links[i]);
		}
		for (uint64_t i = 0; i < part; i++)
			await(&links[i]);
	}
	for (uint64_t i = 0; i < width; i++)
		close(links[i].fd);
	free(links);
}

/* An http_path_fn. */
static void same_path(void *arg, uint64_t i, char *path, size_t room)
{
	(void)i;
	snprintf(path, room, "%s", (const char *)arg);
}

void http_post(const struct bench *b, const char *path)
{
	char copy[PATH_ROOM];

	snprintf(copy, sizeof copy, "%s", path);
	http_post_many(b, 1, same_path, copy);
}
