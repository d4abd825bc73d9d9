#undef NDEBUG /* checks with effects */
#include "mock_lookupd.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../plugins/handlers/lookupd/conn.h"

static struct mock_lookupd *mock; /* the one that runs */

/* --- host */

static void host_log(const struct pluq_host *h, enum pluq_level level, const char *fmt, ...) {}
static int64_t host_now(const struct pluq_host *h) { return mock->now_ns; }
static int32_t host_loop(const struct pluq_host *h) { return mock->loop; }

static struct pluq_timer *timer_new(const struct pluq_host *h, pluq_timer_fn fn, void *arg)
{
	assert(!mock->timer.fn);
	mock->timer.fn = fn;
	mock->timer.arg = arg;
	mock->timer.at_ns = INT64_MAX;
	return (struct pluq_timer *)&mock->timer;
}

static void timer_set(struct pluq_timer *t, int64_t at_ns) { mock->timer.at_ns = at_ns; }

static void timer_free(struct pluq_timer **t)
{
	if (*t)
		mock->timer.fn = NULL;
	*t = NULL;
}

/* --- net */

static void set_user(struct pluq_conn *c, void *user) { c->user = user; }
static const char *remote(const struct pluq_conn *c) { return "192.0.2.1:7"; }

static uint8_t *reserve(struct pluq_conn *c, size_t n)
{
	if (c->closing)
		return NULL;
	text_free(&c->scratch); /* a block of its own, so that a write behind it is seen */
	c->scratch.data = malloc(n);
	c->scratch.length = n;
	return (uint8_t *)c->scratch.data;
}

static void commit(struct pluq_conn *c, size_t n)
{
	assert(n <= c->scratch.length);
	text_add(&c->out, c->scratch.data, n);
}

static size_t pending(const struct pluq_conn *c) { return c->pending; }
static void set_output_limit(struct pluq_conn *c, size_t n) {}
static void set_write_timeout(struct pluq_conn *c, int64_t ns) { c->write_timeout_ns = ns; }
static void set_peer_timeout(struct pluq_conn *c, int64_t ns) { c->peer_timeout_ns = ns; }
static void pause_(struct pluq_conn *c) { c->paused++; }

static void resume(struct pluq_conn *c)
{
	assert(c->paused > 0);
	c->paused--;
}

static void move(struct pluq_conn *c, uint32_t loop) { c->move_to = (int)loop; }
static void close_(struct pluq_conn *c, bool flush) { c->closing = true; }
static int32_t port(const struct pluq_listener *l) { return 4160; }

/* --- http: enough for names that need no escape but the quote */

static size_t quote(char *out, size_t room, const char *bytes, size_t n)
{
	size_t used = 0;

	assert(room >= 6 * n + 2);
	out[used++] = '"';
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)bytes[i];
		if (c == '"' || c == '\\' || c < ' ' || c > '~')
			used += (size_t)snprintf(out + used, room - used, "\\u%04x", c);
		else
			out[used++] = (char)c;
	}
	out[used++] = '"';
	return used;
}

void mock_lookupd_start(struct mock_lookupd *m)
{
	*m = (struct mock_lookupd){
		.host = {.size = sizeof(m->host), .log = host_log, .now_ns = host_now, .loop_self = host_loop,
		    .timer_new = timer_new, .timer_set = timer_set, .timer_free = timer_free, .loops = 2},
		.net = {.size = sizeof(m->net), .conn_set_user = set_user, .conn_remote = remote, .conn_reserve = reserve,
		    .conn_commit = commit, .conn_pending = pending, .conn_set_output_limit = set_output_limit,
		    .conn_set_write_timeout = set_write_timeout, .conn_set_peer_timeout = set_peer_timeout, .conn_pause = pause_,
		    .conn_resume = resume, .conn_move = move, .conn_close = close_, .listener_port = port},
		.http = {.size = sizeof(m->http), .json_quote = quote},
		.conf = {.broadcast_address = "here", .snapshot_file = ""},
		.now_ns = 1,
	};
	m->lookupd = (struct lookupd){.host = &m->host, .net = &m->net, .http = &m->http, .conf = &m->conf,
	    .tcp = (struct pluq_listener *)m, .hostname = "host"};
	db_init(&m->lookupd.db);
	mock = m;
}

void mock_lookupd_stop(struct mock_lookupd *m)
{
	assert(link_alone(&m->lookupd.db.peers) && !m->timer.fn);
	db_fini(&m->lookupd.db);
	assert(m->lookupd.db.topic_set.count == 0);
}

struct pluq_conn *mock_lookupd_open(struct mock_lookupd *m)
{
	struct pluq_conn *c = calloc(1, sizeof(*c));

	assert(c);
	c->ops = &conn_ops;
	c->move_to = -1;
	m->loop = 1;
	assert(c->ops->on_open(&m->lookupd, c) == 0);
	return c;
}

/* One call of on_data, its bytes in a block of their own so that a read behind them is seen. false: nothing used. */
static bool offer(struct pluq_conn *c)
{
	size_t n = c->in.length;
	uint8_t *bytes = malloc(n);

	memcpy(bytes, c->in.data, n);
	int64_t used = c->ops->on_data(c, c->user, bytes, n);
	free(bytes);
	if (used < 0) {
		c->closing = true;
		return false;
	}
	assert((size_t)used <= n);
	memmove(c->in.data, c->in.data + used, n - (size_t)used);
	c->in.length -= (size_t)used;
	if (used == 0 && !c->paused && c->move_to < 0)
		assert(n < CONN_REST_MAX);
	return used > 0 || c->move_to >= 0;
}

/* The next turn of the loop comes, if a timer waits for it. */
static bool turn(struct mock_lookupd *m)
{
	if (!m->timer.fn || m->timer.at_ns > m->now_ns + 1)
		return false;
	mock_lookupd_advance(m, 1);
	return true;
}

static void settle(struct mock_lookupd *m, struct pluq_conn *c)
{
	bool more = true;

	while (more && !c->closing && (!c->paused || turn(m))) {
		if (c->move_to >= 0) {
			m->loop = c->move_to;
			c->move_to = -1;
			c->ops->on_moved(c, c->user);
		}
		more = c->in.length > 0 && offer(c);
	}
	if (c->closing && !c->closed) {
		c->closed = true;
		c->ops->on_close(c, c->user, "test");
	}
}

void mock_lookupd_feed(struct mock_lookupd *m, struct pluq_conn *c, const void *bytes, size_t n)
{
	if (c->closing)
		return;
	text_add(&c->in, bytes, n);
	settle(m, c);
}

void mock_lookupd_eof(struct mock_lookupd *m, struct pluq_conn *c)
{
	if (c->closing)
		return;
	c->ops->on_eof(c, c->user, (const uint8_t *)c->in.data, c->in.length, false);
	c->closing = true;
	settle(m, c);
}

void mock_lookupd_advance(struct mock_lookupd *m, int64_t ns)
{
	m->now_ns += ns;
	if (m->timer.fn && m->timer.at_ns <= m->now_ns) {
		m->timer.at_ns = INT64_MAX;
		m->timer.fn(m->timer.arg);
	}
}

void mock_lookupd_free(struct pluq_conn *c)
{
	c->closing = true;
	settle(mock, c);
	text_free(&c->in);
	text_free(&c->out);
	text_free(&c->scratch);
	free(c);
}
