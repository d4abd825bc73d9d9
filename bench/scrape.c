/* Metrics of many channels: how long a scrape takes, and what delivery feels of one each second. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../client/command.h"
#include "http.h"
#include "latency.h"
#include "measure.h"
#include "peers.h"
#include "scraper.h"

#define SECOND_NS 1000000000ll

struct filling {
	uint64_t got;
};

/* Each channel finishes one: then it has a histogram, as channels in use have. */
static void on_message(void *arg, struct peer *peer, const struct pluqc_message *message)
{
	struct filling *f = arg;

	f->got++;
	pluqc_cmd_fin(&peer->conn.out, message->id);
}

/* peers->list[0] publishes, each of the others consumes a channel of its own. */
static void make_topic(const struct bench *b, const char *topic)
{
	struct filling filling = {0};
	struct peers peers;

	peers_open(&peers, b, b->opt.channels + 1);
	peers.on_message = on_message;
	peers.arg = &filling;
	for (size_t i = 1; i < peers.count; i++) {
		uint64_t answers = peers.list[i].answers;
		char channel[32];

		snprintf(channel, sizeof channel, "channel-%zu", i);
		pluqc_cmd_sub(&peers.list[i].conn.out, topic, channel);
		pluqc_cmd_rdy(&peers.list[i].conn.out, 1);
		peer_flush(&peers, &peers.list[i]);
		while (peers.list[i].answers == answers)
			peers_turn(&peers, -1);
	}
	pluqc_cmd_pub(&peers.list[0].conn.out, topic, bench_body(b, 0), b->opt.size);
	peer_flush(&peers, &peers.list[0]);
	while (filling.got < b->opt.channels)
		peers_turn(&peers, -1);
	peers_close(&peers);
}

static void make_channels(const struct bench *b, const char *prefix)
{
	for (uint64_t i = 0; i < b->opt.count; i++) {
		char topic[BENCH_NAME_ROOM + 24];

		snprintf(topic, sizeof topic, "%s-%" PRIu64, prefix, i);
		make_topic(b, topic);
	}
}

/* An http_path_fn. */
static void delete_topic(void *arg, uint64_t i, char *path, size_t room)
{
	snprintf(path, room, "/topic/delete?topic=%s-%" PRIu64, (const char *)arg, i);
}

static void scrapes(struct bench *b, const char *row, bool gzip)
{
	struct report *r = &b->report;
	struct scraper *s = bench_alloc(1, sizeof *s);
	struct measure m;

	scraper_init(s, b, gzip);
	measure_start(b, &m);
	for (uint64_t i = 0; i < b->opt.rounds; i++) {
		scraper_ask(s);
		while (!scraper_turn(s))
			;
	}
	measure_stop(b, &m);
	report_begin(r, row);
	report_add(r, "messages", (double)s->count, 0, "", " scrapes");
	report_add(r, "channels", (double)(b->opt.count * b->opt.channels), 0, "", " channels");
	report_add(r, "p50_ms", (double)histogram_percentile(&s->times, 50) / 1e6, 2, "p50 ", " ms");
	report_add(r, "max_ms", (double)s->times.max / 1e6, 2, "max ", " ms");
	report_add(r, "mib", (double)s->bytes / 1048576, 2, "", " MiB");
	if (b->opt.pid)
		report_add(r, "server_cpu_us_per_message", m.server_cpu / (double)s->count * 1e6, 0, "server CPU ", " us/scrape");
	measure_report_waiting(b, &m);
	report_end(r);
	scraper_fini(s);
	free(s);
}

static void latencies(struct bench *b, uint64_t rate)
{
	static const struct {
		const char *how;
		bool scraped, gzip;
	} ways[] = {{"", false, false}, {"-scraped", true, false}, {"-scraped-gzip", true, true}};

	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		struct scraper *s = bench_alloc(1, sizeof *s);
		char row[64];

		snprintf(row, sizeof row, "scrape-latency-%" PRIu64 "%s", rate, ways[i].how);
		if (ways[i].scraped) {
			scraper_init(s, b, ways[i].gzip);
			s->interval_ns = SECOND_NS;
		}
		b->opt.rate = rate;
		latency_run(b, row, ways[i].scraped ? s : NULL);
		if (ways[i].scraped)
			scraper_fini(s);
		free(s);
	}
}

static void run(struct bench *b)
{
	const uint64_t rate = b->opt.rate;
	char prefix[BENCH_NAME_ROOM];

	if (!b->opt.http)
		bench_fail("scrape: --http is needed");
	bench_topic_name(prefix);
	make_channels(b, prefix);
	scrapes(b, "scrape-plain", false);
	scrapes(b, "scrape-gzip", true);
	latencies(b, rate > 50 ? rate / 50 : 1);
	latencies(b, rate);
	http_post_many(b, b->opt.count, delete_topic, prefix);
}

const struct bench_mode mode_scrape = {
    .name = "scrape",
    .run = run,
    .defaults = {.count = 100, .channels = 100, .rounds = 20, .consumers = 4, .ready = 2500, .rate = 50000, .seconds = 10},
    .help = "metrics over HTTP, and what publish to delivery feels of it, at the rate and a fiftieth of it [--count 100 (topics)\n"
            "                    --channels 100 (of each) --rounds 20 (scrapes) --rate 50000 --seconds 10 --consumers 4 --ready 2500]",
};
