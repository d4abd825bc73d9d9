/* Publish to delivery at a fixed rate. The schedule is fixed before the run: message k is due to be sent at
 * start + k / rate, and its latency counts from then, even if a stalled server or generator made it leave later. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../client/command.h"
#include "../client/wire.h"
#include "bench.h"
#include "histogram.h"
#include "latency.h"
#include "measure.h"
#include "peers.h"

#define WARM_UP_NS 1000000000ll
#define GRACE_NS 10000000000ll /* for what is still on its way when the last message was sent */

struct latency {
	struct peers peers; /* list[0] publishes, the others consume */
	struct histogram histogram;
	const char *topic;
	struct scraper *scraper; /* or NULL */
	uint8_t *body; /* opt.size bytes, the first 8 are the due time */
	size_t size;
	int64_t start_ns, interval_ns;
	uint64_t sent, got;
};

static void on_message(void *arg, struct peer *peer, const struct pluqc_message *message)
{
	struct latency *l = arg;
	int64_t due_ns;

	if (message->length < 8)
		bench_fail("a message came back shorter than it was");
	due_ns = (int64_t)pluqc_get64(message->body);
	if (due_ns >= l->start_ns + WARM_UP_NS)
		histogram_record(&l->histogram, bench_now_ns() - due_ns);
	l->got++;
	pluqc_cmd_fin(&peer->conn.out, message->id);
}

static void send_due(struct latency *l, uint64_t count)
{
	int64_t now_ns = bench_now_ns(), due_ns;
	struct peer *publisher = &l->peers.list[0];

	if (l->sent == count || l->start_ns + (int64_t)l->sent * l->interval_ns > now_ns)
		return;
	while (l->sent < count && (due_ns = l->start_ns + (int64_t)l->sent * l->interval_ns) <= now_ns) {
		pluqc_put64(l->body, (uint64_t)due_ns);
		pluqc_cmd_pub(&publisher->conn.out, l->topic, l->body, l->size);
		l->sent++;
	}
	peer_flush(&l->peers, publisher);
}

/* Spins: a generator that sleeps would add its own wake-up to every figure. */
static void drive(struct latency *l, uint64_t count)
{
	int64_t end_ns = l->start_ns + (int64_t)count * l->interval_ns + GRACE_NS;

	while (l->got < count) {
		send_due(l, count);
		peers_turn(&l->peers, 0);
		if (l->scraper)
			scraper_turn(l->scraper);
		if (l->sent == count && bench_now_ns() > end_ns)
			bench_fail("%" PRIu64 " of %" PRIu64 " messages were not delivered", count - l->got,
			    count);
	}
}

static void subscribe(struct latency *l, const struct bench *b)
{
	struct peers consumers = l->peers;

	consumers.list++;
	consumers.count--;
	peers_subscribe(&consumers, l->topic, b->opt.ready);
}

static void report(struct bench *b, const char *row, struct latency *l, const struct measure *m)
{
	static const struct {
		const char *key, *before;
		double percent;
	} points[] = {{"p50_us", "p50 ", 50}, {"p99_us", "p99 ", 99}, {"p999_us", "p99.9 ", 99.9}};
	struct report *r = &b->report;

	report_begin(r, row);
	measure_report(b, m, l->got);
	for (size_t i = 0; i < sizeof points / sizeof *points; i++)
		report_add(r, points[i].key, (double)histogram_percentile(&l->histogram, points[i].percent) / 1e3, 0,
		    points[i].before, " us");
	report_add(r, "max_us", (double)l->histogram.max / 1e3, 0, "max ", " us");
	if (l->scraper)
		report_add(r, "scrapes", (double)l->scraper->count, 0, "", " scrapes");
	report_end(r);
}

void latency_run(struct bench *b, const char *row, struct scraper *scraper)
{
	uint64_t count = b->opt.rate * (b->opt.seconds + WARM_UP_NS / 1000000000);
	struct latency *l = bench_alloc(1, sizeof *l);
	char topic[BENCH_NAME_ROOM];
	struct measure m;

	if (b->opt.size < 8)
		bench_fail("latency: --size must be at least 8, for the time the body carries");
	bench_topic_name(topic);
	bench_make_channel(b, topic);
	l->topic = topic;
	l->scraper = scraper;
	l->size = b->opt.size;
	l->body = bench_alloc(1, l->size);
	memcpy(l->body, bench_body(b, 0), l->size);
	l->interval_ns = 1000000000ll / (int64_t)b->opt.rate;
	peers_open(&l->peers, b, b->opt.consumers + 1);
	subscribe(l, b);
	l->peers.on_message = on_message;
	l->peers.arg = l;
	measure_start(b, &m);
	l->start_ns = bench_now_ns();
	drive(l, count);
	measure_stop(b, &m);
	report(b, row, l, &m);
	peers_close(&l->peers);
	bench_drop_topic(b, topic);
	free(l->body);
	free(l);
}

static void run(struct bench *b)
{
	latency_run(b, "latency", NULL);
}

const struct bench_mode mode_latency = {
    .name = "latency",
    .run = run,
    .defaults = {.consumers = 4, .ready = 2500, .rate = 50000, .seconds = 10},
    .help = "publish to delivery at a fixed rate, open loop [--rate 50000 --seconds 10 --consumers 4 --ready 2500]",
};
