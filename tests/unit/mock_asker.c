#include "mock_asker.h"

#undef NDEBUG
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void say(struct pluq_auth_call *c, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	int n = vsnprintf(c->text + c->used, sizeof(c->text) - c->used, fmt, args);
	va_end(args);
	assert(n >= 0 && (size_t)n < sizeof(c->text) - c->used);
	c->used += (size_t)n;
}

static void identify(struct pluq_auth_call *c, const char *identity, const char *url)
{
	say(c, "identity %s %s\n", identity, url);
}

static void live(struct pluq_auth_call *c, int64_t ns)
{
	say(c, "live %lld\n", (long long)ns);
}

static void grant(struct pluq_auth_call *c, uint32_t permissions, const char *topic, const char *const *channels, size_t n)
{
	say(c, "grant %s%s%s %s", permissions & PLUQ_MAY_SUBSCRIBE ? "s" : "", permissions & PLUQ_MAY_PUBLISH ? "p" : "",
	    permissions & PLUQ_MAY_ADMIN ? "a" : "", topic);
	for (size_t i = 0; i < n; i++)
		say(c, " %s", channels[i]);
	say(c, "\n");
}

static void answer(struct pluq_auth_call *c, int verdict, const char *why)
{
	assert(!c->verdict);
	c->verdict = verdict;
	snprintf(c->why, sizeof(c->why), "%s", why ? why : "");
}

static const struct pluq_auth table = {
	.size = sizeof(table), .identify = identify, .live = live, .grant = grant, .answer = answer};

static int work(const struct pluq_host *h, pluq_post_fn fn, pluq_post_fn done, void *arg)
{
	struct mock_asker *m = (struct mock_asker *)(uintptr_t)h;

	if (m->refuse_work)
		return PLUQ_ENOMEM;
	assert(m->count < MOCK_WORK);
	m->waiting[m->count].work = fn;
	m->waiting[m->count].done = done;
	m->waiting[m->count++].arg = arg;
	return 0;
}

void mock_asker_init(struct mock_asker *m)
{
	memset(m, 0, sizeof(*m));
	mock_host_init(&m->host);
	m->host.pub.auth = &table;
	m->host.pub.work = work;
}

size_t mock_asker_work(struct mock_asker *m)
{
	size_t n = m->count;

	for (size_t i = 0; i < n; i++) {
		m->waiting[i].work(m->waiting[i].arg);
		m->waiting[i].done(m->waiting[i].arg);
	}
	assert(m->count == n);
	m->count = 0;
	return n;
}

void mock_asker_fini(struct mock_asker *m)
{
	assert(m->count == 0);
	mock_host_fini(&m->host);
}

const char *mock_asker_file(const char *text)
{
	static char path[64];
	static int fd = -1;

	if (fd < 0) {
		strcpy(path, "/tmp/pluq-auth-XXXXXX");
		fd = mkstemp(path);
		assert(fd >= 0);
		unlink(path);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd); /* gone with the process, however that ends */
	}
	assert(ftruncate(fd, 0) == 0 && pwrite(fd, text, strlen(text), 0) == (ssize_t)strlen(text));
	return path;
}

struct pluq_auth_query mock_asker_query(const char *secret)
{
	return (struct pluq_auth_query){.size = sizeof(struct pluq_auth_query), .secret = (const uint8_t *)secret,
	    .secret_length = strlen(secret), .remote_ip = "127.0.0.1", .common_name = ""};
}
