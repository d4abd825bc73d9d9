#include "call.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"
#include "chain.h"

#define MAGIC 0x61757468u
/* A plugin that never answers keeps what it is asked. */
#define MOST_OPEN 65536

/* --- life --------------------------------------------------------------------------------------------------------- */

static void init_mutex(pthread_mutex_t *m)
{
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(m, &attr);
	pthread_mutexattr_destroy(&attr);
}

struct pluq_auth_call *pluq__call_new(struct pluq__chain *chain, struct pluq__auth *a, struct pluq__link *link,
    struct pluq__question *question, struct pluq__loop *loop, const char **why)
{
	struct pluq_auth_call *c;

	*why = "too many questions are unanswered";
	if (atomic_load_explicit(&link->open, memory_order_relaxed) >= MOST_OPEN)
		return NULL;
	*why = "out of memory";
	if (!(c = calloc(1, sizeof(*c))))
		return NULL;
	c->magic = MAGIC;
	c->auth = a;
	c->link = link;
	c->question = pluq__question_ref(question);
	c->loop = loop;
	c->chain = chain;
	init_mutex(&c->mutex);
	atomic_fetch_add_explicit(&link->open, 1, memory_order_relaxed);
	pthread_mutex_lock(&a->mutex);
	if ((c->next = a->calls))
		c->next->at = &c->next;
	c->at = &a->calls;
	a->calls = c;
	pthread_mutex_unlock(&a->mutex);
	return c;
}

void pluq__call_free(struct pluq_auth_call *c)
{
	pthread_mutex_lock(&c->auth->mutex);
	if ((*c->at = c->next))
		c->next->at = c->at;
	pthread_mutex_unlock(&c->auth->mutex);
	atomic_fetch_sub_explicit(&c->link->open, 1, memory_order_relaxed);
	pthread_mutex_destroy(&c->mutex);
	pluq__question_unref(c->question);
	pluq__answer_free(&c->answer);
	c->magic = 0;
	free(c);
}

/* --- what the plugin tells ---------------------------------------------------------------------------------------- */

static struct pluq_auth_call *check(struct pluq_auth_call *c)
{
	assert(c && c->magic == MAGIC);
	return c;
}

void pluq__call_identify(struct pluq_auth_call *c, const char *identity, const char *url)
{
	pluq__answer_identify(&check(c)->answer, identity, url);
}

void pluq__call_live(struct pluq_auth_call *c, int64_t ns)
{
	pluq__answer_live(&check(c)->answer, ns);
}

void pluq__call_grant(struct pluq_auth_call *c, uint32_t permissions, const char *topic, const char *const *channels, size_t n)
{
	pluq__answer_grant(&check(c)->answer, permissions, topic, channels, n);
}

static void fail(struct pluq_auth_call *c, const char *why)
{
	c->verdict = PLUQ_AUTH_ERROR;
	snprintf(c->why.text, sizeof(c->why.text), "%s", why);
}

/* What cannot be used is an error. */
static void end(struct pluq_auth_call *c)
{
	if (c->verdict < PLUQ_AUTH_ALLOW || c->verdict > PLUQ_AUTH_ERROR) {
		fail(c, "the plugin answered with what is no verdict");
	} else if (c->verdict == PLUQ_AUTH_ALLOW && c->answer.bad) {
		fail(c, c->answer.bad);
	} else if (c->verdict == PLUQ_AUTH_ERROR && !*c->why.text) {
		fail(c, "the plugin gave no reason");
	}
	pluq__answer_end(&c->answer);
}

/* --- asking ------------------------------------------------------------------------------------------------------- */

static int call_ask(struct pluq_auth_call *c)
{
	return c->link->ops->ask(*c->link->self, &c->question->query, c, &c->why);
}

/* A plugin that answers in two ways at once would have it freed twice. */
static void assert_unanswered(struct pluq_auth_call *c)
{
	pthread_mutex_lock(&c->mutex);
	assert(!c->answered);
	pthread_mutex_unlock(&c->mutex);
}

static void watch_time(struct pluq_auth_call *c)
{
	int64_t now = pluq__clock_mono_ns(), took = now - c->asked_ns;

	if (c->auth->slow_ns && took > c->auth->slow_ns)
		pluq__link_slow(c->link, now, took);
}

/* Loop. Asked and, if that was said to come later, answered. */
static void tell(struct pluq_auth_call *c)
{
	if (c->on_pool || (c->later && !c->mailed))
		return;
	end(c);
	if (!c->chain)
		pluq__call_free(c);
	else
		pluq__chain_told(c->chain);
}

static void work(struct pluq__job *job)
{
	struct pluq_auth_call *c = (struct pluq_auth_call *)((char *)job - offsetof(struct pluq_auth_call, job));

	c->verdict = PLUQ_AUTH_SILENT;
	if (!atomic_load_explicit(&c->dropped, memory_order_relaxed)) {
		int verdict = call_ask(c);

		/* Later: from now on the answer may be written by another thread, at any time. */
		if (verdict == PLUQ_AUTH_LATER) {
			c->later = true;
		} else {
			assert_unanswered(c);
			c->verdict = verdict;
		}
	}
}

static void cancel(struct pluq_auth_call *c);

static void done(struct pluq__job *job)
{
	struct pluq_auth_call *c = (struct pluq_auth_call *)((char *)job - offsetof(struct pluq_auth_call, job));

	c->on_pool = false;
	if (!c->chain && c->later)
		cancel(c);
	tell(c);
}

static void on_answer(struct pluq__mail *mail)
{
	struct pluq_auth_call *c = (struct pluq_auth_call *)((char *)mail - offsetof(struct pluq_auth_call, mail));

	c->mailed = true;
	watch_time(c);
	tell(c);
}

bool pluq__call_ask(struct pluq_auth_call *c)
{
	int verdict;

	c->asked_ns = pluq__clock_mono_ns();
	if (c->link->ops->flags & PLUQ_AUTH_BLOCKS) {
		c->on_pool = true;
		c->job = (struct pluq__job){ .back = c->loop, .work = work, .done = done, .what = "ask" };
		pluq__pool_submit(c->link->lane, &c->job);
		return false;
	}
	verdict = call_ask(c);
	atomic_fetch_add_explicit(&c->link->loop_ns, pluq__clock_mono_ns() - c->asked_ns, memory_order_relaxed);
	if (verdict == PLUQ_AUTH_LATER) {
		c->later = true;
		return false;
	}
	assert_unanswered(c);
	watch_time(c);
	c->verdict = verdict;
	end(c);
	return true;
}

void pluq__call_answer(struct pluq_auth_call *c, int verdict, const char *why)
{
	check(c);
	pthread_mutex_lock(&c->mutex);
	assert(!c->answered);
	c->answered = true;
	c->verdict = verdict;
	if (why)
		snprintf(c->why.text, sizeof(c->why.text), "%s", why);
	pthread_mutex_unlock(&c->mutex);
	c->mail.fn = on_answer;
	pluq__loop_post(c->loop, &c->mail); /* where it may be freed at once */
}

/* --- dropping ----------------------------------------------------------------------------------------------------- */

static void cancel(struct pluq_auth_call *c)
{
	if (!PLUQ_HAS(c->link->ops, cancel) || c->auth->ended)
		return;
	pthread_mutex_lock(&c->mutex);
	if (!c->answered)
		c->link->ops->cancel(*c->link->self, c);
	pthread_mutex_unlock(&c->mutex);
}

void pluq__call_drop(struct pluq_auth_call *c)
{
	c->chain = NULL;
	atomic_store_explicit(&c->dropped, true, memory_order_relaxed);
	if (!c->on_pool)
		cancel(c);
}
