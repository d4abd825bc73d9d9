/* The validators' floor: which judge what, in which order, what becomes of it, what is counted. */
#include "cmocka_all.h"

#include <pluq/glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../../daemon/validate/core.h"
#include "loop_rig.h"

/* --- globs */

static void globs_match(void **state)
{
	static const struct {
		const char *glob, *yes, *no; /* names divided by a blank */
	} cases[] = {
		{"orders", "orders", "order orders2 Orders"},
		{"*", "a orders.eu x#ephemeral", ""},
		{"orders*", "orders orders.eu orders#ephemeral", "order xorders"},
		{"*.eu", "orders.eu .eu", "eu orders.euro"},
		{"a*b*c", "abc axbxc aabbcc abcabc", "ab acb abcd"},
		{"?", "a .", "ab"},
		{"a??d", "abcd", "abd abccd"},
		{"[abc]x", "ax cx", "dx x abx"},
		{"[a-c0-9]", "a b c 5", "d -"},
		{"[!a-c]", "d 5", "a"},
		{"[^a]", "b", "a"},
		{"[]x]", "x", "y"},
		{"[a-]", "a -", "b"},
		{"[-a]", "a -", "b"},
		{"*[0-9]", "t1 t12", "t t1x"},
		{"**a**", "a bab", "b"},
	};
	char names[64], *rest;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_null(pluq_glob_wrong(cases[i].glob));
		strcpy(names, cases[i].yes);
		for (char *n = strtok_r(names, " ", &rest); n; n = strtok_r(NULL, " ", &rest))
			if (!pluq_glob_match(cases[i].glob, n, strlen(n)))
				fail_msg("%s does not match %s", cases[i].glob, n);
		strcpy(names, cases[i].no);
		for (char *n = strtok_r(names, " ", &rest); n; n = strtok_r(NULL, " ", &rest))
			if (pluq_glob_match(cases[i].glob, n, strlen(n)))
				fail_msg("%s matches %s", cases[i].glob, n);
	}
}

static void wrong_globs_say_why(void **state)
{
	char longest[PLUQ_GLOB_MAX + 2];

	memset(longest, '*', sizeof(longest));
	longest[PLUQ_GLOB_MAX + 1] = 0;
	assert_string_equal(pluq_glob_wrong(""), "is empty");
	assert_string_equal(pluq_glob_wrong("a[bc"), "has a [ without its ]");
	assert_string_equal(pluq_glob_wrong("["), "has a [ without its ]");
	assert_string_equal(pluq_glob_wrong("[]"), "has a [ without its ]");
	assert_string_equal(pluq_glob_wrong("[!]"), "has a [ without its ]");
	assert_string_equal(pluq_glob_wrong("[z-a]"), "has a range that runs backwards");
	assert_null(pluq_glob_wrong("[a-c-b]")); /* a to c, - and b */
	assert_true(pluq_glob_match("[a-c-b]", "-", 1));
	assert_string_equal(pluq_glob_wrong("orders,bills"), "matches no topic: it has a character that no name has");
	assert_string_equal(pluq_glob_wrong("orders *"), "matches no topic: it has a character that no name has");
	assert_string_equal(pluq_glob_wrong("\xC3\xA4*"), "matches no topic: it has a character that no name has");
	assert_null(pluq_glob_wrong("*#ephemeral"));
	assert_null(pluq_glob_wrong("????????????????????????????????????????????????????????????????"));
	assert_string_equal(pluq_glob_wrong("???????????????????????????????????????????????????????????????*[a-z]?"),
	    "matches no topic: names have 64 bytes at most");
	assert_string_equal(pluq_glob_wrong(longest), "is longer than 256 bytes");
	longest[PLUQ_GLOB_MAX] = 0;
	assert_null(pluq_glob_wrong(longest));
}

/* One that tries every way of splitting the name would not be done before the sun is cold. */
static void a_hostile_glob_takes_no_time(void **state)
{
	char glob[PLUQ_GLOB_MAX + 1], name[PLUQ_NAME_MAX];
	clock_t before = clock();

	for (size_t i = 0; i < PLUQ_GLOB_MAX; i += 2)
		memcpy(glob + i, "*a", 2);
	glob[PLUQ_GLOB_MAX - 1] = 'b';
	glob[PLUQ_GLOB_MAX] = 0;
	memset(name, 'a', sizeof(name));
	for (int i = 0; i < 1000; i++)
		assert_false(pluq_glob_match(glob, name, sizeof(name)));
	assert_true(clock() - before < 10 * CLOCKS_PER_SEC);
}

static void names_for_what_is_rejected(void **state)
{
	static const struct {
		const char *topic, *rejected;
	} cases[] = {
		{"orders", "orders.rejected"},
		{"orders#ephemeral", "orders.rejected#ephemeral"},
		{"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeefffff", "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeefffff.rejected"},
		{"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff1234",
		    "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeefffff.rejected"},
		{"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeee1234#ephemeral",
		    "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeee.rejected#ephemeral"},
	};
	char out[PLUQ_NAME_MAX + 1];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		pluq__rejected_name(out, cases[i].topic, strlen(cases[i].topic));
		assert_string_equal(out, cases[i].rejected);
		assert_true(strlen(out) <= PLUQ_NAME_MAX);
	}
}

static void options_that_make_no_sense(void **state)
{
	static const char *const bad[] = {"good*", "b[ad"};
	struct pluq_validator_conf conf = {.topics = {bad, 2}, .divert_to = ""};
	struct pluq__problem p;

	assert_int_equal(pluq__validate_check(&conf, "v", &p), PLUQ_EINVAL);
	assert_string_equal(p.text, "v: topics: 'b[ad' has a [ without its ]");
	conf.topics.count = 1;
	assert_int_equal(pluq__validate_check(&conf, "v", &p), 0);
	conf.divert_to = "x";
	assert_int_equal(pluq__validate_check(&conf, "v", &p), PLUQ_EINVAL);
	assert_string_equal(p.text, "v: divert_to is for on_reject: divert");
	conf.on_reject = PLUQ_ON_REJECT_DIVERT;
	assert_int_equal(pluq__validate_check(&conf, "v", &p), 0);
	conf.divert_to = "no name";
	assert_int_equal(pluq__validate_check(&conf, "v", &p), PLUQ_EINVAL);
	assert_string_equal(p.text, "v: divert_to: 'no name' is not a valid name of a topic");
}

/* --- validators on two loops */

#define JUDGES 3

struct judge {
	struct pluq_validator_conf conf;
	void *self, *block;
	_Atomic int begins, fails; /* loop_begin: how often; how often it fails from now on */
	_Atomic int calls;
	int verdict;
	char reason[64], topic[PLUQ_NAME_MAX + 1];
};

static struct {
	struct pluq__loops loops;
	struct pluq__validate *validate;
	struct pluq__host host;
	struct judge judges[JUDGES];
	struct pluq_judged judged;
	const char *topic;
	bool covered;
} rig;

static int judge_one(void *self, const struct pluq_candidate *c, struct pluq_finding *f)
{
	struct judge *j = self;

	assert_int_equal(c->size, sizeof(*c));
	assert_int_equal(c->loop, pluq__loop_self()->index);
	assert_int_equal(strlen(c->topic), c->topic_length);
	assert_int_equal(*f->reason + *f->topic, 0);
	j->calls++;
	strcpy(f->reason, j->reason);
	strcpy(f->topic, j->topic);
	return c->length && *c->body == '!' ? j->verdict : PLUQ_ACCEPT;
}

static int begin_one(void *self, uint32_t loop)
{
	struct judge *j = self;

	assert_int_equal(loop, pluq__loop_self()->index);
	j->begins++;
	if (j->fails > 0) {
		j->fails--;
		return PLUQ_ENOMEM;
	}
	return 0;
}

static const struct pluq_validator_ops ops = {.size = sizeof(ops), .judge = judge_one, .loop_begin = begin_one};

static int rig_up(void **state)
{
	static const char *const names[JUDGES] = {"first", "second", "third"};

	memset(&rig, 0, sizeof(rig));
	assert_int_equal(pluq__loops_init(&rig.loops, 2), 0);
	assert_int_equal(pluq__validate_new(&rig.validate, &rig.loops, INT64_MAX), 0);
	assert_false(pluq__validate_required(rig.validate));
	for (int i = 0; i < JUDGES; i++) {
		struct judge *j = &rig.judges[i];
		j->conf.divert_to = "";
		j->self = j;
		j->block = &j->conf;
		j->verdict = PLUQ_REJECT;
		assert_int_equal(pluq__validate_add(rig.validate, names[i], &ops, &j->self, &j->block), 0);
	}
	assert_true(pluq__validate_required(rig.validate));
	rig.host = (struct pluq__host){.pub.size = sizeof(struct pluq_host), .loops = &rig.loops, .validate = rig.validate};
	return 0;
}

static void rig_start(void)
{
	assert_int_equal(pluq__validate_start(rig.validate), 0);
	loops_start(&rig.loops);
}

static int rig_down(void **state)
{
	loops_down(&rig.loops);
	pluq__loops_settle(&rig.loops);
	pluq__validate_free(&rig.validate);
	pluq__loops_fini(&rig.loops);
	return 0;
}

static void ask_here(void *body)
{
	const struct pluq_validation *v = pluq__validators_table.of(&rig.host.pub, rig.topic, strlen(rig.topic));

	memset(&rig.judged, 0x5a, sizeof(rig.judged));
	rig.covered = v;
	if (v)
		pluq__validators_table.judge(v, body, strlen(body), &rig.judged);
}

static void ask(int loop, const char *topic, const char *body)
{
	rig.topic = topic;
	on_loop(&rig.loops, loop, ask_here, (void *)(uintptr_t)body);
}

static void reload_here(void *arg)
{
	assert_int_equal(pluq__validate_reload(rig.validate), 0);
}

static void reload(void)
{
	on_loop(&rig.loops, 0, reload_here, NULL);
}

/* --- what metrics are told */

static struct {
	uint64_t counts[JUDGES][PLUQ__VERDICTS];
	const char *topic; /* wanted; NULL: of no topic */
	size_t topics;
	double spent;
} told;

static void *source_arg;
static pluq_gather_fn source_fn;

static int make_source(const struct pluq_host *h, pluq_gather_fn fn, void *arg)
{
	source_fn = fn;
	source_arg = arg;
	return 0;
}

static void take_sample(struct pluq_gather *g, const struct pluq_sample *s)
{
	static const char *const words[] = {"accepted", "rejected", "dropped", "diverted", "failed"};

	if (strcmp(s->metric->name, "validator_judging") == 0) {
		told.spent += s->value;
		return;
	}
	assert_string_equal(s->metric->name, "validator_verdicts");
	assert_true(s->value > 0);
	told.topics += s->topic != NULL;
	if (!told.topic != !s->topic || (s->topic && strcmp(told.topic, s->topic) != 0))
		return;
	for (int i = 0; i < JUDGES; i++)
		for (int k = 0; k < PLUQ__VERDICTS; k++)
			if (strcmp(rig.validate->judges[i].instance, s->plugin) == 0 && strcmp(words[k], s->detail) == 0)
				told.counts[i][k] += (uint64_t)s->value;
}

static const struct pluq_metrics metrics = {.size = sizeof(metrics), .source = make_source, .add = take_sample};

static void gather_here(void *arg)
{
	source_fn(source_arg, (uint32_t)pluq__loop_self()->index, NULL);
}

/* All loops added up. */
static void count(const char *topic)
{
	memset(&told, 0, sizeof(told));
	told.topic = topic;
	for (int i = 0; i < 2; i++)
		on_loop(&rig.loops, i, gather_here, NULL);
}

static void with_metrics(void)
{
	source_fn = NULL;
	rig.host.pub.metrics = &metrics;
	assert_int_equal(pluq__validate_metrics(rig.validate, &rig.host.pub), 0);
	assert_non_null(source_fn);
	source_fn = NULL;
	assert_int_equal(pluq__validate_metrics(rig.validate, &rig.host.pub), 0);
	assert_null(source_fn); /* once is enough */
	rig.validate->source = false;
	pluq__validate_metrics(rig.validate, &rig.host.pub);
}

/* --- tests */

static void they_judge_what_they_name_in_order(void **state)
{
	static const char *const orders[] = {"orders*", "bills"}, *const bills[] = {"b*"};

	rig.judges[0].conf.topics = (struct pluq_strings){orders, 2};
	rig.judges[1].conf.topics = (struct pluq_strings){bills, 1};
	rig.judges[2].conf.topics = (struct pluq_strings){bills, 1};
	with_metrics();
	rig_start();
	ask(0, "others", "!");
	assert_false(rig.covered);
	ask(1, "orders.eu", "x");
	assert_true(rig.covered);
	assert_int_equal(rig.judged.judgement, PLUQ_ACCEPT);
	assert_null(rig.judged.validator);
	strcpy(rig.judges[0].reason, "not today");
	ask(0, "orders.eu", "!");
	assert_int_equal(rig.judged.judgement, PLUQ_REJECT);
	assert_false(rig.judged.drop);
	assert_string_equal(rig.judged.validator, "first");
	assert_string_equal(rig.judged.finding.reason, "not today");
	rig.judges[0].verdict = PLUQ_ACCEPT; /* the second decides, and the third is not asked */
	ask(0, "bills", "!");
	assert_string_equal(rig.judged.validator, "second");
	assert_string_equal(rig.judged.finding.reason, "no reason given");
	assert_int_equal(rig.judges[2].calls, 0);
	count("orders.eu");
	assert_int_equal(told.counts[0][PLUQ__ACCEPTED], 1);
	assert_int_equal(told.counts[0][PLUQ__REJECTED], 1);
	count("bills");
	assert_int_equal(told.counts[0][PLUQ__ACCEPTED], 1);
	assert_int_equal(told.counts[1][PLUQ__REJECTED], 1);
	assert_int_equal(told.counts[2][PLUQ__REJECTED], 0);
	assert_true(told.spent >= 0);
}

static void what_becomes_of_the_rejected(void **state)
{
	struct judge *j = &rig.judges[0];

	j->conf.on_reject = PLUQ_ON_REJECT_DROP;
	rig.judges[1].conf.on_reject = PLUQ_ON_REJECT_DIVERT;
	rig.judges[2].conf.on_reject = PLUQ_ON_REJECT_DIVERT;
	rig.judges[2].conf.divert_to = "bin";
	with_metrics();
	rig_start();
	ask(0, "t", "!");
	assert_int_equal(rig.judged.judgement, PLUQ_REJECT);
	assert_true(rig.judged.drop);
	j->verdict = PLUQ_ACCEPT;
	ask(0, "t", "!");
	assert_int_equal(rig.judged.judgement, PLUQ_DIVERT);
	assert_string_equal(rig.judged.finding.topic, "t.rejected");
	rig.judges[1].verdict = PLUQ_ACCEPT;
	ask(0, "t", "!");
	assert_int_equal(rig.judged.judgement, PLUQ_DIVERT);
	assert_string_equal(rig.judged.finding.topic, "bin");
	strcpy(rig.judges[2].reason, "smells");
	ask(0, "bin", "!"); /* in the bin already */
	assert_int_equal(rig.judged.judgement, PLUQ_REJECT);
	assert_false(rig.judged.drop);
	assert_string_equal(rig.judged.finding.reason, "smells");
	count("t");
	assert_int_equal(told.counts[0][PLUQ__DROPPED], 1);
	assert_int_equal(told.counts[1][PLUQ__DIVERTED], 1);
	assert_int_equal(told.counts[2][PLUQ__DIVERTED], 1);
}

static void what_a_validator_diverts(void **state)
{
	struct judge *j = &rig.judges[0];

	j->verdict = PLUQ_DIVERT;
	rig_start();
	ask(0, "t", "!");
	assert_int_equal(rig.judged.judgement, PLUQ_DIVERT);
	assert_string_equal(rig.judged.finding.topic, "t.rejected");
	strcpy(j->topic, "elsewhere");
	ask(0, "t", "!");
	assert_string_equal(rig.judged.finding.topic, "elsewhere");
	strcpy(j->topic, "no name");
	ask(0, "t", "!");
	assert_int_equal(rig.judged.judgement, PLUQ_REJECT);
	assert_string_equal(rig.judged.finding.reason, "is diverted to a topic whose name is not valid");
	strcpy(j->topic, "t");
	ask(0, "t", "!");
	assert_int_equal(rig.judged.judgement, PLUQ_REJECT);
	assert_string_equal(rig.judged.finding.reason, "would be diverted to the topic that it is refused for");
}

static void odd_findings_do_no_harm(void **state)
{
	rig.judges[0].verdict = 17;
	strcpy(rig.judges[0].reason, "a\nb\x7f\x01");
	rig_start();
	ask(0, "t", "!");
	assert_int_equal(rig.judged.judgement, PLUQ_REJECT);
	assert_string_equal(rig.judged.finding.reason, "its verdict is none that is known");
	rig.judges[0].verdict = PLUQ_REJECT;
	ask(0, "t", "!");
	assert_string_equal(rig.judged.finding.reason, "a b  ");
}

/* A good message must not be lost, or end up in the bin, because a validator is in trouble. */
static void what_cannot_be_judged_is_refused_with_an_error(void **state)
{
	struct judge *j = &rig.judges[0];

	for (int fate = PLUQ_ON_REJECT; fate <= PLUQ_ON_REJECT_DIVERT; fate++) {
		for (int i = 0; i < JUDGES; i++)
			rig.judges[i].conf.on_reject = fate;
		if (fate == PLUQ_ON_REJECT) {
			with_metrics();
			rig_start();
		} else {
			reload();
		}
		j->verdict = PLUQ_ENOMEM;
		*j->reason = 0;
		ask(0, "t", "!");
		assert_int_equal(rig.judged.judgement, PLUQ_REJECT);
		assert_false(rig.judged.drop);
		assert_string_equal(rig.judged.finding.reason, "it cannot judge at present");
		strcpy(j->reason, "out of memory");
		ask(0, "t", "!");
		assert_string_equal(rig.judged.finding.reason, "out of memory");
		j->verdict = 17;
		ask(0, "t", "!");
		assert_int_equal(rig.judged.judgement, PLUQ_REJECT);
		assert_false(rig.judged.drop);
		j->fails = 1;
		rig.validate->on[0].judges[0].begun = false;
		rig.validate->on[0].judges[0].again_ns = INT64_MAX;
		ask(0, "t", "!");
		assert_int_equal(rig.judged.judgement, PLUQ_REJECT);
		assert_false(rig.judged.drop);
		j->fails = 0;
	}
	count("t");
	assert_int_equal(told.counts[0][PLUQ__FAILED], 12);
	assert_int_equal(told.counts[0][PLUQ__REJECTED] + told.counts[0][PLUQ__DROPPED] + told.counts[0][PLUQ__DIVERTED], 0);
}

static void reasons_are_utf8_without_controls(void **state)
{
	static const struct {
		const char *said, *told;
	} cases[] = {
		{"caf\xC3\xA9 \xE2\x82\xAC \xF0\x9D\x84\x9E", "caf\xC3\xA9 \xE2\x82\xAC \xF0\x9D\x84\x9E"},
		{"cut \xE2\x82", "cut ??"}, {"\xFFx\xC3(", "?x?("}, {"\xC0\xAF", "??"}, {"\xED\xA0\x80", "???"}, {"\xE0\x80\xAF", "???"},
		{"\xF4\x90\x80\x80", "????"}, {"\xF0\x80\x80\x80", "????"}, {"a\xC2\x85" "b", "a??b"}, {"a\tb\r\nc\x1b[0m", "a b  c [0m"},
	};

	rig_start();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		strcpy(rig.judges[0].reason, cases[i].said);
		ask(0, "t", "!");
		assert_string_equal(rig.judged.finding.reason, cases[i].told);
	}
}

static void topic_gone_here(void *arg)
{
	pluq__validate_topic_gone(rig.validate, arg);
}

static void nothing(void *arg)
{
}

static void a_topic_that_goes_takes_its_counts_along(void **state)
{
	uint64_t epoch;

	with_metrics();
	rig_start();
	for (int loop = 0; loop < 2; loop++) {
		ask(loop, "stays", "!");
		ask(loop, "goes", "!");
		ask(loop, "later", "!");
	}
	epoch = pluq__validators_table.epoch(&rig.host.pub);
	on_loop(&rig.loops, 0, topic_gone_here, "goes");
	on_loop(&rig.loops, 0, topic_gone_here, "unknown");
	for (int loop = 0; loop < 2; loop++)
		on_loop(&rig.loops, loop, nothing, NULL); /* what was posted before has been done */
	assert_true(pluq__validators_table.epoch(&rig.host.pub) != epoch);
	count("goes");
	assert_int_equal(told.counts[0][PLUQ__REJECTED], 0);
	assert_int_equal(told.topics, 4);
	count(NULL);
	assert_int_equal(told.counts[0][PLUQ__REJECTED], 0);
	ask(0, "goes", "!"); /* made again */
	ask(1, "later", "!");
	count("goes");
	assert_int_equal(told.counts[0][PLUQ__REJECTED], 1);
	count("later");
	assert_int_equal(told.counts[0][PLUQ__REJECTED], 3);
	count("stays");
	assert_int_equal(told.counts[0][PLUQ__REJECTED], 2);
}

static void a_reload_changes_topics_and_fate(void **state)
{
	static const char *const other[] = {"o*"};
	uint64_t epoch;

	with_metrics();
	rig_start();
	ask(1, "t", "!");
	assert_string_equal(rig.judged.validator, "first");
	epoch = pluq__validators_table.epoch(&rig.host.pub);
	assert_true(until_at_least(&rig.judges[0].begins, 2));
	rig.judges[0].conf.topics = (struct pluq_strings){other, 1};
	rig.judges[1].conf.on_reject = PLUQ_ON_REJECT_DROP;
	reload();
	assert_true(pluq__validators_table.epoch(&rig.host.pub) != epoch);
	assert_true(until_at_least(&rig.judges[0].begins, 4)); /* on both loops, asked or not */
	ask(1, "t", "!");
	assert_string_equal(rig.judged.validator, "second");
	assert_true(rig.judged.drop);
	assert_int_equal(rig.judges[0].begins, 4);
	count("t");
	assert_int_equal(told.counts[0][PLUQ__REJECTED], 1); /* kept */
	assert_int_equal(told.counts[1][PLUQ__DROPPED], 1);
}

static void a_loop_that_cannot_begin_rejects(void **state)
{
	rig.judges[1].fails = 2; /* once on each loop */
	rig_start();
	assert_true(until_at_least(&rig.judges[1].begins, 2));
	ask(0, "t", "x");
	assert_int_equal(rig.judged.judgement, PLUQ_REJECT);
	assert_string_equal(rig.judged.validator, "second");
	assert_string_equal(rig.judged.finding.reason, "it cannot judge at present");
	rig.validate->on[0].judges[1].again_ns = 0; /* a second has passed */
	ask(0, "t", "x");
	assert_int_equal(rig.judged.judgement, PLUQ_ACCEPT);
	assert_int_equal(rig.judges[1].begins, 3);
}

/* As for want of memory: this message is refused, and the next one asks again. */
static void a_topic_that_has_no_place_is_refused_once(void **state)
{
	static const char name[] = "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggggg";
	uint64_t epoch;

	rig_start();
	epoch = pluq__validators_table.epoch(&rig.host.pub);
	for (int i = 0; i < JUDGES; i++)
		rig.judges[i].conf.on_reject = PLUQ_ON_REJECT_DROP;
	ask(0, name, "x");
	assert_int_equal(rig.judged.judgement, PLUQ_REJECT);
	assert_false(rig.judged.drop);
	assert_string_equal(rig.judged.validator, "pluqd");
	assert_string_equal(rig.judged.finding.reason, "out of memory");
	assert_true(pluq__validators_table.epoch(&rig.host.pub) != epoch);
}

static void topics_kept_are_bounded(void **state)
{
	const size_t many = PLUQ__TOPICS_MOST + 500;
	uint64_t epoch, sum = 0;
	char name[32];

	with_metrics();
	rig_start();
	rig.judges[0].verdict = PLUQ_REJECT;
	ask(0, "busy", "!");
	epoch = pluq__validators_table.epoch(&rig.host.pub);
	for (size_t i = 0; i < many; i++) {
		snprintf(name, sizeof(name), "t%zu", i);
		ask(0, name, "!");
		assert_int_equal(rig.judged.judgement, PLUQ_REJECT);
		if (i % 50 == 0)
			ask(0, "busy", "!");
	}
	assert_true(pluq__validators_table.epoch(&rig.host.pub) != epoch);
	count(NULL);
	assert_true(told.topics <= PLUQ__TOPICS_MOST);
	sum = told.counts[0][PLUQ__REJECTED];
	assert_true(sum >= 500);
	count("busy");
	assert_int_equal(told.counts[0][PLUQ__REJECTED], 1 + (many + 49) / 50); /* what is used keeps its place */
}

#define RIG(fn) cmocka_unit_test_setup_teardown(fn, rig_up, rig_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(globs_match), cmocka_unit_test(wrong_globs_say_why), cmocka_unit_test(a_hostile_glob_takes_no_time),
		cmocka_unit_test(names_for_what_is_rejected), cmocka_unit_test(options_that_make_no_sense),
		RIG(they_judge_what_they_name_in_order), RIG(what_becomes_of_the_rejected), RIG(what_a_validator_diverts),
		RIG(odd_findings_do_no_harm), RIG(what_cannot_be_judged_is_refused_with_an_error),
		RIG(reasons_are_utf8_without_controls), RIG(a_topic_that_goes_takes_its_counts_along), RIG(a_reload_changes_topics_and_fate), RIG(a_loop_that_cannot_begin_rejects),
		RIG(a_topic_that_has_no_place_is_refused_once), RIG(topics_kept_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
