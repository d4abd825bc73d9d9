/* The I/O pool.
 *
 * Invariants, under the mutex
 * 1. lane->active counts the lane's jobs that are admitted or running and not given up as stuck; it never exceeds the
 *    lane's width.
 * 2. A job is in one place: its lane's waiting list, the ready list (admitted), or a worker.
 * 3. There are no more jobs in the ready list than workers without a job, unless no thread can be made.
 * 4. The watcher waits without a timeout only while no job is in the pool.
 */
#include "pool.h"

#include <limits.h>
#include <pluq/error.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "log.h"
#include "thread.h"

#define STUCK_NS PLUQ__SEC
/* One slow job among others that end is no news for so long; that many jobs of which none ends is, at once. */
#define MANY 8
#define MANY_STUCK_NS (PLUQ__SEC / 5)
#define WATCH_NS (PLUQ__SEC / 20)

struct joblist {
	struct pluq__job *first, **last;
};

struct pluq__lane {
	struct pluq__lane *next;
	struct pluq__pool *pool;
	struct joblist waiting;
	int width, active;
	int stuck, most;  /* jobs given up as stuck; threads it may have with them */
	int64_t ended_ns; /* when a job of it ended last */
	uint64_t jobs, slow; /* as in struct pluq__lane_figures */
	int64_t busy_ns, loop_ns;
	int waiting_count;
	bool blocked;     /* the watcher's: many jobs run, none ends, others wait */
	char name[];
};

struct worker {
	pthread_t thread;
	struct pluq__pool *pool;
	struct pluq__job *job; /* running now */
	struct pluq__lane *lane;
	bool stuck;            /* it no longer counts against its lane */
	bool named;            /* the log has it as slow */
};

struct pluq__pool {
	pthread_mutex_t mutex;
	pthread_cond_t work, watch, idle;
	struct pluq__lane *lanes;
	struct joblist ready;
	int ready_count;
	struct worker worker[PLUQ__POOL_CAP];
	int workers, running;
	pthread_t watcher;
	bool watching, stop;
	bool watcher_idle; /* it waits without a timeout */
	int64_t slow_ns;
};

static void list_init(struct joblist *l)
{
	l->first = NULL;
	l->last = &l->first;
}

static void list_put(struct joblist *l, struct pluq__job *job)
{
	job->next = NULL;
	*l->last = job;
	l->last = &job->next;
}

static struct pluq__job *list_get(struct joblist *l)
{
	struct pluq__job *job = l->first;

	if (job && !(l->first = job->next))
		l->last = &l->first;
	return job;
}

static void *work(void *arg);

/* Makes sure that somebody will take the ready job. With all threads busy at the cap it waits for one of them. */
static void need_worker(struct pluq__pool *p)
{
	struct worker *w;

	/* One that has been woken for an earlier job, or has just been made, has none yet but is spoken for. */
	if (p->ready_count <= p->workers - p->running) {
		pthread_cond_signal(&p->work);
		return;
	}
	if (p->workers == PLUQ__POOL_CAP)
		return;
	w = &p->worker[p->workers];
	w->pool = p;
	if (pluq__thread_start(&w->thread, "pluq-io", work, w) == 0)
		p->workers++;
	else if (!p->workers)
		pluq__log(PLUQ_ERROR, "core", "no thread for the I/O pool can be made; work waits");
}

static void admit(struct pluq__lane *lane)
{
	struct pluq__pool *p = lane->pool;

	while (lane->active < lane->width && lane->waiting.first) {
		lane->active++;
		lane->waiting_count--;
		list_put(&p->ready, list_get(&lane->waiting));
		p->ready_count++;
		need_worker(p);
	}
}

static void bring_back(struct pluq__mail *mail)
{
	struct pluq__job *job = (struct pluq__job *)mail;

	job->done(job);
}

static void run_job(struct worker *w, struct pluq__job *job)
{
	struct pluq__pool *p = w->pool;
	struct pluq__lane *lane = job->lane;
	const char *what = job->what;
	int64_t took, ended;

	job->started_ns = pluq__clock_mono_ns();
	w->job = job;
	w->lane = lane;
	w->stuck = w->named = false;
	p->running++;
	pthread_mutex_unlock(&p->mutex);

	job->work(job);
	took = pluq__clock_mono_ns() - job->started_ns;
	if (p->slow_ns > 0 && took > p->slow_ns)
		pluq__log(PLUQ_WARN, lane->name, "slow operation: %s took %lld ms", what, (long long)(took / PLUQ__MS));

	pthread_mutex_lock(&p->mutex);
	/* Out of the books before it goes back: its owner may free it at once. */
	w->job = NULL;
	p->running--;
	if (w->stuck)
		lane->stuck--;
	else
		lane->active--;
	ended = pluq__clock_mono_ns(); /* not before: what was told of the job while it waited for the mutex must not be taken back */
	lane->ended_ns = ended;
	lane->jobs++;
	lane->slow += p->slow_ns > 0 && took > p->slow_ns;
	lane->busy_ns += ended - job->started_ns;
	job->mail.fn = bring_back;
	pluq__loop_post(job->back, &job->mail);
	admit(lane);
	if (!p->running && !p->ready_count)
		pthread_cond_broadcast(&p->idle);
}

static void *work(void *arg)
{
	struct worker *w = arg;
	struct pluq__pool *p = w->pool;
	struct pluq__job *job;

	pthread_mutex_lock(&p->mutex);
	for (;;) {
		job = list_get(&p->ready);
		if (job) {
			p->ready_count--;
			run_job(w, job);
			continue;
		}
		if (p->stop)
			break;
		pthread_cond_wait(&p->work, &p->mutex);
	}
	pthread_mutex_unlock(&p->mutex);
	return NULL;
}

/* One that hangs may never end, so it is named while it runs. */
static void name_if_slow(struct pluq__pool *p, struct worker *w, int64_t running_ns)
{
	if (w->named || p->slow_ns == 0 || running_ns <= p->slow_ns)
		return;
	w->named = true;
	pluq__log(PLUQ_WARN, w->lane->name, "slow operation: %s has been running for %lld ms", w->job->what,
	    (long long)(running_ns / PLUQ__MS));
}

static void give_up_if_stuck(struct worker *w, int64_t running_ns)
{
	if (w->stuck || running_ns < (w->lane->blocked ? MANY_STUCK_NS : STUCK_NS) ||
	    w->lane->stuck >= w->lane->most - w->lane->width)
		return;
	w->stuck = true;
	w->lane->stuck++;
	w->lane->active--;
	admit(w->lane);
}

static void look(struct pluq__pool *p)
{
	int64_t now = pluq__clock_mono_ns();

	for (struct pluq__lane *l = p->lanes; l; l = l->next)
		l->blocked = l->waiting.first && l->active >= MANY && now - l->ended_ns >= MANY_STUCK_NS;
	for (int i = 0; i < p->workers; i++) {
		struct worker *w = &p->worker[i];

		if (!w->job)
			continue;
		name_if_slow(p, w, now - w->job->started_ns);
		give_up_if_stuck(w, now - w->job->started_ns);
	}
	if (p->ready_count > 0) /* if no thread could be made for it */
		need_worker(p);
}

/* Nothing runs or waits: what waits in a lane waits for what runs in it, or is ready. */
static bool is_idle(const struct pluq__pool *p)
{
	return !p->running && !p->ready_count;
}

/* Lets a lane go on past jobs that hang, and names them. */
static void *watch(void *arg)
{
	struct pluq__pool *p = arg;

	pthread_mutex_lock(&p->mutex);
	while (!p->stop) {
		int64_t at = pluq__clock_mono_ns() + WATCH_NS;
		struct timespec ts = {.tv_sec = at / PLUQ__SEC, .tv_nsec = at % PLUQ__SEC};

		if (is_idle(p)) {
			p->watcher_idle = true;
			pthread_cond_wait(&p->watch, &p->mutex);
			continue;
		}
		pthread_cond_timedwait(&p->watch, &p->mutex, &ts);
		look(p);
	}
	pthread_mutex_unlock(&p->mutex);
	return NULL;
}

int pluq__pool_init(struct pluq__pool **out, int64_t slow_ns)
{
	struct pluq__pool *p = calloc(1, sizeof(*p));
	pthread_condattr_t attr;

	if (!p)
		return PLUQ_ENOMEM;
	p->slow_ns = slow_ns;
	list_init(&p->ready);
	pthread_mutex_init(&p->mutex, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&p->work, NULL);
	pthread_cond_init(&p->watch, &attr);
	pthread_cond_init(&p->idle, &attr);
	pthread_condattr_destroy(&attr);
	*out = p;
	return 0;
}

struct pluq__lane *pluq__pool_lane(struct pluq__pool *p, const char *name, int width)
{
	size_t n = strlen(name) + 1;
	struct pluq__lane *lane = calloc(1, sizeof(*lane) + n);

	if (!lane)
		return NULL;
	memcpy(lane->name, name, n);
	lane->pool = p;
	lane->width = width;
	lane->most = INT_MAX;
	list_init(&lane->waiting);
	lane->next = p->lanes;
	p->lanes = lane;
	return lane;
}

void pluq__lane_limit(struct pluq__lane *lane, int most)
{
	lane->most = most;
}

void pluq__pool_submit(struct pluq__lane *lane, struct pluq__job *job)
{
	struct pluq__pool *p = lane->pool;

	job->lane = lane;
	pthread_mutex_lock(&p->mutex);
	lane->waiting_count++;
	list_put(&lane->waiting, job);
	admit(lane);
	if (!p->watching)
		p->watching = pluq__thread_start(&p->watcher, "pluq-io-watch", watch, p) == 0;
	if (p->watcher_idle) { /* else it looks by itself, and is not to be woken for each job */
		p->watcher_idle = false;
		pthread_cond_signal(&p->watch);
	}
	pthread_mutex_unlock(&p->mutex);
}

void pluq__pool_run_here(struct pluq__job *job)
{
	struct pluq__lane *lane = job->lane;
	int64_t began = pluq__clock_mono_ns();

	job->work(job);
	pthread_mutex_lock(&lane->pool->mutex);
	lane->loop_ns += pluq__clock_mono_ns() - began;
	pthread_mutex_unlock(&lane->pool->mutex);
	job->done(job);
}

static void describe(const struct pluq__pool *p, const struct pluq__lane *lane, int64_t now, struct pluq__lane_figures *out)
{
	*out = (struct pluq__lane_figures){.name = lane->name, .jobs = lane->jobs, .slow = lane->slow, .busy_ns = lane->busy_ns,
	    .loop_ns = lane->loop_ns, .waiting = lane->waiting_count};
	for (int i = 0; i < p->workers; i++) {
		const struct worker *w = &p->worker[i];

		if (!w->job || w->lane != lane)
			continue;
		out->running++;
		out->hung += w->stuck;
		out->busy_ns += now - w->job->started_ns;
	}
}

void pluq__pool_each(struct pluq__pool *p, void (*fn)(void *, const struct pluq__lane_figures *), void *arg)
{
	struct pluq__lane_figures figures;
	int64_t now;

	pthread_mutex_lock(&p->mutex);
	now = pluq__clock_mono_ns(); /* not before a job that runs has started */
	for (const struct pluq__lane *lane = p->lanes; lane; lane = lane->next) {
		describe(p, lane, now, &figures);
		fn(arg, &figures);
	}
	pthread_mutex_unlock(&p->mutex);
}

bool pluq__pool_fini(struct pluq__pool **pp, int64_t wait_ns)
{
	struct pluq__pool *p = *pp;
	int64_t at = pluq__clock_mono_ns() + wait_ns;
	struct timespec ts = {.tv_sec = at / PLUQ__SEC, .tv_nsec = at % PLUQ__SEC};
	bool hung;

	if (!p)
		return true;
	*pp = NULL;
	pthread_mutex_lock(&p->mutex);
	p->stop = true;
	pthread_cond_broadcast(&p->work);
	pthread_cond_signal(&p->watch);
	while ((p->running || p->ready_count) && pthread_cond_timedwait(&p->idle, &p->mutex, &ts) == 0)
		;
	hung = p->running || p->ready_count;
	pthread_mutex_unlock(&p->mutex);
	if (p->watching)
		pthread_join(p->watcher, NULL);
	if (hung) /* its threads still use it: it stays */
		return false;
	for (int i = 0; i < p->workers; i++)
		pthread_join(p->worker[i].thread, NULL);
	while (p->lanes) {
		struct pluq__lane *next = p->lanes->next;

		free(p->lanes);
		p->lanes = next;
	}
	pthread_cond_destroy(&p->idle);
	pthread_cond_destroy(&p->watch);
	pthread_cond_destroy(&p->work);
	pthread_mutex_destroy(&p->mutex);
	free(p);
	return true;
}
