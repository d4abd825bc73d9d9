#include "core.h"

#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/log.h"

/* Between two tries of a loop_begin that failed. */
#define AGAIN_NS PLUQ__SEC

/* --- made and freed ----------------------------------------------------------------------------------------------- */

int pluq__validate_new(struct pluq__validate **out, struct pluq__loops *loops, int64_t slow_ns)
{
	struct pluq__validate *v = calloc(1, sizeof(*v));

	if (!v)
		return PLUQ_ENOMEM;
	v->loops = loops;
	v->slow_ns = slow_ns;
	pthread_mutex_init(&v->mutex, NULL);
	*out = v;
	return 0;
}

int pluq__validate_add(struct pluq__validate *v, const char *instance, const struct pluq_validator_ops *ops, void *const *self,
    void *const *conf)
{
	struct pluq__judge *judges = realloc(v->judges, (v->count + 1) * sizeof(*judges));

	if (!judges)
		return PLUQ_ENOMEM;
	v->judges = judges;
	v->judges[v->count++] = (struct pluq__judge){ instance, ops, self, conf };
	return 0;
}

bool pluq__validate_required(const struct pluq__validate *v)
{
	return v && v->count > 0;
}

static void loop_fini(struct pluq__validate_loop *l)
{
	pluq__rules_unref(l->rules);
	pluq__validate_topics_fini(l);
	free(l->judges);
}

void pluq__validate_free(struct pluq__validate **out)
{
	struct pluq__validate *v = *out;

	*out = NULL;
	if (!v)
		return;
	for (int i = 0; v->on && i < v->loops->count; i++)
		loop_fini(&v->on[i]);
	free(v->on);
	pluq__rules_unref(v->rules);
	free(v->judges);
	pthread_mutex_destroy(&v->mutex);
	free(v);
}

/* --- the rules in force ------------------------------------------------------------------------------------------- */

static struct pluq__rules *read_rules(const struct pluq__validate *v)
{
	const struct pluq_validator_conf **confs = calloc(v->count, sizeof(*confs));
	struct pluq__rules *rules;

	if (!confs)
		return NULL;
	for (size_t i = 0; i < v->count; i++)
		confs[i] = *v->judges[i].conf;
	rules = pluq__rules_new(confs, v->count);
	free(confs);
	return rules;
}

/* Each loop looks at once, so that a validator is begun with where it is not asked for long, too. */
static void on_mail(struct pluq__mail *mail)
{
	struct pluq__validate_loop *l = (struct pluq__validate_loop *)((char *)mail - offsetof(struct pluq__validate_loop, mail));

	atomic_store_explicit(&l->mailed, false, memory_order_release);
	pluq__validate_settle(l);
}

static int put_in_force(struct pluq__validate *v)
{
	struct pluq__rules *fresh = read_rules(v), *old;

	if (!fresh)
		return PLUQ_ENOMEM;
	pthread_mutex_lock(&v->mutex);
	old = v->rules;
	v->rules = fresh;
	/* In this order: who sees the new epoch finds the new rules. */
	atomic_fetch_add_explicit(&v->generation, 1, memory_order_release);
	atomic_fetch_add_explicit(&v->epoch, 1, memory_order_release);
	pthread_mutex_unlock(&v->mutex);
	pluq__rules_unref(old);
	for (int i = 0; i < v->loops->count; i++)
		if (!atomic_exchange_explicit(&v->on[i].mailed, true, memory_order_acquire))
			pluq__loop_post(&v->loops->loop[i], &v->on[i].mail);
	return 0;
}

static int loop_init(struct pluq__validate *v, int index)
{
	struct pluq__validate_loop *l = &v->on[index];

	l->core = v;
	l->index = (uint32_t)index;
	l->mail.fn = on_mail;
	l->refusing.loop = l;
	l->judges = calloc(v->count, sizeof(*l->judges));
	return pluq__validate_topics_init(l) || !l->judges ? PLUQ_ENOMEM : 0;
}

int pluq__validate_start(struct pluq__validate *v)
{
	if (v->count == 0)
		return 0;
	if (!(v->on = calloc((size_t)v->loops->count, sizeof(*v->on))))
		return PLUQ_ENOMEM;
	for (int i = 0; i < v->loops->count; i++)
		if (loop_init(v, i))
			return PLUQ_ENOMEM;
	return put_in_force(v);
}

int pluq__validate_reload(struct pluq__validate *v)
{
	return v->on ? put_in_force(v) : 0;
}

/* --- topics that go ----------------------------------------------------------------------------------------------- */

struct obituary {
	struct pluq__mail mail; /* first */
	struct pluq__validate_loop *loop;
	char topic[PLUQ_NAME_MAX + 1];
};

static void on_obituary(struct pluq__mail *mail)
{
	struct obituary *o = (struct obituary *)mail;

	pluq__validation_forget(o->loop, o->topic, strlen(o->topic));
	free(o);
}

void pluq__validate_topic_gone(struct pluq__validate *v, const char *topic)
{
	for (int i = 0; v->on && i < v->loops->count; i++) {
		struct obituary *o = calloc(1, sizeof(*o));
		if (!o)
			return;
		o->mail.fn = on_obituary;
		o->loop = &v->on[i];
		memcpy(o->topic, topic, strlen(topic)); /* a name: at most PLUQ_NAME_MAX */
		pluq__loop_post(&v->loops->loop[i], &o->mail);
	}
}

/* --- on a loop ---------------------------------------------------------------------------------------------------- */

static void begin(struct pluq__validate_loop *l, size_t i)
{
	const struct pluq__judge *judge = &l->core->judges[i];
	struct pluq__judge_here *here = &l->judges[i];
	int64_t now = pluq__clock_mono_ns();
	uint64_t hidden;

	here->begun = !PLUQ_HAS(judge->ops, loop_begin) || judge->ops->loop_begin(*judge->self, l->index) == 0;
	if (here->begun) {
		if (here->cannot.standing)
			pluq__log(PLUQ_INFO, judge->instance, "judges on loop %u again", l->index);
		here->cannot = (struct pluq__complaint){ 0 };
		return;
	}
	here->again_ns = now + AGAIN_NS;
	if (pluq__complaint_raise(&here->cannot, now, &hidden))
		pluq__log(PLUQ_ERROR, judge->instance, "cannot begin on loop %u: what it would judge there is rejected", l->index);
}

void pluq__validate_settle(struct pluq__validate_loop *l)
{
	struct pluq__validate *v = l->core;

	if (l->generation == atomic_load_explicit(&v->generation, memory_order_acquire))
		return;
	pthread_mutex_lock(&v->mutex);
	pluq__rules_unref(l->rules);
	l->rules = pluq__rules_ref(v->rules);
	l->generation = atomic_load_explicit(&v->generation, memory_order_relaxed);
	pthread_mutex_unlock(&v->mutex);
	for (size_t i = 0; i < v->count; i++)
		begin(l, i);
}

bool pluq__judge_begun(struct pluq__validate_loop *l, size_t i)
{
	if (!l->judges[i].begun && pluq__clock_mono_ns() >= l->judges[i].again_ns)
		begin(l, i);
	return l->judges[i].begun;
}
