/* The engine's table: what handlers call. Each entry checks where it is called, finds the home and hands on. */
#include <assert.h>

#include "../base/clock.h"
#include "../base/host.h"
#include "admin.h"
#include "broker.h"
#include "channel.h"
#include "directory.h"
#include "gate.h"
#include "health.h"
#include "pressure.h"
#include "publish.h"
#include "stats.h"
#include "topic.h"
#include "watch.h"

static struct pluq__home *here(const struct pluq_host *host)
{
	struct pluq__loop *l = pluq__loop_self();

	assert(l && "only loops call the engine");
	return pluq__home_of(pluq__host(host)->broker, l);
}

static int use(const struct pluq_host *host, const struct pluq_limits *limits)
{
	struct pluq__broker *b = pluq__host(host)->broker;

	if (b->limits)
		return PLUQ_EBUSY;
	b->limits = limits;
	b->spent = pluq__host(host)->spent;
	if (limits->size >= offsetof(struct pluq_limits, e2e_window_ns) + sizeof(limits->e2e_window_ns) &&
	    limits->e2e_window_ns > 1) {
		b->e2e_count = limits->e2e_percentile_count;
		b->e2e_half_ns = limits->e2e_window_ns / 2;
	}
	return 0;
}

static int topic_get(const struct pluq_host *host, const char *name, size_t length, bool create, struct pluq_topic **out,
    pluq_topic_fn fn, void *arg)
{
	if (!length || length > PLUQ_NAME_MAX)
		return create ? PLUQ_EINVAL : PLUQ_ENOTOPIC;
	return pluq__topic_get(here(host), name, length, create, out, fn, arg);
}

static uint32_t topic_home(const struct pluq_topic *t)
{
	return (uint32_t)t->home->loop->index;
}

static const char *topic_name(const struct pluq_topic *t)
{
	return t->name;
}

static struct pluq_msg *msg_new(const struct pluq_host *host, uint32_t length)
{
	(void)host;
	return pluq__msg_new(length);
}

static uint8_t *msg_body(struct pluq_msg *m)
{
	return m->body;
}

static void msg_ref(struct pluq_msg *m)
{
	pluq__msg_ref(m);
}

static void msg_unref(struct pluq_msg *m)
{
	pluq__msg_unref(m);
}

static int publish(const struct pluq_host *host, struct pluq_topic *t, const struct pluq_body *bodies, size_t n,
    int64_t defer_ns, pluq_done_fn done, void *arg)
{
	return pluq__publish(here(host), t, bodies, n, defer_ns, done, arg);
}

static bool pressed(const struct pluq_host *host)
{
	return pluq__pressed(here(host));
}

static int on_relief(const struct pluq_host *host, pluq_post_fn fn, void *arg)
{
	return pluq__on_relief(here(host), fn, arg);
}

static int subscribe(const struct pluq_host *host, struct pluq_topic *t, const char *name, size_t length,
    const struct pluq_sub_params *params, const struct pluq_sub_ops *ops, void *arg, struct pluq_sub **out)
{
	struct pluq__home *home = here(host);
	int64_t most = home->broker->limits->max_channel_consumers;
	struct pluq__channel *c;
	int err;

	assert(t->home == home && length && length <= PLUQ_NAME_MAX);
	if (t->dead) {
		pluq__topic_forget(home, t);
		return atomic_load(&home->broker->draining) ? PLUQ_EEXITING : PLUQ_ESTALE;
	}
	err = pluq__topic_channel_get(t, name, length, &c);
	if (err < 0)
		return err;
	if (most > 0 && c->sub_count >= most)
		return PLUQ_ELIMIT;
	return pluq__sub_new(c, params, ops, arg, out);
}

static void sub_close(struct pluq_sub *s)
{
	struct pluq__channel *c = s->channel;

	pluq__sub_leave(s);
	if (c->ephemeral && !c->sub_count && !c->ending)
		pluq__topic_channel_delete(c->topic, c, NULL, NULL);
}

static void sub_ready(struct pluq_sub *s, int64_t count)
{
	s->ready = count;
	pluq__sub_review(s);
}

static void sub_unblock(struct pluq_sub *s)
{
	s->blocked = false;
	pluq__sub_review(s);
}

static int find_mine(const struct pluq_sub *s, const uint8_t *id, struct pluq__held **out)
{
	struct pluq__held *h = pluq__inflight_find(&s->channel->inflight, id);

	if (!h)
		return PLUQ_ENOTINFLIGHT;
	if (h->sub != s)
		return PLUQ_ENOTOWNER;
	*out = h;
	return 0;
}

static int sub_finish(struct pluq_sub *s, const uint8_t *id)
{
	struct pluq__held *h;
	int err = find_mine(s, id, &h);

	if (err < 0)
		return err;
	s->finish_count++;
	pluq__channel_note_finish(s->channel, h->msg);
	pluq__channel_land(s->channel, h);
	pluq__channel_finish(s->channel, h);
	return 0;
}

static int sub_requeue(struct pluq_sub *s, const uint8_t *id, int64_t delay_ns)
{
	struct pluq__channel *c = s->channel;
	struct pluq__held *h;
	int err = find_mine(s, id, &h);

	if (err < 0)
		return err;
	s->requeue_count++;
	c->requeue_count++;
	pluq__channel_land(c, h);
	if (delay_ns > 0)
		pluq__channel_defer(c, h, pluq__clock_mono_ns() + delay_ns);
	else
		pluq__channel_make_ready(c, h);
	return 0;
}

static int sub_touch(struct pluq_sub *s, const uint8_t *id)
{
	struct pluq__loop *l = s->channel->home->loop;
	struct pluq__held *h;
	int err = find_mine(s, id, &h);
	int64_t at, cap;

	if (err < 0)
		return err;
	at = pluq__clock_mono_ns() + s->touch_timeout_ns; /* as for a delay */
	cap = h->delivered_ns + s->channel->home->broker->limits->max_msg_timeout_ns;
	pluq__loop_set(l, &h->timer, at < cap ? at : cap);
	return 0;
}

static void sub_stats(const struct pluq_sub *s, struct pluq_sub_stats *out)
{
	*out = (struct pluq_sub_stats){.ready = s->ready,
	    .in_flight = s->in_flight,
	    .message_count = s->message_count,
	    .finish_count = s->finish_count,
	    .requeue_count = s->requeue_count};
}

static int admin(const struct pluq_host *host, enum pluq_admin what, const char *topic, size_t topic_length,
    const char *channel, size_t channel_length, pluq_done_fn fn, void *arg)
{
	return pluq__admin(here(host), what, topic, topic_length, channel, channel_length, fn, arg);
}

static int stats(const struct pluq_host *host, const char *topic, pluq_stats_fn fn, void *arg)
{
	return pluq__stats(here(host), topic, fn, arg);
}

static int watch(const struct pluq_host *host, pluq_watch_fn fn, void *arg)
{
	assert(pluq__host(host)->in_init);
	return pluq__watch(pluq__host(host)->broker, fn, arg);
}

static void each(const struct pluq_host *host, pluq_watch_fn fn, void *arg)
{
	pluq__watch_each(pluq__host(host)->broker, fn, arg);
}

static int gate(const struct pluq_host *host, int64_t most_ns, pluq_gate_fn fn, void *arg)
{
	assert(pluq__host(host)->in_init);
	return pluq__gate_use(pluq__host(host)->broker, most_ns, fn, arg);
}

static void health(const struct pluq_host *host, struct pluq_health *out)
{
	pluq__health_get(pluq__host(host)->broker, out);
}

const struct pluq_broker pluq__broker_table = {
    .size = sizeof(struct pluq_broker),
    .use = use,
    .topic_get = topic_get,
    .topic_ref = pluq__topic_ref,
    .topic_unref = pluq__topic_unref,
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
    .sub_stats = sub_stats,
    .admin = admin,
    .stats = stats,
    .stats_free = pluq__stats_free,
    .health = health,
    .watch = watch,
    .each = each,
    .gate = gate,
    .gate_open = pluq__gate_open,
};
