#include "mock_host.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static void on_log(const struct pluq_host *h, enum pluq_level level, const char *fmt, ...)
{
	struct mock_host *m = (struct mock_host *)(uintptr_t)h;
	char line[1024];
	va_list args;
	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	pthread_mutex_lock(&m->lock);
	int n = snprintf(m->text + m->used, sizeof(m->text) - m->used, "%d %s\n", level, line);
	if (n > 0 && (size_t)n < sizeof(m->text) - m->used)
		m->used += (size_t)n;
	m->lines[level]++;
	pthread_mutex_unlock(&m->lock);
}

static bool log_on(const struct pluq_host *h, enum pluq_level level)
{
	return true;
}

static int64_t read_clock(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int64_t now_ns(const struct pluq_host *h)
{
	return read_clock(CLOCK_MONOTONIC);
}

static int64_t real_ns(const struct pluq_host *h)
{
	return read_clock(CLOCK_REALTIME);
}

void mock_host_init(struct mock_host *m)
{
	memset(m, 0, sizeof(*m));
	pthread_mutex_init(&m->lock, NULL);
	m->pub = (struct pluq_host){
		.size = sizeof(struct pluq_host),
		PLUQ_PLUGIN_ABI,
		.daemon_version = "test",
		.instance = "test",
		.loops = 1,
		.log = on_log,
		.log_on = log_on,
		.now_ns = now_ns,
		.real_ns = real_ns,
	};
}

void mock_host_forget(struct mock_host *m)
{
	pthread_mutex_lock(&m->lock);
	m->used = 0;
	m->text[0] = 0;
	memset(m->lines, 0, sizeof(m->lines));
	pthread_mutex_unlock(&m->lock);
}

bool mock_host_logged(struct mock_host *m, enum pluq_level level, const char *part)
{
	bool found = false;
	pthread_mutex_lock(&m->lock);
	for (char *p = m->text, *end; !found && (end = strchr(p, '\n')); p = end + 1) {
		*end = 0;
		found = p[0] == '0' + (int)level && strstr(p, part);
		*end = '\n';
	}
	pthread_mutex_unlock(&m->lock);
	return found;
}

void mock_host_fini(struct mock_host *m)
{
	pthread_mutex_destroy(&m->lock);
}
