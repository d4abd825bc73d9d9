/* What costs something although nothing happens: connections and topics. */
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "http.h"
#include "measure.h"
#include "peers.h"

static void need_pid(const struct bench *b)
{
	if (!b->opt.pid)
		bench_fail("--pid is needed");
}

static void run_connections(struct bench *b)
{
	struct peers first, peers;
	double before, growth;

	need_pid(b);
	peers_open(&first, b, 1); /* what the first connection sets up is not counted */
	proc_wait_idle(b->opt.pid);
	before = proc_rss(b->opt.pid);
	peers_open(&peers, b, b->opt.connections);
	proc_wait_idle(b->opt.pid);
	growth = proc_rss(b->opt.pid) - before;
	report_begin(&b->report, "idle-connections");
	report_add(&b->report, "connections", (double)peers.count, 0, "", " connections, identified");
	report_add(&b->report, "rss_bytes_per_connection", growth / (double)peers.count, 0, "RSS ", " B/connection");
	report_end(&b->report);
	peers_close(&peers);
	peers_close(&first);
}

const struct bench_mode mode_idle_connections = {
    .name = "idle-connections",
    .run = run_connections,
    .defaults = {.connections = 10000},
    .help = "memory of the server per connection that does nothing [--connections 10000]",
};

/* http_path_fn, all three. */
static void create_topic(void *arg, uint64_t i, char *path, size_t room)
{
	snprintf(path, room, "/topic/create?topic=%s-%" PRIu64, (const char *)arg, i);
}

static void create_channel(void *arg, uint64_t i, char *path, size_t room)
{
	snprintf(path, room, "/channel/create?topic=%s-%" PRIu64 "&channel=" BENCH_CHANNEL, (const char *)arg,
	    i);
}

static void delete_topic(void *arg, uint64_t i, char *path, size_t room)
{
	snprintf(path, room, "/topic/delete?topic=%s-%" PRIu64, (const char *)arg, i);
}

static void run_topics(struct bench *b)
{
	struct timespec pause = {.tv_sec = (time_t)b->opt.seconds};
	char prefix[BENCH_NAME_ROOM];
	struct measure m;
	double before, growth;

	need_pid(b);
	if (!b->opt.http)
		bench_fail("idle-topics: --http is needed");
	bench_topic_name(prefix);
	before = proc_rss(b->opt.pid);
	http_post_many(b, b->opt.count, create_topic, prefix);
	http_post_many(b, b->opt.count, create_channel, prefix);
	proc_wait_idle(b->opt.pid);
	growth = proc_rss(b->opt.pid) - before;
	measure_start(b, &m);
	nanosleep(&pause, NULL);
	measure_stop(b, &m);
	report_begin(&b->report, "idle-topics");
	report_add(&b->report, "topics", (double)b->opt.count, 0, "", " topics with a channel");
	report_add(&b->report, "seconds", m.seconds, 1, "", " s");
	report_add(&b->report, "server_cpu_percent", m.server_cpu / m.seconds * 100, 2, "server busy ", " % of a core");
	report_add(&b->report, "rss_bytes_per_topic", growth / (double)b->opt.count, 0, "RSS ", " B/topic");
	measure_report_waiting(b, &m);
	report_end(&b->report);
	http_post_many(b, b->opt.count, delete_topic, prefix);
}

const struct bench_mode mode_idle_topics = {
    .name = "idle-topics",
    .run = run_topics,
    .defaults = {.count = 10000, .seconds = 10},
    .help = "CPU of the server for topics that do nothing [--count 10000 --seconds 10]",
};
