#include "chain.h"

#include <stdio.h>
#include <stdlib.h>

#include "../base/clock.h"

struct pluq__chain {
	struct pluq__auth *auth;
	struct pluq__loop *loop;
	struct pluq__question *question;
	struct pluq__timer deadline;
	struct pluq__mail mail; /* what is known at once is told in a later step */
	size_t at;              /* link whose turn it is */
	struct pluq_auth_call *call; /* to it; kept after the end for its answer */
	struct pluq__told told;
	pluq__chain_fn fn;
	void *arg;
	bool mailed, dropped;
};

static void free_chain(struct pluq__chain *c)
{
	pluq__loop_clear(c->loop, &c->deadline);
	if (c->call)
		pluq__call_free(c->call);
	pluq__question_unref(c->question);
	free(c);
}

static void deliver(struct pluq__chain *c)
{
	if (!c->dropped)
		c->fn(c->arg, &c->told);
	free_chain(c);
}

static void on_mail(struct pluq__mail *mail)
{
	deliver((struct pluq__chain *)((char *)mail - offsetof(struct pluq__chain, mail)));
}

/* --- the end ------------------------------------------------------------------------------------------------------ */

static void fail(struct pluq__chain *c, struct pluq__link *link, const char *why)
{
	c->told = (struct pluq__told){ .verdict = PLUQ_AUTH_ERROR, .link = link };
	atomic_fetch_add_explicit(&link->verdicts[PLUQ_AUTH_ERROR], 1, memory_order_relaxed);
	pluq__link_failed(link, c->loop->now_ns, c->question->query.remote_ip, why);
}

/* true: the chain has come to its end. */
static bool judge(struct pluq__chain *c)
{
	struct pluq_auth_call *call = c->call;

	if (call->verdict == PLUQ_AUTH_ERROR) {
		fail(c, call->link, call->why.text);
		return true;
	}
	atomic_fetch_add_explicit(&call->link->verdicts[call->verdict], 1, memory_order_relaxed);
	pluq__link_answered(call->link, c->loop->now_ns);
	if (call->verdict == PLUQ_AUTH_SILENT) {
		c->call = NULL;
		pluq__call_free(call);
		return false;
	}
	c->told = (struct pluq__told){ .verdict = call->verdict, .link = call->link, .answer = &call->answer };
	return true;
}

static void on_deadline(struct pluq__timer *timer)
{
	struct pluq__chain *c = (struct pluq__chain *)((char *)timer - offsetof(struct pluq__chain, deadline));
	struct pluq_auth_call *call = c->call;
	char why[64];

	snprintf(why, sizeof(why), "no answer within %lld ms", (long long)(c->auth->timeout_ns / PLUQ__MS));
	c->call = NULL;
	fail(c, call->link, why);
	pluq__call_drop(call);
	deliver(c);
}

/* --- the way ------------------------------------------------------------------------------------------------------ */

/* true: the end was reached. */
static bool go_on(struct pluq__chain *c)
{
	const char *why;

	for (; c->at < c->auth->link_count; c->at++) {
		struct pluq__link *link = c->auth->links[c->at];

		if (!(c->call = pluq__call_new(c, c->auth, link, c->question, c->loop, &why))) {
			fail(c, link, why);
			return true;
		}
		if (!pluq__call_ask(c->call))
			return false;
		if (judge(c))
			return true;
	}
	c->told = (struct pluq__told){ .verdict = PLUQ_AUTH_SILENT };
	return true;
}

void pluq__chain_told(struct pluq__chain *c)
{
	if (judge(c)) {
		pluq__loop_clear(c->loop, &c->deadline);
		deliver(c);
		return;
	}
	c->at++;
	if (go_on(c)) {
		pluq__loop_clear(c->loop, &c->deadline);
		deliver(c);
	}
}

struct pluq__chain *pluq__chain_start(struct pluq__auth *a, struct pluq__question *q, pluq__chain_fn fn, void *arg)
{
	struct pluq__chain *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	*c = (struct pluq__chain){ .auth = a, .loop = pluq__loop_self(), .question = pluq__question_ref(q), .fn = fn, .arg = arg,
		.deadline.fn = on_deadline, .mail.fn = on_mail };
	if (go_on(c)) {
		c->mailed = true;
		pluq__loop_post(c->loop, &c->mail);
	} else {
		pluq__loop_set(c->loop, &c->deadline, c->loop->now_ns + a->timeout_ns);
	}
	return c;
}

void pluq__chain_drop(struct pluq__chain **out)
{
	struct pluq__chain *c = *out;
	struct pluq_auth_call *call;

	*out = NULL;
	if (!c)
		return;
	if (c->mailed) {
		c->dropped = true;
		return;
	}
	call = c->call;
	c->call = NULL;
	pluq__call_drop(call);
	free_chain(c);
}
