/* An auth plugin that says what a file tells it to, read again for every question, so that a test can change its mind. One rule a line;
 * fields are separated by tabs; the first rule whose secret ("*": any) and conditions fit counts, without one it is silent:
 *
 *	SECRET VERDICT TTL_MS DELAY_MS IDENTITY CONDITIONS [PERMISSIONS TOPIC [CHANNEL ...]]...
 *
 * VERDICT: allow deny silent error, or `never`: the answer comes only when nobody waits any more. CONDITIONS, separated by spaces, or
 * "-": ip=ADDRESS cn=NAME san=NAME tls clear verified. What a grant consists of is separated by spaces, the permissions by commas; '' is
 * the empty pattern.
 * Every question is logged: "asked SECRET". Built twice: with BLOCKS 1 the delay is slept in the call, else the answer comes later.
 */
#include <pluq/auth.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifndef BLOCKS
#define BLOCKS 0
#endif
#define MS INT64_C(1000000)

struct conf {
	const char *file;
};

struct mock {
	const struct pluq_host *host;
	const struct conf *conf;
	pthread_mutex_t mutex;
	struct waiting *waiting; /* questions whose answer is still owed */
};

struct waiting {
	struct mock *mock;
	struct pluq_auth_call *call;
	struct pluq_timer *timer; /* of that loop */
	int32_t loop;
	int verdict;
	struct waiting *next;
};

static const struct pluq_option options[] = {
	{ .key = "file", .type = PLUQ_OPT_STRING, .flags = PLUQ_OPT_REQUIRED, .offset = offsetof(struct conf, file), .help = "rules" },
	{ .key = NULL },
};

static bool has_name(const struct pluq_strings *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++) {
		if (strcmp(names->items[i], name) == 0)
			return true;
	}
	return false;
}

static bool condition_holds(const char *c, const struct pluq_auth_query *q)
{
	if (strncmp(c, "ip=", 3) == 0)
		return strcmp(q->remote_ip, c + 3) == 0;
	if (strncmp(c, "cn=", 3) == 0)
		return strcmp(q->common_name, c + 3) == 0;
	if (strncmp(c, "san=", 4) == 0)
		return has_name(&q->alt_names, c + 4);
	if (strcmp(c, "tls") == 0)
		return q->tls;
	if (strcmp(c, "clear") == 0)
		return !q->tls;
	if (strcmp(c, "verified") == 0)
		return q->verified;
	return strcmp(c, "-") == 0;
}

static bool all_hold(char *conditions, const struct pluq_auth_query *q)
{
	char *rest;

	for (char *c = strtok_r(conditions, " ", &rest); c; c = strtok_r(NULL, " ", &rest)) {
		if (!condition_holds(c, q))
			return false;
	}
	return true;
}

static void tell_grant(const struct mock *m, struct pluq_auth_call *call, char *text)
{
	const char *channels[16];
	size_t n = 0;
	char *rest;
	const char *words = strtok_r(text, " ", &rest);
	const char *topic = strtok_r(NULL, " ", &rest);
	uint32_t permissions = 0;

	if (!words || !topic)
		return;
	for (char *c = strtok_r(NULL, " ", &rest); c && n < 16; c = strtok_r(NULL, " ", &rest))
		channels[n++] = strcmp(c, "''") == 0 ? "" : c;
	permissions |= strstr(words, "subscribe") ? PLUQ_MAY_SUBSCRIBE : 0;
	permissions |= strstr(words, "publish") ? PLUQ_MAY_PUBLISH : 0;
	permissions |= strstr(words, "admin") ? PLUQ_MAY_ADMIN : 0;
	m->host->auth->grant(call, permissions, topic, channels, n);
}

static int verdict_of(const char *word)
{
	static const struct {
		const char *word;
		int verdict;
	} verdicts[] = { { "allow", PLUQ_AUTH_ALLOW }, { "deny", PLUQ_AUTH_DENY }, { "silent", PLUQ_AUTH_SILENT } };

	for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++) {
		if (strcmp(word, verdicts[i].word) == 0)
			return verdicts[i].verdict;
	}
	return PLUQ_AUTH_ERROR;
}

/* Whoever takes it owes the answer. */
static bool take(struct mock *m, const struct pluq_auth_call *call, struct waiting **out)
{
	*out = NULL;
	pthread_mutex_lock(&m->mutex);
	for (struct waiting **w = &m->waiting; *w; w = &(*w)->next) {
		if ((*w)->call == call) {
			*out = *w;
			*w = (*w)->next;
			break;
		}
	}
	pthread_mutex_unlock(&m->mutex);
	return *out;
}

static void drop(void *arg)
{
	struct waiting *w = arg;

	w->mock->host->timer_free(&w->timer);
	free(w);
}

static void on_due(void *arg)
{
	struct waiting *w = arg;

	if (!take(w->mock, w->call, &w))
		return; /* cancelled, and about to be dropped */
	w->mock->host->auth->answer(w->call, w->verdict, "told to");
	drop(w);
}

static void cancel(void *self, struct pluq_auth_call *call)
{
	struct mock *m = self;
	struct waiting *w;

	if (!take(m, call, &w))
		return;
	m->host->auth->answer(call, PLUQ_AUTH_ERROR, "nobody waits");
	if (m->host->post(m->host, (uint32_t)w->loop, drop, w))
		free(w);
}

static int later(struct mock *m, struct pluq_auth_call *call, int verdict, int64_t delay_ms)
{
	struct waiting *w = calloc(1, sizeof *w);

	if (!w)
		return PLUQ_AUTH_ERROR;
	*w = (struct waiting){ .mock = m, .call = call, .verdict = verdict, .loop = m->host->loop_self(m->host) };
	w->timer = m->host->timer_new(m->host, on_due, w);
	if (!w->timer) {
		free(w);
		return PLUQ_AUTH_ERROR;
	}
	pthread_mutex_lock(&m->mutex);
	w->next = m->waiting;
	m->waiting = w;
	pthread_mutex_unlock(&m->mutex);
	if (delay_ms >= 0)
		m->host->timer_set(w->timer, m->host->now_ns(m->host) + delay_ms * MS);
	return PLUQ_AUTH_LATER;
}

/* What the rule says: fields 1 to 5, then its grants. */
static int follow(struct mock *m, char **fields, size_t n, struct pluq_auth_call *call)
{
	int64_t delay_ms = strtoll(fields[3], NULL, 10);
	int verdict = verdict_of(fields[1]);

	if (verdict == PLUQ_AUTH_ALLOW) {
		m->host->auth->identify(call, fields[4], "");
		m->host->auth->live(call, strtoll(fields[2], NULL, 10) * MS);
		for (size_t i = 6; i < n; i++)
			tell_grant(m, call, fields[i]);
	}
	if (BLOCKS) {
		nanosleep(&(struct timespec){ .tv_sec = delay_ms / 1000, .tv_nsec = delay_ms % 1000 * MS }, NULL);
		return verdict;
	}
	if (strcmp(fields[1], "never") == 0)
		return later(m, call, verdict, -1);
	return delay_ms ? later(m, call, verdict, delay_ms) : verdict;
}

static int ask(void *self, const struct pluq_auth_query *q, struct pluq_auth_call *call, struct pluq_why *why)
{
	struct mock *m = self;
	FILE *f = fopen(m->conf->file, "re");
	char line[4096];
	int verdict = PLUQ_AUTH_SILENT;

	m->host->log(m->host, PLUQ_INFO, "asked %s", (const char *)q->secret);
	if (!f) {
		snprintf(why->text, sizeof why->text, "%s cannot be opened", m->conf->file);
		return PLUQ_AUTH_ERROR;
	}
	while (fgets(line, sizeof line, f)) {
		char *fields[48], *rest, conditions[256];
		size_t n = 0;
		line[strcspn(line, "\n")] = '\0';
		for (char *p = strtok_r(line, "\t", &rest); p && n < 48; p = strtok_r(NULL, "\t", &rest))
			fields[n++] = p;
		if (n < 6 || (strcmp(fields[0], "*") != 0 && strcmp(fields[0], (const char *)q->secret) != 0))
			continue;
		snprintf(conditions, sizeof conditions, "%s", fields[5]);
		if (all_hold(conditions, q)) {
			verdict = follow(m, fields, n, call);
			break;
		}
	}
	fclose(f);
	if (verdict == PLUQ_AUTH_ERROR)
		snprintf(why->text, sizeof why->text, "told to");
	return verdict;
}

static int init(const struct pluq_host *host, const void *conf, void **self, struct pluq_why *why)
{
	(void)why;
	struct mock *m = calloc(1, sizeof *m);

	if (!m)
		return PLUQ_ENOMEM;
	*m = (struct mock){ .host = host, .conf = conf };
	pthread_mutex_init(&m->mutex, NULL);
	*self = m;
	return 0;
}

static void fini(void *self)
{
	struct mock *m = self;

	pthread_mutex_destroy(&m->mutex);
	free(m);
}

static const struct pluq_auth_ops ops = {
	.size = sizeof(ops), .flags = BLOCKS ? PLUQ_AUTH_BLOCKS : 0, .ask = ask, .cancel = cancel,
};

PLUQ_PLUGIN_ENTRY = {
	.size = sizeof(struct pluq_plugin), PLUQ_PLUGIN_ABI, .kind = PLUQ_KIND_AUTH,
	.name = BLOCKS ? "auth-blocking" : "auth-mock",
	.version = "1.0", .summary = "test data: says what a file tells it to", .option_size = sizeof(struct pluq_option),
	.options = options, .conf_size = sizeof(struct conf), .init = init, .fini = fini, .ops = &ops,
};
