#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "../base/host.h"
#include "feed.h"
#include "own.h"

int pluq__metrics_new(struct pluq__metrics **out, const struct pluq__measured *of, struct pluq__lane *lane)
{
	struct pluq__metrics *m = calloc(1, sizeof(*m));

	if (!m)
		return PLUQ_ENOMEM;
	m->of = *of;
	m->lane = lane;
	m->feeds_end = &m->feeds;
	if (pluq__metrics_source(m, pluq__own_tell_loop, m)) {
		pluq__metrics_free(&m);
		return PLUQ_ENOMEM;
	}
	*out = m;
	return 0;
}

void pluq__metrics_free(struct pluq__metrics **pm)
{
	struct pluq__metrics *m = *pm;

	*pm = NULL;
	if (!m)
		return;
	while (m->feeds) {
		struct pluq__feed *f = m->feeds;

		m->feeds = f->next;
		pluq__feed_free(&f);
	}
	while (m->watched) {
		struct pluq__watched *w = m->watched;

		m->watched = w->next;
		free(w);
	}
	free(m->sources);
	free(m->host);
	free(m);
}

int pluq__metrics_add(struct pluq__metrics *m, const char *instance, const struct pluq_metrics_ops *ops, void *const *self,
    struct pluq__lane *lane)
{
	struct pluq__feed *f = pluq__feed_new(m, instance, ops, self, lane);

	if (!f)
		return PLUQ_ENOMEM;
	pluq__lane_limit(lane, 1); /* one that hangs keeps its thread, and no other one */
	*m->feeds_end = f;
	m->feeds_end = &f->next;
	return 0;
}

struct pluq__spent *pluq__metrics_watch(struct pluq__metrics *m, const char *instance)
{
	struct pluq__watched *w = calloc(1, sizeof(*w) + (size_t)m->of.loops->count * sizeof(w->spent[0]));

	if (!w)
		return NULL;
	w->instance = instance;
	w->next = m->watched;
	m->watched = w;
	return w->spent;
}

int pluq__metrics_start(struct pluq__metrics *m, struct pluq_why *why)
{
	int err = 0;

	for (struct pluq__feed *f = m->feeds; f && !err; f = f->next) {
		pluq__feed_schedule(f, true);
		err = pluq__feed_open(f, why);
	}
	return err;
}

void pluq__metrics_reload(struct pluq__metrics *m)
{
	for (struct pluq__feed *f = m->feeds; f; f = f->next)
		pluq__feed_schedule(f, false);
}

int pluq__metrics_source(struct pluq__metrics *m, pluq_gather_fn fn, void *arg)
{
	struct pluq__source *more = realloc(m->sources, (m->source_count + 1) * sizeof(*more));

	if (!more)
		return PLUQ_ENOMEM;
	m->sources = more;
	more[m->source_count++] = (struct pluq__source){fn, arg};
	return 0;
}

/* ---- the plugins' table ---- */

static int source(const struct pluq_host *h, pluq_gather_fn fn, void *arg)
{
	assert(pluq__host(h)->in_init);
	return pluq__metrics_source(pluq__host(h)->metrics, fn, arg);
}

static void announce(const struct pluq_host *h, const char *host, int32_t port)
{
	struct pluq__metrics *m = pluq__host(h)->metrics;
	char *copy = strdup(host);

	assert(pluq__host(h)->in_init);
	if (!copy)
		return;
	free(m->host);
	m->host = copy;
	m->port = port;
}

const struct pluq_metrics pluq__metrics_table = {
    .size = sizeof(struct pluq_metrics),
    .source = source,
    .add = pluq__sheet_add,
    .announce = announce,
};
