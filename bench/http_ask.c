#define _GNU_SOURCE /* strcasestr */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http.h"

#define FIRST_ROOM (1u << 16)
#define ANSWER_MOST (1u << 30)
static const char last_chunk[] = "\r\n0\r\n\r\n";

struct http_asker {
	int fd;
	char *answer;
	size_t room;
	/* of the answer that is being received */
	size_t have, head; /* bytes; head 0: not whole yet */
	size_t length;     /* of the body, if it was told */
	bool chunked;
};

struct http_asker *http_asker_new(const struct bench *b)
{
	struct http_asker *a = bench_alloc(1, sizeof *a);

	a->fd = http_connect(b);
	a->room = FIRST_ROOM;
	a->answer = bench_alloc(1, a->room);
	return a;
}

void http_asker_free(struct http_asker *a)
{
	close(a->fd);
	free(a->answer);
	free(a);
}

static void grow(struct http_asker *a, const char *path)
{
	char *bigger = a->room < ANSWER_MOST ? realloc(a->answer, a->room * 2) : NULL;

	if (!bigger)
		bench_fail("HTTP %s: answer too long", path);
	a->answer = bigger;
	a->room *= 2;
}

/* Looks at the head once it is there. */
static void read_head(struct http_asker *a, const char *path)
{
	const char *end = strstr(a->answer, "\r\n\r\n"), *field;

	if (!end)
		return;
	a->head = (size_t)(end - a->answer) + 4;
	if (strncmp(a->answer, "HTTP/1.1 200", 12))
		bench_fail("HTTP %s: %.*s", path, (int)strcspn(a->answer, "\r\n"), a->answer);
	field = strcasestr(a->answer, "\r\ntransfer-encoding: chunked");
	a->chunked = field && field < end;
	field = strcasestr(a->answer, "\r\ncontent-length:");
	a->length = field && field < end ? strtoul(field + 17, NULL, 10) : 0;
}

/* What is asked for is JSON, which has no line ends in it: only the last chunk looks like one. */
static bool is_whole(const struct http_asker *a)
{
	size_t n = sizeof last_chunk - 1;

	if (!a->head)
		return false;
	if (!a->chunked)
		return a->have >= a->head + a->length;
	return a->have >= a->head - 2 + n && !memcmp(a->answer + a->have - n, last_chunk, n);
}

size_t http_ask(struct http_asker *a, const char *path)
{
	char request[512];
	int n = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: bench\r\n\r\n", path);

	if ((size_t)n >= sizeof request || send(a->fd, request, (size_t)n, MSG_NOSIGNAL) != n)
		bench_fail("HTTP %s: cannot send", path);
	a->have = a->head = 0;
	while (!is_whole(a)) {
		ssize_t k;

		if (a->have == a->room - 1)
			grow(a, path);
		k = recv(a->fd, a->answer + a->have, a->room - 1 - a->have, 0);
		if (k <= 0)
			bench_fail("HTTP %s: %s", path, k ? strerror(errno) : "connection closed");
		a->have += (size_t)k;
		a->answer[a->have] = 0;
		if (!a->head)
			read_head(a, path);
	}
	return a->have - a->head;
}
