/* How late deferred messages come. All are published before the first is due; due times are spread at random over a
 * window, so that the rate of deliveries stays far from what the server can do and lateness is that of its timers. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../client/command.h"
#include "../client/wire.h"
#include "bench.h"
#include "histogram.h"
#include "measure.h"
#include "peers.h"

#define GRACE_NS 10000000000ll
#define OUTSTANDING 64
/* A server may count the delay from the start of the turn in which it read the command. */
#define EARLY_NS 1000000

struct timers {
	struct peers publishers; /* one */
	struct peers consumers;  /* one per channel */
	struct histogram lateness;
	char (*topics)[BENCH_NAME_ROOM]; /* one per channel */
	uint64_t channels, count, sent, got, early;
	uint64_t random;
	int64_t first_due_ns, window_ns;
	uint8_t *body; /* the first 8 bytes are the due time */
	size_t size;
};

/* xorshift64: fast, and the same due times in every run. */
static uint64_t next_random(struct timers *t)
{
	t->random ^= t->random << 13;
	t->random ^= t->random >> 7;
	t->random ^= t->random << 17;
	return t->random;
}

static void on_message(void *arg, struct peer *peer, const struct pluqc_message *message)
{
	struct timers *t = arg;
	int64_t late_ns;

	if (message->length < 8)
		bench_fail("a message came back shorter than it was");
	late_ns = bench_now_ns() - (int64_t)pluqc_get64(message->body);
	histogram_record(&t->lateness, late_ns);
	t->early += late_ns < -EARLY_NS;
	t->got++;
	pluqc_cmd_fin(&peer->conn.out, message->id);
}

/* Delays are whole milliseconds: the due time in the body is what the delay sent really means. */
static void publish_one(struct timers *t, struct peer *peer)
{
	int64_t now_ns = bench_now_ns();
	int64_t due_ns = t->first_due_ns + (int64_t)(next_random(t) % (uint64_t)t->window_ns);
	int64_t delay_ms = (due_ns - now_ns) / 1000000;

	if (now_ns >= t->first_due_ns)
		bench_fail("after %" PRIu64 " of %" PRIu64 " messages the first is due: give a longer --lead", t->sent,
		    t->count);
	pluqc_put64(t->body, (uint64_t)(now_ns + delay_ms * 1000000));
	pluqc_cmd_dpub(&peer->conn.out, t->topics[t->sent % t->channels], (uint64_t)delay_ms, t->body, t->size);
	t->sent++;
	peer->sent++;
}

/* Answers before the run: that of IDENTIFY. */
static void on_answers(void *arg, struct peer *peer)
{
	struct timers *t = arg;

	while (t->sent < t->count && peer->sent - (peer->answers - 1) < OUTSTANDING)
		publish_one(t, peer);
}

static void publish_all(struct timers *t)
{
	on_answers(t, &t->publishers.list[0]);
	peer_flush(&t->publishers, &t->publishers.list[0]);
	while (t->publishers.list[0].answers - 1 < t->count)
		peers_turn(&t->publishers, -1);
}

static void receive_all(struct timers *t)
{
	int64_t end_ns = t->first_due_ns + t->window_ns + GRACE_NS;

	while (t->got < t->count) {
		peers_turn(&t->consumers, 100);
		if (bench_now_ns() > end_ns)
			bench_fail("%" PRIu64 " of %" PRIu64 " messages were not delivered", t->count - t->got,
			    t->count);
	}
}

static void subscribe_each(struct timers *t, const struct bench *b)
{
	for (uint64_t i = 0; i < t->channels; i++) {
		struct peers one = {.epoll = t->consumers.epoll, .list = &t->consumers.list[i], .count = 1};

		bench_topic_name(t->topics[i]);
		peers_subscribe(&one, t->topics[i], b->opt.ready);
	}
}

static void report(struct bench *b, struct timers *t, const struct measure *m)
{
	struct report *r = &b->report;

	report_begin(r, "timers");
	report_add(r, "channels", (double)t->channels, 0, "", " channels");
	report_add(r, "messages", (double)t->count, 0, "", " messages waiting");
	report_add(r, "deliveries_per_second", (double)t->count / ((double)t->window_ns / 1e9), 0, "", " due/s");
	report_add(r, "late_p50_ms", (double)histogram_percentile(&t->lateness, 50) / 1e6, 3, "late p50 ", " ms");
	report_add(r, "late_p99_ms", (double)histogram_percentile(&t->lateness, 99) / 1e6, 3, "p99 ", " ms");
	report_add(r, "late_p999_ms", (double)histogram_percentile(&t->lateness, 99.9) / 1e6, 3, "p99.9 ", " ms");
	report_add(r, "late_max_ms", (double)t->lateness.max / 1e6, 3, "max ", " ms");
	report_add(r, "early", (double)t->early, 0, "", " early by more than 1 ms");
	if (b->opt.pid)
		report_add(r, "server_cpu_us_per_message", m->server_cpu / (double)t->count * 1e6, 3, "server CPU ",
		    " us/message while due");
	measure_report_waiting(b, m);
	report_end(r);
}

static void run(struct bench *b)
{
	struct timers *t = bench_alloc(1, sizeof *t);
	struct measure m;

	if (b->opt.size < 8)
		bench_fail("timers: --size must be at least 8, for the time the body carries");
	t->channels = b->opt.channels;
	t->count = b->opt.count;
	t->random = 88172645463325252u;
	t->size = b->opt.size;
	t->body = bench_alloc(1, t->size);
	memcpy(t->body, bench_body(b, 0), t->size);
	t->topics = bench_alloc(t->channels, sizeof *t->topics);
	peers_open(&t->publishers, b, 1);
	peers_open(&t->consumers, b, t->channels);
	subscribe_each(t, b);
	t->consumers.on_message = on_message;
	t->publishers.on_batch = on_answers;
	t->consumers.arg = t->publishers.arg = t;
	t->first_due_ns = bench_now_ns() + (int64_t)b->opt.lead * 1000000000;
	t->window_ns = (int64_t)b->opt.seconds * 1000000000;
	publish_all(t);
	measure_start(b, &m);
	receive_all(t);
	measure_stop(b, &m);
	report(b, t, &m);
	peers_close(&t->consumers);
	peers_close(&t->publishers);
	for (uint64_t i = 0; i < t->channels; i++)
		bench_drop_topic(b, t->topics[i]);
	free(t->topics);
	free(t->body);
	free(t);
}

const struct bench_mode mode_timers = {
    .name = "timers",
    .run = run,
    .defaults = {.channels = 1, .ready = 2500, .count = 100000, .lead = 5, .seconds = 10},
    .help = "lateness of deferred messages [--channels 1 --count 100000 --lead 5 --seconds 10]; for the large row "
	    "--channels 1000 --count 1000000 --lead 20 --seconds 20",
};
