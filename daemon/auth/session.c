/* Who a connection is, and what it may do until when.
 *
 * A verdict is in force until it expires. Then the chain is asked again: by the first check, which waits for the answer, or shortly
 * before by a session that is watched. If it cannot tell, and `stale` is configured, the old verdict stays in force for so much
 * longer: checks are judged by it at once, and meanwhile the chain is asked at growing gaps. A refusal takes force at once.
 *
 * Invariants
 * 1. grants is NULL until the first good answer. `refused` is the status of the last answer, if that was a refusal.
 * 2. The timer is set while the session is watched and has a loop, and never else.
 * 3. Callbacks are called from on_outcome and on_timer only, and may close the session: it is freed when they have returned.
 */
#include "session.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "../base/clock.h"
#include "inquiry.h"
#include "memo.h"

/* A watched session asks again when a tenth of its time to live is left, or two: many that were let in together must not ask
 * together. */
#define LEAD_MAX_NS (300 * PLUQ__SEC)
/* Gaps between questions that could not be answered. */
#define RETRY_FIRST_NS PLUQ__SEC
#define RETRY_LAST_NS (60 * PLUQ__SEC)

/* Something that waits for a verdict. */
struct claim {
	pluq_auth_fn fn; /* NULL: nothing waits */
	void *arg;
	uint32_t permissions;
	size_t topic_length, channel_length;
	char *names; /* topic, channel */
};

struct pluq_auth_session {
	struct pluq__auth *auth;
	struct pluq__loop *loop; /* NULL: between two */
	struct pluq__question *question;
	bool shared;
	struct pluq__grants *grants;
	int refused;
	struct pluq__memo memo;
	struct pluq__inquiry *inquiry;
	int failures;     /* in a row */
	int64_t retry_ns; /* after a failure: not asked again before */
	pluq_auth_fn open_fn; /* NULL: it has been called */
	void *open_arg;
	struct claim check, watch;
	struct pluq__timer timer;
	bool busy, closed; /* in callbacks; they have closed it */
};

/* --- claims ------------------------------------------------------------------------------------------------------- */

static int claim_set(struct claim *c, uint32_t permissions, const char *topic, size_t topic_length, const char *channel,
    size_t channel_length, pluq_auth_fn fn, void *arg)
{
	char *names = malloc(topic_length + channel_length + 1);

	if (!names)
		return PLUQ_ENOMEM;
	memcpy(names, topic, topic_length);
	memcpy(names + topic_length, channel, channel_length);
	free(c->names);
	*c = (struct claim){ fn, arg, permissions, topic_length, channel_length, names };
	return 0;
}

static void claim_clear(struct claim *c)
{
	free(c->names);
	*c = (struct claim){ 0 };
}

/* --- judging ------------------------------------------------------------------------------------------------------ */

static struct pluq__matcher *matcher_of(const struct pluq_auth_session *s)
{
	return &s->auth->matchers[s->loop->index];
}

static int judge(struct pluq_auth_session *s, uint32_t permissions, const char *topic, size_t topic_length, const char *channel,
    size_t channel_length)
{
	int known = pluq__memo_get(&s->memo, permissions, topic, topic_length, channel, channel_length);

	if (known < 0) {
		known = pluq__grants_allow(s->grants, matcher_of(s), permissions, topic, topic_length, channel, channel_length);
		pluq__memo_put(&s->memo, permissions, topic, topic_length, channel, channel_length, known);
	}
	return known ? 0 : PLUQ_EDENIED;
}

/* Until when the verdict is in force though the chain cannot tell. */
static int64_t limit_of(const struct pluq_auth_session *s)
{
	return s->grants->expires_ns + (s->failures ? s->auth->stale_ns : 0);
}

static bool is_in_force(const struct pluq_auth_session *s)
{
	return s->grants && !s->refused && s->loop->now_ns < limit_of(s);
}

static int judge_claim(struct pluq_auth_session *s, const struct claim *c)
{
	if (s->refused)
		return s->refused;
	if (!is_in_force(s))
		return PLUQ_EAUTH;
	return judge(s, c->permissions, c->names, c->topic_length, c->names + c->topic_length, c->channel_length);
}

/* --- asking ------------------------------------------------------------------------------------------------------- */

static void on_outcome(void *arg, int status, struct pluq__grants *);

static void note_failure(struct pluq_auth_session *s)
{
	int shift = s->failures < 6 ? s->failures : 6;
	int64_t gap = RETRY_FIRST_NS << shift;

	if (gap > RETRY_LAST_NS)
		gap = RETRY_LAST_NS;
	s->failures++;
	s->retry_ns = s->loop->now_ns + gap / 2 + pluq__auth_random(s->auth, gap / 2);
}

static int ask(struct pluq_auth_session *s)
{
	if (!s->inquiry)
		s->inquiry = pluq__inquiry_start(s->auth, s->question, s->shared, on_outcome, s);
	return s->inquiry ? 0 : PLUQ_ENOMEM;
}

/* --- watching ----------------------------------------------------------------------------------------------------- */

static int64_t lead_of(const struct pluq_auth_session *s)
{
	int64_t lead = (s->grants->expires_ns - s->grants->told_ns) / 10;

	if (lead > LEAD_MAX_NS)
		lead = LEAD_MAX_NS;
	return lead + pluq__auth_random(s->auth, lead);
}

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* When the watched session is to be looked at. */
static void plan(struct pluq_auth_session *s)
{
	int64_t at;

	if (!s->watch.fn) {
		if (s->loop)
			pluq__loop_clear(s->loop, &s->timer);
		return;
	}
	at = limit_of(s);
	if (s->failures && !s->inquiry)
		at = least(s->retry_ns, at);
	else if (!s->inquiry)
		at -= lead_of(s);
	else if (!s->failures && s->loop->now_ns >= at) /* asked too late: what it says is waited for */
		at = INT64_MAX;
	pluq__loop_set(s->loop, &s->timer, at);
}

static bool end_calls(struct pluq_auth_session *s);

static void tell(struct claim *c, int status)
{
	const struct claim told = *c;

	*c = (struct claim){ 0 };
	free(told.names);
	told.fn(told.arg, status);
}

static void on_timer(struct pluq__timer *timer)
{
	struct pluq_auth_session *s = (struct pluq_auth_session *)((char *)timer - offsetof(struct pluq_auth_session, timer));

	/* The time to live is over, and the answer is not there. That is no better than an error. But if nobody was asked yet, because
	 * the process was not run for a while, that comes first. */
	if (s->inquiry && !s->failures && s->loop->now_ns >= s->grants->expires_ns)
		s->failures = 1;
	if (s->failures && !is_in_force(s)) {
		s->busy = true;
		tell(&s->watch, PLUQ_EAUTH);
		end_calls(s);
		return;
	}
	if (ask(s))
		note_failure(s);
	plan(s);
}

/* --- the answer --------------------------------------------------------------------------------------------------- */

static void take(struct pluq_auth_session *s, struct pluq__grants *grants)
{
	pluq__grants_ref(grants);
	pluq__grants_unref(s->grants);
	s->grants = grants;
	pluq__memo_clear(&s->memo);
	s->refused = 0;
	s->failures = 0;
	if (s->loop->now_ns >= grants->expires_ns) /* kept for all requests beyond its time to live */
		note_failure(s);
}

static void free_session(struct pluq_auth_session *s)
{
	pluq__inquiry_drop(&s->inquiry);
	claim_clear(&s->check);
	claim_clear(&s->watch);
	pluq__memo_clear(&s->memo);
	pluq__grants_unref(s->grants);
	pluq__question_unref(s->question);
	free(s);
}

/* After callbacks. false: the session is gone. */
static bool end_calls(struct pluq_auth_session *s)
{
	s->busy = false;
	if (s->closed) {
		free_session(s);
		return false;
	}
	return true;
}

static void tell_open(struct pluq_auth_session *s, int status)
{
	pluq_auth_fn fn = s->open_fn;

	s->open_fn = NULL;
	fn(s->open_arg, status);
}

static void tell_all(struct pluq_auth_session *s, int status)
{
	if (s->open_fn)
		tell_open(s, status);
	if (s->check.fn && !s->closed)
		tell(&s->check, judge_claim(s, &s->check));
	if (s->watch.fn && !s->closed) {
		int now = judge_claim(s, &s->watch); /* after an error there may be time to live left */

		if (now)
			tell(&s->watch, now);
	}
}

static void on_outcome(void *arg, int status, struct pluq__grants *grants)
{
	struct pluq_auth_session *s = arg;

	s->inquiry = NULL;
	switch (status) {
	case 0:
		take(s, grants);
		break;
	case PLUQ_EREFUSED:
	case PLUQ_ENOGRANT:
		s->refused = status;
		break;
	default:
		note_failure(s);
	}
	s->busy = true;
	tell_all(s, status);
	if (end_calls(s))
		plan(s);
}

/* --- calls -------------------------------------------------------------------------------------------------------- */

int pluq__session_open(struct pluq__auth *a, const struct pluq_auth_query *query, bool shared, pluq_auth_fn fn, void *arg,
    struct pluq_auth_session **out)
{
	struct pluq_auth_session *s = calloc(1, sizeof(*s));

	if (!s)
		return PLUQ_ENOMEM;
	*s = (struct pluq_auth_session){ .auth = a, .loop = pluq__loop_self(), .shared = shared, .open_fn = fn, .open_arg = arg,
		.timer.fn = on_timer };
	if (!(s->question = pluq__question_new(a, query)) || ask(s)) {
		free_session(s);
		return PLUQ_ENOMEM;
	}
	*out = s;
	return 0;
}

void pluq__session_close(struct pluq_auth_session **out)
{
	struct pluq_auth_session *s = *out;

	*out = NULL;
	if (!s)
		return;
	if (s->loop)
		pluq__loop_clear(s->loop, &s->timer);
	if (s->busy)
		s->closed = true;
	else
		free_session(s);
}

/* Its time to live is over. */
static int check_again(struct pluq_auth_session *s, uint32_t permissions, const char *topic, size_t topic_length,
    const char *channel, size_t channel_length, pluq_auth_fn fn, void *arg)
{
	if (is_in_force(s)) { /* as the chain could not tell */
		if (s->loop->now_ns >= s->retry_ns && ask(s))
			note_failure(s);
		return judge(s, permissions, topic, topic_length, channel, channel_length);
	}
	assert(!s->check.fn);
	if (claim_set(&s->check, permissions, topic, topic_length, channel, channel_length, fn, arg))
		return PLUQ_ENOMEM;
	if (ask(s)) {
		claim_clear(&s->check);
		return PLUQ_ENOMEM;
	}
	return PLUQ_ELATER;
}

int pluq__session_check(struct pluq_auth_session *s, uint32_t permissions, const char *topic, size_t topic_length,
    const char *channel, size_t channel_length, pluq_auth_fn fn, void *arg)
{
	assert(s->grants);
	if (!channel)
		channel = "";
	if (s->loop->now_ns < s->grants->expires_ns && !s->refused)
		return judge(s, permissions, topic, topic_length, channel, channel_length);
	return check_again(s, permissions, topic, topic_length, channel, channel_length, fn, arg);
}

int pluq__session_watch(struct pluq_auth_session *s, const char *topic, size_t topic_length, const char *channel,
    size_t channel_length, pluq_auth_fn fn, void *arg)
{
	assert(s->grants);
	if (claim_set(&s->watch, PLUQ_MAY_SUBSCRIBE, topic, topic_length, channel, channel_length, fn, arg))
		return PLUQ_ENOMEM;
	plan(s);
	return 0;
}

bool pluq__auth_may(struct pluq_auth_session *s, uint32_t permissions, const char *topic, size_t topic_length, const char *channel,
    size_t channel_length)
{
	return s->grants && !s->refused &&
	    pluq__grants_allow(s->grants, matcher_of(s), permissions, topic, topic_length, channel, channel_length);
}

/* --- from loop to loop -------------------------------------------------------------------------------------------- */

/* What was asked for the watch is asked again where it arrives. */
void pluq__session_leave(struct pluq_auth_session *s)
{
	assert(!s->open_fn && !s->check.fn);
	pluq__inquiry_drop(&s->inquiry);
	pluq__loop_clear(s->loop, &s->timer);
	s->loop = NULL;
}

int pluq__session_arrive(struct pluq_auth_session *s)
{
	s->loop = pluq__loop_self();
	plan(s);
	return 0;
}

/* --- what it says ------------------------------------------------------------------------------------------------- */

const char *pluq__session_identity(const struct pluq_auth_session *s)
{
	return s->grants ? s->grants->identity : "";
}

const char *pluq__session_identity_url(const struct pluq_auth_session *s)
{
	return s->grants ? s->grants->identity_url : "";
}

uint32_t pluq__session_grant_count(const struct pluq_auth_session *s)
{
	return s->grants ? s->grants->count : 0;
}
