/* What validate-json costs on one core: the plugin's own code, without its daemon. Prints messages per second, median of rounds. */
#include <pluq/validator.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MESSAGES 200000
#define ROUNDS 9
#define VARIANTS 64

extern const struct pluq_plugin pluq_plugin_entry;

static char bodies[VARIANTS][256];

/* Of this thread's own work: what else the machine does is not measured. */
static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int64_t host_real(const struct pluq_host *h)
{
	(void)h;
	return now_ns();
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* 200 bytes: what an order might look like; the members asked for stand apart. */
static void make_bodies(void)
{
	for (int i = 0; i < VARIANTS; i++) {
		int n = snprintf(bodies[i], sizeof bodies[i],
		    "{\"o\":\"%s\",\"id\":%d,\"user\":{\"id\":\"u-%06d\",\"name\":\"J\303\274rgen M\",\"tags\":[\"a\",\"b\",true,null]},"
		    "\"price\":%d.%02d,\"l\":\"https://example.com/o/%d\",\"bl\":\"x\",\"note\":\"", i % 2 ? "+" : "-", 1000 + i,
		    i * 37, i * 3, i, 100 + i);
		for (; n < 198; n++)
			bodies[i][n] = (char)('a' + n % 26);
		memcpy(bodies[i] + n, "\"}", 3);
	}
}

static void *start(const struct pluq_host *host, const struct pluq_strings *require, const struct pluq_strings *accept_if, bool unique)
{
	char *conf = calloc(1, pluq_plugin_entry.conf_size);
	struct pluq_why why = {""};
	void *self;

	if (!conf)
		abort();
	for (const struct pluq_option *o = pluq_plugin_entry.options; o->key; o++) {
		void *member = conf + o->offset;
		if (strcmp(o->key, "require") == 0)
			memcpy(member, require, sizeof *require);
		else if (strcmp(o->key, "accept_if") == 0)
			memcpy(member, accept_if, sizeof *accept_if);
		else if (strcmp(o->key, "max_depth") == 0)
			*(int64_t *)member = 64;
		else if (strcmp(o->key, "duplicates") == 0)
			*(int64_t *)member = unique;
		else if (o->type == PLUQ_OPT_STRING)
			*(const char **)member = "";
	}
	if (pluq_plugin_entry.init(host, conf, &self, &why) != 0) {
		fprintf(stderr, "validate-json: %s\n", why.text);
		exit(EXIT_FAILURE);
	}
	return self; /* conf is its for good */
}

static double round_of(void *self)
{
	const struct pluq_validator_ops *ops = pluq_plugin_entry.ops;
	struct pluq_finding finding;
	int64_t begin = now_ns();

	for (int i = 0; i < MESSAGES; i++) {
		struct pluq_candidate c = {.size = sizeof c, .topic = "orders", .topic_length = 6,
		    .body = (const uint8_t *)bodies[i % VARIANTS], .length = 200};
		finding.reason[0] = finding.topic[0] = 0;
		if (ops->judge(self, &c, &finding) != PLUQ_ACCEPT) {
			fprintf(stderr, "validate-json: %s\n", finding.reason);
			exit(EXIT_FAILURE);
		}
	}
	return MESSAGES * 1e9 / (double)(now_ns() - begin);
}

static void run(const char *what, const struct pluq_host *host, struct pluq_strings require, struct pluq_strings accept_if, bool unique)
{
	void *self = start(host, &require, &accept_if, unique);
	double rounds[ROUNDS];

	for (int i = 0; i < ROUNDS; i++)
		rounds[i] = round_of(self);
	qsort(rounds, ROUNDS, sizeof *rounds, by_value);
	printf("%-34s %6.2f M/s, %4.0f MB/s\n", what, rounds[ROUNDS / 2] / 1e6, rounds[ROUNDS / 2] * 200 / 1e6);
	pluq_plugin_entry.fini(self);
}

int main(void)
{
	static const char *const names[] = {"o", "l", "user.id"}, *const rules[] = {"o == '+' and l", "o == '-' and l and bl"};
	const struct pluq_strings none = {NULL, 0}, require = {names, 3}, accept_if = {rules, 2};
	const struct pluq_host host = {.size = sizeof host, .instance = "bench", .loops = 1, .real_ns = host_real};

	make_bodies();
	run("well-formed", &host, none, none, false);
	run("three members required", &host, require, none, false);
	run("two rules", &host, none, accept_if, false);
	run("members and rules", &host, require, accept_if, false);
	run("no member twice", &host, none, none, true);
	return 0;
}
