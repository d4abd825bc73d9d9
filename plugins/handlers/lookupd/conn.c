/* A connection's life, and the loop over what it sends. */
#include "conn.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "metrics.h"
#include "text.h"

#define SECOND INT64_C(1000000000)
/* Brokers ping every 15 s; one that has missed two of them, or could not be told anything for so long, has vanished. */
#define PEER_TIME (30 * SECOND)
/* How long a peer may take for the four bytes of the magic. */
#define MAGIC_TIME (30 * SECOND)
/* Commands of one peer in one turn of the loop, about a millisecond's worth: one that has very much to say does not hold up who
 * asks. */
#define TURN_COMMANDS 2000
/* Unsent replies past which commands are not read: the peer does not read either. */
#define REPLY_BACKLOG 65536

#define MAGIC_LENGTH 4
static const char magic[MAGIC_LENGTH] = {' ', ' ', 'V', '1'};

static void put_be32(uint8_t *to, uint32_t v)
{
	to[0] = (uint8_t)(v >> 24);
	to[1] = (uint8_t)(v >> 16);
	to[2] = (uint8_t)(v >> 8);
	to[3] = (uint8_t)v;
}

void conn_reply(struct conn *c, const void *bytes, size_t n)
{
	const struct pluq_net *net = c->lookupd->net;
	uint8_t *to = c->ended ? NULL : net->conn_reserve(c->net, 4 + n);

	if (!to) {
		c->ended = true;
		net->conn_close(c->net, false);
		return;
	}
	put_be32(to, (uint32_t)n);
	memcpy(to + 4, bytes, n);
	net->conn_commit(c->net, 4 + n);
}

static enum step last_reply(struct conn *c, struct text *text)
{
	if (text->failed)
		c->lookupd->net->conn_close(c->net, false);
	else
		conn_reply(c, text->data, text->length);
	text_free(text);
	c->ended = true;
	return STEP_CLOSE;
}

enum step conn_fail(struct conn *c, const char *fmt, ...)
{
	char line[256];
	struct text text = {0};
	va_list args;

	va_start(args, fmt);
	int n = vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	text_add(&text, line, (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1);
	return last_reply(c, &text);
}

enum step conn_fail_raw(struct conn *c, const char *prefix, struct span raw, const char *suffix)
{
	struct text text = {0};

	text_str(&text, prefix);
	text_add(&text, raw.at, raw.length);
	text_str(&text, suffix);
	return last_reply(c, &text);
}

/* --- the timer: the magic's time, then pauses */

/* pluq_timer_fn */
static void on_timer(void *arg)
{
	struct conn *c = arg;

	if (c->state == STATE_MAGIC) {
		c->ended = true;
		c->lookupd->net->conn_close(c->net, false);
	} else if (c->yields) {
		c->yields = false;
		c->lookupd->net->conn_resume(c->net);
	}
}

/* Timers belong to a loop. -1: no memory. */
static int timer_make(struct conn *c)
{
	const struct pluq_host *host = c->lookupd->host;

	c->timer = host->timer_new(host, on_timer, c);
	if (!c->timer)
		return -1;
	if (c->state == STATE_MAGIC)
		host->timer_set(c->timer, c->magic_by);
	return 0;
}

/* Has it had its share of this turn? */
static bool yield(struct conn *c)
{
	const struct pluq_host *host = c->lookupd->host;
	int64_t now = host->now_ns(host);

	if (c->turn_ns != now) {
		c->turn_ns = now;
		c->turn_commands = 0;
	}
	if (++c->turn_commands < TURN_COMMANDS || c->yields || (!c->timer && timer_make(c) < 0))
		return false;
	c->yields = true;
	c->lookupd->net->conn_pause(c->net);
	host->timer_set(c->timer, now + 1);
	return true;
}

/* --- input: each returns the bytes it has used; 0: not enough is there */

static enum step read_magic(struct conn *c, const uint8_t *at, size_t length, size_t *used)
{
	if (length < MAGIC_LENGTH)
		return STEP_NEXT;
	c->lookupd->host->timer_free(&c->timer);
	if (memcmp(at, magic, MAGIC_LENGTH) != 0)
		return conn_fail(c, "E_BAD_PROTOCOL");
	*used = MAGIC_LENGTH;
	c->state = STATE_LINE;
	return STEP_NEXT;
}

static enum step read_line(struct conn *c, const uint8_t *at, size_t length, size_t *used)
{
	struct line line;

	switch (line_split(at, length, c->scanned, &line)) {
	case LINE_TOO_LONG:
		return conn_fail(c, "E_INVALID command line is longer than %d bytes", LINE_MAX_LENGTH);
	case LINE_INCOMPLETE:
		c->scanned = (uint32_t)length;
		return STEP_NEXT;
	case LINE_COMPLETE:
		break;
	}
	c->scanned = 0;
	*used = line.size;
	return command_run(c, &line);
}

static enum step read_size(struct conn *c, const uint8_t *at, size_t length, size_t *used)
{
	if (length < 4)
		return STEP_NEXT;
	int32_t size = (int32_t)((uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3]);
	if (size < 0)
		return conn_fail(c, "E_BAD_BODY IDENTIFY invalid body size %d", size);
	if (size > BODY_MAX)
		return conn_fail(c, "E_BAD_BODY IDENTIFY body too big %d > %d", size, BODY_MAX);
	*used = 4;
	c->state = STATE_BODY;
	c->body = (uint32_t)size;
	return STEP_NEXT;
}

static enum step read_body(struct conn *c, const uint8_t *at, size_t length, size_t *used)
{
	if (length < c->body)
		return STEP_NEXT;
	*used = c->body;
	c->state = STATE_LINE;
	return identify_body(c, at, c->body);
}

static enum step read_next(struct conn *c, const uint8_t *at, size_t length, size_t *used)
{
	switch ((enum conn_state)c->state) {
	case STATE_MAGIC: return read_magic(c, at, length, used);
	case STATE_LINE: return read_line(c, at, length, used);
	case STATE_SIZE: return read_size(c, at, length, used);
	case STATE_BODY: return read_body(c, at, length, used);
	}
	return STEP_CLOSE;
}

/* Whether to go on reading. */
static bool replies_pile_up(struct conn *c)
{
	const struct pluq_net *net = c->lookupd->net;

	if (net->conn_pending(c->net) < REPLY_BACKLOG)
		return false;
	c->paused = true;
	net->conn_pause(c->net);
	return true;
}

/* pluq_conn_ops.on_data */
static int64_t on_data(struct pluq_conn *net, void *user, const uint8_t *bytes, size_t length)
{
	struct conn *c = user;
	const struct pluq_host *host = c->lookupd->host;
	size_t done = 0;

	if (host->loop_self(host) != 0) {
		host->timer_free(&c->timer);
		c->lookupd->net->conn_move(net, 0);
		return 0;
	}
	for (;;) {
		enum conn_state before = (enum conn_state)c->state;
		size_t used = 0;
		enum step step = read_next(c, bytes + done, length - done, &used);
		if (step == STEP_CLOSE || c->ended)
			return PLUQ_CONN_CLOSE;
		done += used;
		/* an empty body uses nothing, and is something all the same */
		if ((used == 0 && before == (enum conn_state)c->state) || replies_pile_up(c) || yield(c))
			return (int64_t)done;
	}
}

/* pluq_conn_ops.on_open: on any loop. */
static int on_open(void *arg, struct pluq_conn *net)
{
	struct lookupd *l = arg;
	struct conn *c = calloc(1, sizeof(*c));

	if (!c)
		return PLUQ_ENOMEM;
	c->lookupd = l;
	c->net = net;
	c->magic_by = l->host->now_ns(l->host) + MAGIC_TIME;
	if (timer_make(c) < 0) {
		free(c);
		return PLUQ_ENOMEM;
	}
	l->net->conn_set_user(net, c);
	l->net->conn_set_output_limit(net, REPLY_BACKLOG);
	l->net->conn_set_write_timeout(net, PEER_TIME);
	if (PLUQ_HAS(l->net, conn_set_peer_timeout))
		l->net->conn_set_peer_timeout(net, PEER_TIME);
	metrics_state(l, LOOKUPD_INIT, 1);
	return 0;
}

/* pluq_conn_ops.on_moved */
static void on_moved(struct pluq_conn *net, void *user)
{
	struct conn *c = user;

	if (timer_make(c) < 0)
		c->lookupd->net->conn_close(net, false);
}

/* pluq_conn_ops.on_eof. A body cut short is told. */
static void on_eof(struct pluq_conn *net, void *user, const uint8_t *rest, size_t length, bool in_body)
{
	struct conn *c = user;

	(void)net;
	(void)rest;
	(void)length;
	(void)in_body;
	if (c->ended)
		return;
	if (c->state == STATE_SIZE)
		conn_fail(c, "E_BAD_BODY IDENTIFY failed to read body size");
	else if (c->state == STATE_BODY)
		conn_fail(c, "E_BAD_BODY IDENTIFY failed to read body");
}

/* pluq_conn_ops.on_drained */
static void on_drained(struct pluq_conn *net, void *user)
{
	struct conn *c = user;

	if (!c->paused)
		return;
	c->paused = false;
	c->lookupd->net->conn_resume(net);
}

/* pluq_conn_ops.on_close: on the loop where it was opened if nothing ever came; then it has no peer. */
static void on_close(struct pluq_conn *net, void *user, const char *why)
{
	struct conn *c = user;
	struct lookupd *l = c->lookupd;

	l->host->log(l->host, c->peer ? PLUQ_INFO : PLUQ_DEBUG, "client(%s): closed: %s", l->net->conn_remote(net), why);
	metrics_state(l, c->peer ? LOOKUPD_IDENTIFIED : LOOKUPD_INIT, -1);
	if (c->peer)
		db_peer_remove(&l->db, c->peer);
	peer_free(&c->peer);
	l->host->timer_free(&c->timer);
	free(c);
}

const struct pluq_conn_ops conn_ops = {
	.size = sizeof(conn_ops),
	.on_open = on_open,
	.on_data = on_data,
	.on_eof = on_eof,
	.on_moved = on_moved,
	.on_drained = on_drained,
	.on_close = on_close,
};
