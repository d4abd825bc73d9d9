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
	out->judgement = PLUQ_REJECT;
	snprintf(out->finding.reason, sizeof(out->finding.reason), "%s", reason);
}

/* Bytes of the character at `at` that may be shown: UTF-8, and no control character, of C1 neither. 0: it is none. */
static size_t shown_length(const unsigned char *at)
{
	size_t n = *at < 0x80 ? 1 : *at >= 0xc2 && *at <= 0xdf ? 2 : (*at & 0xf0) == 0xe0 ? 3 : *at >= 0xf0 && *at <= 0xf4 ? 4 : 0;

	if (n <= 1)
		return *at < ' ' || *at == 0x7f ? 0 : n;
	if ((at[0] == 0xc2 && at[1] < 0xa0) || (at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f) ||
	    (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f))
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((at[i] & 0xc0) != 0x80) /* the terminator is none either */
			return 0;
	return n;
}

/* It goes into logs, error frames and JSON. */
static void clean_reason(struct pluq_finding *f)
{
	unsigned char *at = (unsigned char *)f->reason;

	f->reason[sizeof(f->reason) - 1] = 0;
	while (*at) {
		size_t n = shown_length(at);
		if (n == 0) {
			*at = *at < 0x80 ? ' ' : '?';
			n = 1;
		}
		at += n;
	}
	if (!*f->reason)
		strcpy(f->reason, "no reason given");
}

/* named: as the options say; "": as the validator says. Whoever reads a topic must not see what is refused for it: then the
 * message is rejected. */
static void settle_target(const struct pluq_validation *t, const char *named, struct pluq_judged *out)
{
	char *topic = out->finding.topic;

	if (*named)
		memcpy(topic, named, strlen(named) + 1);
	else if (!*topic)
		pluq__rejected_name(topic, t->name, t->length);
	if (pluq_name_is_valid(topic, strlen(topic)) && strcmp(topic, t->name) != 0)
		out->judgement = PLUQ_DIVERT;
}

/* The validator itself has named where it goes. */
static void settle_divert(const struct pluq_validation *t, struct pluq_judged *out)
{
	settle_target(t, "", out);
	if (out->judgement == PLUQ_DIVERT)
		return;
	say(out, strcmp(out->finding.topic, t->name) == 0 ? "would be diverted to the topic that it is refused for" :
							      "is diverted to a topic whose name is not valid");
}

static void settle_reject(const struct pluq_validation *t, const struct pluq__rule *rule, struct pluq_judged *out)
{
	out->drop = rule->on_reject == PLUQ_ON_REJECT_DROP;
	*out->finding.topic = 0;
	if (rule->on_reject == PLUQ_ON_REJECT_DIVERT)
		settle_target(t, rule->divert_to, out);
}

/* Turns the verdict into what becomes of the message. Returns how it is counted. */
static int settle(const struct pluq_validation *t, const struct pluq__rule *rule, int verdict, struct pluq_judged *out)
{
	struct pluq_finding *f = &out->finding;
	bool failed = verdict < 0 || verdict > PLUQ_DIVERT;

	out->judgement = PLUQ_REJECT;
	out->drop = false;
	f->topic[sizeof(f->topic) - 1] = 0;
	if (verdict == PLUQ_DIVERT)
		settle_divert(t, out);
	else if (verdict == PLUQ_REJECT)
		settle_reject(t, rule, out);
	else if (verdict > 0)
		say(out, "its verdict is none that is known");
	else if (!*f->reason)
		say(out, "it cannot judge at present");
	clean_reason(f);
	if (failed)
		return PLUQ__FAILED;
	if (out->judgement == PLUQ_DIVERT)
		return PLUQ__DIVERTED;
	return out->drop ? PLUQ__DROPPED : PLUQ__REJECTED;
}

/* --- logs --------------------------------------------------------------------------------------------------------- */

static void tell_slow(struct pluq__validate_loop *l, size_t i, int64_t now, int64_t took)
{
	char text[64];
	uint64_t hidden;

	if (pluq__complaint_raise(&l->judges[i].slow, now, &hidden))
		pluq__log(PLUQ_WARN, l->core->judges[i].instance, "slow operation: judge took %lld ms%s", (long long)(took / PLUQ__MS),
		    pluq__complaint_more(hidden, text, sizeof(text)));
}

static void tell_refused(const struct pluq_validation *t, size_t i, int64_t now, const struct pluq_judged *out)
{
	struct pluq__complaint *complaint = &t->loop->judges[i].refuses;
	char text[64];
	uint64_t hidden;

	pluq__complaint_calm(complaint, now);
	if (pluq__complaint_raise(complaint, now, &hidden))
		pluq__log(PLUQ_INFO, t->loop->core->judges[i].instance, "%s a message for %s%s%s: %s%s",
		    out->judgement == PLUQ_DIVERT ? "diverts" : out->drop ? "drops" : "rejects", t->name,
		    out->judgement == PLUQ_DIVERT ? " to " : "", out->judgement == PLUQ_DIVERT ? out->finding.topic : "",
		    out->finding.reason, pluq__complaint_more(hidden, text, sizeof(text)));
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
	return pluq__judge_begun(l, i) ? call(l, i, candidate, &out->finding) : PLUQ_ENOMEM;
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
	if (!t) { /* for this message only: who keeps it finds another epoch before the next */
		atomic_fetch_add_explicit(&l->core->epoch, 1, memory_order_release);
		return &l->refusing;
	}
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
