#include "consume.h"

#include <inttypes.h>
#include <stdlib.h>

#include "../client/command.h"
#include "peers.h"
#include "publish.h"

/* A server that sends nothing for this long has lost messages. */
#define SILENCE_NS 60000000000ll

struct consumer {
	struct peers peers;
	uint64_t got;
	uint64_t again; /* delivered more than once */
};

static void on_message(void *arg, struct peer *peer, const struct pluqc_message *message)
{
	struct consumer *c = arg;

	c->got++;
	c->again += message->attempts > 1;
	pluqc_cmd_fin(&peer->conn.out, message->id);
}

static void take(struct consumer *c, uint64_t count)
{
	int64_t last_ns = bench_now_ns();
	uint64_t before = c->got;

	while (c->got < count) {
		peers_turn(&c->peers, 1000);
		if (c->got != before) {
			before = c->got;
			last_ns = bench_now_ns();
		} else if (bench_now_ns() - last_ns > SILENCE_NS) {
			bench_fail("%" PRIu64 " of %" PRIu64 " messages came, then none for %lld s", c->got,
			    count, SILENCE_NS / 1000000000);
		}
	}
}

void consume(const struct bench *b, const char *topic, uint64_t count, struct measure *m)
{
	struct consumer c = {0};

	peers_open(&c.peers, b, b->opt.consumers);
	peers_subscribe(&c.peers, topic, 0);
	c.peers.on_message = on_message;
	c.peers.arg = &c;
	proc_wait_idle(b->opt.pid);
	measure_start(b, m);
	peers_ready(&c.peers, b->opt.ready);
	take(&c, count);
	peers_finish(&c.peers);
	measure_stop(b, m);
	if (c.got != count)
		bench_fail("%" PRIu64 " messages came, %" PRIu64 " were published", c.got, count);
	if (c.again)
		bench_fail("%" PRIu64 " messages were delivered more than once", c.again);
	peers_close(&c.peers);
}

static void run(struct bench *b)
{
	struct measure *rounds = bench_alloc(b->opt.rounds, sizeof *rounds), preload;
	uint64_t messages = 0;

	for (uint64_t i = 0; i < b->opt.rounds; i++) {
		char topic[BENCH_NAME_ROOM];

		bench_topic_name(topic);
		bench_make_channel(b, topic);
		messages = publish_preload(b, topic, b->opt.count, &preload);
		consume(b, topic, messages, &rounds[i]);
		bench_drop_topic(b, topic);
	}
	report_begin(&b->report, "sub");
	measure_report(b, measure_median(rounds, b->opt.rounds), messages);
	report_end(&b->report);
	free(rounds);
}

const struct bench_mode mode_sub = {
    .name = "sub",
    .run = run,
    .defaults = {.consumers = 2, .ready = 2500, .count = 3000000, .rounds = 3},
    .help = "deliver and FIN, from a channel filled before [--consumers 2 --ready 2500 --count 3000000 --rounds 3]",
};
