#include "publish.h"

#include <stdlib.h>

#include "../client/command.h"
#include "peers.h"

/* Of the block of ready-made commands; beyond the size of a socket buffer nothing is gained. */
#define BLOCK_MAX (1024u * 1024)

struct publisher {
	struct peers peers;
	struct pluqc_buf block;  /* the same command `copies` times: one call sends several, nothing is encoded twice */
	size_t command_length;
	uint64_t copies;
	uint64_t outstanding;
	uint64_t left;           /* commands not yet sent, over all connections */
	uint64_t first_answers;  /* answers each peer had before the run */
};

static void encode(const struct bench *b, const struct publish_job *job, struct publisher *p)
{
	struct pluqc_body *bodies = bench_alloc(job->batch, sizeof *bodies);
	uint64_t i, next = 0;

	for (i = 0; i < job->batch; i++)
		bodies[i].length = b->opt.size;
	for (i = 0; i < job->outstanding && (i == 0 || pluqc_buf_length(&p->block) < BLOCK_MAX); i++) {
		for (uint64_t k = 0; k < job->batch; k++)
			bodies[k].bytes = bench_body(b, next++);
		if (job->batch)
			pluqc_cmd_mpub(&p->block, job->topic, bodies, job->batch);
		else
			pluqc_cmd_pub(&p->block, job->topic, bench_body(b, next++), b->opt.size);
	}
	if (p->block.error)
		bench_fail("cannot encode the command: %s", pluqc_strerror(p->block.error));
	p->copies = i;
	p->command_length = pluqc_buf_length(&p->block) / i;
	free(bodies);
}

static void send_commands(struct publisher *p, struct peer *peer, uint64_t n)
{
	if (n > p->left)
		n = p->left;
	p->left -= n;
	peer->sent += n;
	while (n) {
		uint64_t part = n < p->copies ? n : p->copies;

		peer_write(&p->peers, peer, pluqc_buf_data(&p->block), part * p->command_length);
		n -= part;
	}
}

/* Fills the pipe up again by as many commands as were answered. */
static void on_batch(void *arg, struct peer *peer)
{
	struct publisher *p = arg;
	uint64_t answered = peer->answers - p->first_answers;

	send_commands(p, peer, p->outstanding - (peer->sent - answered));
}

static bool all_answered(const struct publisher *p)
{
	for (size_t i = 0; i < p->peers.count; i++)
		if (p->peers.list[i].answers - p->first_answers < p->peers.list[i].sent)
			return false;
	return true;
}

uint64_t publish(const struct bench *b, const struct publish_job *job, struct measure *m)
{
	uint64_t per_command = job->batch ? job->batch : 1;
	struct publisher p = {.outstanding = job->outstanding, .left = (job->count + per_command - 1) / per_command};
	uint64_t commands = p.left;

	encode(b, job, &p);
	peers_open(&p.peers, b, job->connections);
	p.first_answers = p.peers.list[0].answers;
	p.peers.on_batch = on_batch;
	p.peers.arg = &p;
	measure_start(b, m);
	for (size_t i = 0; i < p.peers.count; i++)
		send_commands(&p, &p.peers.list[i], p.outstanding);
	while (p.left || !all_answered(&p))
		peers_turn(&p.peers, -1);
	measure_stop(b, m);
	peers_close(&p.peers);
	pluqc_buf_fini(&p.block);
	return commands * per_command;
}

uint64_t publish_preload(const struct bench *b, const char *topic, uint64_t count, struct measure *m)
{
	struct publish_job job = {.topic = topic, .connections = 2, .outstanding = 4, .batch = 200, .count = count};

	return publish(b, &job, m);
}

/* Each round has a topic with a channel of its own: that is where messages end up in practice. */
static void run_rounds(struct bench *b, uint64_t batch, const char *row)
{
	struct measure *rounds = bench_alloc(b->opt.rounds, sizeof *rounds);
	uint64_t messages = 0;

	for (uint64_t i = 0; i < b->opt.rounds; i++) {
		char topic[BENCH_NAME_ROOM];
		struct publish_job job = {.topic = topic, .connections = b->opt.connections,
		    .outstanding = b->opt.outstanding, .batch = batch, .count = b->opt.count};

		bench_topic_name(topic);
		bench_make_channel(b, topic);
		proc_wait_idle(b->opt.pid);
		messages = publish(b, &job, &rounds[i]);
		bench_drop_topic(b, topic);
	}
	report_begin(&b->report, row);
	measure_report(b, measure_median(rounds, b->opt.rounds), messages);
	report_end(&b->report);
	free(rounds);
}

static void run_pub(struct bench *b)
{
	run_rounds(b, 0, "pub");
}

static void run_mpub(struct bench *b)
{
	run_rounds(b, b->opt.batch, "mpub");
}

const struct bench_mode mode_pub = {
    .name = "pub",
    .run = run_pub,
    .defaults = {.connections = 8, .outstanding = 16, .count = 1000000, .rounds = 3},
    .help = "PUB one by one [--connections 8 --outstanding 16 --count 1000000 --rounds 3]",
};

const struct bench_mode mode_mpub = {
    .name = "mpub",
    .run = run_mpub,
    .defaults = {.connections = 2, .outstanding = 4, .batch = 200, .count = 3000000, .rounds = 3},
    .help = "MPUB [--connections 2 --outstanding 4 --batch 200 --count 3000000 --rounds 3]",
};
