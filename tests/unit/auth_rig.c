#include "auth_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../daemon/base/log.h"
#include "cmocka_all.h"

struct rig rig;

/* --- plugs -------------------------------------------------------------------------------------------------------- */

void plug_allows(struct plug *p, uint32_t permissions, const char *topic, const char *channel, int64_t ttl_ns)
{
	p->verdict = PLUQ_AUTH_ALLOW;
	p->permissions = permissions;
	p->topic = topic;
	p->channel = channel;
	p->ttl_ns = ttl_ns;
}

static int fill(struct plug *p, struct pluq_auth_call *call, int verdict)
{
	const struct pluq_auth *auth = &pluq__auth_table;

	if (verdict != PLUQ_AUTH_ALLOW)
		return verdict;
	auth->identify(call, "someone", "http://who/");
	if (p->ttl_ns)
		auth->live(call, p->ttl_ns);
	for (int i = 0; p->topic && i < (p->grants ? p->grants : 1); i++)
		auth->grant(call, p->permissions, p->topic, &p->channel, p->channel ? 1 : 0);
	return verdict;
}

struct errand {
	struct plug *plug;
	struct pluq_auth_call *call;
};

static void *run_errand(void *arg)
{
	struct errand e = *(struct errand *)arg;

	free(arg);
	pluq__auth_table.answer(e.call, fill(e.plug, e.call, e.plug->verdict), NULL);
	return NULL;
}

static void send_thread(struct plug *p, struct pluq_auth_call *call)
{
	struct errand *e = malloc(sizeof(*e));
	pthread_t thread;

	if (!e)
		abort();
	*e = (struct errand){p, call};
	if (pthread_create(&thread, NULL, run_errand, e))
		abort();
	pthread_detach(thread);
}

static void hold(struct plug *p, struct pluq_auth_call *call)
{
	pthread_mutex_lock(&p->mutex);
	if (p->held_count == 64)
		abort();
	p->held[p->held_count++] = call;
	pthread_mutex_unlock(&p->mutex);
}

static struct pluq_auth_call *let_go(struct plug *p, int i)
{
	struct pluq_auth_call *call = NULL;

	pthread_mutex_lock(&p->mutex);
	if (i < p->held_count) {
		call = p->held[i];
		memmove(&p->held[i], &p->held[i + 1], (size_t)(p->held_count - i - 1) * sizeof(call));
		p->held_count--;
	}
	pthread_mutex_unlock(&p->mutex);
	return call;
}

bool plug_answer(struct plug *p, int verdict)
{
	struct pluq_auth_call *call = let_go(p, 0);

	if (call)
		pluq__auth_table.answer(call, fill(p, call, verdict), verdict == PLUQ_AUTH_ERROR ? "the backend is down" : NULL);
	return call;
}

static int ask(void *self, const struct pluq_auth_query *query, struct pluq_auth_call *call, struct pluq_why *why)
{
	struct plug *p = self;

	p->entered++;
	pthread_mutex_lock(&p->mutex);
	snprintf(p->secret, sizeof(p->secret), "%s", (const char *)query->secret);
	pthread_mutex_unlock(&p->mutex);
	if (p->blocks)
		sem_wait(&p->gate);
	p->asked++;
	switch (p->manner) {
	case AT_ONCE:
		if (p->verdict == PLUQ_AUTH_ERROR)
			snprintf(why->text, sizeof(why->text), "the backend is down");
		return fill(p, call, p->verdict);
	case BY_THREAD:
		send_thread(p, call);
		return PLUQ_AUTH_LATER;
	default:
		hold(p, call);
		return PLUQ_AUTH_LATER;
	}
}

static void cancel(void *self, struct pluq_auth_call *call)
{
	struct plug *p = self;
	int i = 0;

	p->cancelled++;
	if (!p->obliging)
		return;
	pthread_mutex_lock(&p->mutex);
	while (i < p->held_count && p->held[i] != call)
		i++;
	pthread_mutex_unlock(&p->mutex);
	if (let_go(p, i) == call)
		pluq__auth_table.answer(call, PLUQ_AUTH_ERROR, "cancelled");
}

struct wait {
	struct plug *plug;
	int held;
};

static bool holds(void *arg)
{
	struct wait *w = arg;
	bool yes;

	pthread_mutex_lock(&w->plug->mutex);
	yes = w->plug->held_count >= w->held;
	pthread_mutex_unlock(&w->plug->mutex);
	return yes;
}

bool plug_waits_for(struct plug *p, int held)
{
	return until(holds, &(struct wait){p, held});
}

/* --- the rig ------------------------------------------------------------------------------------------------------ */

void rig_clear(void)
{
	rig = (struct rig){ .config = { .timeout_ns = 10 * PLUQ__SEC } };
	for (int i = 0; i < PLUGS; i++) {
		rig.plug[i].verdict = PLUQ_AUTH_SILENT;
		rig.self[i] = &rig.plug[i];
		pthread_mutex_init(&rig.plug[i].mutex, NULL);
		sem_init(&rig.plug[i].gate, 0, 0);
	}
	clock_reset();
	clock_stop();
}

void rig_up(int plugs)
{
	static const char *const names[] = {"plug-a", "plug-b", "plug-c"};

	if (pluq__loops_init(&rig.loops, LOOPS) || pluq__pool_init(&rig.pool, 0) ||
	    pluq__auth_new(&rig.auth, &rig.loops, pluq__pool_lane(rig.pool, "auth", 1), PLUQ__SEC, &rig.config))
		abort();
	for (int i = 0; i < plugs; i++) {
		rig.ops[i] = (struct pluq_auth_ops){ .size = sizeof(rig.ops[i]), .flags = rig.plug[i].blocks ? PLUQ_AUTH_BLOCKS : 0,
			.ask = ask, .cancel = cancel };
		if (pluq__auth_add(rig.auth, names[i], &rig.ops[i], &rig.self[i], pluq__pool_lane(rig.pool, names[i], 2)))
			abort();
	}
	rig.host = (struct pluq__host){ .loops = &rig.loops, .auth = rig.auth };
	loops_start(&rig.loops);
}

void rig_down(void)
{
	for (int i = 0; i < PLUGS; i++) {
		while (plug_answer(&rig.plug[i], PLUQ_AUTH_SILENT))
			;
		for (int n = 0; n < 64; n++)
			sem_post(&rig.plug[i].gate);
	}
	loops_down(&rig.loops);
	assert_true(pluq__pool_fini(&rig.pool, 20 * PLUQ__SEC));
	pluq__loops_settle(&rig.loops);
	pluq__auth_end(rig.auth);
	pluq__auth_free(&rig.auth);
	pluq__loops_fini(&rig.loops);
}

void leap(int64_t ns)
{
	clock_leap(&rig.loops, ns);
}

/* --- clients ------------------------------------------------------------------------------------------------------ */

struct client *client_new(int loop)
{
	struct client *c = calloc(1, sizeof(*c));

	if (!c)
		abort();
	c->loop = loop;
	return c;
}

void client_free(struct client **c)
{
	client_close(*c);
	client_drop(*c);
	free(*c);
	*c = NULL;
}

static void close_if_told(struct client *c)
{
	if (c->closes)
		pluq__auth_table.close(&c->session);
}

static void on_answer(void *arg, const struct pluq_auth_answer *a)
{
	struct client *c = arg;

	c->asking = NULL;
	c->verdict = a->verdict;
	c->ttl_ns = a->ttl_ns;
	c->grant_count = a->grant_count;
	snprintf(c->identity, sizeof(c->identity), "%s", a->identity);
	c->answered++;
}

static void on_open(void *arg, int status)
{
	struct client *c = arg;

	c->open_status = status;
	close_if_told(c);
	c->opened++;
}

static void on_check(void *arg, int status)
{
	struct client *c = arg;

	c->check_status = status;
	close_if_told(c);
	c->checked++;
}

static void on_watch(void *arg, int status)
{
	struct client *c = arg;

	c->watch_status = status;
	close_if_told(c);
	c->watched++;
}

/* One call, on its loop. */
struct step {
	struct client *client;
	const char *secret, *topic, *channel;
	uint32_t permissions;
	bool shared;
	int rc;
	bool early; /* its callback came within it */
};

static struct pluq_auth_query query_of(const char *secret)
{
	return (struct pluq_auth_query){ .size = sizeof(struct pluq_auth_query), .secret = (const uint8_t *)secret,
		.secret_length = strlen(secret), .remote_ip = "127.0.0.1", .common_name = "" };
}

static void do_ask(void *arg)
{
	struct step *s = arg;
	struct pluq_auth_query query = query_of(s->secret);
	int before = s->client->answered;

	s->rc = pluq__auth_table.ask(&rig.host.pub, &query, on_answer, s->client, &s->client->asking);
	s->early = s->client->answered != before;
}

static void do_drop(void *arg)
{
	pluq__auth_table.ask_drop(&((struct step *)arg)->client->asking);
}

static void do_open(void *arg)
{
	struct step *s = arg;
	struct pluq_auth_query query = query_of(s->secret);
	int before = s->client->opened;

	s->rc = s->shared ? pluq__auth_open_shared(&rig.host.pub, &query, on_open, s->client, &s->client->session)
	                  : pluq__auth_table.open(&rig.host.pub, &query, on_open, s->client, &s->client->session);
	s->early = s->client->opened != before;
}

static void do_check(void *arg)
{
	struct step *s = arg;

	s->rc = pluq__auth_table.check(s->client->session, s->permissions, s->topic, strlen(s->topic), s->channel,
	    strlen(s->channel), on_check, s->client);
}

static void do_may(void *arg)
{
	struct step *s = arg;

	s->rc = pluq__auth_may(s->client->session, s->permissions, s->topic, strlen(s->topic), s->channel,
	    s->channel ? strlen(s->channel) : 0);
}

static void do_watch(void *arg)
{
	struct step *s = arg;

	s->rc = pluq__auth_table.watch(s->client->session, s->topic, strlen(s->topic), s->channel, strlen(s->channel), on_watch,
	    s->client);
}

static void do_close(void *arg)
{
	pluq__auth_table.close(&((struct step *)arg)->client->session);
}

static void do_leave(void *arg)
{
	pluq__auth_table.leave(((struct step *)arg)->client->session);
}

static void do_arrive(void *arg)
{
	struct step *s = arg;

	s->rc = pluq__auth_table.arrive(s->client->session);
}

static int run(void (*fn)(void *), struct step s)
{
	on_loop(&rig.loops, s.client->loop, fn, &s);
	assert_false(s.early);
	return s.rc;
}

int client_ask(struct client *c, const char *secret)
{
	return run(do_ask, (struct step){ .client = c, .secret = secret });
}

void client_drop(struct client *c)
{
	run(do_drop, (struct step){ .client = c });
}

int client_open(struct client *c, const char *secret)
{
	return run(do_open, (struct step){ .client = c, .secret = secret });
}

int client_open_shared(struct client *c, const char *secret)
{
	return run(do_open, (struct step){ .client = c, .secret = secret, .shared = true });
}

static int opens(struct client *c, const char *secret, bool shared)
{
	int before = c->opened;

	assert_int_equal(run(do_open, (struct step){ .client = c, .secret = secret, .shared = shared }), 0);
	assert_true(until_at_least(&c->opened, before + 1));
	return c->open_status;
}

int client_opens(struct client *c, const char *secret)
{
	return opens(c, secret, false);
}

int client_opens_shared(struct client *c, const char *secret)
{
	return opens(c, secret, true);
}

int client_check(struct client *c, uint32_t permissions, const char *topic, const char *channel)
{
	return run(do_check, (struct step){ .client = c, .permissions = permissions, .topic = topic, .channel = channel });
}

int client_checks(struct client *c, uint32_t permissions, const char *topic, const char *channel)
{
	int before = c->checked, rc = client_check(c, permissions, topic, channel);

	if (rc != PLUQ_ELATER)
		return rc;
	assert_true(until_at_least(&c->checked, before + 1));
	return c->check_status;
}

bool client_may(struct client *c, uint32_t permissions, const char *topic, const char *channel)
{
	return run(do_may, (struct step){ .client = c, .permissions = permissions, .topic = topic, .channel = channel });
}

int client_watch(struct client *c, const char *topic, const char *channel)
{
	return run(do_watch, (struct step){ .client = c, .topic = topic, .channel = channel });
}

void client_close(struct client *c)
{
	run(do_close, (struct step){ .client = c });
}

void client_move(struct client *c, int loop)
{
	run(do_leave, (struct step){ .client = c });
	c->loop = loop;
	assert_int_equal(run(do_arrive, (struct step){ .client = c }), 0);
}
