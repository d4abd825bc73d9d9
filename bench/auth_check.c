/* What a check of a session costs that has its answer: one per publish on a broker with auth plugins. The real auth core, alone; the
 * program plays the plugin. Prints nanoseconds, median of rounds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../daemon/auth/auth.h"
#include "../daemon/base/clock.h"

#define CHECKS 1000000
#define ROUNDS 9
#define TOPICS_MAX 1000
#define GRANTS 8

static const struct pluq_auth *const auth = &pluq__auth_table;
static struct pluq__host host;
static struct pluq__loops loops;
static struct pluq_auth_session *session;
static struct pluq__mail beginning;
static char topics[TOPICS_MAX][32];

/* Like those of a site: each topic matches the last pattern only. */
static int ask(void *self, const struct pluq_auth_query *q, struct pluq_auth_call *call, struct pluq_why *why)
{
	(void)self;
	(void)q;
	(void)why;
	for (int i = 0; i < GRANTS; i++) {
		char pattern[32];
		const char *channel = ".*";

		snprintf(pattern, sizeof pattern, i < GRANTS - 1 ? "^service%d-.*$" : "^orders-.*$", i);
		auth->grant(call, PLUQ_MAY_PUBLISH, pattern, &channel, 1);
	}
	return PLUQ_AUTH_ALLOW;
}

static const struct pluq_auth_ops ops = {.size = sizeof ops, .ask = ask};

static void fail(const char *what)
{
	fprintf(stderr, "auth-check: %s\n", what);
	exit(EXIT_FAILURE);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Nanoseconds per check. */
static double round_of(int topics_used, int checks)
{
	int64_t start = pluq__clock_mono_ns();

	for (int i = 0; i < checks; i++) {
		const char *topic = topics[i % topics_used];

		if (auth->check(session, PLUQ_MAY_PUBLISH, topic, strlen(topic), "", 0, NULL, NULL))
			fail("a check has failed");
	}
	return (double)(pluq__clock_mono_ns() - start) / checks;
}

static void measure(const char *what, int topics_used, int checks)
{
	double ns[ROUNDS];

	round_of(topics_used, topics_used);
	for (int i = 0; i < ROUNDS; i++)
		ns[i] = round_of(topics_used, checks);
	qsort(ns, ROUNDS, sizeof *ns, by_value);
	printf("%-60s %7.1f ns\n", what, ns[ROUNDS / 2]);
}

/* pluq_auth_fn */
static void on_opened(void *arg, int status)
{
	(void)arg;
	if (status)
		fail("the session is refused");
	measure("the same topic again and again", 1, CHECKS);
	measure("8 topics in turn", 8, CHECKS);
	measure("1,000 topics in turn: every check goes through the patterns", TOPICS_MAX, CHECKS / 10);
	auth->close(&session);
	pluq__loops_stop(&loops);
}

static void begin(struct pluq__mail *m)
{
	const struct pluq_auth_query query = {.size = sizeof query, .secret = (const uint8_t *)"s", .secret_length = 1,
	    .remote_ip = "127.0.0.1", .common_name = ""};

	(void)m;
	if (auth->open(&host.pub, &query, on_opened, NULL, &session))
		fail("out of memory");
}

int main(void)
{
	const struct pluq__auth_config config = {.deny_ttl_ns = PLUQ__SEC, .timeout_ns = 10 * PLUQ__SEC};
	static void *self = &host;
	struct pluq__pool *pool;
	struct pluq__lane *lane;

	for (int i = 0; i < TOPICS_MAX; i++)
		snprintf(topics[i], sizeof topics[i], "orders-%d", i);
	if (pluq__loops_init(&loops, 1) || pluq__pool_init(&pool, PLUQ__SEC) || !(lane = pluq__pool_lane(pool, "auth", 1)) ||
	    pluq__auth_new(&host.auth, &loops, lane, PLUQ__SEC, &config) || pluq__auth_add(host.auth, "bench", &ops, &self, lane))
		fail("out of memory");
	host.loops = &loops;
	beginning.fn = begin;
	pluq__loop_post(&loops.loop[0], &beginning);
	pluq__loops_run(&loops);
	pluq__pool_fini(&pool, PLUQ__SEC);
	pluq__loops_settle(&loops);
	pluq__auth_end(host.auth);
	pluq__auth_free(&host.auth);
	pluq__loops_fini(&loops);
	return EXIT_SUCCESS;
}
