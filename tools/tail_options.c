#include "tail_options.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "../client/command.h"

#define MAX_IN_FLIGHT_DEFAULT 200

enum { EXIT_USAGE = 2 };

void tail_complain(const char *text, const char *about)
{
	fprintf(stderr, TAIL_NAME ": %s%s%s\n", text, about ? ": " : "", about ? about : "");
}

static const char usage_text[] =
    "usage: " TAIL_NAME " --topic TOPIC... --nsqd-tcp-address HOST:PORT... [options]\n"
    "Prints the messages of topics, one line each, and finishes them.\n\n"
    "  --topic NAME                  topic to show (repeatable)\n"
    "  --nsqd-tcp-address HOST:PORT  broker to connect to, or the path of its unix socket (repeatable)\n"
    "  --channel NAME                channel to take them from [tailNNNNNN#ephemeral: a copy of what comes]\n"
    "  --max-in-flight N             messages in flight per topic [200]\n"
    "  -n N                          end when N messages of one topic were shown [endless]\n"
    "  --total N                     end when N messages of all topics together were shown [endless]\n"
    "  --print-topic                 put 'TOPIC | ' before each line\n"
    "  --count-only                  show no messages, count them\n"
    "  --stats                       at the end, tell count and rate on standard error\n"
    "  --version, --help\n\n"
    "Ends at SIGINT or SIGTERM when what is in flight is finished; a second signal ends it at once.\n"
    "Exit status: 0 done, 1 failed, 2 wrong usage.\n";

static bool push(struct strings *s, const char *text)
{
	const char **list = realloc(s->list, (s->count + 1) * sizeof *list);

	if (!list)
		return false;
	s->list = list;
	s->list[s->count++] = text;
	return true;
}

static bool parse_count(const char *option, const char *text, uint64_t most, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 10);
	if (text[0] >= '0' && text[0] <= '9' && !*end && !errno && *out <= most)
		return true;
	fprintf(stderr, TAIL_NAME ": --%s: '%s' is not a number from 0 to %" PRIu64 "\n", option, text, most);
	return false;
}

/* A flag alone means true. */
static bool parse_bool(const char *option, const char *text, bool *out)
{
	static const char *const yes[] = {"true", "1", "t", "T", "TRUE", "True"};
	static const char *const no[] = {"false", "0", "f", "F", "FALSE", "False"};

	*out = true;
	if (!text)
		return true;
	for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
		if (!strcmp(text, yes[i]))
			return true;
		if (!strcmp(text, no[i])) {
			*out = false;
			return true;
		}
	}
	fprintf(stderr, TAIL_NAME ": --%s: '%s' is neither true nor false\n", option, text);
	return false;
}

enum option_key {
	O_TOPIC = 1, O_CHANNEL, O_ADDRESS, O_MAX, O_N, O_TOTAL, O_PRINT, O_COUNT, O_STATS, O_VERSION, O_HELP
};

static const struct option option_table[] = {
    {"topic", required_argument, NULL, O_TOPIC},
    {"channel", required_argument, NULL, O_CHANNEL},
    {"nsqd-tcp-address", required_argument, NULL, O_ADDRESS},
    {"max-in-flight", required_argument, NULL, O_MAX},
    {"n", required_argument, NULL, O_N},
    {"total", required_argument, NULL, O_TOTAL},
    {"print-topic", optional_argument, NULL, O_PRINT},
    {"count-only", optional_argument, NULL, O_COUNT},
    {"stats", optional_argument, NULL, O_STATS},
    {"version", optional_argument, NULL, O_VERSION},
    {"help", no_argument, NULL, O_HELP},
    {"h", no_argument, NULL, O_HELP},
    {NULL, 0, NULL, 0},
};

static bool take_option(struct tail_options *t, enum option_key key)
{
	uint64_t number = 0;

	switch (key) {
	case O_TOPIC:
		return push(&t->topics, optarg);
	case O_CHANNEL:
		t->channel = optarg;
		return true;
	case O_ADDRESS:
		return push(&t->addresses, optarg);
	case O_MAX:
		if (!parse_count("max-in-flight", optarg, UINT32_MAX, &number))
			return false;
		t->max_in_flight = (uint32_t)number;
		return true;
	case O_N:
		return parse_count("n", optarg, UINT64_MAX, &t->per_topic);
	case O_TOTAL:
		return parse_count("total", optarg, UINT64_MAX, &t->total);
	case O_PRINT:
		return parse_bool("print-topic", optarg, &t->print_topic);
	case O_COUNT:
		return parse_bool("count-only", optarg, &t->count_only);
	case O_STATS:
		return parse_bool("stats", optarg, &t->stats);
	default:
		return false;
	}
}

/* Exit status, or -1: go on. */
static int parse(struct tail_options *t, int argc, char **argv)
{
	bool version = false;
	int key;

	while ((key = getopt_long_only(argc, argv, "", option_table, NULL)) != -1) {
		if (key == O_HELP) {
			fputs(usage_text, stderr);
			return EXIT_SUCCESS;
		}
		if (key == O_VERSION ? !parse_bool("version", optarg, &version) :
		                       key == '?' || !take_option(t, (enum option_key)key)) {
			fputs(usage_text, stderr);
			return EXIT_USAGE;
		}
	}
	if (optind < argc) {
		tail_complain("unexpected argument", argv[optind]);
		return EXIT_USAGE;
	}
	if (!version)
		return -1;
	puts(TAIL_NAME " v" TAIL_COMPATIBLE_VERSION " (pluq " PLUQ_VERSION ")");
	return EXIT_SUCCESS;
}

static bool make_channel_name(struct tail_options *t)
{
	uint32_t number;

	if (t->channel)
		return true;
	if (getrandom(&number, sizeof number, 0) != sizeof number) {
		tail_complain("no random number for the channel's name", strerror(errno));
		return false;
	}
	snprintf(t->random_channel, sizeof t->random_channel, "tail%06u#ephemeral", number % 1000000);
	t->channel = t->random_channel;
	return true;
}

static bool check_options(struct tail_options *t)
{
	if (!t->topics.count) {
		tail_complain("--topic is required", NULL);
		return false;
	}
	if (!t->addresses.count) {
		tail_complain("--nsqd-tcp-address is required", NULL);
		return false;
	}
	if (!t->max_in_flight) {
		tail_complain("--max-in-flight must be at least 1", NULL);
		return false;
	}
	for (size_t i = 0; i < t->topics.count; i++)
		if (!pluqc_name_valid(t->topics.list[i])) {
			tail_complain("not a valid topic name", t->topics.list[i]);
			return false;
		}
	if (!make_channel_name(t))
		return false;
	if (!pluqc_name_valid(t->channel)) {
		tail_complain("not a valid channel name", t->channel);
		return false;
	}
	return true;
}

int tail_options_parse(struct tail_options *t, int argc, char **argv)
{
	int status;

	*t = (struct tail_options){.max_in_flight = MAX_IN_FLIGHT_DEFAULT};
	status = parse(t, argc, argv);
	return status < 0 && !check_options(t) ? EXIT_FAILURE : status;
}

void tail_options_fini(struct tail_options *t)
{
	free(t->topics.list);
	free(t->addresses.list);
}
