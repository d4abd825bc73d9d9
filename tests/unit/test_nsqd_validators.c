/* Publishes that validators judge, with answers at once and late. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "nsqd_rig.h"

/* A body says by its first byte what becomes of it. */
static const struct pluq_validation *const judges = (const struct pluq_validation *)&mock;
static size_t asked, judged;
static bool nobody; /* judges any more */
static uint64_t epoch;

static const struct pluq_validation *of(const struct pluq_host *h, const char *topic, size_t length)
{
	asked++;
	return *topic == 'f' || nobody ? NULL : judges;
}

static uint64_t epoch_now(const struct pluq_host *h)
{
	return epoch;
}

static void judge(const struct pluq_validation *v, const uint8_t *body, size_t length, struct pluq_judged *out)
{
	assert_ptr_equal(v, judges);
	judged++;
	out->validator = "strict";
	out->judgement = PLUQ_ACCEPT;
	out->drop = false;
	strcpy(out->finding.reason, "it is bad");
	if (length > 1 && body[1] == 's') /* takes as long as others may be made to wait at most, and more */
		nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
	switch (*body) {
	case 'r': out->judgement = PLUQ_REJECT; break;
	case 'd': out->judgement = PLUQ_REJECT; out->drop = true; break;
	case '>': out->judgement = PLUQ_DIVERT; strcpy(out->finding.topic, "t.rejected"); break;
	case '}': out->judgement = PLUQ_DIVERT; strcpy(out->finding.topic, "other"); break;
	case ']': out->judgement = PLUQ_DIVERT; snprintf(out->finding.topic, sizeof(out->finding.topic), "o%u", body[1]); break;
	}
}

static const struct pluq_validators validators = {.size = sizeof(validators), .of = of, .epoch = epoch_now, .judge = judge};

static int begin(void **state)
{
	mock_standard();
	mock.validators = &validators;
	asked = judged = 0;
	nobody = false;
	epoch = 1;
	mock_start();
	return 0;
}

#define JUDGED(fn) cmocka_unit_test_setup_teardown(fn, begin, teardown)

static void mpub(struct pluq_conn *c, const char *const *bodies, uint32_t n)
{
	struct text all = {0}, t = {0};

	put32(&all, n);
	for (uint32_t i = 0; i < n; i++) {
		put32(&all, (uint32_t)strlen(bodies[i]));
		text_str(&all, bodies[i]);
	}
	text_str(&t, "MPUB t\n");
	put32(&t, (uint32_t)all.length);
	text_add(&t, all.data, all.length);
	mock_feed(c, t.data, t.length);
	text_free(&t);
	text_free(&all);
}

/* One message larger than what is waited for in the input. */
static void pub_large(struct pluq_conn *c, const char *line, char first)
{
	char *body = malloc(60001);

	memset(body, 'x', 60000);
	body[0] = first;
	body[60000] = 0;
	struct text t = {0};
	text_str(&t, line);
	put32(&t, 60000);
	text_str(&t, body);
	feed_in_pieces(c, t.data, t.length, 7000);
	text_free(&t);
	free(body);
}

static void assert_message(size_t n, const char *topic, const char *body)
{
	assert_published(n, topic, body, strlen(body));
}

static void a_rejected_message_costs_an_error_only(void **state)
{
	struct pluq_conn *c = greet();

	pub(c, "PUB t\n", "good");
	pub(c, "PUB t\n", "rotten");
	pub(c, "DPUB t 5\n", "rotten");
	pub(c, "PUB t\n", "good");
	assert_string_equal(said(c), "0:OK|1:E_BAD_MESSAGE PUB rejected by strict: it is bad|"
	    "1:E_BAD_MESSAGE DPUB rejected by strict: it is bad|0:OK");
	assert_false(c->closing);
	assert_int_equal(mock.message_count, 2);
	assert_int_equal(judged, 4);
}

static void the_error_comes_in_its_turn(void **state)
{
	struct pluq_conn *c = greet();

	mock.publish_status = PLUQ_ELATER;
	pub(c, "PUB t\n", "1");
	pub(c, "PUB t\n", "r");
	pub(c, "PUB t\n", "2");
	assert_string_equal(said(c), "");
	mock_publish_answer(1, 0, NULL);
	assert_string_equal(said(c), "");
	mock_publish_answer(0, 0, NULL);
	assert_string_equal(said(c), "0:OK|1:E_BAD_MESSAGE PUB rejected by strict: it is bad|0:OK");
}

static void one_bad_message_refuses_its_batch(void **state)
{
	static const char *const bodies[] = {"a", "b", "r", "c"};
	struct pluq_conn *c = greet();

	mpub(c, bodies, 4);
	assert_string_equal(said(c), "1:E_BAD_MESSAGE MPUB message(2) rejected by strict: it is bad");
	assert_int_equal(mock.publish_calls, 0);
	pub(c, "PUB t\n", "still here");
	assert_string_equal(said(c), "0:OK");
}

static void what_was_diverted_of_a_refused_batch_stays_too(void **state)
{
	static const char *const bodies[] = {">a", "d", "r"};
	struct pluq_conn *c = greet();

	mpub(c, bodies, 3);
	assert_string_equal(said(c), "1:E_BAD_MESSAGE MPUB message(2) rejected by strict: it is bad");
	assert_int_equal(mock.publish_calls, 0);
}

static void dropped_messages_are_not_published(void **state)
{
	static const char *const bodies[] = {"d", "a", "d", "b"}, *const none[] = {"d", "d"};
	struct pluq_conn *c = greet();

	pub(c, "PUB t\n", "d");
	mpub(c, bodies, 4);
	mpub(c, none, 2);
	assert_string_equal(said(c), "0:OK|0:OK|0:OK");
	assert_int_equal(mock.message_count, 2);
	assert_message(0, "t", "a");
	assert_message(1, "t", "b");
}

static void diverted_messages_go_to_their_topics(void **state)
{
	static const char *const bodies[] = {"a", ">1", "}2", "d", "b", ">3"};
	struct pluq_conn *c = greet();

	mpub(c, bodies, 6);
	assert_string_equal(said(c), "0:OK");
	assert_int_equal(mock.message_count, 5);
	assert_int_equal(judged, 6); /* not again where they go */
	assert_message(0, "t.rejected", ">1");
	assert_message(1, "t.rejected", ">3");
	assert_message(2, "other", "}2");
	assert_message(3, "t", "a");
	assert_message(4, "t", "b");
	pub(c, "DPUB t 5\n", ">4");
	assert_string_equal(said(c), "0:OK");
	assert_message(5, "t.rejected", ">4");
	assert_int_equal(mock.messages[5].defer_ns, 5000000);
}

static void one_answer_when_all_parts_are_accepted(void **state)
{
	static const char *const bodies[] = {"a", ">1", "}2"};
	struct pluq_conn *c = greet();

	pub(c, "PUB t\n", "0");
	said(c);
	mock.publish_status = PLUQ_ELATER;
	mpub(c, bodies, 3);
	pub(c, "PUB t\n", "r");
	assert_int_equal(mock_publishes_open(), 3);
	mock_publish_answer(2, 0, NULL);
	mock_publish_answer(0, 0, NULL);
	assert_string_equal(said(c), "");
	mock_publish_answer(0, 0, NULL);
	assert_string_equal(said(c), "0:OK|1:E_BAD_MESSAGE PUB rejected by strict: it is bad");
}

static void a_part_that_fails_is_the_answer(void **state)
{
	static const char *const bodies[] = {"a", ">1"};
	struct pluq_conn *c = greet();

	mock.publish_status = PLUQ_ELATER;
	mpub(c, bodies, 2);
	mock_publish_answer(0, PLUQ_EIO, "disk full");
	assert_string_equal(said(c), "");
	mock_publish_answer(0, 0, NULL);
	assert_fatal(c, "1:E_MPUB_FAILED MPUB failed disk full");
}

static void a_part_that_is_refused_at_once(void **state)
{
	static const char *const bodies[] = {"a", ">1"};
	struct pluq_conn *c = greet();

	mock.publish_status = PLUQ_EPRESSURE;
	mpub(c, bodies, 2);
	assert_fatal(c, "1:E_MPUB_FAILED MPUB failed memory limit reached");
	start_again();
	c = greet();
	mock.publish_status = PLUQ_EPRESSURE;
	pub_large(c, "PUB t\n", '>');
	assert_fatal(c, "1:E_PUB_FAILED PUB failed memory limit reached");
}

static void the_directory_may_answer_late(void **state)
{
	struct pluq_conn *c = greet();

	pub(c, "PUB t\n", "a");
	said(c);
	mock.topics_later = true;
	pub(c, "PUB t\n", ">1");
	pub(c, "PUB t\n", "b"); /* goes on meanwhile, its answer waits */
	assert_string_equal(said(c), "");
	assert_message(1, "t", "b");
	mock_topic_answer();
	assert_string_equal(said(c), "0:OK|0:OK");
	assert_message(2, "t.rejected", ">1");
	mock.topic_status = PLUQ_EEXITING;
	pub(c, "PUB t\n", ">1");
	mock_topic_answer();
	assert_fatal(c, "1:E_PUB_FAILED PUB failed exiting");
}

static void the_client_may_leave_meanwhile(void **state)
{
	static const char *const bodies[] = {"a", ">1"};
	struct pluq_conn *c = greet();

	pub(c, "PUB t\n", "a");
	mock.topics_later = true;
	mock.publish_status = PLUQ_ELATER;
	mpub(c, bodies, 2);
	pub_large(c, "PUB t\n", 'x');
	mock_close(c);
	mock.publish_status = 0;
}

static void a_deleted_topic_is_made_again(void **state)
{
	static const char *const bodies[] = {"a", ">1"};
	struct pluq_conn *c = greet();

	pub(c, "PUB t\n", "a");
	mock.stale = 2;
	mpub(c, bodies, 2);
	assert_string_equal(said(c), "0:OK|0:OK");
	assert_int_equal(mock.message_count, 3);
	mock.stale = 3;
	pub(c, "PUB t\n", ">1");
	assert_fatal(c, "1:E_PUB_FAILED PUB failed exiting");
}

static void large_messages_are_judged_where_they_lie(void **state)
{
	struct pluq_conn *c = greet();

	pub_large(c, "PUB t\n", 'r');
	pub_large(c, "PUB t\n", 'd');
	pub_large(c, "PUB t\n", '>');
	pub_large(c, "DPUB t 1\n", 'x');
	assert_string_equal(said(c), "1:E_BAD_MESSAGE PUB rejected by strict: it is bad|0:OK|0:OK|0:OK");
	assert_int_equal(mock.message_count, 2);
	assert_string_equal(mock.messages[0].topic, "t.rejected");
	assert_int_equal(mock.messages[0].body.length, 60000);
	assert_string_equal(mock.messages[1].topic, "t");
}

/* The batch of a whole intake: messages of their own of every kind. */
static void batches_in_pieces(void **state)
{
	static const char *const words[] = {"a", "d", ">1", "}2", "b"};
	struct text t = {0};
	char large[20001];

	memset(large, 'L', 20000);
	large[20000] = 0;
	for (int last = 0; last < 2; last++) {
		struct pluq_conn *c = greet();
		text_str(&t, "MPUB t\n");
		put32(&t, 100);
		put32(&t, 6);
		put32(&t, 20000);
		large[0] = last ? 'r' : '>';
		text_str(&t, large);
		for (size_t i = 0; i < 5; i++) {
			put32(&t, (uint32_t)strlen(words[i]));
			text_str(&t, words[i]);
		}
		feed_in_pieces(c, t.data, t.length, 3);
		assert_string_equal(said(c), last ? "1:E_BAD_MESSAGE MPUB message(0) rejected by strict: it is bad" : "0:OK");
		assert_int_equal(mock.message_count, last ? 0 : 5);
		text_free(&t);
		start_again();
	}
}

/* Name, size and permission come before, and so does the topic; each is refused as it was. */
static void validators_come_last(void **state)
{
	struct pluq_conn *c = greet();

	pub(c, "PUB *\n", "r");
	assert_fatal(c, "1:E_BAD_TOPIC PUB topic name \"*\" is not valid");
	start_again();
	mock.conf.max_msg_size = 3;
	c = greet();
	pub(c, "PUB t\n", "rrrr");
	assert_fatal(c, "1:E_BAD_MESSAGE PUB message too big 4 > 3");
	start_again();
	mock.secure.auth = true;
	c = greet();
	pub(c, "PUB t\n", "r");
	assert_fatal(c, "1:E_AUTH_FIRST AUTH required before PUB");
	start_again();
	mock.secure.auth = false;
	mock.topic_status = PLUQ_EEXITING;
	c = greet();
	pub(c, "PUB t\n", "r");
	assert_fatal(c, "1:E_PUB_FAILED PUB failed exiting");
	assert_int_equal(judged, 0);
}

/* The client may publish to `t`; where what is diverted goes is no business of its permissions. */
static void diverting_needs_no_permission(void **state)
{
	mock.secure.auth = true;
	struct pluq_conn *c = greet();

	pub(c, "AUTH\n", "s3cret");
	said(c);
	pub(c, "PUB t\n", ">1");
	assert_string_equal(said(c), "0:OK");
	assert_string_equal(mock.secure.checked, "2 t ");
	assert_message(0, "t.rejected", ">1");
}

static void the_chain_is_looked_up_once(void **state)
{
	struct pluq_conn *c = greet();

	for (int i = 0; i < 10; i++)
		pub(c, "PUB t\n", "a");
	assert_int_equal(asked, 1);
	epoch++;
	pub(c, "PUB t\n", "a");
	pub(c, "PUB t\n", "a");
	assert_int_equal(asked, 2);
	pub(c, "PUB free\n", "r");
	pub(c, "PUB free\n", "r");
	assert_int_equal(asked, 3);
	assert_int_equal(judged, 12);
	pub(c, "PUB t\n", "a");
	assert_int_equal(asked, 4);
}

/* Another loop has other state. */
static void and_again_after_a_move(void **state)
{
	struct pluq_conn *c = greet();

	mock.home = 1;
	pub(c, "PUB t\n", "a");
	assert_int_equal(c->loop, 1);
	assert_int_equal(asked, 1);
	assert_int_equal(judged, 1);
	assert_string_equal(said(c), "0:OK");
}

/* --- slices */

static size_t turns(void)
{
	size_t n = 0;

	while (mock_turn())
		n++;
	return n;
}

static void a_slow_batch_lets_others_have_their_turn(void **state)
{
	static const char *const bodies[] = {"as1", ">s2", "ds3", "as4", "}s5", "as6", "as7", "as8"};
	struct pluq_conn *c = greet();

	mock.posts = true;
	mpub(c, bodies, 8);
	assert_int_equal(mock.message_count, 0);
	assert_true(c->paused > 0);
	assert_true(judged < 8);
	pub(c, "PUB t\n", "next"); /* waits in the input */
	assert_int_equal(mock.message_count, 0);
	assert_true(turns() >= 2);
	assert_string_equal(said(c), "0:OK|0:OK");
	assert_int_equal(c->paused, 0);
	assert_int_equal(judged, 9); /* each once */
	assert_message(0, "t.rejected", ">s2");
	assert_message(1, "other", "}s5");
	assert_message(2, "t", "as1");
	assert_message(6, "t", "as8");
	assert_message(7, "t", "next");
}

static void so_do_many_single_ones(void **state)
{
	struct pluq_conn *c = greet();
	struct text t = {0};

	pub(c, "PUB t\n", "x"); /* the topic is at hand */
	mock.posts = true;
	for (int i = 0; i < 20; i++) {
		text_str(&t, "PUB t\n");
		put32(&t, 2);
		text_str(&t, i % 2 ? "as" : "rs");
	}
	mock_feed(c, t.data, t.length);
	text_free(&t);
	assert_true(judged < 20);
	said(c);
	assert_true(turns() >= 5);
	assert_int_equal(judged, 21);
	assert_int_equal(mock.message_count, 11);
	assert_int_equal(c->paused, 0);
}

static void quick_ones_are_done_at_once(void **state)
{
	const char *bodies[200];
	struct pluq_conn *c = greet();

	for (int i = 0; i < 200; i++)
		bodies[i] = "a";
	mock.posts = true;
	mpub(c, bodies, 200);
	assert_true(turns() < 20); /* a busy machine may take the core away now and then */
	assert_string_equal(said(c), "0:OK");
	assert_int_equal(judged, 200);
}

/* Messages of their own. */
static void a_slow_batch_in_pieces(void **state)
{
	static const char *const words[] = {"as", "ds", ">s", "}s", "bs"};
	char large[20001];

	memset(large, 's', 20000);
	large[20000] = 0;
	for (int last = 0; last < 2; last++) {
		struct text t = {0};
		struct pluq_conn *c = greet();
		mock.posts = true;
		judged = 0;
		text_str(&t, "MPUB t\n");
		put32(&t, 100);
		put32(&t, 6);
		for (size_t i = 0; i < 5; i++) {
			put32(&t, (uint32_t)strlen(words[i]));
			text_str(&t, words[i]);
		}
		put32(&t, 20000);
		large[0] = last ? 'r' : '>';
		text_str(&t, large);
		feed_in_pieces(c, t.data, t.length, 30);
		text_free(&t);
		assert_int_equal(mock.message_count, 0);
		assert_true(turns() >= 1);
		assert_int_equal(judged, 6);
		assert_string_equal(said(c), last ? "1:E_BAD_MESSAGE MPUB message(5) rejected by strict: it is bad" : "0:OK");
		assert_int_equal(mock.message_count, last ? 0 : 5);
		mock.posts = false;
		start_again();
	}
}

static void one_bad_message_late_in_a_slow_batch(void **state)
{
	static const char *const bodies[] = {">s", "}s", "ds", "as", "as", "rs", "as"};
	struct pluq_conn *c = greet();

	mock.posts = true;
	mpub(c, bodies, 7);
	turns();
	assert_string_equal(said(c), "1:E_BAD_MESSAGE MPUB message(5) rejected by strict: it is bad");
	assert_int_equal(mock.message_count, 0);
	assert_int_equal(judged, 6);
}

static void the_client_may_leave_a_slow_batch(void **state)
{
	static const char *const bodies[] = {">s", "}s", "ds", "as", "as", "as", "as"};
	struct pluq_conn *c = greet();

	mock.posts = true;
	mpub(c, bodies, 7);
	mock_close(c);
	assert_int_equal(mock_turn(), 1);
	assert_int_equal(mock.message_count, 0);
}

static void rules_may_change_within_a_slow_batch(void **state)
{
	static const char *const bodies[] = {">s", "as", "as", "as", "rs", "rs"};
	struct pluq_conn *c = greet();

	mock.posts = true;
	mpub(c, bodies, 6);
	nobody = true;
	epoch++;
	turns();
	assert_string_equal(said(c), "0:OK");
	assert_int_equal(mock.message_count, 6);
	assert_message(0, "t.rejected", ">s");
	assert_message(5, "t", "rs");
}

/* Also if the directory answers late. */
static void a_topic_deleted_meanwhile_is_no_reason_to_judge_again(void **state)
{
	static const char *const bodies[] = {"a", "b"};
	struct pluq_conn *c = greet();

	pub(c, "PUB t\n", "a");
	said(c);
	judged = 0;
	mock.stale = 1;
	mock.topics_later = true;
	mpub(c, bodies, 2);
	assert_string_equal(said(c), "");
	mock_topic_answer();
	mock_pump(c);
	assert_string_equal(said(c), "0:OK");
	assert_int_equal(judged, 2);
	pub(c, "PUB t\n", "c");
	assert_int_equal(judged, 3);
	assert_int_equal(mock.message_count, 4);
}

static void one_batch_goes_to_so_many_topics_only(void **state)
{
	static char texts[300][3];
	const char *bodies[300];
	struct pluq_conn *c = greet();

	for (int i = 0; i < 300; i++) {
		texts[i][0] = ']';
		texts[i][1] = (char)(i % 255 + 1);
		bodies[i] = texts[i];
	}
	mpub(c, bodies, 300);
	assert_string_equal(said(c), "0:OK");
	start_again();
	c = greet();
	texts[0][0] = texts[1][0] = '>';
	texts[0][1] = texts[1][1] = 0;
	texts[2][0] = '}';
	mpub(c, bodies, 300);
	assert_string_equal(said(c), "1:E_BAD_MESSAGE MPUB message(257) rejected by strict: the messages would go to more than 256 topics");
	assert_int_equal(mock.message_count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		JUDGED(a_rejected_message_costs_an_error_only), JUDGED(the_error_comes_in_its_turn),
		JUDGED(one_bad_message_refuses_its_batch), JUDGED(what_was_diverted_of_a_refused_batch_stays_too),
		JUDGED(dropped_messages_are_not_published), JUDGED(diverted_messages_go_to_their_topics),
		JUDGED(one_answer_when_all_parts_are_accepted), JUDGED(a_part_that_fails_is_the_answer),
		JUDGED(a_part_that_is_refused_at_once), JUDGED(the_directory_may_answer_late), JUDGED(the_client_may_leave_meanwhile),
		JUDGED(a_deleted_topic_is_made_again), JUDGED(large_messages_are_judged_where_they_lie), JUDGED(batches_in_pieces),
		JUDGED(validators_come_last), JUDGED(diverting_needs_no_permission), JUDGED(the_chain_is_looked_up_once),
		JUDGED(and_again_after_a_move), JUDGED(a_slow_batch_lets_others_have_their_turn), JUDGED(so_do_many_single_ones),
		JUDGED(quick_ones_are_done_at_once), JUDGED(a_slow_batch_in_pieces), JUDGED(one_bad_message_late_in_a_slow_batch),
		JUDGED(the_client_may_leave_a_slow_batch), JUDGED(rules_may_change_within_a_slow_batch),
		JUDGED(a_topic_deleted_meanwhile_is_no_reason_to_judge_again), JUDGED(one_batch_goes_to_so_many_topics_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
