/* Memory a waiting message takes, and the way through the disk. */
#include <stdlib.h>

#include "consume.h"
#include "publish.h"

/* First message of a topic, first use of each buffer: what does not grow with their number. */
#define WARM_UP 10000

static void run_memory(struct bench *b)
{
	char topic[BENCH_NAME_ROOM];
	struct measure m;
	double before, growth;
	uint64_t messages;

	if (!b->opt.pid)
		bench_fail("memory: --pid is needed");
	bench_topic_name(topic);
	bench_make_channel(b, topic);
	publish_preload(b, topic, WARM_UP, &m);
	proc_wait_idle(b->opt.pid);
	before = proc_rss(b->opt.pid);
	messages = publish_preload(b, topic, b->opt.count, &m);
	proc_wait_idle(b->opt.pid);
	growth = proc_rss(b->opt.pid) - before;
	report_begin(&b->report, "memory");
	report_add(&b->report, "messages", (double)messages, 0, "", " messages queued");
	report_add(&b->report, "rss_bytes_per_message", growth / (double)messages, 1, "RSS ", " B/message");
	report_end(&b->report);
	bench_drop_topic(b, topic);
}

const struct bench_mode mode_memory = {
    .name = "memory",
    .run = run_memory,
    .defaults = {.count = 1000000},
    .help = "memory of the server per queued message, body included [--count 1000000]",
};

/* The server must run with mem_queue_size 0. What goes in is all there before the first is taken out. */
static void run_disk(struct bench *b)
{
	struct measure *in = bench_alloc(b->opt.rounds, sizeof *in), *out = bench_alloc(b->opt.rounds, sizeof *out);
	uint64_t messages = 0;

	for (uint64_t i = 0; i < b->opt.rounds; i++) {
		char topic[BENCH_NAME_ROOM];

		bench_topic_name(topic);
		bench_make_channel(b, topic);
		proc_wait_idle(b->opt.pid);
		messages = publish_preload(b, topic, b->opt.count, &in[i]);
		consume(b, topic, messages, &out[i]);
		bench_drop_topic(b, topic);
	}
	report_begin(&b->report, "disk-in");
	measure_report(b, measure_median(in, b->opt.rounds), messages);
	report_end(&b->report);
	report_begin(&b->report, "disk-out");
	measure_report(b, measure_median(out, b->opt.rounds), messages);
	report_end(&b->report);
	free(in);
	free(out);
}

const struct bench_mode mode_disk = {
    .name = "disk",
    .run = run_disk,
    .defaults = {.consumers = 2, .ready = 2500, .count = 2000000, .rounds = 3},
    .help = "all through disk, in and then out; the server runs with mem_queue_size 0 [--consumers 2 --ready 2500 "
	    "--count 2000000 --rounds 3]",
};
