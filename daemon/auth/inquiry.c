#include "inquiry.h"

#include <stdlib.h>

#include "../base/clock.h"
#include "cache.h"
#include "chain.h"

/* Requests of one client, while the plugins cannot tell and its last answer is still good enough: so often one of them waits for an
 * answer. */
#define SHARED_RETRY_NS (5 * PLUQ__SEC)

struct pluq__inquiry {
	struct pluq__auth *auth;
	struct pluq__loop *loop;
	struct pluq__question *question;
	bool shared, dropped;
	uint64_t refused_age, known_age;
	struct pluq__chain *chain;
	struct pluq__mail mail; /* what is kept is told in a later step */
	struct pluq__job job;   /* compiling */
	int status;
	struct pluq__grants *grants;
	bool compiled;
	char why[320];          /* it was not */
	pluq__inquiry_fn fn;
	void *arg;
};

static void free_inquiry(struct pluq__inquiry *q)
{
	pluq__chain_drop(&q->chain);
	pluq__grants_unref(q->grants);
	pluq__question_unref(q->question);
	free(q);
}

static void deliver(struct pluq__inquiry *q)
{
	if (!q->dropped)
		q->fn(q->arg, q->status, q->grants);
	free_inquiry(q);
}

/* --- keeping ------------------------------------------------------------------------------------------------------ */

static void keep_refusal(struct pluq__inquiry *q)
{
	int64_t ttl = q->auth->deny_ttl_ns;
	struct pluq__kept kept = { .status = q->status, .until_ns = q->loop->now_ns + ttl };

	pluq__cache_remove(q->auth->known, q->question->key); /* an error must not bring it back */
	if (ttl > 0)
		pluq__cache_put(q->auth->refused, q->question->key, &kept, q->refused_age);
}

static void keep_grants(struct pluq__inquiry *q)
{
	struct pluq__kept kept = { .grants = q->grants, .until_ns = q->grants->expires_ns };

	if (q->shared)
		pluq__cache_put(q->auth->known, q->question->key, &kept, q->known_age);
}

/* A request of a client that was let in until a short while ago is not turned away because the plugins cannot tell now. What is kept is
 * looked at again: another request may have been refused meanwhile. */
static void fall_back(struct pluq__inquiry *q)
{
	int64_t now = q->loop->now_ns;
	struct pluq__kept kept;

	if (!q->shared || !pluq__cache_get(q->auth->known, q->question->key, &kept))
		return;
	if (now - kept.until_ns >= q->auth->stale_ns) {
		pluq__grants_unref(kept.grants);
		return;
	}
	q->status = 0;
	q->grants = kept.grants;
	pluq__cache_set_retry(q->auth->known, q->question->key, now + SHARED_RETRY_NS);
}

static void end(struct pluq__inquiry *q, int status)
{
	q->status = status;
	switch (status) {
	case 0:
		keep_grants(q);
		break;
	case PLUQ_EREFUSED:
	case PLUQ_ENOGRANT:
		keep_refusal(q);
		break;
	default:
		fall_back(q);
	}
	deliver(q);
}

/* --- compiling ---------------------------------------------------------------------------------------------------- */

static void end_compiled(struct pluq__inquiry *q)
{
	if (q->compiled) {
		end(q, 0);
		return;
	}
	pluq__link_failed(q->grants->link, q->loop->now_ns, q->question->query.remote_ip, q->why);
	pluq__grants_unref(q->grants);
	q->grants = NULL;
	end(q, PLUQ_EAUTH);
}

static void work(struct pluq__job *job)
{
	struct pluq__inquiry *q = (struct pluq__inquiry *)((char *)job - offsetof(struct pluq__inquiry, job));

	q->compiled = pluq__grants_compile(q->grants, q->why, sizeof(q->why));
}

static void done(struct pluq__job *job)
{
	struct pluq__inquiry *q = (struct pluq__inquiry *)((char *)job - offsetof(struct pluq__inquiry, job));

	if (q->dropped)
		free_inquiry(q);
	else
		end_compiled(q);
}

static void compile(struct pluq__inquiry *q)
{
	if (pluq__grants_many(q->grants)) {
		q->job = (struct pluq__job){ .back = q->loop, .work = work, .done = done, .what = "compiling patterns" };
		pluq__pool_submit(q->auth->lane, &q->job);
		return;
	}
	q->compiled = pluq__grants_compile(q->grants, q->why, sizeof(q->why));
	end_compiled(q);
}

/* --- asking ------------------------------------------------------------------------------------------------------- */

static void on_told(void *arg, struct pluq__told *told)
{
	struct pluq__inquiry *q = arg;

	q->chain = NULL;
	switch (told->verdict) {
	case PLUQ_AUTH_ALLOW:
		if (!told->answer->grant_count)
			end(q, PLUQ_ENOGRANT);
		else if ((q->grants = pluq__grants_new(told->answer, told->link, q->loop->now_ns)))
			compile(q);
		else
			end(q, PLUQ_EAUTH);
		break;
	case PLUQ_AUTH_DENY:
		end(q, PLUQ_EREFUSED);
		break;
	case PLUQ_AUTH_SILENT:
		end(q, PLUQ_ENOGRANT);
		break;
	default:
		end(q, PLUQ_EAUTH);
	}
}

static void on_mail(struct pluq__mail *mail)
{
	deliver((struct pluq__inquiry *)((char *)mail - offsetof(struct pluq__inquiry, mail)));
}

/* true: the outcome is known. */
static bool look(struct pluq__inquiry *q)
{
	int64_t now = q->loop->now_ns;
	struct pluq__kept kept;

	if (pluq__cache_get(q->auth->refused, q->question->key, &kept) && now < kept.until_ns) {
		q->status = kept.status;
		return true;
	}
	if (!q->shared || !pluq__cache_get(q->auth->known, q->question->key, &kept))
		return false;
	if (now >= kept.until_ns && (now >= kept.retry_ns || now - kept.until_ns >= q->auth->stale_ns)) {
		pluq__grants_unref(kept.grants);
		return false;
	}
	q->grants = kept.grants;
	return true;
}

struct pluq__inquiry *pluq__inquiry_start(struct pluq__auth *a, struct pluq__question *question, bool shared, pluq__inquiry_fn fn,
    void *arg)
{
	struct pluq__inquiry *q = calloc(1, sizeof(*q));

	if (!q)
		return NULL;
	*q = (struct pluq__inquiry){ .auth = a, .loop = pluq__loop_self(), .question = pluq__question_ref(question),
		.shared = shared, .refused_age = pluq__cache_age(a->refused), .known_age = pluq__cache_age(a->known), .fn = fn,
		.arg = arg, .mail.fn = on_mail };
	if (look(q)) {
		pluq__loop_post(q->loop, &q->mail);
	} else if (!(q->chain = pluq__chain_start(a, q->question, on_told, q))) {
		free_inquiry(q);
		return NULL;
	}
	return q;
}

void pluq__inquiry_drop(struct pluq__inquiry **out)
{
	struct pluq__inquiry *q = *out;

	*out = NULL;
	if (!q)
		return;
	if (q->chain) /* else it is on the pool, or in the mail */
		free_inquiry(q);
	else
		q->dropped = true;
}
