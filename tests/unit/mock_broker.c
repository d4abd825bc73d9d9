#undef NDEBUG /* checks with effects */
#include "mock_broker.h"

#include <assert.h>
#include <pluq/metrics.h>
#include <stdlib.h>
#include <string.h>

#include "../../daemon/net/json_quote.h"

extern const struct pluq_plugin pluq_plugin_entry;

struct mock mock;

struct pluq_topic {
	int refs;
	uint32_t home;
	char name[PLUQ_NAME_MAX + 1];
};

struct pluq_msg {
	int refs;
	uint8_t bytes[];
};

struct pluq_timer {
	struct pluq_timer *next;
	pluq_timer_fn fn;
	void *arg;
	int64_t at_ns; /* INT64_MAX: not set */
};

struct pluq_sub {
	const struct pluq_sub_ops *ops;
	void *arg;
};

static struct {
	void *self;
	struct pluq_listen listen;
	struct pluq_timer *timers;
	struct pluq_sub sub;
	struct {
		pluq_topic_fn fn;
		void *arg;
		char name[PLUQ_NAME_MAX + 1];
	} lookup;
	struct {
		pluq_done_fn fn;
		void *arg;
	} *publishes;
	size_t publish_count;
	pluq_post_fn relief;
	void *relief_arg;
} world;

/* --- metrics */

static int metrics_source(const struct pluq_host *h, pluq_gather_fn fn, void *arg) { return 0; }
static void metrics_announce(const struct pluq_host *h, const char *host, int32_t port) {}
static const struct pluq_metrics metrics = {
    .size = sizeof(metrics), .source = metrics_source, .announce = metrics_announce};

/* --- host */

static void host_log(const struct pluq_host *h, enum pluq_level level, const char *fmt, ...) {}
static bool host_log_on(const struct pluq_host *h, enum pluq_level level) { return level > PLUQ_DEBUG; }
static int64_t host_now(const struct pluq_host *h) { return mock.now_ns; }
static int64_t host_real(const struct pluq_host *h) { return mock.now_ns; }
static int32_t host_loop(const struct pluq_host *h) { return mock.loop; }

/* Without posts nobody is told of a reload. */
static struct {
	pluq_post_fn fn;
	void *arg;
} posted[16];
static size_t posted_count;

static int host_post(const struct pluq_host *h, uint32_t loop, pluq_post_fn fn, void *arg)
{
	if (!mock.posts)
		return PLUQ_EEXITING;
	assert(posted_count < sizeof(posted) / sizeof(posted[0]));
	posted[posted_count].fn = fn;
	posted[posted_count++].arg = arg;
	return 0;
}

size_t mock_turn(void)
{
	size_t n = posted_count;

	posted_count = 0;
	for (size_t i = 0; i < n; i++)
		posted[i].fn(posted[i].arg);
	if (mock.conn)
		mock_pump(mock.conn);
	return n;
}

static struct pluq_timer *timer_new(const struct pluq_host *h, pluq_timer_fn fn, void *arg)
{
	struct pluq_timer *t = malloc(sizeof(*t));
	*t = (struct pluq_timer){world.timers, fn, arg, INT64_MAX};
	world.timers = t;
	return t;
}

static void timer_set(struct pluq_timer *t, int64_t at_ns) { t->at_ns = at_ns; }
static void timer_clear(struct pluq_timer *t) { t->at_ns = INT64_MAX; }

static void timer_free(struct pluq_timer **t)
{
	struct pluq_timer **at = &world.timers;
	if (!*t)
		return;
	while (*at != *t)
		at = &(*at)->next;
	*at = (*t)->next;
	free(*t);
	*t = NULL;
}

static struct pluq_timer *due(void)
{
	struct pluq_timer *first = NULL;
	for (struct pluq_timer *t = world.timers; t; t = t->next)
		if (t->at_ns <= mock.now_ns && (!first || t->at_ns < first->at_ns))
			first = t;
	return first;
}

void mock_advance(int64_t ns)
{
	struct pluq_timer *t;
	mock.now_ns += ns;
	while ((t = due())) {
		t->at_ns = INT64_MAX;
		t->fn(t->arg);
	}
	if (mock.conn)
		mock_pump(mock.conn);
}

/* --- net */

static int net_listen(
    const struct pluq_host *h, const struct pluq_listen *l, struct pluq_listener **out, struct pluq_why *why)
{
	world.listen = *l;
	*out = (struct pluq_listener *)&world;
	return 0;
}

static int32_t net_port(const struct pluq_listener *l) { return 4150; }
static void set_user(struct pluq_conn *c, void *user) { c->user = user; }
static const char *remote(const struct pluq_conn *c) { return "192.0.2.1:7"; }

static uint8_t *reserve(struct pluq_conn *c, size_t n)
{
	assert(!c->upgrade);
	if (c->closing)
		return NULL;
	free(c->scratch.data);
	c->scratch.data = malloc(n);
	c->scratch.length = n;
	return (uint8_t *)c->scratch.data;
}

static void commit(struct pluq_conn *c, size_t n)
{
	assert(n <= c->scratch.length);
	text_add(&c->out, c->scratch.data, n);
}

static int attach(struct pluq_conn *c, const void *bytes, size_t n, pluq_post_fn release, void *arg)
{
	if (c->closing)
		return PLUQ_ECLOSED;
	text_add(&c->out, bytes, n);
	release(arg);
	return 0;
}

static size_t pending(const struct pluq_conn *c) { return c->pending; }
static void set_output_limit(struct pluq_conn *c, size_t n) { c->output_limit = n; }
static void set_write_timeout(struct pluq_conn *c, int64_t ns) { c->write_timeout_ns = ns; }

static void read_into(struct pluq_conn *c, uint8_t *dst, size_t n)
{
	assert(n > 0 && !c->body_left);
	c->body = dst;
	c->body_left = n;
}

static void conn_pause_(struct pluq_conn *c) { c->paused++; }

static void conn_resume_(struct pluq_conn *c)
{
	assert(c->paused > 0);
	c->paused--;
}

static void move(struct pluq_conn *c, uint32_t loop) { c->move_to = (int)loop; }
static void hold(struct pluq_conn *c) { c->held = true; }

static void close_conn(struct pluq_conn *c, bool flush)
{
	if (!c->closing)
		c->flushed = flush;
	c->closing = true;
}

static const struct pluq_net net = {
	.size = sizeof(net),
	.listen = net_listen,
	.listener_port = net_port,
	.conn_set_user = set_user,
	.conn_remote = remote,
	.conn_reserve = reserve,
	.conn_commit = commit,
	.conn_attach = attach,
	.conn_pending = pending,
	.conn_set_output_limit = set_output_limit,
	.conn_set_write_timeout = set_write_timeout,
	.conn_read_into = read_into,
	.conn_pause = conn_pause_,
	.conn_resume = conn_resume_,
	.conn_move = move,
	.conn_hold = hold,
	.conn_close = close_conn,
	.tls_new = mock_tls_new,
	.tls_change = mock_tls_change,
	.tls_check = mock_tls_check,
	.conn_tls = mock_conn_tls,
	.conn_upgrade = mock_conn_upgrade,
};

static void use(struct text *t, size_t n)
{
	memmove(t->data, t->data + n, t->length - n);
	t->length -= n;
}

/* false: that was all there is. */
static bool fill_body(struct pluq_conn *c)
{
	size_t n = c->in.length < c->body_left ? c->in.length : c->body_left;
	if (n) {
		memcpy(c->body, c->in.data, n);
		use(&c->in, n);
	}
	c->body += n;
	c->body_left -= n;
	if (c->body_left == 0 && !c->ops->on_body(c, c->user))
		close_conn(c, true);
	return c->in.length > 0;
}

static void arrive(struct pluq_conn *c)
{
	mock.loop = c->move_to;
	c->loop = (uint32_t)c->move_to;
	c->move_to = -1;
	c->ops->on_moved(c, c->user);
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
		close_conn(c, true);
		return true;
	}
	assert((size_t)used <= n);
	use(&c->in, (size_t)used);
	if (used == 0 && !c->body_left && !c->paused && c->move_to < 0 && !c->upgrade)
		assert(n < world.listen.max_rest);
	return used > 0 || c->body_left || c->move_to >= 0;
}

/* One step of the loop. false: nothing to do. */
static bool turn(struct pluq_conn *c)
{
	if (c->paused || c->upgrade)
		return false;
	if (c->move_to >= 0) {
		arrive(c);
		return true;
	}
	if (c->body_left)
		return fill_body(c);
	return c->in.length > 0 && offer(c);
}

void mock_pump(struct pluq_conn *c)
{
	while (!c->closing && (turn(c) || mock_secure_step(c)))
		continue;
	if (c->closing)
		mock_close(c);
}

struct pluq_conn *mock_open(void)
{
	struct pluq_conn *c = calloc(1, sizeof(*c));
	c->ops = world.listen.ops;
	c->move_to = -1;
	mock.loop = 0;
	mock.conn = c;
	assert(c->ops->on_open(world.listen.arg, c) == 0);
	return c;
}

void mock_feed(struct pluq_conn *c, const void *bytes, size_t n)
{
	if (c->closing)
		return;
	text_add(&c->in, bytes, n);
	mock_pump(c);
}

void mock_eof(struct pluq_conn *c)
{
	if (c->closing || c->paused || c->upgrade)
		return;
	c->ops->on_eof(c, c->user, (const uint8_t *)c->in.data, c->in.length, c->body_left > 0);
	if (!c->held)
		close_conn(c, true);
	mock_pump(c);
}

void mock_drain(struct pluq_conn *c)
{
	c->pending = 0;
	c->ops->on_drained(c, c->user);
	mock_pump(c);
}

void mock_close(struct pluq_conn *c)
{
	c->closing = true;
	if (!c->closed)
		c->ops->on_close(c, c->user, "test");
	c->closed = true;
}

/* --- broker */

static int broker_use(const struct pluq_host *h, const struct pluq_limits *limits) { return 0; }

static struct pluq_topic *topic_ref(struct pluq_topic *t)
{
	t->refs++;
	mock.topics_held++;
	return t;
}

static void topic_unref(struct pluq_topic *t)
{
	mock.topics_held--;
	if (--t->refs == 0)
		free(t);
}

static struct pluq_topic *topic_make(const char *name)
{
	struct pluq_topic *t = calloc(1, sizeof(*t));
	strcpy(t->name, name);
	t->home = mock.home;
	return topic_ref(t);
}

static int topic_get(const struct pluq_host *h, const char *name, size_t length, bool create, struct pluq_topic **out,
    pluq_topic_fn fn, void *arg)
{
	assert(length >= 1 && length <= PLUQ_NAME_MAX && !world.lookup.fn);
	memcpy(world.lookup.name, name, length);
	world.lookup.name[length] = 0;
	if (mock.topics_later) {
		world.lookup.fn = fn;
		world.lookup.arg = arg;
		return PLUQ_ELATER;
	}
	if (mock.topic_status == 0)
		*out = topic_make(world.lookup.name);
	return mock.topic_status;
}

void mock_topic_answer(void)
{
	pluq_topic_fn fn = world.lookup.fn;
	world.lookup.fn = NULL;
	assert(fn);
	fn(world.lookup.arg, mock.topic_status, mock.topic_status == 0 ? topic_make(world.lookup.name) : NULL);
	mock_pump(mock.conn);
}

static uint32_t topic_home(const struct pluq_topic *t) { return t->home; }
static const char *topic_name(const struct pluq_topic *t) { return t->name; }

static struct pluq_msg *msg_new(const struct pluq_host *h, uint32_t length)
{
	struct pluq_msg *m = malloc(sizeof(*m) + length);
	m->refs = 1;
	mock.messages_held++;
	return m;
}

static uint8_t *msg_body(struct pluq_msg *m) { return m->bytes; }
static void msg_ref(struct pluq_msg *m) { m->refs++; }

static void msg_unref(struct pluq_msg *m)
{
	if (--m->refs > 0)
		return;
	mock.messages_held--;
	free(m);
}

static void keep(const struct pluq_topic *t, const struct pluq_body *b, int64_t defer_ns)
{
	mock.messages = realloc(mock.messages, (mock.message_count + 1) * sizeof(*mock.messages));
	struct mock_message *m = &mock.messages[mock.message_count++];
	*m = (struct mock_message){.defer_ns = defer_ns};
	strcpy(m->topic, t->name);
	text_add(&m->body, b->msg ? b->msg->bytes : b->bytes, b->length);
	if (b->msg)
		msg_unref(b->msg);
}

static int publish(const struct pluq_host *h, struct pluq_topic *t, const struct pluq_body *bodies, size_t n,
    int64_t defer_ns, pluq_done_fn done, void *arg)
{
	mock.publish_calls++;
	if (mock.stale > 0) {
		mock.stale--;
		return PLUQ_ESTALE;
	}
	if (mock.publish_status != 0 && mock.publish_status != PLUQ_ELATER)
		return mock.publish_status;
	for (size_t i = 0; i < n; i++)
		keep(t, &bodies[i], defer_ns);
	if (mock.publish_status == PLUQ_ELATER) {
		world.publishes = realloc(world.publishes, (world.publish_count + 1) * sizeof(*world.publishes));
		world.publishes[world.publish_count].fn = done;
		world.publishes[world.publish_count++].arg = arg;
	}
	return mock.publish_status;
}

size_t mock_publishes_open(void) { return world.publish_count; }

void mock_publish_answer(size_t n, int status, const char *text)
{
	struct pluq_why why = {.text = ""};
	pluq_done_fn fn = world.publishes[n].fn;
	void *arg = world.publishes[n].arg;
	assert(n < world.publish_count);
	memmove(world.publishes + n, world.publishes + n + 1, (--world.publish_count - n) * sizeof(*world.publishes));
	if (text)
		strncpy(why.text, text, sizeof(why.text) - 1);
	fn(arg, status, &why);
	mock_pump(mock.conn);
}

static bool pressed(const struct pluq_host *h) { return mock.pressed; }

static int on_relief(const struct pluq_host *h, pluq_post_fn fn, void *arg)
{
	assert(!world.relief);
	world.relief = fn;
	world.relief_arg = arg;
	return 0;
}

void mock_relief(void)
{
	pluq_post_fn fn = world.relief;
	assert(fn);
	world.relief = NULL;
	mock.pressed = false;
	fn(world.relief_arg);
	mock_pump(mock.conn);
}

static int subscribe(const struct pluq_host *h, struct pluq_topic *t, const char *channel, size_t length,
    const struct pluq_sub_params *params, const struct pluq_sub_ops *ops, void *arg, struct pluq_sub **out)
{
	assert((int32_t)t->home == mock.loop);
	if (mock.subscribe_status)
		return mock.subscribe_status;
	memcpy(mock.channel, channel, length);
	mock.channel[length] = 0;
	mock.params = *params;
	mock.subscribed = true;
	world.sub = (struct pluq_sub){ops, arg};
	*out = &world.sub;
	return 0;
}

static void sub_close(struct pluq_sub *s) { mock.subscribed = false; }
static void sub_ready(struct pluq_sub *s, int64_t count) { mock.ready = count; }
static void sub_unblock(struct pluq_sub *s) { mock.unblocked = true; }

static int sub_finish(struct pluq_sub *s, const uint8_t *id)
{
	memcpy(mock.finished, id, 16);
	return mock.message_status;
}

static int sub_requeue(struct pluq_sub *s, const uint8_t *id, int64_t delay_ns)
{
	mock.delay_ns = delay_ns;
	return mock.message_status;
}

static int sub_touch(struct pluq_sub *s, const uint8_t *id) { return mock.message_status; }

size_t mock_deliver(const char *id, const void *body, size_t length, uint16_t attempts)
{
	struct pluq_msg *m = msg_new(&mock.host, (uint32_t)length);
	memcpy(m->bytes, body, length);
	struct pluq_delivery d = {.body = m->bytes, .msg = m, .id = (const uint8_t *)id,
	    .timestamp_ns = 0x0102030405060708, .length = (uint32_t)length, .attempts = attempts};
	size_t taken = world.sub.ops->on_deliver(world.sub.arg, &d, 1);
	msg_unref(m);
	return taken;
}

void mock_end_subscription(void)
{
	mock.subscribed = false;
	world.sub.ops->on_end(world.sub.arg);
	mock_pump(mock.conn);
}

/* No discovery daemon is configured: nothing is to be told, and no topic waits. */
static int watch(const struct pluq_host *h, pluq_watch_fn fn, void *arg)
{
	return 0;
}

static int gate(const struct pluq_host *h, int64_t most_ns, pluq_gate_fn fn, void *arg)
{
	return 0;
}

static const struct pluq_broker broker = {
	.size = sizeof(broker),
	.use = broker_use,
	.topic_get = topic_get,
	.topic_ref = topic_ref,
	.topic_unref = topic_unref,
	.topic_home = topic_home,
	.topic_name = topic_name,
	.msg_new = msg_new,
	.msg_body = msg_body,
	.msg_ref = msg_ref,
	.msg_unref = msg_unref,
	.publish = publish,
	.pressed = pressed,
	.on_relief = on_relief,
	.subscribe = subscribe,
	.sub_close = sub_close,
	.sub_ready = sub_ready,
	.sub_unblock = sub_unblock,
	.sub_finish = sub_finish,
	.sub_requeue = sub_requeue,
	.sub_touch = sub_touch,
	.watch = watch,
	.gate = gate,
};

static const struct pluq_http http = {.size = sizeof(http), .json_quote = pluq__json_quote};

/* --- life */

#define SECOND INT64_C(1000000000)

void mock_standard(void)
{
	mock = (struct mock){
		.conf = {
			.tcp_address = "127.0.0.1:4150", .http_address = "", .broadcast_address = "", .lookupd_tls_root_ca_file = "",
			.lookupd_tls_cert = "", .lookupd_tls_key = "", .lookupd_http_secret = "", .node_id = 5,
			.max_msg_size = 1048576, .max_body_size = 5242880, .mem_queue_size = 10000,
			.msg_timeout = 60 * SECOND, .max_msg_timeout = 900 * SECOND, .max_req_timeout = 3600 * SECOND,
			.max_rdy_count = 2500, .max_heartbeat_interval = 60 * SECOND,
			.max_output_buffer_size = 65536, .output_buffer_timeout = SECOND / 4,
			.min_output_buffer_timeout = SECOND / 40, .max_output_buffer_timeout = 30 * SECOND,
			.max_deflate_level = 6, .topology_region = "r<1>", .topology_zone = "",
			.https_address = "", .tls_cert = "", .tls_key = "", .tls_root_ca_file = "",
			.tls_client_auth_policy = "", .tls_ciphers = "", .tls_ciphersuites = "", .tls_min_version = 2,
		},
		.now_ns = 1000 * SECOND,
	};
}

int mock_try(struct pluq_why *why)
{
	mock.host = (struct pluq_host){.size = sizeof(mock.host), .daemon_version = "0", .instance = "nsqd", .loops = 2,
	    .net = &net, .http = &http, .broker = &broker, .auth = &mock_auth, .validators = mock.validators,
	    .metrics = &metrics, .log = host_log, .log_on = host_log_on,
	    .now_ns = host_now, .real_ns = host_real, .loop_self = host_loop, .post = host_post, .timer_new = timer_new,
	    .timer_set = timer_set, .timer_clear = timer_clear, .timer_free = timer_free};
	return pluq_plugin_entry.init(&mock.host, &mock.conf, &world.self, why);
}

void mock_start(void)
{
	struct pluq_why why = {.text = ""};

	assert(mock_try(&why) == 0);
}

int mock_reload(const struct conf *conf, struct pluq_why *why)
{
	return pluq_plugin_entry.reload(world.self, conf, why);
}

static void answer_all(void)
{
	if (world.lookup.fn)
		mock_topic_answer();
	while (world.publish_count)
		mock_publish_answer(0, 0, NULL);
}

void mock_stop(void)
{
	struct pluq_conn *c = mock.conn;

	if (c) {
		mock_close(c);
		mock_turn();
		answer_all();
		text_free(&c->in);
		text_free(&c->out);
		text_free(&c->scratch);
		free(c);
	}
	mock.conn = NULL;
	pluq_plugin_entry.fini(world.self);
	for (size_t i = 0; i < mock.message_count; i++)
		text_free(&mock.messages[i].body);
	free(mock.messages);
	mock.messages = NULL;
	mock.message_count = 0;
	free(world.publishes);
	assert(!world.timers && mock.topics_held == 0 && mock.messages_held == 0 && mock.secure.sessions == 0);
	memset(&world, 0, sizeof(world));
}
