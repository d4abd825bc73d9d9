/* What the validators' floor adds to a publish, beside what a validator itself takes: the real floor, alone; the program plays the
 * validator. Prints nanoseconds per message, median of rounds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../daemon/validate/validate.h"

#define MESSAGES 1000000
#define ROUNDS 9
#define VALIDATORS 4

static const struct pluq_validators *const table = &pluq__validators_table;
static struct pluq__host host;
static struct pluq__loops loops;
static struct pluq__mail beginning;

/* Of this thread's own work: what else the machine does is not measured. */
static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int judge(void *self, const struct pluq_candidate *c, struct pluq_finding *f)
{
	(void)self;
	(void)f;
	return c->length ? PLUQ_ACCEPT : PLUQ_REJECT;
}

static const struct pluq_validator_ops ops = {.size = sizeof ops, .judge = judge};

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* As the nsqd handler does it: the chain is kept as long as the epoch says the same. */
static double kept(const char *topic)
{
	const struct pluq_validation *by = table->of(&host.pub, topic, strlen(topic));
	uint64_t epoch = table->epoch(&host.pub);
	struct pluq_judged judged;
	int64_t begin = now_ns();

	for (int i = 0; i < MESSAGES; i++) {
		if (table->epoch(&host.pub) != epoch)
			by = table->of(&host.pub, topic, strlen(topic));
		if (by)
			table->judge(by, (const uint8_t *)"x", 1, &judged);
	}
	return (double)(now_ns() - begin) / MESSAGES;
}

static double looked_up(const char *topic)
{
	struct pluq_judged judged;
	int64_t begin = now_ns();

	for (int i = 0; i < MESSAGES; i++) {
		const struct pluq_validation *by = table->of(&host.pub, topic, strlen(topic));
		if (by)
			table->judge(by, (const uint8_t *)"x", 1, &judged);
	}
	return (double)(now_ns() - begin) / MESSAGES;
}

static void run(const char *what, double (*round)(const char *), const char *topic)
{
	double rounds[ROUNDS];

	for (int i = 0; i < ROUNDS; i++)
		rounds[i] = round(topic);
	qsort(rounds, ROUNDS, sizeof *rounds, by_value);
	printf("%-44s %6.1f ns\n", what, rounds[ROUNDS / 2]);
}

static void measure(struct pluq__mail *mail)
{
	(void)mail;
	run("a topic that nobody judges", kept, "other");
	run("the same, looked up each time", looked_up, "other");
	run("one validator", kept, "one");
	run("the same, looked up each time", looked_up, "one");
	run("four validators", kept, "four");
	pluq__loops_stop(&loops);
}

int main(void)
{
	static const char *const globs[] = {"four", "one"};
	struct pluq_validator_conf confs[VALIDATORS];
	void *blocks[VALIDATORS], *self = NULL;
	struct pluq__validate *v;

	if (pluq__loops_init(&loops, 1) || pluq__validate_new(&v, &loops, INT64_MAX))
		return EXIT_FAILURE;
	for (int i = 0; i < VALIDATORS; i++) {
		confs[i] = (struct pluq_validator_conf){.topics = {globs, i == 0 ? 2 : 1}, .divert_to = ""};
		blocks[i] = &confs[i];
		if (pluq__validate_add(v, "bench", &ops, &self, &blocks[i]))
			return EXIT_FAILURE;
	}
	host = (struct pluq__host){.pub.size = sizeof(struct pluq_host), .loops = &loops, .validate = v};
	if (pluq__validate_start(v))
		return EXIT_FAILURE;
	beginning.fn = measure;
	pluq__loop_post(&loops.loop[0], &beginning);
	pluq__loops_run(&loops);
	pluq__validate_free(&v);
	pluq__loops_fini(&loops);
	return 0;
}
