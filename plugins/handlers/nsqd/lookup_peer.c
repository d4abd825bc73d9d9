/* The V1 protocol, from the client's side: magic, IDENTIFY, then all that this node has, then what changes, and PING. Commands are
 * sent without waiting for the answers of those before; answers come in order, and are waited for together. */
#include "lookup_peer.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json_out.h"
#include "line.h"
#include "lookup_tls.h"
#include "quote.h"

#define SEC INT64_C(1000000000)
#define PING_EVERY (15 * SEC) /* as the original */
#define CONNECT_TIME (5 * SEC)
#define ANSWER_TIME (5 * SEC)
/* A peer that vanished is given up after two heartbeats. */
#define PEER_TIME (2 * PING_EVERY)
/* Pauses between tries double from the first to the last, which is below one heartbeat. */
#define PAUSE_FIRST (SEC / 4)
#define PAUSE_LAST (8 * SEC)
#define ANSWER_MAX 65536
#define SHOWN_MAX 200 /* bytes of an answer in the log */

static int64_t now(const struct lookup_peer *p)
{
	return p->nsqd->host->now_ns(p->nsqd->host);
}

static void set_timer(struct lookup_peer *p, int64_t at_ns)
{
	p->nsqd->host->timer_set(p->timer, at_ns);
}

/* ---- trouble ---- */

/* At first, then at growing gaps. */
static bool worth_a_line(uint32_t failures)
{
	return (failures & (failures - 1)) == 0;
}

/* A daemon that speaks TLS hangs up on one that does not, without a word. */
static const char *hint(const struct lookup_peer *p)
{
	bool hung_up = p->state == LOOKUP_IDENTIFYING && !p->trouble;

	return hung_up && !p->tls ? "; if it speaks TLS, write " LOOKUP_TLS_PREFIX " before its address" : "";
}

static void wait_for_next_try(struct lookup_peer *p, const char *why)
{
	const char *more = hint(p);
	const struct pluq_host *host = p->nsqd->host;
	int64_t pause = PAUSE_FIRST;

	p->failures++;
	for (uint32_t i = 1; i < p->failures && pause < PAUSE_LAST; i++)
		pause *= 2;
	p->state = LOOKUP_WAITING;
	if (worth_a_line(p->failures))
		host->log(host, PLUQ_WARN, "lookupd %s: %s (%" PRIu32 " in a row); tried again%s", p->address, why, p->failures, more);
	set_timer(p, now(p) + pause);
}

/* The connection is of no use; on_close goes on. */
static void fail(struct lookup_peer *p, const char *why)
{
	p->trouble = why;
	if (p->conn)
		p->nsqd->net->conn_close(p->conn, false);
}

/* ---- out ---- */

static void arm(struct lookup_peer *p)
{
	set_timer(p, p->unanswered && p->answer_by < p->ping_at ? p->answer_by : p->ping_at);
}

static void send(struct lookup_peer *p, const void *bytes, size_t n)
{
	uint8_t *to = p->nsqd->net->conn_reserve(p->conn, n);

	if (!to) {
		fail(p, "out of memory");
		return;
	}
	memcpy(to, bytes, n);
	p->nsqd->net->conn_commit(p->conn, n);
}

static void expect_answer(struct lookup_peer *p)
{
	if (!p->unanswered++)
		p->answer_by = now(p) + ANSWER_TIME;
	arm(p);
}

static void command(struct lookup_peer *p, const char *line, int length)
{
	if (p->trouble)
		return;
	send(p, line, (size_t)length);
	expect_answer(p);
}

static void ping(struct lookup_peer *p)
{
	p->ping_at = now(p) + PING_EVERY;
	command(p, "PING\n", 5);
}

void lookup_peer_tell(struct lookup_peer *p, enum pluq_change change, const char *topic, const char *channel)
{
	bool made = change == PLUQ_TOPIC_MADE || change == PLUQ_CHANNEL_MADE;
	char line[2 * PLUQ_NAME_MAX + 32];

	if (p->state == LOOKUP_SERVING)
		command(p, line, snprintf(line, sizeof(line), "%s %s%s%s\n", made ? "REGISTER" : "UNREGISTER", topic,
		    channel ? " " : "", channel ? channel : ""));
}

/* pluq_watch_fn: the full state. */
static void tell_one(void *arg, enum pluq_change change, const char *topic, const char *channel)
{
	lookup_peer_tell(arg, change, topic, channel);
}

static int64_t announced(int64_t configured, int64_t real)
{
	return configured ? configured : real > 0 ? real : 0;
}

static void identify(struct lookup_peer *p)
{
	const struct nsqd *n = p->nsqd;
	struct text body = {0}, all = {0};
	struct json j = {.http = n->http, .out = &body};

	json_open(&j, '{');
	json_put_string(&j, "broadcast_address", nsqd_broadcast_address(n));
	json_put_string(&j, "hostname", n->hostname);
	json_put_int(&j, "http_port", announced(n->conf->broadcast_http_port, nsqd_http_port(n)));
	json_put_int(&j, "tcp_port", announced(n->conf->broadcast_tcp_port, nsqd_tcp_port(n)));
	json_put_string(&j, "topology_region", n->conf->topology_region);
	json_put_string(&j, "topology_zone", n->conf->topology_zone);
	json_put_string(&j, "version", NSQD_VERSION);
	json_close(&j, '}');
	text_str(&all, "  V1IDENTIFY\n");
	for (int shift = 24; shift >= 0; shift -= 8)
		text_byte(&all, (char)(body.length >> shift));
	text_add(&all, body.data ? body.data : "", body.length);
	if (body.failed || all.failed) {
		fail(p, "out of memory");
	} else {
		p->state = LOOKUP_IDENTIFYING;
		send(p, all.data, all.length);
		expect_answer(p);
	}
	text_free(&body);
	text_free(&all);
}

/* ---- in ---- */

/* It answers with what it should not: said in its words. */
static void refused(struct lookup_peer *p, const char *what, const uint8_t *answer, size_t n)
{
	const struct pluq_host *host = p->nsqd->host;
	struct text words = {0};

	text_quote(&words, answer, n < SHOWN_MAX ? n : SHOWN_MAX);
	if (!words.failed && worth_a_line(p->failures + 1))
		host->log(host, PLUQ_WARN, "lookupd %s: answers %s with %.*s", p->address, what, (int)words.length, words.data);
	text_free(&words);
	fail(p, "refuses what it is told");
}

static void identified(struct lookup_peer *p, const uint8_t *answer, size_t n)
{
	const struct pluq_host *host = p->nsqd->host;

	if (!lookup_json_identity(answer, n, p->http, p->https)) {
		refused(p, "IDENTIFY", answer, n);
		return;
	}
	if (!*p->http && !*p->https)
		host->log(host, PLUQ_ERROR, "lookupd %s: tells no address of its own: it is not asked for channels", p->address);
	p->state = LOOKUP_SERVING;
	p->serving_since = now(p);
	host->log(host, PLUQ_INFO, "lookupd %s: registered", p->address);
	p->nsqd->broker->each(host, tell_one, p);
}

static void on_answer(struct lookup_peer *p, const uint8_t *answer, size_t n)
{
	if (!p->unanswered) {
		fail(p, "answered what was not asked");
		return;
	}
	p->unanswered--;
	p->answer_by = now(p) + ANSWER_TIME;
	if (p->state == LOOKUP_IDENTIFYING) {
		identified(p, answer, n);
	} else if (n >= 2 && memcmp(answer, "E_", 2) == 0) {
		refused(p, "a command", answer, n);
	}
	if (!p->trouble)
		arm(p);
}

static int64_t on_data(struct pluq_conn *conn, void *user, const uint8_t *bytes, size_t length)
{
	struct lookup_peer *p = user;
	size_t at = 0;

	(void)conn;
	while (!p->trouble && length - at >= 4) {
		int32_t size = wire_i32(bytes + at);

		if (size < 0 || size > ANSWER_MAX) {
			fail(p, "its answer is not one");
			break;
		}
		if ((size_t)size > length - at - 4)
			break;
		on_answer(p, bytes + at + 4, (size_t)size);
		at += 4 + (size_t)size;
	}
	return (int64_t)(p->trouble ? length : at);
}

static bool on_body(struct pluq_conn *conn, void *user)
{
	(void)conn;
	(void)user;
	return false; /* nothing is asked for */
}

/* ---- life ---- */

static void peer_free(struct lookup_peer *p)
{
	p->nsqd->host->timer_free(&p->timer);
	free(p);
}

static int on_open(void *arg, struct pluq_conn *conn)
{
	struct lookup_peer *p = arg;

	p->nsqd->net->conn_set_peer_timeout(conn, PEER_TIME);
	p->nsqd->net->conn_set_write_timeout(conn, ANSWER_TIME);
	p->ping_at = now(p) + PING_EVERY;
	identify(p);
	return 0;
}

static void on_close(struct pluq_conn *conn, void *user, const char *why)
{
	struct lookup_peer *p = user;

	(void)conn;
	p->conn = NULL;
	p->unanswered = 0;
	/* Who takes the identity but then refuses or hangs up at once must not be hurried to do it again. */
	if (p->state == LOOKUP_SERVING && now(p) - p->serving_since >= PING_EVERY)
		p->failures = 0;
	if (p->state == LOOKUP_LEAVING)
		peer_free(p);
	else if (!p->nsqd->lookup.stopping)
		wait_for_next_try(p, p->trouble ? p->trouble : why);
}

static const struct pluq_conn_ops peer_ops = {
	.size = sizeof(peer_ops), .on_open = on_open, .on_data = on_data, .on_body = on_body, .on_close = on_close};

static void connect_now(struct lookup_peer *p)
{
	const struct pluq_connect params = {.size = sizeof(params),
		.max_rest = ANSWER_MAX + 4,
		.address = p->where,
		.timeout_ns = CONNECT_TIME,
		.ops = &peer_ops,
		.arg = p,
		.tls = p->tls ? p->nsqd->lookup.tls : NULL};
	struct pluq_why why = {{0}};

	p->trouble = NULL;
	p->unanswered = 0;
	if (p->nsqd->net->connect(p->nsqd->host, &params, &p->conn, &why) < 0) {
		p->conn = NULL;
		wait_for_next_try(p, *why.text ? why.text : "cannot be connected");
		return;
	}
	p->state = LOOKUP_CONNECTING;
}

/* pluq_timer_fn */
static void on_timer(void *arg)
{
	struct lookup_peer *p = arg;

	if (p->state == LOOKUP_WAITING)
		connect_now(p);
	else if (p->unanswered && now(p) >= p->answer_by)
		fail(p, "does not answer");
	else if (p->state == LOOKUP_SERVING && now(p) >= p->ping_at)
		ping(p);
	else if (p->state == LOOKUP_SERVING || p->state == LOOKUP_IDENTIFYING)
		arm(p);
}

struct lookup_peer *lookup_peer_new(struct nsqd *n, const char *address)
{
	size_t length = strlen(address) + 1;
	struct lookup_peer *p = calloc(1, sizeof(*p) + length);

	if (!p)
		return NULL;
	memcpy(p->address, address, length);
	p->where = lookup_tls_address(p->address, &p->tls);
	p->nsqd = n;
	p->timer = n->host->timer_new(n->host, on_timer, p);
	if (!p->timer) {
		free(p);
		return NULL;
	}
	set_timer(p, now(p));
	return p;
}

void lookup_peer_leave(struct lookup_peer *p)
{
	if (!p->conn) {
		peer_free(p);
		return;
	}
	p->nsqd->host->timer_clear(p->timer);
	p->state = LOOKUP_LEAVING;
	p->nsqd->net->conn_close(p->conn, false);
}
