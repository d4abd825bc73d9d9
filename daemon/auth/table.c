/* What plugins see of all this. */
#include <stdlib.h>

#include "chain.h"
#include "session.h"

static bool host_required(const struct pluq_host *h)
{
	struct pluq__auth *a = pluq__auth_of(h);

	a->wanted = true;
	return pluq__auth_required(a);
}

/* --- a bare question ---------------------------------------------------------------------------------------------- */

struct pluq_auth_asking {
	struct pluq__chain *chain;
	pluq_auth_answer_fn fn;
	void *arg;
};

static void on_told(void *arg, struct pluq__told *told)
{
	struct pluq_auth_asking *asking = arg;
	struct pluq_auth_answer answer = { .size = sizeof(answer), .verdict = told->verdict, .identity = "", .identity_url = "" };

	if (told->verdict == PLUQ_AUTH_ALLOW) {
		answer.identity = told->answer->identity;
		answer.identity_url = told->answer->identity_url;
		answer.ttl_ns = told->answer->ttl_ns;
		answer.grants = told->answer->grants;
		answer.grant_count = told->answer->grant_count;
	}
	asking->fn(asking->arg, &answer);
	free(asking);
}

static int host_ask(const struct pluq_host *h, const struct pluq_auth_query *query, pluq_auth_answer_fn fn, void *arg,
    struct pluq_auth_asking **out)
{
	struct pluq__auth *a = pluq__auth_of(h);
	struct pluq_auth_asking *asking = calloc(1, sizeof(*asking));
	struct pluq__question *question = asking ? pluq__question_new(a, query) : NULL;

	if (!question) {
		free(asking);
		return PLUQ_ENOMEM;
	}
	*asking = (struct pluq_auth_asking){ .fn = fn, .arg = arg };
	asking->chain = pluq__chain_start(a, question, on_told, asking);
	pluq__question_unref(question);
	if (!asking->chain) {
		free(asking);
		return PLUQ_ENOMEM;
	}
	*out = asking;
	return 0;
}

static void host_ask_drop(struct pluq_auth_asking **out)
{
	struct pluq_auth_asking *asking = *out;

	*out = NULL;
	if (!asking)
		return;
	pluq__chain_drop(&asking->chain);
	free(asking);
}

/* --- sessions ----------------------------------------------------------------------------------------------------- */

static int host_open(const struct pluq_host *h, const struct pluq_auth_query *query, pluq_auth_fn fn, void *arg,
    struct pluq_auth_session **out)
{
	return pluq__session_open(pluq__auth_of(h), query, false, fn, arg, out);
}

int pluq__auth_open_shared(const struct pluq_host *h, const struct pluq_auth_query *query, pluq_auth_fn fn, void *arg,
    struct pluq_auth_session **out)
{
	return pluq__session_open(pluq__auth_of(h), query, true, fn, arg, out);
}

const struct pluq_auth pluq__auth_table = {
	.size = sizeof(struct pluq_auth),
	.identify = pluq__call_identify,
	.live = pluq__call_live,
	.grant = pluq__call_grant,
	.answer = pluq__call_answer,
	.required = host_required,
	.ask = host_ask,
	.ask_drop = host_ask_drop,
	.open = host_open,
	.close = pluq__session_close,
	.check = pluq__session_check,
	.watch = pluq__session_watch,
	.leave = pluq__session_leave,
	.arrive = pluq__session_arrive,
	.identity = pluq__session_identity,
	.identity_url = pluq__session_identity_url,
	.grant_count = pluq__session_grant_count,
};
