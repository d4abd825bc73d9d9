/* A snapshot in the making: a letter goes to every loop, which calls one source in each of its steps; the engine copies its counters in
 * slices of its own; the pool puts it together. No loop waits for another. */
#include <stdlib.h>

#include "../base/clock.h"
#include "../base/log.h"
#include "own.h"
#include "queues.h"
#include "state.h"

struct visit {
	struct pluq__mail mail;
	struct pluq__gathering *gathering;
	int loop;
	size_t at; /* next source */
};

struct pluq__gathering {
	struct pluq__job job; /* first */
	struct pluq__metrics *metrics;
	struct pluq__snapshot *snapshot;
	struct pluq__wants wants;
	int left;   /* answers to come: of the loops, and of the engine */
	int status;
	int64_t began_ns;
	struct visit visits[];
};

static void begin(struct pluq__metrics *);

static void want(struct pluq__wants *w, struct pluq__wanting *one)
{
	if (!w->first)
		w->last = &w->first;
	one->next = NULL;
	*w->last = one;
	w->last = &one->next;
}

static void tell_all(struct pluq__wants *w, struct pluq__snapshot *s)
{
	struct pluq__wanting *all = w->first;

	w->first = NULL;
	while (all) {
		struct pluq__wanting *one = all;

		all = one->next;
		one->fn(one, s ? pluq__snapshot_ref(s) : NULL);
	}
}

static void failed(struct pluq__metrics *m)
{
	uint64_t hidden;

	m->failed++;
	if (pluq__complaint_raise(&m->memory_complaint, m->of.loops->loop[0].now_ns, &hidden))
		pluq__log(PLUQ_ERROR, "metrics", "out of memory: a snapshot could not be made");
}

static void made(struct pluq__metrics *m, const struct pluq__gathering *g)
{
	m->made++;
	m->took_ns = pluq__clock_mono_ns() - g->began_ns;
	if (pluq__complaint_calm(&m->memory_complaint, m->of.loops->loop[0].now_ns))
		pluq__log(PLUQ_INFO, "metrics", "snapshots are made again");
}

static void finish(struct pluq__gathering *g)
{
	struct pluq__metrics *m = g->metrics;
	struct pluq__wants wants = g->wants;
	struct pluq__snapshot *s = g->snapshot;

	if (g->status) {
		failed(m);
		pluq__snapshot_unref(s);
		s = NULL;
	} else {
		made(m, g);
		s->pub.real_ns = pluq__clock_real_ns();
		s->pub.mono_ns = pluq__clock_mono_ns();
		s->pub.host = m->host ? m->host : "";
		s->pub.port = m->port;
	}
	m->making = NULL;
	free(g);
	tell_all(&wants, s);
	pluq__snapshot_unref(s);
	if (!m->making && m->wants.first)
		begin(m);
}

static void on_pool(struct pluq__job *job)
{
	struct pluq__gathering *g = (struct pluq__gathering *)job;

	struct pluq__snapshot *s = g->snapshot;
	const double *quantiles;
	size_t count;

	pluq__own_tell(g->metrics, &s->sheets[0]);
	g->status = pluq__snapshot_sort(s);
	if (g->status)
		return;
	if (s->queues) {
		quantiles = pluq__broker_quantiles(g->metrics->of.broker, &count);
		pluq__broker_stats_sort(s->queues);
		pluq__queues_tell(s->queues, quantiles, count, pluq__clock_real_ns(), &s->all);
	}
	g->status = pluq__snapshot_complete(s);
}

static void on_put_together(struct pluq__job *job)
{
	finish((struct pluq__gathering *)job);
}

static void answered(struct pluq__gathering *g)
{
	if (--g->left > 0)
		return;
	if (g->status)
		finish(g);
	else
		pluq__pool_submit(g->metrics->lane, &g->job);
}

/* pluq_stats_fn */
static void on_queues(void *arg, int status, struct pluq_stats *stats)
{
	struct pluq__gathering *g = arg;

	if (status)
		g->status = status;
	g->snapshot->queues = stats;
	answered(g);
}

static void on_back(struct pluq__mail *mail)
{
	answered(((struct visit *)mail)->gathering);
}

/* On the loop that is visited. */
static void on_visit(struct pluq__mail *mail)
{
	struct visit *v = (struct visit *)mail;
	struct pluq__metrics *m = v->gathering->metrics;

	if (v->at < m->source_count) {
		const struct pluq__source *s = &m->sources[v->at++];

		s->fn(s->arg, (uint32_t)v->loop, &v->gathering->snapshot->sheets[v->loop]);
	}
	v->mail.fn = v->at < m->source_count ? on_visit : on_back;
	pluq__loop_post(&m->of.loops->loop[v->at < m->source_count ? v->loop : 0], &v->mail);
}

static struct pluq__gathering *gathering_new(struct pluq__metrics *m)
{
	int loops = m->of.loops->count;
	struct pluq__gathering *g = calloc(1, sizeof(*g) + (size_t)loops * sizeof(g->visits[0]));

	if (!g || !(g->snapshot = pluq__snapshot_new(loops))) {
		free(g);
		return NULL;
	}
	g->metrics = m;
	g->snapshot->queues_free = pluq__broker_stats_free;
	g->job = (struct pluq__job){.back = &m->of.loops->loop[0], .work = on_pool, .done = on_put_together, .what = "snapshot"};
	g->began_ns = pluq__clock_mono_ns();
	for (int i = 0; i < loops; i++)
		g->visits[i] = (struct visit){.mail.fn = on_visit, .gathering = g, .loop = i};
	return g;
}

static void begin(struct pluq__metrics *m)
{
	struct pluq__gathering *g = gathering_new(m);
	struct pluq__wants wants = m->wants;

	m->wants.first = NULL;
	if (!g) {
		failed(m);
		tell_all(&wants, NULL);
		return;
	}
	m->making = g;
	g->wants = wants;
	g->left = m->of.loops->count + 1;
	for (int i = 0; i < m->of.loops->count; i++)
		pluq__loop_post(&m->of.loops->loop[i], &g->visits[i].mail);
	if (!pluq__broker_used(m->of.broker)) {
		answered(g);
	} else if (pluq__broker_stats(m->of.broker, on_queues, g)) {
		g->status = PLUQ_ENOMEM;
		answered(g);
	}
}

/* In a later step: who wants one may be in the middle of something. */
static void on_wanted(struct pluq__mail *mail)
{
	struct pluq__metrics *m = (struct pluq__metrics *)((char *)mail - offsetof(struct pluq__metrics, wanted));

	m->wanted_posted = false;
	if (!m->making && m->wants.first)
		begin(m);
}

void pluq__gather(struct pluq__metrics *m, struct pluq__wanting *one)
{
	want(&m->wants, one);
	if (m->making || m->wanted_posted)
		return;
	m->wanted_posted = true;
	m->wanted.fn = on_wanted;
	pluq__loop_post(&m->of.loops->loop[0], &m->wanted);
}
