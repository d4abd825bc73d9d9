/* The last snapshot. */
#include "../base/clock.h"
#include "../base/log.h"
#include "feed.h"

/* How long plugins have for it. */
#define PATIENCE_NS (5 * PLUQ__SEC)

static void on_last(struct pluq__wanting *w, struct pluq__snapshot *s)
{
	struct pluq__metrics *m = (struct pluq__metrics *)((char *)w - offsetof(struct pluq__metrics, last));

	for (struct pluq__feed *f = m->feeds; f; f = f->next)
		m->delivering++;
	for (struct pluq__feed *f = m->feeds; f; f = f->next)
		pluq__feed_last(f, s ? pluq__snapshot_ref(s) : NULL);
	pluq__snapshot_unref(s);
	m->stop_fn(m->stop_arg);
}

void pluq__metrics_stop(struct pluq__metrics *m, void (*fn)(void *), void *arg)
{
	m->stopping = true;
	m->stop_fn = fn;
	m->stop_arg = arg;
	if (!m->feeds) {
		fn(arg);
		return;
	}
	m->last.fn = on_last;
	pluq__gather(m, &m->last);
}

static void through(struct pluq__metrics *m)
{
	void (*fn)(void *) = m->await_fn;

	m->await_fn = NULL;
	pluq__loop_clear(&m->of.loops->loop[0], &m->patience);
	if (fn)
		fn(m->await_arg);
}

void pluq__feed_ended(struct pluq__metrics *m)
{
	if (--m->delivering == 0)
		through(m);
}

static void on_patience(struct pluq__timer *t)
{
	struct pluq__metrics *m = (struct pluq__metrics *)((char *)t - offsetof(struct pluq__metrics, patience));

	for (struct pluq__feed *f = m->feeds; f; f = f->next)
		if (!f->ended)
			pluq__log(PLUQ_WARN, f->instance, "is not through with the last metrics: what is left of them is lost");
	through(m);
}

void pluq__metrics_await(struct pluq__metrics *m, void (*fn)(void *), void *arg)
{
	m->await_fn = fn;
	m->await_arg = arg;
	if (!m->delivering) {
		through(m);
		return;
	}
	m->patience.fn = on_patience;
	pluq__loop_set(&m->of.loops->loop[0], &m->patience, m->of.loops->loop[0].now_ns + PATIENCE_NS);
}
