#define _GNU_SOURCE
#include "bench.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "http.h"
#include "peers.h"

void bench_fail(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fputs("pluq-bench: ", stderr);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
	va_end(args);
	exit(EXIT_FAILURE);
}

void *bench_alloc(size_t count, size_t size)
{
	void *p = calloc(count ? count : 1, size);

	if (!p)
		bench_fail("out of memory");
	return p;
}

int64_t bench_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

void bench_topic_name(char name[BENCH_NAME_ROOM])
{
	static unsigned next;

	snprintf(name, BENCH_NAME_ROOM, "bench-%d-%u", (int)getpid(), next++);
}

void bench_make_channel(const struct bench *b, const char *topic)
{
	struct peers peers;

	peers_open(&peers, b, 1);
	peers_subscribe(&peers, topic, 0);
	peers_close(&peers);
}

void bench_drop_topic(const struct bench *b, const char *topic)
{
	char path[BENCH_NAME_ROOM + 32];

	if (!b->opt.http)
		return;
	snprintf(path, sizeof path, "/topic/delete?topic=%s", topic);
	http_post(b, path);
}
