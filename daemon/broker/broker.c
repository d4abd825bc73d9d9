#include "broker.h"

#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/log.h"
#include "channel.h"
#include "directory.h"
#include "health.h"
#include "held.h"
#include "metadata.h"
#include "names.h"
#include "pressure.h"
#include "stats.h"
#include "topic.h"
#include "watch.h"

static int home_init(struct pluq__home *h, struct pluq__broker *b, struct pluq__loop *l)
{
	h->loop = l;
	h->broker = b;
	h->topics_end = &h->topics;
	h->random = (uint64_t)pluq__clock_real_ns() * 2 + 1 + ((uint64_t)l->index << 32);
	h->cache = pluq__names_new();
	return h->cache ? 0 : PLUQ_ENOMEM;
}

int pluq__broker_new(struct pluq__broker **out, struct pluq__loops *loops)
{
	struct pluq__broker *b = calloc(1, sizeof(*b));
	int err = 0;

	if (!b)
		return PLUQ_ENOMEM;
	b->loops = loops;
	b->storage_ok = true;
	pthread_mutex_init(&b->health_mutex, NULL);
	b->homes = calloc((size_t)loops->count, sizeof(*b->homes));
	err = b->homes ? pluq__directory_new(b) : PLUQ_ENOMEM;
	if (!err)
		err = pluq__metadata_new(b);
	for (int i = 0; i < loops->count && !err; i++) {
		err = home_init(&b->homes[i], b, &loops->loop[i]);
		loops->loop[i].broker = &b->homes[i];
	}
	if (err < 0) {
		pluq__broker_free(&b);
		return err;
	}
	*out = b;
	return 0;
}

bool pluq__broker_used(const struct pluq__broker *b)
{
	return b->limits != NULL;
}

static void unref_cached(void *arg, void *thing)
{
	(void)arg;
	pluq__topic_unref(thing);
}

void pluq__broker_free(struct pluq__broker **pb)
{
	struct pluq__broker *b = *pb;

	if (!b)
		return;
	*pb = NULL;
	for (int i = 0; b->homes && i < b->loops->count; i++) {
		struct pluq__home *h = &b->homes[i];

		if (h->cache)
			pluq__names_each(h->cache, unref_cached, NULL);
		pluq__names_free(&h->cache);
		pluq__held_trim(h);
		pluq__pressure_free(h);
		pluq__latency_free(&h->figures.syncs);
	}
	pluq__directory_free(b);
	pluq__metadata_free(b);
	pluq__watch_free(b);
	pthread_mutex_destroy(&b->health_mutex);
	free(b->homes);
	free(b);
}

int pluq__broker_stats(struct pluq__broker *b, pluq_stats_fn fn, void *arg)
{
	return pluq__stats_whole(&b->homes[0], fn, arg);
}

void pluq__broker_stats_sort(struct pluq_stats *s)
{
	pluq__stats_sort(s);
}

void pluq__broker_stats_free(struct pluq_stats *s)
{
	pluq__stats_free(s);
}

void pluq__broker_figures(struct pluq__broker *b, uint32_t loop, struct pluq__broker_figures *out)
{
	*out = (struct pluq__broker_figures){.home = &b->homes[loop].figures};
	if (loop)
		return;
	pthread_mutex_lock(&b->health_mutex);
	memcpy(out->errors, b->errors, sizeof(out->errors));
	pthread_mutex_unlock(&b->health_mutex);
	out->retrying = (uint64_t)atomic_load(&b->retrying);
	out->healthy = atomic_load(&b->storage_ok);
}

const double *pluq__broker_quantiles(const struct pluq__broker *b, size_t *count)
{
	*count = b->e2e_count;
	return b->e2e_count ? b->limits->e2e_percentiles : NULL;
}

/* ---- start ---- */

struct loading {
	struct pluq__broker *broker;
	struct pluq_why *why;
};

static int load_topic(void *arg, const struct pluq_meta_topic *mt)
{
	struct loading *l = arg;

	return pluq__directory_load(l->broker, mt, l->why);
}

int pluq__broker_load(struct pluq__broker *b, const struct pluq_storage_ops *storage, void *self, struct pluq__lane *lane,
    struct pluq__lane *meta_lane, const char *instance, struct pluq_why *why)
{
	struct loading l = {b, why};
	struct pluq_why saving = {{0}};
	int64_t ceiling = 0;
	int err;

	b->storage = storage;
	b->storage_self = self;
	b->lane = lane;
	b->meta_lane = meta_lane;
	b->instance = instance;
	err = storage->load(self, load_topic, &l, &ceiling, why);
	if (err < 0)
		return err;
	pluq__directory_raise_floor(b, ceiling);
	for (int i = 0; i < b->loops->count; i++)
		for (struct pluq_topic *t = b->homes[i].topics; t; t = t->next)
			pluq__idgen_init(&t->ids, b->limits->node_id, ceiling);
	/* A full disk does not keep the daemon from delivering what it has. */
	if (pluq__metadata_first(b, ceiling, &saving) < 0)
		pluq__health_bad(b, PLUQ__STORAGE_SAVE, "metadata", &saving);
	return 0;
}

/* ---- stop ---- */

static void on_step(struct pluq__mail *mail)
{
	struct pluq__step *s = (struct pluq__step *)mail;

	s->fn(s->home);
}

static void post_step(struct pluq__step *s, struct pluq__home *to, void (*fn)(struct pluq__home *))
{
	*s = (struct pluq__step){.mail.fn = on_step, .home = to, .fn = fn};
	pluq__loop_post(to->loop, &s->mail);
}

static void drained(struct pluq__home *home)
{
	struct pluq__broker *b = home->broker;
	void (*fn)(void *) = b->drained;

	atomic_store(&b->drain_posted, false); /* what is closed from here on posts again */
	if (!fn || atomic_load(&b->open_tickets))
		return;
	b->drained = NULL;
	fn(b->drained_arg);
}

/* Any loop. */
static void look_whether_drained(struct pluq__broker *b)
{
	if (!atomic_exchange(&b->drain_posted, true))
		post_step(&b->drain, &b->homes[0], drained);
}

void pluq__broker_ticket_closed(struct pluq__broker *b)
{
	atomic_fetch_add_explicit(&b->progress, 1, memory_order_relaxed);
	if (atomic_fetch_sub(&b->open_tickets, 1) == 1 && atomic_load(&b->draining))
		look_whether_drained(b);
}

void pluq__broker_drain(struct pluq__broker *b, void (*fn)(void *), void *arg)
{
	b->drained = fn;
	b->drained_arg = arg;
	atomic_store(&b->draining, true);
	look_whether_drained(b);
}

uint64_t pluq__broker_progress(const struct pluq__broker *b)
{
	return atomic_load_explicit(&b->progress, memory_order_relaxed);
}

static void on_last_saved(void *arg, int status, const struct pluq_why *why)
{
	struct pluq__broker *b = arg;

	if (status < 0)
		pluq__log(PLUQ_ERROR, b->instance, "the last save of the metadata failed: %s", why->text);
	b->stopped(b->stopped_arg, b->lost);
}

static void raise_above(struct pluq__broker *b, int64_t ns)
{
	int64_t seen = atomic_load(&b->ids_above_ns);

	while (seen < ns && !atomic_compare_exchange_weak(&b->ids_above_ns, &seen, ns))
		;
}

static void home_stopped(struct pluq__home *loop0)
{
	struct pluq__broker *b = loop0->broker;
	static const struct pluq_why none;

	if (--b->homes_left)
		return;
	for (int i = 0; i < b->loops->count; i++) {
		b->lost += b->homes[i].lost;
		b->unkept += b->homes[i].unkept;
	}
	if (b->unkept)
		pluq__log(PLUQ_WARN, b->instance, "keeps nothing over a restart: %llu messages in memory are gone",
		    (unsigned long long)b->unkept);
	raise_above(b, pluq__directory_floor(b)); /* of topics that are gone */
	if (pluq__metadata_last(b, atomic_load(&b->ids_above_ns), on_last_saved, b) < 0)
		on_last_saved(b, PLUQ_ENOMEM, &none);
}

void pluq__broker_topic_ended(struct pluq__home *h)
{
	atomic_fetch_add_explicit(&h->broker->progress, 1, memory_order_relaxed);
	if (--h->topics_ending == 0 && h->stopping)
		post_step(&h->stopped, &h->broker->homes[0], home_stopped);
}

static void stop_home(struct pluq__home *h)
{
	h->stopping = true;
	h->topics_ending++; /* until all have been told; topics that are being deleted count as well */
	while (h->topics) {
		struct pluq_topic *t = h->topics;

		raise_above(h->broker, pluq__idgen_above_ns(&t->ids));
		pluq__topic_end(t, !t->ephemeral, NULL, NULL);
	}
	pluq__broker_topic_ended(h);
}

void pluq__broker_stop(struct pluq__broker *b, void (*fn)(void *, uint64_t), void *arg)
{
	b->stopped = fn;
	b->stopped_arg = arg;
	b->homes_left = b->loops->count;
	for (int i = 0; i < b->loops->count; i++)
		post_step(&b->homes[i].stop, &b->homes[i], stop_home);
}
