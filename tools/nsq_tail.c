/* nsq_tail: prints the messages of one or more topics, one line each. */
#define _GNU_SOURCE /* ppoll */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "../client/buffer.h"
#include "../client/command.h"
#include "source.h"

#define NAME "nsq_tail"
#define COMPATIBLE_VERSION "1.3.0"
#define STOP_LIMIT_MS 30000
#define MAX_IN_FLIGHT_DEFAULT 200

enum { EXIT_USAGE = 2 };

struct strings {
	const char **list;
	size_t count;
};

struct topic {
	const char *name;
	uint64_t shown;
};

struct tail {
	struct strings topics_given, addresses;
	const char *channel;
	char random_channel[32];
	uint64_t per_topic, total; /* 0: endless */
	uint32_t max_in_flight;
	bool print_topic, count_only, stats;

	struct topic *topics;
	struct source *sources;
	struct pollfd *polls;
	size_t source_count;
	struct pluqc_buf lines; /* to be written before the answers leave */
	uint64_t shown;
	int64_t first_ns, last_ns; /* arrival of the first and of the last message shown */
	bool enough;               /* a limit was reached */
	bool stopping;
};

static volatile sig_atomic_t signals_seen;

static void on_signal(int number)
{
	(void)number;
	signals_seen++;
}

static void complain(const char *text, const char *about)
{
	fprintf(stderr, NAME ": %s%s%s\n", text, about ? ": " : "", about ? about : "");
}

/* --- options --- */

static const char usage_text[] =
    "usage: " NAME " --topic TOPIC... --nsqd-tcp-address HOST:PORT... [options]\n"
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
	fprintf(stderr, NAME ": --%s: '%s' is not a number from 0 to %" PRIu64 "\n", option, text, most);
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
	fprintf(stderr, NAME ": --%s: '%s' is neither true nor false\n", option, text);
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

static bool take_option(struct tail *t, enum option_key key)
{
	uint64_t number = 0;

	switch (key) {
	case O_TOPIC:
		return push(&t->topics_given, optarg);
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
static int parse_options(struct tail *t, int argc, char **argv)
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
		complain("unexpected argument", argv[optind]);
		return EXIT_USAGE;
	}
	if (!version)
		return -1;
	puts(NAME " v" COMPATIBLE_VERSION " (pluq " PLUQ_VERSION ")");
	return EXIT_SUCCESS;
}

static bool make_channel_name(struct tail *t)
{
	uint32_t number;

	if (t->channel)
		return true;
	if (getrandom(&number, sizeof number, 0) != sizeof number) {
		complain("no random number for the channel's name", strerror(errno));
		return false;
	}
	snprintf(t->random_channel, sizeof t->random_channel, "tail%06u#ephemeral", number % 1000000);
	t->channel = t->random_channel;
	return true;
}

static bool check_options(struct tail *t)
{
	if (!t->topics_given.count) {
		complain("--topic is required", NULL);
		return false;
	}
	if (!t->addresses.count) {
		complain("--nsqd-tcp-address is required", NULL);
		return false;
	}
	if (!t->max_in_flight) {
		complain("--max-in-flight must be at least 1", NULL);
		return false;
	}
	for (size_t i = 0; i < t->topics_given.count; i++)
		if (!pluqc_name_valid(t->topics_given.list[i])) {
			complain("not a valid topic name", t->topics_given.list[i]);
			return false;
		}
	if (!make_channel_name(t))
		return false;
	if (!pluqc_name_valid(t->channel)) {
		complain("not a valid channel name", t->channel);
		return false;
	}
	return true;
}

/* --- messages --- */

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void append_line(struct tail *t, const char *topic, const struct pluqc_message *message)
{
	if (t->count_only)
		return;
	if (t->print_topic) {
		pluqc_buf_append(&t->lines, topic, strlen(topic));
		pluqc_buf_append(&t->lines, " | ", 3);
	}
	pluqc_buf_append(&t->lines, message->body, message->length);
	pluqc_buf_append(&t->lines, "\n", 1);
}

/* A source_message_fn. */
static enum source_answer on_message(void *arg, struct source *source, const struct pluqc_message *message)
{
	struct tail *t = arg;
	struct topic *topic = &t->topics[(size_t)(source - t->sources) / t->addresses.count];

	if (t->enough)
		return SOURCE_GIVE_BACK;
	append_line(t, topic->name, message);
	t->last_ns = now_ns();
	if (!t->shown++)
		t->first_ns = t->last_ns;
	topic->shown++;
	t->enough = topic->shown == t->per_topic || t->shown == t->total;
	return SOURCE_FINISH;
}

static bool write_lines(struct tail *t)
{
	while (pluqc_buf_length(&t->lines)) {
		ssize_t k = write(STDOUT_FILENO, pluqc_buf_data(&t->lines), pluqc_buf_length(&t->lines));

		if (k >= 0)
			pluqc_buf_consume(&t->lines, (size_t)k);
		else if (errno == EAGAIN)
			(void)poll(&(struct pollfd){.fd = STDOUT_FILENO, .events = POLLOUT}, 1, -1);
		else if (errno != EINTR) {
			complain("cannot write", strerror(errno));
			return false;
		}
	}
	if (t->lines.error)
		complain("cannot keep a line", pluqc_strerror(t->lines.error));
	return !t->lines.error;
}

/* --- sources --- */

/* Messages in flight of one connection: its share of --max-in-flight, and not more than will be shown. */
static uint32_t share(const struct tail *t)
{
	uint64_t ready = t->max_in_flight / t->addresses.count;

	if (t->per_topic && t->per_topic < ready)
		ready = t->per_topic;
	if (t->total && t->total < ready)
		ready = t->total;
	return ready ? (uint32_t)ready : 1;
}

static bool make_sources(struct tail *t)
{
	struct source_params params = {
	    .channel = t->channel,
	    .user_agent = NAME "/" COMPATIBLE_VERSION " pluq/" PLUQ_VERSION,
	    .ready = share(t),
	    .on_message = on_message,
	    .arg = t,
	};
	size_t count = t->topics_given.count * t->addresses.count;

	t->topics = calloc(t->topics_given.count, sizeof *t->topics);
	t->sources = calloc(count, sizeof *t->sources);
	t->polls = calloc(count, sizeof *t->polls);
	if (!t->topics || !t->sources || !t->polls) {
		complain("out of memory", NULL);
		return false;
	}
	for (size_t i = 0; i < t->topics_given.count; i++)
		t->topics[i].name = t->topics_given.list[i];
	for (size_t i = 0; i < count; i++) {
		params.topic = t->topics[i / t->addresses.count].name;
		params.address = t->addresses.list[i % t->addresses.count];
		source_init(&t->sources[i], &params);
	}
	t->source_count = count;
	return true;
}

/* A broker that cannot be reached at the start is a mistake of the caller; one that goes away later may come back. */
static bool on_trouble(const struct source *s, int64_t now)
{
	fprintf(stderr, NAME ": %s [%s/%s]: %s", s->params.address, s->params.topic, s->params.channel, s->why);
	if (s->was_running)
		fprintf(stderr, "; connecting again in %" PRId64 " ms", s->retry_at_ms - now);
	fputc('\n', stderr);
	return s->was_running;
}

static void stop_sources(struct tail *t, int64_t now)
{
	t->stopping = true;
	for (size_t i = 0; i < t->source_count; i++)
		source_stop(&t->sources[i], now, STOP_LIMIT_MS);
}

static bool step_sources(struct tail *t, int64_t now)
{
	for (size_t i = 0; i < t->source_count; i++)
		if (!source_step(&t->sources[i], now, t->polls[i].revents) && !on_trouble(&t->sources[i], now))
			return false;
	return true;
}

static bool flush_sources(struct tail *t, int64_t now)
{
	for (size_t i = 0; i < t->source_count; i++)
		if (!source_flush(&t->sources[i], now) && !on_trouble(&t->sources[i], now))
			return false;
	return true;
}

static bool all_ended(const struct tail *t)
{
	for (size_t i = 0; i < t->source_count; i++)
		if (t->sources[i].state != SOURCE_ENDED)
			return false;
	return true;
}

/* --- the loop --- */

/* Waits for the sources, a deadline of theirs, or a signal (let in only here). false: poll failed. */
static bool wait_for_work(struct tail *t, const sigset_t *mask)
{
	int64_t deadline = INT64_MAX, left;
	struct timespec timeout;

	for (size_t i = 0; i < t->source_count; i++) {
		const struct source *s = &t->sources[i];

		t->polls[i] = (struct pollfd){.fd = source_fd(s), .events = source_events(s)};
		if (s->state != SOURCE_ENDED && source_deadline(s) < deadline)
			deadline = source_deadline(s);
	}
	left = deadline - source_now_ms();
	if (left < 0)
		left = 0;
	timeout = (struct timespec){.tv_sec = left / 1000, .tv_nsec = left % 1000 * 1000000};
	if (ppoll(t->polls, t->source_count, &timeout, mask) >= 0)
		return true;
	for (size_t i = 0; i < t->source_count; i++)
		t->polls[i].revents = 0;
	if (errno == EINTR)
		return true;
	complain("poll", strerror(errno));
	return false;
}

static bool turn(struct tail *t)
{
	int64_t now = source_now_ms();

	if (!step_sources(t, now) || !write_lines(t))
		return false;
	if ((t->enough || signals_seen) && !t->stopping)
		stop_sources(t, now);
	return flush_sources(t, now);
}

static void catch_signals(sigset_t *unblocked)
{
	struct sigaction action = {.sa_handler = on_signal};
	sigset_t ours;

	sigemptyset(&ours);
	sigaddset(&ours, SIGINT);
	sigaddset(&ours, SIGTERM);
	sigprocmask(SIG_BLOCK, &ours, unblocked);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	signal(SIGPIPE, SIG_IGN); /* a closed standard output is then an error like any other */
}

static int run(struct tail *t)
{
	sigset_t unblocked;

	catch_signals(&unblocked);
	while (turn(t)) {
		if (all_ended(t))
			return EXIT_SUCCESS;
		if (!wait_for_work(t, &unblocked))
			return EXIT_FAILURE;
		if (signals_seen > 1) {
			complain("stopped; messages in flight will be delivered again", NULL);
			return EXIT_FAILURE;
		}
	}
	return EXIT_FAILURE;
}

static void print_stats(const struct tail *t)
{
	double seconds = (double)(t->last_ns - t->first_ns) / 1e9;

	fprintf(stderr, NAME ": %" PRIu64 " messages in %.3f s", t->shown, seconds);
	if (t->shown > 1 && seconds > 0)
		fprintf(stderr, ", %.0f per second", (double)(t->shown - 1) / seconds);
	fputc('\n', stderr);
}

static void tail_fini(struct tail *t)
{
	for (size_t i = 0; i < t->source_count; i++)
		source_fini(&t->sources[i]);
	pluqc_buf_fini(&t->lines);
	free(t->sources);
	free(t->polls);
	free(t->topics);
	free(t->topics_given.list);
	free(t->addresses.list);
}

int main(int argc, char **argv)
{
	struct tail t = {.max_in_flight = MAX_IN_FLIGHT_DEFAULT};
	int status = parse_options(&t, argc, argv);

	if (status < 0) {
		status = check_options(&t) && make_sources(&t) ? run(&t) : EXIT_FAILURE;
		if (t.stats || t.count_only)
			print_stats(&t);
	}
	tail_fini(&t);
	return status;
}
