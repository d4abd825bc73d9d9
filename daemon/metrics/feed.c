/* Takes: when they are due, and what becomes of a plugin that fails or is late. */
#include "feed.h"

#include <stdlib.h>

#include "../base/clock.h"
#include "../base/log.h"

/* However short or long an interval a plugin asks for. */
#define INTERVAL_LEAST (10 * PLUQ__MS)
#define INTERVAL_MOST (INT64_MAX / 8)
/* A plugin that fails is left alone for one interval, two, four ..., up to this or its interval. */
#define PAUSE_MOST (300 * PLUQ__SEC)

static int64_t between(int64_t x, int64_t least, int64_t most)
{
	return x < least ? least : x > most ? most : x;
}

static struct pluq__loop *loop0(const struct pluq__feed *f)
{
	return &f->metrics->of.loops->loop[0];
}

/* ---- on the pool ---- */

static void on_pool(struct pluq__job *job)
{
	struct pluq__feed *f = (struct pluq__feed *)((char *)job - offsetof(struct pluq__feed, job));

	f->again_ns = 0;
	f->status = 0;
	if (f->takes) {
		f->why.text[0] = '\0';
		f->status = f->ops->take(*f->self, &f->snapshot->pub, &f->why);
		pluq__snapshot_unref(f->snapshot); /* here: freeing a large one takes its time */
		f->snapshot = NULL;
	}
	if (f->status || !PLUQ_HAS(f->ops, step))
		return;
	do
		f->again_ns = f->ops->step(*f->self);
	while (f->at_once && f->again_ns > 0);
}

/* ---- on loop 0 ---- */

static void submit(struct pluq__feed *f, const char *what)
{
	f->state = PLUQ__FEED_WORKS;
	f->takes = f->snapshot != NULL;
	f->job.what = what;
	pluq__pool_submit(f->lane, &f->job);
}

static void take(struct pluq__feed *f, struct pluq__snapshot *s)
{
	f->snapshot = s;
	submit(f, "take");
}

static int64_t pause_of(const struct pluq__feed *f)
{
	int64_t most = f->interval_ns > PAUSE_MOST ? f->interval_ns : PAUSE_MOST, pause = f->interval_ns;

	for (int i = 1; i < f->failures && pause < most; i++)
		pause *= 2;
	return pause < most ? pause : most;
}

static void failed(struct pluq__feed *f)
{
	int64_t now = loop0(f)->now_ns;
	uint64_t hidden;

	f->failed++;
	f->failures++;
	/* From when it was due last, not from now: the time of the take is not to cost one more. */
	f->resume_ns = f->due_ns - f->interval_ns + pause_of(f);
	if (!pluq__complaint_raise(&f->complaint, now, &hidden))
		return;
	pluq__log(PLUQ_WARN, f->instance, "metrics could not be handed on: %s (%llu failures in a row)",
	    f->why.text[0] ? f->why.text : "no reason given", (unsigned long long)f->failures);
}

static void succeeded(struct pluq__feed *f)
{
	int failures = f->failures;

	f->taken++;
	f->failures = 0;
	f->resume_ns = 0;
	if (!failures)
		return;
	f->complaint = (struct pluq__complaint){0};
	pluq__log(PLUQ_INFO, f->instance, "metrics are handed on again after %d failures", failures);
}

static void ended(struct pluq__feed *f)
{
	if (f->ended)
		return;
	f->ended = true;
	pluq__feed_ended(f->metrics);
}

static void on_done(struct pluq__job *job)
{
	struct pluq__feed *f = (struct pluq__feed *)((char *)job - offsetof(struct pluq__feed, job));

	if (f->takes && f->status)
		failed(f);
	else if (f->takes)
		succeeded(f);
	f->state = PLUQ__FEED_IDLE;
	if (f->again_ns > 0) {
		f->state = PLUQ__FEED_STEPS;
		pluq__loop_set(loop0(f), &f->step, loop0(f)->now_ns + (f->hurry ? 0 : between(f->again_ns, 0, INTERVAL_MOST)));
	}
	f->hurry = false;
	if (f->last)
		pluq__feed_last(f, f->last);
	else if (f->at_once)
		ended(f);
}

static void on_step(struct pluq__timer *t)
{
	submit((struct pluq__feed *)((char *)t - offsetof(struct pluq__feed, step)), "step");
}

static void on_snapshot(struct pluq__wanting *w, struct pluq__snapshot *s)
{
	struct pluq__feed *f = (struct pluq__feed *)((char *)w - offsetof(struct pluq__feed, wanting));

	f->state = PLUQ__FEED_IDLE;
	if (s && !f->metrics->stopping) {
		take(f, s);
		return;
	}
	f->missed++;
	pluq__snapshot_unref(s);
}

static void on_due(struct pluq__timer *t)
{
	struct pluq__feed *f = (struct pluq__feed *)((char *)t - offsetof(struct pluq__feed, due));
	int64_t now = loop0(f)->now_ns;

	f->due_ns += (1 + (now - f->due_ns) / f->interval_ns) * f->interval_ns;
	pluq__loop_set(loop0(f), &f->due, f->due_ns);
	/* Behind the last snapshot there is none. */
	if (f->state != PLUQ__FEED_IDLE || now < f->resume_ns || f->metrics->stopping) {
		f->missed++;
		return;
	}
	f->state = PLUQ__FEED_ASKED;
	pluq__gather(f->metrics, &f->wanting);
}

/* ---- for the others ---- */

struct pluq__feed *pluq__feed_new(struct pluq__metrics *m, const char *instance, const struct pluq_metrics_ops *ops,
    void *const *self, struct pluq__lane *lane)
{
	struct pluq__feed *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->metrics = m;
	f->instance = instance;
	f->ops = ops;
	f->self = self;
	f->lane = lane;
	f->due.fn = on_due;
	f->step.fn = on_step;
	f->wanting.fn = on_snapshot;
	f->job = (struct pluq__job){.back = &m->of.loops->loop[0], .work = on_pool, .done = on_done};
	return f;
}

void pluq__feed_free(struct pluq__feed **pf)
{
	struct pluq__feed *f = *pf;

	*pf = NULL;
	if (!f)
		return;
	pluq__snapshot_unref(f->snapshot);
	pluq__snapshot_unref(f->last);
	free(f);
}

/* A step that waits may be as far away as the interval before was long. */
static void hurry(struct pluq__feed *f)
{
	f->hurry = f->state == PLUQ__FEED_WORKS;
	if (f->state == PLUQ__FEED_STEPS)
		pluq__loop_set(loop0(f), &f->step, loop0(f)->now_ns);
}

void pluq__feed_schedule(struct pluq__feed *f, bool first)
{
	int64_t interval = PLUQ_HAS(f->ops, take) && PLUQ_HAS(f->ops, interval_ns) ? f->ops->interval_ns(*f->self) : 0;

	if (interval > 0)
		interval = between(interval, INTERVAL_LEAST, INTERVAL_MOST);
	f->failures = 0; /* what was wrong may have been put right */
	f->resume_ns = 0;
	if (f->metrics->stopping || (!first && interval == f->interval_ns))
		return;
	f->interval_ns = interval;
	pluq__loop_clear(loop0(f), &f->due);
	hurry(f);
	if (interval <= 0)
		return;
	f->due_ns = loop0(f)->now_ns + interval;
	pluq__loop_set(loop0(f), &f->due, f->due_ns);
}

void pluq__feed_last(struct pluq__feed *f, struct pluq__snapshot *s)
{
	bool steps_wait = f->state == PLUQ__FEED_STEPS;

	f->at_once = true;
	f->last = s;
	pluq__loop_clear(loop0(f), &f->due);
	pluq__loop_clear(loop0(f), &f->step);
	if (f->state == PLUQ__FEED_WORKS) /* goes on from on_done */
		return;
	if (steps_wait) { /* what is left of the one before goes out first */
		submit(f, "step");
		return;
	}
	f->last = NULL;
	if (s && f->interval_ns > 0) {
		take(f, s);
		return;
	}
	pluq__snapshot_unref(s);
	ended(f);
}
