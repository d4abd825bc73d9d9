#include "health.h"

#include <stdlib.h>

#include "../base/clock.h"
#include "../base/log.h"
#include "home.h"

#define PROBE_NS PLUQ__SEC
/* A fault that goes on is logged again after 1 s, then at doubling gaps up to this. One that comes and goes, because one
 * queue can be written and another not, counts as going on unless it has stayed away for a while. */
#define COMPLAIN_MAX_NS (300 * PLUQ__SEC)
#define CALM_NS (10 * PLUQ__SEC)

struct probe {
	struct pluq__job job;
	struct pluq__broker *broker;
	int status;
	struct pluq_why why;
};

static void probe_later(struct pluq__broker *b)
{
	struct pluq__loop *l = b->homes[0].loop;

	pluq__loop_set(l, &b->probe_timer, l->now_ns + PROBE_NS);
}

static bool is_bad(struct pluq__broker *b)
{
	return !atomic_load_explicit(&b->storage_ok, memory_order_relaxed);
}

static void probe_done(struct pluq__job *job)
{
	struct probe *p = (struct probe *)job;
	struct pluq__broker *b = p->broker;

	b->probing = false;
	if (!p->status)
		pluq__health_good(b);
	free(p);
	if (is_bad(b) && !b->homes_left)
		probe_later(b);
}

static void probe_on_pool(struct pluq__job *job)
{
	struct probe *p = (struct probe *)job;

	p->status = p->broker->storage->probe(p->broker->storage_self, &p->why);
}

static void on_probe_timer(struct pluq__timer *t)
{
	struct pluq__broker *b = (struct pluq__broker *)(void *)((char *)t - offsetof(struct pluq__broker, probe_timer));
	struct probe *p;

	if (!is_bad(b) || b->probing)
		return;
	p = calloc(1, sizeof(*p));
	if (!p) {
		probe_later(b);
		return;
	}
	p->broker = b;
	p->job.back = b->homes[0].loop;
	p->job.work = probe_on_pool;
	p->job.done = probe_done;
	p->job.what = "probe";
	b->probing = true;
	pluq__pool_submit(b->lane, &p->job);
}

static void begin_probing(struct pluq__mail *mail)
{
	struct probe *letter = (struct probe *)mail;
	struct pluq__broker *b = letter->broker;

	free(letter);
	b->probe_timer.fn = on_probe_timer;
	if (!pluq__timer_is_set(&b->probe_timer) && !b->probing)
		probe_later(b);
}

static void ask_for_probe(struct pluq__broker *b)
{
	struct probe *letter;

	if (!PLUQ_HAS(b->storage, probe) || !(letter = calloc(1, sizeof(*letter))))
		return;
	letter->broker = b;
	letter->job.mail.fn = begin_probing;
	pluq__loop_post(b->homes[0].loop, &letter->job.mail);
}

/* Under the mutex. */
static bool time_to_complain(struct pluq__broker *b, int64_t now)
{
	bool fresh = !b->failed_at_ns || (!b->complaints && now - b->failed_at_ns > CALM_NS);

	b->failed_at_ns = now;
	if (!fresh && now < b->complain_at_ns)
		return false;
	b->complain_gap_ns = fresh ? PLUQ__SEC : b->complain_gap_ns * 2;
	if (b->complain_gap_ns > COMPLAIN_MAX_NS)
		b->complain_gap_ns = COMPLAIN_MAX_NS;
	b->complain_at_ns = now + b->complain_gap_ns;
	b->complained = true;
	return true;
}

void pluq__health_bad(struct pluq__broker *b, int operation, const char *queue, const struct pluq_why *why)
{
	static const char *const phrases[PLUQ__STORAGE_OPERATIONS] = {"open", "append to", "fetch from", "release in", "sync", "empty",
	    "close", "remove", "save"};
	const char *what = phrases[operation];
	bool was_bad, complain;
	uint64_t count;

	pthread_mutex_lock(&b->health_mutex);
	was_bad = is_bad(b);
	atomic_store(&b->storage_ok, false);
	b->health_why = *why;
	b->errors[operation]++;
	complain = time_to_complain(b, pluq__clock_mono_ns());
	count = ++b->complaints;
	pthread_mutex_unlock(&b->health_mutex);

	if (complain && count > 1)
		pluq__log(PLUQ_ERROR, b->instance, "%s %s failed: %s (%llu failures so far)", what, queue, why->text,
		    (unsigned long long)count);
	else if (complain)
		pluq__log(PLUQ_ERROR, b->instance, "%s %s failed: %s", what, queue, why->text);
	if (!was_bad)
		ask_for_probe(b);
}

void pluq__health_good(struct pluq__broker *b)
{
	uint64_t count;
	bool tell;

	if (!is_bad(b))
		return;
	pthread_mutex_lock(&b->health_mutex);
	count = b->complaints;
	tell = b->complained;
	b->complaints = 0;
	b->complained = false;
	atomic_store(&b->storage_ok, true);
	pthread_mutex_unlock(&b->health_mutex);
	if (tell)
		pluq__log(PLUQ_INFO, b->instance, "storage works again after %llu failures", (unsigned long long)count);
}

void pluq__health_retrying(struct pluq__broker *b, bool *flag, bool now)
{
	if (*flag == now)
		return;
	*flag = now;
	atomic_fetch_add(&b->retrying, now ? 1 : -1);
}

void pluq__health_get(struct pluq__broker *b, struct pluq_health *out)
{
	pthread_mutex_lock(&b->health_mutex);
	out->storage_ok = !is_bad(b);
	out->why = b->health_why;
	pthread_mutex_unlock(&b->health_mutex);
	out->retrying = (uint64_t)atomic_load(&b->retrying);
	if (out->storage_ok && !out->retrying)
		out->why.text[0] = '\0';
	out->draining = atomic_load(&b->draining);
}
