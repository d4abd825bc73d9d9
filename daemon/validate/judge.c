/* One message, judged. */
#include <pluq/name.h>
#include <stdio.h>
#include <string.h>

#include "../base/clock.h"
#include "../base/log.h"
#include "core.h"

/* --- what a validator has said ------------------------------------------------------------------------------------ */

static void say(struct pluq_judged *out, const char *reason)
{
	size_t n = strlen(reason);

	out->judgement = PLUQ_REJECT;
	if (n >= sizeof(out->finding.reason))
		n = sizeof(out->finding.reason) - 1;
	memcpy(out->finding.reason, reason, n);
	out->finding.reason[n] = 0;
}

/* It goes into logs, error frames and JSON. */
static void clean_reason(struct pluq_finding *f)
{
	f->reason[sizeof(f->reason) - 1] = 0;
	for (char *c = f->reason; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = ' ';
	if (!*f->reason)
		strcpy(f->reason, "no reason given");
}

static void settle_target(const struct pluq_validation *t, const char *named, struct pluq_judged *out)
{
	char *topic = out->finding.topic;

	if (*named && named != topic)
		memcpy(topic, named, strlen(named) + 1);
	else if (!*topic)
		pluq__rejected_name(topic, t->name, t->length);
	if (!pluq_name_is_valid(topic, strlen(topic)))
		say(out, "is diverted to a topic whose name is not valid");
	else if (strcmp(topic, t->name) == 0) /* whoever reads there must not see it */
		say(out, "would be diverted to the topic that it is refused for");
	else
		out->judgement = PLUQ_DIVERT;
}

/* Turns the verdict into what becomes of the message. Returns how it is counted. */
static int settle(const struct pluq_validation *t, const struct pluq__rule *rule, int verdict, struct pluq_judged *out)
{
	struct pluq_finding *f = &out->finding;

	out->drop = false;
	f->topic[sizeof(f->topic) - 1] = 0;
	if (verdict == PLUQ_DIVERT) {
		settle_target(t, "", out);
	} else {
		if (verdict != PLUQ_REJECT)
			say(out, "its verdict is none that is known");
		out->judgement = PLUQ_REJECT;
		out->drop = rule->on_reject == PLUQ_ON_REJECT_DROP;
		*f->topic = 0;
		if (rule->on_reject == PLUQ_ON_REJECT_DIVERT)
			settle_target(t, rule->divert_to, out);
	}
	clean_reason(f);
	if (out->judgement == PLUQ_DIVERT)
		return PLUQ__DIVERTED;
	return out->drop ? PLUQ__DROPPED : PLUQ__REJECTED;
}

/* --- logs --------------------------------------------------------------------------------------------------------- */

static const char *more(uint64_t hidden, char *buffer, size_t size)
{
	*buffer = 0;
	if (hidden)
		snprintf(buffer, size, " (%llu more since the last such line)", (unsigned long long)hidden);
	return buffer;
}

static void tell_slow(struct pluq__validate_loop *l, size_t i, int64_t now, int64_t took)
{
	char text[64];
	uint64_t hidden;

	if (pluq__complaint_raise(&l->judges[i].slow, now, &hidden))
		pluq__log(PLUQ_WARN, l->core->judges[i].instance, "slow operation: judge took %lld ms%s", (long long)(took / PLUQ__MS),
		    more(hidden, text, sizeof(text)));
}

static void tell_refused(const struct pluq_validation *t, size_t i, int64_t now, const struct pluq_judged *out)
{
	struct pluq__complaint *complaint = &t->loop->judges[i].refuses;
	char text[64];
	uint64_t hidden;

	pluq__complaint_calm(complaint, now);
	if (pluq__complaint_raise(complaint, now, &hidden))
		pluq__log(PLUQ_INFO, t->loop->core->judges[i].instance, "%s a message for %s: %s%s",
		    out->judgement == PLUQ_DIVERT ? "diverts" : out->drop ? "drops" : "rejects", t->name, out->finding.reason,
		    more(hidden, text, sizeof(text)));
}

/* --- the table ---------------------------------------------------------------------------------------------------- */

/* How many messages this one stands for when time is taken; 0: for none. */
static unsigned weight(struct pluq__judge_here *here, size_t length)
{
	if (length >= PLUQ__SMALL)
		return 1;
	return here->small++ % PLUQ__TIMED ? 0 : PLUQ__TIMED;
}

static int call(struct pluq__validate_loop *l, size_t i, const struct pluq_candidate *candidate, struct pluq_finding *finding)
{
	const struct pluq__judge *judge = &l->core->judges[i];
	unsigned times = weight(&l->judges[i], candidate->length);
	int64_t before = times ? pluq__clock_mono_ns() : 0, took;
	int verdict = judge->ops->judge(*judge->self, candidate, finding);

	if (times) {
		took = pluq__clock_mono_ns() - before;
		l->judges[i].spent_ns += took * times;
		if (took >= l->core->slow_ns)
			tell_slow(l, i, before + took, took);
	}
	return verdict;
}

static int ask(struct pluq__validate_loop *l, size_t i, const struct pluq_candidate *candidate, struct pluq_judged *out)
{
	*out->finding.reason = *out->finding.topic = 0;
	if (pluq__judge_begun(l, i))
		return call(l, i, candidate, &out->finding);
	say(out, "it cannot judge at present");
	return PLUQ_REJECT;
}

static void host_judge(const struct pluq_validation *t, const uint8_t *body, size_t length, struct pluq_judged *out)
{
	struct pluq__validate_loop *l = t->loop;
	const struct pluq_candidate candidate = { .size = sizeof(candidate), .loop = l->index, .topic = t->name,
		.topic_length = t->length, .body = body, .length = length };

	out->judgement = PLUQ_ACCEPT;
	out->validator = NULL;
	if (t == &l->refusing) {
		out->validator = "pluqd";
		out->drop = false;
		say(out, "out of memory");
		return;
	}
	for (uint32_t k = 0; k < t->chain_count; k++) {
		size_t i = t->chain[k];
		uint64_t *counts = &t->counts[i * PLUQ__VERDICTS];
		int verdict = ask(l, i, &candidate, out);
		if (verdict == PLUQ_ACCEPT) {
			counts[PLUQ__ACCEPTED]++;
			continue;
		}
		out->validator = l->core->judges[i].instance;
		counts[settle(t, &l->rules->items[i], verdict, out)]++;
		tell_refused(t, i, l->core->loops->loop[l->index].now_ns, out);
		return;
	}
}

static const struct pluq_validation *host_of(const struct pluq_host *h, const char *topic, size_t length)
{
	struct pluq__validate_loop *l = &pluq__validate_of(h)->on[pluq__loop_self()->index];
	const struct pluq_validation *t;

	pluq__validate_settle(l);
	t = pluq__validation_get(l, topic, length);
	if (!t)
		return &l->refusing;
	return t->chain_count ? t : NULL;
}

static uint64_t host_epoch(const struct pluq_host *h)
{
	return atomic_load_explicit(&pluq__validate_of(h)->epoch, memory_order_acquire);
}

const struct pluq_validators pluq__validators_table = {
	.size = sizeof(struct pluq_validators),
	.of = host_of,
	.epoch = host_epoch,
	.judge = host_judge,
};
