/* A discovery daemon with many brokers: how fast they register, how fast it answers, what it takes while nothing happens. */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "fleet.h"
#include "histogram.h"
#include "http.h"
#include "measure.h"

#define PING_S 15 /* as the original */

static void register_all(struct bench *b, struct fleet *f)
{
	struct report *r = &b->report;
	double before = proc_rss(b->opt.pid), total;
	struct measure m;

	measure_start(b, &m);
	fleet_register(f);
	measure_stop(b, &m);
	total = (double)(f->count * fleet_registrations(f));
	proc_wait_idle(b->opt.pid);
	report_begin(r, "discovery-register");
	report_add(r, "brokers", (double)f->count, 0, "", " brokers");
	report_add(r, "topics", (double)b->opt.count, 0, "", " topics");
	report_add(r, "registrations", total, 0, "", " registrations");
	report_add(r, "seconds", m.seconds, 3, "", " s");
	report_add(r, "rate_per_second", total / m.seconds, 0, "", " registrations/s");
	if (b->opt.pid) {
		report_add(r, "server_cpu_us_per_message", m.server_cpu / total * 1e6, 3, "server CPU ", " us/registration");
		report_add(r, "rss_mib", (proc_rss(b->opt.pid) - before) / 1048576, 1, "RSS ", " MiB");
	}
	report_add(r, "generator_cpu_percent", m.own_cpu / m.seconds * 100, 1, "generator busy ", " %");
	measure_report_waiting(b, &m);
	report_end(r);
}

/* Writes the path of question i. */
typedef void (*path_fn)(const struct fleet *, uint64_t i, char *path, size_t room);

/* path_fn, both */
static void lookup_path(const struct fleet *f, uint64_t i, char *path, size_t room)
{
	snprintf(path, room, "/lookup?topic=%s-%" PRIu64, f->topics, i % f->bench->opt.count);
}

static void nodes_path(const struct fleet *f, uint64_t i, char *path, size_t room)
{
	(void)f;
	(void)i;
	snprintf(path, room, "/nodes");
}

static void report_times(struct report *r, const struct histogram *h)
{
	report_add(r, "p50_ms", (double)histogram_percentile(h, 50) / 1e6, 2, "p50 ", " ms");
	report_add(r, "p99_ms", (double)histogram_percentile(h, 99) / 1e6, 2, "p99 ", " ms");
	report_add(r, "max_ms", (double)h->max / 1e6, 2, "max ", " ms");
}

/* One question after the other on one connection, each until its last byte is there. */
static void ask(struct bench *b, const struct fleet *f, const char *row, path_fn path, uint64_t count)
{
	struct histogram *h = bench_alloc(1, sizeof *h);
	struct http_asker *asker = http_asker_new(b);
	size_t bytes = 0;
	struct measure m;

	measure_start(b, &m);
	for (uint64_t i = 0; i < count; i++) {
		char text[BENCH_NAME_ROOM + 64];
		int64_t from;

		path(f, i, text, sizeof text);
		from = bench_now_ns();
		bytes = http_ask(asker, text);
		histogram_record(h, bench_now_ns() - from);
	}
	measure_stop(b, &m);
	report_begin(&b->report, row);
	report_add(&b->report, "requests", (double)count, 0, "", " requests");
	report_add(&b->report, "answer_bytes", (double)bytes, 0, "", " bytes each");
	report_times(&b->report, h);
	if (b->opt.pid)
		report_add(&b->report, "server_cpu_us_per_message", m.server_cpu / (double)count * 1e6, 1, "server CPU ", " us/request");
	measure_report_waiting(b, &m);
	report_end(&b->report);
	http_asker_free(asker);
	free(h);
}

/* Nothing happens but that each broker pings in its turn. */
static void idle(struct bench *b, struct fleet *f)
{
	int64_t pause = PING_S * INT64_C(1000000000) / (int64_t)f->count, due, end;
	struct measure m;
	size_t next = 0;

	proc_wait_idle(b->opt.pid);
	measure_start(b, &m);
	due = bench_now_ns();
	for (end = due + (int64_t)b->opt.seconds * 1000000000; due < end; due += pause) {
		struct timespec at = {.tv_sec = due / 1000000000, .tv_nsec = due % 1000000000};

		while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL))
			;
		fleet_ping(f, next++ % f->count);
	}
	fleet_await(f);
	measure_stop(b, &m);
	report_begin(&b->report, "discovery-idle");
	report_add(&b->report, "brokers", (double)f->count, 0, "", " brokers that ping");
	report_add(&b->report, "seconds", m.seconds, 1, "", " s");
	if (b->opt.pid)
		report_add(&b->report, "server_cpu_percent", m.server_cpu / m.seconds * 100, 2, "server busy ", " % of a core");
	measure_report_waiting(b, &m);
	report_end(&b->report);
}

/* As somebody who has done with a topic does; the names stay otherwise. */
static void delete_topic(void *arg, uint64_t i, char *path, size_t room)
{
	const struct fleet *f = arg;

	snprintf(path, room, "/topic/delete?topic=%s-%" PRIu64, f->topics, i);
}

static void run(struct bench *b)
{
	struct fleet f;

	if (!b->opt.http)
		bench_fail("discovery: --http is needed");
	fleet_init(&f, b);
	register_all(b, &f);
	ask(b, &f, "discovery-lookup", lookup_path, b->opt.rounds);
	ask(b, &f, "discovery-nodes", nodes_path, (b->opt.rounds + 9) / 10);
	idle(b, &f);
	http_post_many(b, b->opt.count, delete_topic, &f);
	fleet_fini(&f);
}

const struct bench_mode mode_discovery = {
    .name = "discovery",
    .run = run,
    .defaults = {.connections = 1000, .count = 100, .channels = 3, .rounds = 1000, .seconds = 10},
    .help = "a discovery daemon and its brokers [--connections 1000 --count 100 (topics) --channels 3 --rounds 1000 (of /lookup; a\n"
            "                    tenth of /nodes) --seconds 10 (idle)]",
};
