/* pluq-bench: load generator for any broker that speaks the V2 protocol, and for discovery daemons. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "bench.h"
#include "coat.h"

#define SIZE_DEFAULT 200

static const struct bench_mode *const modes[] = {
    &mode_pub, &mode_mpub, &mode_sub, &mode_latency, &mode_memory, &mode_disk, &mode_timers, &mode_idle_connections,
    &mode_idle_topics, &mode_discovery, &mode_handshakes, &mode_scrape,
    &mode_null_server,
};
#define MODES (sizeof modes / sizeof *modes)

/* Options with a number, and where they go. */
static const struct {
	const char *name;
	size_t offset;
	uint64_t least, most;
} numbers[] = {
    {"size", offsetof(struct bench_options, size), 1, 1 << 20},
    {"connections", offsetof(struct bench_options, connections), 1, 60000},
    {"outstanding", offsetof(struct bench_options, outstanding), 1, 100000},
    {"batch", offsetof(struct bench_options, batch), 1, 1000000},
    {"count", offsetof(struct bench_options, count), 1, 1000000000},
    {"rounds", offsetof(struct bench_options, rounds), 1, 1000},
    {"consumers", offsetof(struct bench_options, consumers), 1, 10000},
    {"ready", offsetof(struct bench_options, ready), 1, 1000000},
    {"channels", offsetof(struct bench_options, channels), 1, 60000},
    {"rate", offsetof(struct bench_options, rate), 1, 10000000},
    {"seconds", offsetof(struct bench_options, seconds), 1, 86400},
    {"lead", offsetof(struct bench_options, lead), 1, 3600},
};
#define NUMBERS (sizeof numbers / sizeof *numbers)

enum {
	O_ADDRESS = NUMBERS,
	O_HTTP,
	O_PID,
	O_LABEL,
	O_JSON,
	O_TEXT,
	O_TLS,
	O_SNAPPY,
	O_DEFLATE,
	O_RESUME,
	O_SECRET,
	O_HELP,
	OPTIONS
};

static void usage(FILE *to)
{
	fputs("usage: pluq-bench [options] MODE\n\nmodes, with their options and defaults:\n", to);
	for (size_t i = 0; i < MODES; i++)
		fprintf(to, "  %-17s %s\n", modes[i]->name, modes[i]->help);
	fputs("\noptions of all modes:\n"
	      "  --address HOST:PORT  the server's TCP address [127.0.0.1:4150]\n"
	      "  --http HOST:PORT     its HTTP address, to delete topics afterwards (else they stay)\n"
	      "  --pid PID            its process, to tell its CPU and memory\n"
	      "  --size N             bytes of a message [200]\n"
	      "  --label TEXT         name of the server in the output\n"
	      "  --text               bodies are text, and not all the same: they compress\n"
	      "  --tls                every connection goes under TLS; the certificate is not looked at\n"
	      "  --snappy, --deflate  it is compressed too\n"
	      "  --secret TEXT        it says AUTH\n"
	      "  --json               one JSON object per row\n",
	    to);
}

static uint64_t parse_number(const char *option, const char *text, uint64_t least, uint64_t most)
{
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end || errno || value < least || value > most) {
		fprintf(stderr, "pluq-bench: --%s: '%s' is not a number from %llu to %llu\n", option, text,
		    (unsigned long long)least, (unsigned long long)most);
		exit(2);
	}
	return value;
}

static uint64_t *member(struct bench_options *o, size_t i)
{
	return (uint64_t *)(void *)((char *)o + numbers[i].offset);
}

static void take_option(struct bench_options *o, int key)
{
	switch (key) {
	case O_ADDRESS:
		o->address = optarg;
		return;
	case O_HTTP:
		o->http = optarg;
		return;
	case O_PID:
		o->pid = (pid_t)parse_number("pid", optarg, 1, INT32_MAX);
		return;
	case O_LABEL:
		if (strpbrk(optarg, "\"\\\n"))
			bench_fail("--label: no quotes, backslashes or line breaks");
		o->label = optarg;
		return;
	case O_JSON:
		o->json = true;
		return;
	case O_TEXT:
		o->text = true;
		return;
	case O_TLS:
		o->tls = true;
		return;
	case O_SNAPPY:
		o->snappy = true;
		return;
	case O_DEFLATE:
		o->deflate = true;
		return;
	case O_RESUME:
		o->resume = true;
		return;
	case O_SECRET:
		o->secret = optarg;
		return;
	case O_HELP:
		usage(stdout);
		exit(EXIT_SUCCESS);
	}
	if (key < 0 || (size_t)key >= NUMBERS) {
		usage(stderr);
		exit(2);
	}
	*member(o, (size_t)key) =
	    parse_number(numbers[key].name, optarg, numbers[key].least, numbers[key].most);
}

static void parse_options(struct bench_options *o, int argc, char **argv)
{
	static const struct option others[] = {
	    {"address", required_argument, NULL, O_ADDRESS},
	    {"http", required_argument, NULL, O_HTTP},
	    {"pid", required_argument, NULL, O_PID},
	    {"label", required_argument, NULL, O_LABEL},
	    {"json", no_argument, NULL, O_JSON},
	    {"text", no_argument, NULL, O_TEXT},
	    {"tls", no_argument, NULL, O_TLS},
	    {"snappy", no_argument, NULL, O_SNAPPY},
	    {"deflate", no_argument, NULL, O_DEFLATE},
	    {"resume", no_argument, NULL, O_RESUME},
	    {"secret", required_argument, NULL, O_SECRET},
	    {"help", no_argument, NULL, O_HELP},
	};
	struct option table[OPTIONS + 1] = {{0}};
	int key;

	for (size_t i = 0; i < NUMBERS; i++)
		table[i] = (struct option){numbers[i].name, required_argument, NULL, (int)i};
	memcpy(table + NUMBERS, others, sizeof others);
	while ((key = getopt_long(argc, argv, "", table, NULL)) != -1)
		take_option(o, key);
}

static const struct bench_mode *find_mode(int argc, char **argv)
{
	for (size_t i = 0; i < MODES && optind == argc - 1; i++)
		if (!strcmp(modes[i]->name, argv[optind]))
			return modes[i];
	usage(stderr);
	exit(2);
}

static void fill_defaults(struct bench_options *o, const struct bench_mode *mode)
{
	struct bench_options defaults = mode->defaults;

	for (size_t i = 0; i < NUMBERS; i++)
		if (!*member(o, i))
			*member(o, i) = *member(&defaults, i);
	if (!o->size)
		o->size = SIZE_DEFAULT;
	if (!o->address)
		o->address = "127.0.0.1:4150";
}

static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (!getrlimit(RLIMIT_NOFILE, &limit)) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit); /* if it stays too low, opening connections tells */
	}
}

int main(int argc, char **argv)
{
	struct bench b = {0};
	const struct bench_mode *mode;
	int error;

	parse_options(&b.opt, argc, argv);
	mode = find_mode(argc, argv);
	fill_defaults(&b.opt, mode);
	raise_descriptor_limit();
	error = pluqc_resolve(b.opt.address, &b.server);
	if (error)
		bench_fail("%s: %s", b.opt.address, pluqc_strerror(error));
	b.report.json = b.opt.json;
	b.report.label = b.opt.label;
	bench_make_bodies(&b);
	if (b.opt.tls)
		b.tls = coat_context();
	mode->run(&b);
	SSL_CTX_free(b.tls);
	free(b.bodies);
	return EXIT_SUCCESS;
}
