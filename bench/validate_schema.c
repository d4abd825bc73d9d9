/* What validate-schema costs by itself: a message of 200 bytes against a schema of the usual kind, and the longest that one message may
 * take. Prints nanoseconds, median of rounds. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../plugins/validators/schema/run.h"

#define CHECKS 100000
#define ROUNDS 9
#define STEPS 1000000 /* the standard of max_steps */

static const char schema[] =
    "{\"type\":\"object\",\"required\":[\"id\",\"type\",\"time\",\"customer\",\"items\"],\"additionalProperties\":false,\"properties\":{"
    "\"id\":{\"type\":\"integer\",\"minimum\":1},\"type\":{\"enum\":[\"created\",\"paid\",\"sent\"]},"
    "\"time\":{\"type\":\"string\",\"maxLength\":40},\"customer\":{\"type\":\"object\",\"required\":[\"name\"],\"properties\":{"
    "\"name\":{\"type\":\"string\",\"minLength\":1},\"mail\":{\"type\":\"string\"%s}}},"
    "\"items\":{\"type\":\"array\",\"minItems\":1,\"items\":{\"$ref\":\"#/$defs/item\"}}},"
    "\"$defs\":{\"item\":{\"type\":\"object\",\"required\":[\"sku\",\"count\"],\"properties\":{\"sku\":{\"type\":\"string\"},"
    "\"count\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":1000},\"price\":{\"type\":\"number\",\"exclusiveMinimum\":0}}}}}";

static const char message[] =
    "{\"id\":10482773,\"type\":\"paid\",\"time\":\"2026-11-25T12:00:00Z\",\"customer\":{\"name\":\"A. Example\",\"mail\":\"a.example@example.com\"},"
    "\"items\":[{\"sku\":\"AB-1234\",\"count\":2,\"price\":19.90},{\"sku\":\"C-9\",\"count\":1}]}";

static const struct json_limits limits = {.depth = 100};
static struct run runner;
static struct json_doc doc;
static char path[] = "/tmp/pluq-bench-schema-XXXXXX";

static void fail(const char *what)
{
	fprintf(stderr, "validate-schema: %s\n", what);
	exit(EXIT_FAILURE);
}

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void load(struct program *p, const char *text)
{
	const struct program_source source = {NULL, path};
	const struct program_options options = {.sources = &source, .source_count = 1, .draft = DRAFT_2020};
	struct pluq_why why = {""};
	FILE *f = fopen(path, "wb");

	if (!f || fwrite(text, 1, strlen(text), f) != strlen(text) || fclose(f) || program_load(p, &options, &why))
		fail(*why.text ? why.text : "a file cannot be written");
	p->key = 1;
	runner.program = p;
}

static bool judge(const char *text, size_t length, bool check)
{
	struct json_error error;

	if (!json_parse(&doc, (const uint8_t *)text, length, &limits, &error))
		fail("not JSON");
	return !check || run_check(&runner, 0, doc.nodes, STEPS);
}

static void measure(const char *what, const char *text, bool check)
{
	struct program p;
	double ns[ROUNDS];

	load(&p, text);
	for (int i = 0; i < ROUNDS; i++) {
		double start = now_ns();

		for (int j = 0; j < CHECKS; j++) {
			if (!judge(message, sizeof(message) - 1, check))
				fail("the message is not accepted");
		}
		ns[i] = (now_ns() - start) / CHECKS;
	}
	qsort(ns, ROUNDS, sizeof(*ns), by_value);
	printf("%-70s %8.0f ns %6.2f M/s\n", what, ns[ROUNDS / 2], 1e3 / ns[ROUNDS / 2]);
	program_fini(&p);
}

/* Until the limit on steps ends it. */
static void measure_worst(const char *what, const char *text, char *body, size_t length)
{
	struct program p;
	double start;

	load(&p, text);
	start = now_ns();
	if (judge(body, length, true) || !runner.stopped)
		fail("this should have taken too many steps");
	printf("%-70s %8.1f ms\n", what, (now_ns() - start) / 1e6);
	program_fini(&p);
}

static char *filled(const char *before, const char *piece, size_t length)
{
	char *text = malloc(length + 1);
	size_t used = strlen(before), n = strlen(piece);

	if (!text)
		fail("out of memory");
	memcpy(text, before, used);
	for (; used + n + 2 < length; used += n)
		memcpy(text + used, piece, n);
	memset(text + used, ' ', length - used - 1);
	text[length - 1] = *before == '[' ? ']' : '"';
	text[length] = 0;
	return text;
}

int main(void)
{
	enum { LARGE = 1 << 20 };
	char text[sizeof(schema) + 100];
	char *ones = filled("\"", "1", LARGE), *list = filled("[1", ",1", LARGE), *words = filled("[\"\"", ",\"aaaaaaaaaaaaaaaaaaaaaaaa!\"", LARGE);
	int fd = mkstemp(path);

	if (fd < 0 || close(fd) || !(runner.space = pattern_space_new()))
		fail("no file, no memory");
	printf("a message of %zu bytes\n", sizeof(message) - 1);
	snprintf(text, sizeof(text), schema, "");
	measure("reading it alone", text, false);
	measure("reading and checking, 16 values, no pattern", text, true);
	snprintf(text, sizeof(text), schema, ",\"pattern\":\"^[^@]+@[^@]+$\"");
	measure("the same with a pattern", text, true);
	memcpy(ones + LARGE - 3, "yx\"", 3); /* so that it might match */
	puts("messages of 1 MiB that are ended by max_steps");
	measure_worst("a pattern that runs over the rest of a string from each place", "{\"pattern\":\"\\\\d+x\"}", ones, LARGE);
	measure_worst("an exponential pattern on each of many strings", "{\"items\":{\"not\":{\"pattern\":\"^(a|aa)+$\"}}}", words, LARGE);
	measure_worst("many alternatives for each of many numbers", "{\"items\":{\"not\":{\"anyOf\":[{\"type\":\"null\"},{\"minimum\":2},{\"const\":3}]}}}", list, LARGE);
	measure_worst("uniqueItems", "{\"uniqueItems\":true}", list, LARGE);
	unlink(path);
	free(ones);
	free(list);
	free(words);
	run_fini(&runner);
	json_doc_fini(&doc);
	pattern_space_free(&runner.space);
	return EXIT_SUCCESS;
}
