/* A connection's life, and the loop over its commands. */
#include "conn.h"

#include <stdlib.h>
#include <string.h>

#include "auth.h"
#include "body.h"
#include "heartbeat.h"
#include "metrics.h"
#include "protocol.h"
#include "relief.h"
#include "upgrade.h"

/* Until IDENTIFY says otherwise. */
#define OUTPUT_SIZE_STANDARD 16384
/* How long a peer may take for the four bytes of the magic: as long as a client that never identifies may be silent. */
#define MAGIC_TIME (2 * HEARTBEAT_STANDARD)
/* Unsent answers past which commands are not read: the peer does not read either. */
#define ANSWER_BACKLOG 65536

#define MAGIC_LENGTH 4
static const char magic[MAGIC_LENGTH] = {' ', ' ', 'V', '2'};

void identity_free(struct identity *i)
{
	free(i->client_id);
	free(i->hostname);
	free(i->user_agent);
	free(i->region);
	free(i->zone);
	*i = (struct identity){0};
}

static void destroy(struct conn *c)
{
	answers_free(&c->answers);
	pub_counts_free(&c->counts);
	identity_free(&c->identity);
	free(c->sub_channel);
	free(c);
}

void conn_unref(struct conn *c)
{
	if (--c->refs == 0)
		destroy(c);
}

void conn_pause(struct conn *c, unsigned reason)
{
	if (c->paused & reason)
		return;
	c->paused |= (uint8_t)reason;
	c->nsqd->net->conn_pause(c->net);
}

void conn_resume(struct conn *c, unsigned reason)
{
	if (!(c->paused & reason))
		return;
	c->paused &= (uint8_t)~reason;
	if (!c->paused) {
		c->waiting_since = c->nsqd->host->now_ns(c->nsqd->host);
		heartbeat_arm(c);
	}
	if (reason == PAUSE_ANSWERS)
		c->want_quiet = false;
	c->nsqd->net->conn_resume(c->net);
}

/* pluq_post_fn */
static void on_turn(void *arg)
{
	struct conn *c = arg;

	if (!c->closed) {
		pace_begin(&c->nsqd->loops[c->loop].pace);
		conn_resume(c, PAUSE_TURN);
		if (c->intake && intake_complete(c) && !c->ending)
			conn_settle(c, intake_step(c, NULL));
	}
	conn_unref(c);
}

bool conn_yield(struct conn *c)
{
	if (c->nsqd->host->post(c->nsqd->host, c->loop, on_turn, c) < 0)
		return false;
	c->refs++;
	conn_pause(c, PAUSE_TURN);
	return true;
}

void conn_end(struct conn *c)
{
	frame_settle(c);
	c->ending = c->ended = true;
	c->nsqd->net->conn_close(c->net, true);
}

void conn_abort(struct conn *c)
{
	c->ending = c->ended = true;
	c->nsqd->net->conn_close(c->net, false);
}

void conn_settle(struct conn *c, enum step step)
{
	frame_settle(c);
	if (step == STEP_CLOSE)
		conn_end(c);
}

enum step conn_more(struct conn *c, enum missing what, size_t need)
{
	c->missing = (uint8_t)what;
	c->need = (uint32_t)need;
	return STEP_MORE;
}

enum step conn_body_failed(struct conn *c)
{
	struct text text = {0};

	if (c->missing == MISSING_NONE)
		return STEP_CLOSE;
	missing_text(&text, (enum missing)c->missing, c->missing_index);
	return answer_fatal(c, text);
}

/* This loop is the connection's. -1: no memory. */
static int settle_on_loop(struct conn *c)
{
	c->loop = (uint32_t)c->nsqd->host->loop_self(c->nsqd->host);
	link_append(&c->nsqd->loops[c->loop].conns, &c->here.link);
	metrics_state(c, 1);
	return heartbeat_open(c) < 0 || auth_arrive(c) < 0 ? -1 : 0;
}

static void leave_loop(struct conn *c)
{
	if (!link_alone(&c->here.link)) /* else it is on its way to one */
		metrics_state(c, -1);
	link_remove(&c->here.link);
	link_remove(&c->pressed);
	heartbeat_close(c);
}

void conn_move_to(struct conn *c, uint32_t loop)
{
	frame_settle(c);
	leave_loop(c);
	auth_leave(c);
	c->nsqd->net->conn_move(c->net, loop);
}

/* pluq_conn_ops.on_open */
static int on_open(void *arg, struct pluq_conn *net)
{
	struct nsqd *nsqd = arg;
	struct conn *c = calloc(1, sizeof(*c));

	if (!c)
		return PLUQ_ENOMEM;
	c->nsqd = nsqd;
	c->net = net;
	c->refs = 1;
	c->cadence = c->interval = HEARTBEAT_STANDARD;
	c->deliver_timeout = c->touch_timeout = nsqd->conf->msg_timeout;
	c->output_timeout = nsqd->conf->output_buffer_timeout;
	c->output_size = OUTPUT_SIZE_STANDARD;
	c->connected_real = nsqd->host->real_ns(nsqd->host);
	c->waiting_since = nsqd->host->now_ns(nsqd->host);
	c->magic_by = c->waiting_since + MAGIC_TIME;
	c->guarded = auth_required(nsqd);
	c->clear = nsqd->tls_required != TLS_NOT_REQUIRED;
	link_init(&c->here.link);
	c->here.conn = c;
	link_init(&c->pressed);
	if (settle_on_loop(c) < 0) {
		leave_loop(c);
		free(c);
		return PLUQ_ENOMEM;
	}
	nsqd->net->conn_set_user(net, c);
	nsqd->net->conn_set_output_limit(net, (size_t)c->output_size);
	nsqd->net->conn_set_write_timeout(net, c->interval);
	return 0;
}

static enum step read_magic(struct conn *c, struct input *in)
{
	static const char bad[] = "E_BAD_PROTOCOL";

	if (in->end - in->at < MAGIC_LENGTH)
		return STEP_MORE;
	if (memcmp(in->at, magic, MAGIC_LENGTH) != 0) {
		frame_write(c, FRAME_ERROR, bad, sizeof(bad) - 1);
		return STEP_CLOSE;
	}
	in->at += MAGIC_LENGTH;
	c->magic = true;
	c->waiting_since = c->nsqd->host->now_ns(c->nsqd->host);
	heartbeat_restart(c);
	return STEP_NEXT;
}

/* Runs the commands in the input. *commands: how many were done. */
static enum step run(struct conn *c, struct input *in, size_t *commands)
{
	enum step step = STEP_NEXT;

	*commands = 0;
	if (!c->magic)
		step = read_magic(c, in);
	while (step == STEP_NEXT && in->at < in->end) {
		c->missing = MISSING_NONE;
		step = c->intake ? intake_step(c, in) : dispatch(c, in);
		*commands += step == STEP_NEXT;
	}
	return step;
}

/* Unsent output that need not be answers: messages fill the buffer, the last of them beyond its end. A consumer that
 * still receives a large message must be heard when it finishes or touches another. */
static size_t messages_pending_max(const struct conn *c)
{
	return (size_t)c->output_size + (c->sub ? (size_t)c->nsqd->conf->max_msg_size : 0);
}

/* Whether to go on reading. */
static void judge_pace(struct conn *c)
{
	const struct pluq_net *net = c->nsqd->net;

	if (c->counts.count)
		relief_wait(c);
	if (net->conn_pending(c->net) >= messages_pending_max(c) + ANSWER_BACKLOG)
		conn_pause(c, PAUSE_OUTPUT);
}

/* pluq_conn_ops.on_data */
static int64_t on_data(struct pluq_conn *net, void *user, const uint8_t *bytes, size_t length)
{
	struct conn *c = user;
	struct input in = {bytes, bytes + length};
	size_t commands;

	(void)net;
	if (length < c->need)
		return 0;
	c->need = 0;
	c->in_data = true;
	pace_begin(&c->nsqd->loops[c->loop].pace);
	enum step step = run(c, &in, &commands);
	c->in_data = false;
	frame_settle(c);
	if (step == STEP_CLOSE || c->ended) {
		c->ending = c->ended = true;
		return PLUQ_CONN_CLOSE;
	}
	if (commands) {
		c->waiting_since = c->nsqd->host->now_ns(c->nsqd->host);
		if (step != STEP_STOP)
			judge_pace(c);
	}
	return in.at - bytes;
}

/* pluq_conn_ops.on_body */
static bool on_body(struct pluq_conn *net, void *user)
{
	struct conn *c = user;

	(void)net;
	c->need = 0;
	pace_begin(&c->nsqd->loops[c->loop].pace);
	enum step step = intake_received(c);
	frame_settle(c);
	if (step == STEP_CLOSE || c->ended) {
		c->ending = c->ended = true;
		return false;
	}
	if (!c->intake) { /* the command is done */
		c->waiting_since = c->nsqd->host->now_ns(c->nsqd->host);
		judge_pace(c);
	}
	return true;
}

/* pluq_conn_ops.on_eof. A body cut short is told; answers still to come are waited for. */
static void on_eof(struct pluq_conn *net, void *user, const uint8_t *rest, size_t length, bool in_body)
{
	struct conn *c = user;

	(void)rest;
	(void)length;
	(void)in_body;
	c->eof = true;
	if (c->missing != MISSING_NONE && !c->ending)
		conn_body_failed(c);
	frame_settle(c);
	if (answers_open(&c->answers) && !c->ended)
		c->nsqd->net->conn_hold(net);
}

/* pluq_conn_ops.on_moved */
static void on_moved(struct pluq_conn *net, void *user)
{
	struct conn *c = user;

	(void)net;
	c->validation_epoch = 0;
	if (settle_on_loop(c) < 0)
		conn_abort(c);
}

/* pluq_conn_ops.on_drained */
static void on_drained(struct pluq_conn *net, void *user)
{
	struct conn *c = user;

	(void)net;
	conn_resume(c, PAUSE_OUTPUT);
	if (c->sub)
		c->nsqd->broker->sub_unblock(c->sub);
}

/* pluq_conn_ops.on_close. Callbacks still to come find `closed`. */
static void on_close(struct pluq_conn *net, void *user, const char *why)
{
	struct conn *c = user;
	const struct pluq_broker *broker = c->nsqd->broker;

	c->nsqd->host->log(c->nsqd->host, PLUQ_DEBUG, "%s: closed: %s", c->nsqd->net->conn_remote(net), why);
	leave_loop(c);
	auth_close(c);
	if (c->sub)
		broker->sub_close(c->sub);
	c->sub = NULL;
	intake_drop(c);
	sieve_drop(c);
	topic_drop(c);
	if (c->sub_topic)
		broker->topic_unref(c->sub_topic);
	c->sub_topic = NULL;
	c->closed = c->ending = c->ended = true;
	conn_unref(c);
}

const struct pluq_conn_ops conn_ops = {
	.size = sizeof(conn_ops),
	.on_open = on_open,
	.on_data = on_data,
	.on_body = on_body,
	.on_eof = on_eof,
	.on_moved = on_moved,
	.on_drained = on_drained,
	.on_close = on_close,
	.on_upgraded = on_upgraded,
};
