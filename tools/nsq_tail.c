/* nsq_tail: prints the messages of one or more topics, one line each. */
#define _GNU_SOURCE /* ppoll */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../client/buffer.h"
#include "source.h"
#include "tail_options.h"

#define STOP_LIMIT_MS 30000

struct topic {
	const char *name;
	uint64_t shown;
};

struct tail {
	struct tail_options opt;
	struct topic *topics;
	struct source *sources;
	struct pollfd *polls;
	size_t source_count;
	struct pluqc_buf lines; /* to be written before the answers leave */
	sigset_t unblocked;     /* signals are let in only while waiting */
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

/* --- messages --- */

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void append_line(struct tail *t, const char *topic, const struct pluqc_message *message)
{
	if (t->opt.count_only)
		return;
	if (t->opt.print_topic) {
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
	struct topic *topic = &t->topics[(size_t)(source - t->sources) / t->opt.addresses.count];

	if (t->enough)
		return SOURCE_GIVE_BACK;
	append_line(t, topic->name, message);
	t->last_ns = now_ns();
	if (!t->shown++)
		t->first_ns = t->last_ns;
	topic->shown++;
	t->enough = topic->shown == t->opt.per_topic || t->shown == t->opt.total;
	return SOURCE_FINISH;
}

static bool told_to_end_at_once(void)
{
	if (signals_seen < 2)
		return false;
	tail_complain("stopped; messages in flight will be delivered again", NULL);
	return true;
}

/* In pieces that do not block once poll has promised room: a reader that has stopped reading must not keep signals out. */
static bool write_lines(struct tail *t)
{
	struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};

	while (pluqc_buf_length(&t->lines)) {
		size_t length = pluqc_buf_length(&t->lines) < PIPE_BUF ? pluqc_buf_length(&t->lines) : PIPE_BUF;
		ssize_t k = ppoll(&out, 1, NULL, &t->unblocked);

		if (told_to_end_at_once())
			return false;
		if (k >= 0)
			k = write(STDOUT_FILENO, pluqc_buf_data(&t->lines), length);
		if (k >= 0)
			pluqc_buf_consume(&t->lines, (size_t)k);
		else if (errno != EINTR && errno != EAGAIN) {
			tail_complain("cannot write", strerror(errno));
			return false;
		}
	}
	if (t->lines.error)
		tail_complain("cannot keep a line", pluqc_strerror(t->lines.error));
	return !t->lines.error;
}

/* --- sources --- */

/* Messages in flight of one connection: its share of --max-in-flight, and not more than will be shown. */
static uint32_t share(const struct tail *t)
{
	uint64_t ready = t->opt.max_in_flight / t->opt.addresses.count;

	if (t->opt.per_topic && t->opt.per_topic < ready)
		ready = t->opt.per_topic;
	if (t->opt.total && t->opt.total < ready)
		ready = t->opt.total;
	return ready ? (uint32_t)ready : 1;
}

static bool make_sources(struct tail *t)
{
	struct source_params params = {
	    .channel = t->opt.channel,
	    .user_agent = TAIL_NAME "/" TAIL_COMPATIBLE_VERSION " pluq/" PLUQ_VERSION,
	    .ready = share(t),
	    .on_message = on_message,
	    .arg = t,
	};
	size_t count = t->opt.topics.count * t->opt.addresses.count;

	t->topics = calloc(t->opt.topics.count, sizeof *t->topics);
	t->sources = calloc(count, sizeof *t->sources);
	t->polls = calloc(count, sizeof *t->polls);
	if (!t->topics || !t->sources || !t->polls) {
		tail_complain("out of memory", NULL);
		return false;
	}
	for (size_t i = 0; i < t->opt.topics.count; i++)
		t->topics[i].name = t->opt.topics.list[i];
	for (size_t i = 0; i < count; i++) {
		params.topic = t->topics[i / t->opt.addresses.count].name;
		params.address = t->opt.addresses.list[i % t->opt.addresses.count];
		source_init(&t->sources[i], &params);
	}
	t->source_count = count;
	return true;
}

/* A broker that cannot be reached at the start is a mistake of the caller; one that goes away later may come back. */
static bool on_trouble(const struct source *s, int64_t now)
{
	fprintf(stderr, TAIL_NAME ": %s [%s/%s]: %s", s->params.address, s->params.topic, s->params.channel, s->why);
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

/* Waits for the sources, a deadline of theirs, or a signal. false: poll failed. */
static bool wait_for_work(struct tail *t)
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
	if (ppoll(t->polls, t->source_count, &timeout, &t->unblocked) >= 0)
		return true;
	for (size_t i = 0; i < t->source_count; i++)
		t->polls[i].revents = 0;
	if (errno == EINTR)
		return true;
	tail_complain("poll", strerror(errno));
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
	catch_signals(&t->unblocked);
	while (turn(t)) {
		if (all_ended(t))
			return EXIT_SUCCESS;
		if (!wait_for_work(t) || told_to_end_at_once())
			return EXIT_FAILURE;
	}
	return EXIT_FAILURE;
}

static void print_stats(const struct tail *t)
{
	double seconds = (double)(t->last_ns - t->first_ns) / 1e9;

	fprintf(stderr, TAIL_NAME ": %" PRIu64 " messages in %.3f s", t->shown, seconds);
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
	tail_options_fini(&t->opt);
}

int main(int argc, char **argv)
{
	struct tail t = {0};
	int status = tail_options_parse(&t.opt, argc, argv);

	if (status < 0) {
		status = make_sources(&t) ? run(&t) : EXIT_FAILURE;
		if (t.opt.stats || t.opt.count_only)
			print_stats(&t);
	}
	tail_fini(&t);
	return status;
}
