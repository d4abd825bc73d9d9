/* The way of every publish: find the topic, go to its home if that pays, hand over, answer. */
#include "auth.h"
#include "body.h"

#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "sieve.h"
#include "protocol.h"

/* Times a command looks its topic up again because it was deleted meanwhile. */
#define STALE_TRIES 2
/* Beside PLUQ_E*: the rest is judged in the next turn of the loop. */
#define NEXT_TURN 1

const char *verb_name(enum verb verb)
{
	static const char *const names[] = {
		[VERB_PUB] = "PUB", [VERB_MPUB] = "MPUB", [VERB_DPUB] = "DPUB", [VERB_IDENTIFY] = "IDENTIFY",
		[VERB_AUTH] = "AUTH"};

	return names[verb];
}

enum missing verb_body_missing(enum verb verb)
{
	static const enum missing parts[] = {
		[VERB_PUB] = MISSING_PUB_BODY, [VERB_DPUB] = MISSING_DPUB_BODY, [VERB_IDENTIFY] = MISSING_IDENTIFY_BODY,
		[VERB_AUTH] = MISSING_AUTH_BODY};

	return parts[verb];
}

static inline bool topic_at_hand(const struct conn *c, struct span name)
{
	return c->topic_length == name.length && c->topic && memcmp(c->topic_name, name.at, name.length) == 0;
}

bool topic_name_ok(const struct conn *c, struct span name)
{
	return topic_at_hand(c, name) || name_valid(name.at, name.length);
}

void topic_drop(struct conn *c)
{
	if (c->topic)
		c->nsqd->broker->topic_unref(c->topic);
	c->topic = NULL;
	c->topic_name = NULL;
	c->topic_length = 0;
	c->count = NULL;
}

static void topic_set(struct conn *c, struct pluq_topic *topic)
{
	c->topic = topic;
	c->topic_name = c->nsqd->broker->topic_name(topic);
	c->topic_length = (uint32_t)strlen(c->topic_name);
	c->validation_epoch = 0;
}

/* pluq_topic_fn */
static void on_topic(void *arg, int status, struct pluq_topic *topic)
{
	struct conn *c = arg;

	if (c->closed) {
		if (topic)
			c->nsqd->broker->topic_unref(topic);
	} else {
		if (status == 0)
			topic_set(c, topic);
		c->topic_status = status;
		conn_resume(c, PAUSE_TOPIC);
		if (c->intake && intake_complete(c))
			conn_settle(c, intake_step(c, NULL));
	}
	conn_unref(c);
}

int topic_want(struct conn *c, struct span name)
{
	struct pluq_topic *topic;

	if (topic_at_hand(c, name))
		return 0;
	if (c->topic_status < 0) {
		int status = c->topic_status;
		c->topic_status = 0;
		return status;
	}
	topic_drop(c);
	int status = c->nsqd->broker->topic_get(c->nsqd->host, (const char *)name.at, name.length, true, &topic,
	    on_topic, c);
	if (status == 0) {
		topic_set(c, topic);
	} else if (status == PLUQ_ELATER) {
		c->refs++;
		conn_pause(c, PAUSE_TOPIC);
	}
	return status;
}

/* A connection that publishes first to a topic that lives elsewhere goes there, once. */
static bool moves_home(struct conn *c)
{
	uint32_t home;

	if (c->moved || !c->in_data || c->sub || c->intake || c->sieve || answers_open(&c->answers))
		return false;
	home = c->nsqd->broker->topic_home(c->topic);
	if (home == c->loop)
		return false;
	c->moved = true;
	conn_move_to(c, home);
	return true;
}

static void failed_text(struct text *t, enum verb verb, int status, const char *cause)
{
	if (status == PLUQ_ESTALE)
		status = PLUQ_EEXITING;
	text_printf(t, "E_%s_FAILED %s failed %s", verb_name(verb), verb_name(verb),
	    cause && *cause ? cause : status_text(status));
}

enum step publish_failed(struct conn *c, enum verb verb, int status, const char *cause)
{
	struct text text = {0};

	failed_text(&text, verb, status, cause);
	return answer_fatal(c, text);
}

/* pluq_done_fn */
static void on_published(void *arg, int status, const struct pluq_why *why)
{
	struct answer *answer = arg;
	struct conn *c = answer->conn;
	struct text text = {0};

	if (!c->closed) {
		if (status < 0)
			failed_text(&text, answer->verb, status, why ? why->text : NULL);
		if (text.failed) {
			text_free(&text);
			conn_abort(c);
		} else {
			answers_known(answer, text, status < 0);
		}
	}
	conn_unref(c);
}

static void count(struct conn *c, size_t n)
{
	if (!c->count)
		c->count = pub_counts_get(&c->counts, c->topic_name, c->topic_length);
	if (c->count) /* without memory the figure is missing, not the message */
		c->count->count += n;
}

/* One try with the topic at hand. */
static int hand_over(struct conn *c, const struct publish *p)
{
	const struct pluq_broker *broker = c->nsqd->broker;
	struct answer *answer = answers_next(c);

	if (!answer)
		return PLUQ_ENOMEM;
	answer->verb = (uint8_t)p->verb;
	int status = broker->publish(c->nsqd->host, c->topic, p->bodies, p->count, p->defer_ns, on_published, answer);
	if (status == 0) {
		count(c, p->count);
		answer_ok(c);
	} else if (status == PLUQ_ELATER) {
		count(c, p->count);
		answers_take(c);
		c->refs++;
	}
	return status;
}

/* --- validators */

/* Found once per topic, loop and change of the validators. */
static const struct pluq_validation *validation_of(struct conn *c)
{
	const struct nsqd *n = c->nsqd;
	uint64_t epoch = n->validators->epoch(n->host);

	if (c->validation_epoch != epoch) {
		c->validation = n->validators->of(n->host, c->topic_name, c->topic_length);
		c->validation_epoch = epoch; /* of before: what changes meanwhile is asked about again */
	}
	return c->validation;
}

/* The error goes to the client in its turn, and the connection goes on. */
static void refuse(struct conn *c, const struct publish *p, const struct sieve *s)
{
	struct text text = {0};

	for (size_t i = 0; i < p->count; i++)
		if (p->bodies[i].msg)
			c->nsqd->broker->msg_unref(p->bodies[i].msg);
	text_printf(&text, "E_BAD_MESSAGE %s", verb_name(p->verb));
	sieve_text_index(s, p->verb == VERB_MPUB, &text);
	text_str(&text, " rejected");
	sieve_text_reason(s, &text);
	answer_text(c, FRAME_ERROR, text);
}

/* What the sieve has kept, and what it has sent elsewhere: one answer when all of it is accepted. */
static int hand_over_parts(struct conn *c, const struct publish *p, struct sieve *s)
{
	size_t kept = p->count - s->out_count;
	struct answer *answer = answers_next(c);
	struct split *split = s->split;
	struct pluq_why why = {""};

	if (!answer || !split)
		return PLUQ_ENOMEM;
	if (kept && split_know(split, c->topic_name, c->topic_length, c->topic) < 0)
		return PLUQ_ENOMEM;
	for (size_t i = 0; i < p->count; i++)
		if (!sieve_leaves_out(s, i) && split_add(split, c->topic_name, c->topic_length, &p->bodies[i]) < 0)
			return PLUQ_ENOMEM;
	answer->verb = (uint8_t)p->verb;
	s->split = NULL;
	int status = split_send(split, p->defer_ns, on_published, answer, &why);
	if (status == 0 || status == PLUQ_ELATER)
		count(c, kept);
	if (status == 0) {
		answer_ok(c);
	} else if (status == PLUQ_ELATER) {
		answers_take(c);
		c->refs++;
	} else if (c->intake) {
		c->intake->count = 0; /* the split has had them */
	}
	return status;
}

void sieve_drop(struct conn *c)
{
	if (c->sieve)
		sieve_fini(c->sieve);
	free(c->sieve);
	c->sieve = NULL;
}

/* What has been judged need not be again when the command is parsed once more. false: no memory, and *s is as it was. */
static bool keep(struct conn *c, struct sieve **s)
{
	struct sieve *kept = *s;

	if (!c->intake && kept->split && split_own(kept->split) < 0) /* else its bodies stay where they are */
		return false;
	if (kept != c->sieve && !(kept = malloc(sizeof(*kept))))
		return false;
	if (kept != *s)
		*kept = **s;
	*s = c->sieve = kept;
	return true;
}

/* Asks the validators about what they have not seen yet. *later: in the next turn, about the rest. */
static enum sieved judge(struct conn *c, const struct publish *p, struct sieve **s, bool *later)
{
	enum sieved sieved = SIEVE_ACCEPTS;
	struct pace *pace = &c->nsqd->loops[c->loop].pace;

	while (sieved == SIEVE_ACCEPTS && (*s)->seen < p->count) {
		if (pace_spent(pace) && ((*s)->seen == 0 || keep(c, s)) && conn_yield(c)) {
			*later = true;
			break;
		}
		sieved = sieve_judge(*s, &p->bodies[(*s)->seen]);
	}
	return sieved;
}

/* One try with the topic at hand, as hand_over; what the validators have to say comes before. */
static int hand_over_judged(struct conn *c, const struct publish *p)
{
	const struct pluq_validation *by = validation_of(c);
	struct sieve fresh, *s = c->sieve;
	enum sieved sieved = SIEVE_ACCEPTS;
	bool later = false;
	int status;

	if (!s && !by)
		return hand_over(c, p);
	if (!s)
		sieve_init(s = &fresh, c->nsqd, by);
	if ((s->by = by)) /* a reload may have changed it in the middle of a batch */
		sieved = judge(c, p, &s, &later);
	if (later) {
		status = NEXT_TURN;
	} else if (sieved == SIEVE_REFUSES) {
		refuse(c, p, s);
		status = 0;
	} else if (sieved == SIEVE_NO_MEMORY) {
		status = PLUQ_ENOMEM;
	} else {
		status = s->out_count ? hand_over_parts(c, p, s) : hand_over(c, p);
		if (status == PLUQ_ESTALE)
			keep(c, &s);
	}
	if (s == &fresh)
		sieve_fini(s);
	return status;
}

enum step topic_open(struct conn *c, enum verb verb, struct span name)
{
	int status = topic_want(c, name);

	if (status == PLUQ_ELATER)
		return STEP_STOP;
	if (status < 0)
		return publish_failed(c, verb, status, NULL);
	return moves_home(c) ? STEP_STOP : STEP_NEXT;
}

enum step publish_allowed(struct conn *c, enum verb verb, struct span topic)
{
	static const struct span no_channel = {(const uint8_t *)"", 0};

	return c->guarded ? auth_check(c, verb_name(verb), PLUQ_MAY_PUBLISH, topic, no_channel) : STEP_NEXT;
}

static enum step attempt(struct conn *c, const struct publish *p)
{
	if (p->verb != VERB_MPUB) { /* which was judged before its body */
		enum step step = publish_allowed(c, p->verb, p->topic);
		if (step != STEP_NEXT)
			return step;
	}
	for (;;) {
		enum step step = topic_open(c, p->verb, p->topic);
		if (step != STEP_NEXT)
			return step;
		int status = c->nsqd->validators ? hand_over_judged(c, p) : hand_over(c, p);
		if (status == 0 || status == PLUQ_ELATER) {
			c->stale = 0;
			return STEP_NEXT;
		}
		if (status == NEXT_TURN)
			return STEP_STOP;
		if (status != PLUQ_ESTALE || ++c->stale > STALE_TRIES)
			return publish_failed(c, p->verb, status, NULL);
		topic_drop(c);
	}
}

enum step publish(struct conn *c, const struct publish *p)
{
	enum step step = attempt(c, p);

	if (c->sieve && (step != STEP_STOP || c->ending))
		sieve_drop(c);
	return step;
}
