/* AUTH, and what a client may do, with answers at once and late. */
#include <stdlib.h>
#include <string.h>

#include "nsqd_rig.h"

#define WELCOME "0:{\"identity\":\"jo\\u003ce\\u003e\",\"identity_url\":\"http://x\",\"permission_count\":3}"

/* A connection to a handler that asks for authorization. */
static struct pluq_conn *guarded(void)
{
	mock.secure.auth = true;
	return greet();
}

static struct pluq_conn *authed(void)
{
	struct pluq_conn *c = guarded();

	pub(c, "AUTH\n", "s3cret");
	assert_string_equal(said(c), WELCOME);
	return c;
}

static void commands_need_auth_first(void **state)
{
	static const struct {
		const char *line, *body, *error;
	} cases[] = {
		{"SUB t c\n", NULL, "1:E_AUTH_FIRST AUTH required before SUB"},
		{"PUB t\n", "x", "1:E_AUTH_FIRST AUTH required before PUB"},
		{"DPUB t 1\n", "x", "1:E_AUTH_FIRST AUTH required before DPUB"},
		{"MPUB t\n", NULL, "1:E_AUTH_FIRST AUTH required before MPUB"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pluq_conn *c = guarded();
		if (cases[i].body)
			pub(c, cases[i].line, cases[i].body);
		else
			say(c, cases[i].line);
		assert_fatal(c, cases[i].error);
		assert_int_equal(mock.topics_held, 0);
		start_again();
	}
}

static void names_sizes_and_bodies_come_before(void **state)
{
	struct pluq_conn *c = guarded();

	say(c, "SUB t *\n");
	assert_fatal(c, "1:E_BAD_CHANNEL SUB channel name \"*\" is not valid");
	start_again();
	c = guarded();
	mock_feed(c, "PUB t\n\0\0\0\0", 10);
	assert_fatal(c, "1:E_BAD_MESSAGE PUB invalid message body size 0");
	start_again();
	c = guarded();
	mock_feed(c, "PUB t\n\0\0\0\2x", 11);
	assert_string_equal(said(c), "");
	mock_feed(c, "y", 1);
	assert_fatal(c, "1:E_AUTH_FIRST AUTH required before PUB");
	start_again();
	c = guarded();
	say(c, "DPUB t x\n");
	assert_fatal(c, "1:E_INVALID DPUB could not parse timeout x");
	start_again();
	c = guarded();
	say(c, "MPUB *\n");
	assert_fatal(c, "1:E_BAD_TOPIC E_BAD_TOPIC MPUB topic name \"*\" is not valid");
}

static void large_body_of_a_stranger_is_not_kept(void **state)
{
	static const char *const lines[] = {"PUB t\n", "DPUB t 5\n"};
	static const char body[50000];

	for (size_t i = 0; i < 2; i++) {
		struct pluq_conn *c = guarded();
		say(c, lines[i]);
		mock_feed(c, "\0\0\xc3\x50", 4);
		for (size_t at = 0; at < sizeof(body) - 5000; at += 5000)
			mock_feed(c, body + at, 5000);
		assert_int_equal(mock.messages_held, 0);
		assert_string_equal(said(c), "");
		mock_feed(c, body, 5000);
		assert_fatal(c, i ? "1:E_AUTH_FIRST AUTH required before DPUB" : "1:E_AUTH_FIRST AUTH required before PUB");
		start_again();
		c = guarded();
		say(c, lines[i]);
		mock_feed(c, "\0\0\xc3\x50", 4);
		mock_feed(c, body, 30000);
		mock_eof(c);
		assert_fatal(c, i ? "1:E_BAD_MESSAGE DPUB failed to read message body" :
				    "1:E_BAD_MESSAGE PUB failed to read message body");
		start_again();
	}
}

static void other_commands_need_none(void **state)
{
	struct pluq_conn *c = guarded();

	say(c, "NOP\n");
	pub(c, "IDENTIFY\n", "{\"feature_negotiation\":true}");
	assert_non_null(strstr(said(c), "\"auth_required\":true"));
	assert_false(c->closed);
}

static void auth_tells_who_it_is(void **state)
{
	struct pluq_conn *c = authed();

	assert_string_equal(mock.secure.secret, "s3cret");
	assert_string_equal(mock.secure.remote_ip, "192.0.2.1");
	assert_string_equal(mock.secure.common_name, "");
	assert_false(mock.secure.tls);
	pub(c, "PUB t\n", "x");
	assert_string_equal(said(c), "0:OK");
	assert_string_equal(mock.secure.checked, "2 t ");
	pub(c, "AUTH\n", "again");
	assert_fatal(c, "1:E_INVALID AUTH already set");
}

static void auth_judges_its_form_first(void **state)
{
	struct pluq_conn *c = authed();

	say(c, "AUTH \n");
	assert_fatal(c, "1:E_INVALID AUTH invalid number of parameters");
	start_again();
	c = authed();
	sub(c);
	say(c, "AUTH x\n");
	assert_fatal(c, "1:E_INVALID cannot AUTH in current state");
	start_again();
	c = authed();
	mock_feed(c, "AUTH\n\0\0\0\0", 9);
	assert_fatal(c, "1:E_BAD_BODY AUTH invalid body size 0");
}

static void auth_refused_says_why(void **state)
{
	static const struct {
		int status;
		const char *error;
	} cases[] = {
		{PLUQ_ENOGRANT, "1:E_UNAUTHORIZED AUTH no authorizations found"},
		{PLUQ_EREFUSED, "1:E_AUTH_FAILED AUTH failed"},
		{PLUQ_EAUTH, "1:E_AUTH_FAILED AUTH failed"},
		{PLUQ_ENOMEM, "1:E_AUTH_FAILED AUTH failed"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pluq_conn *c = guarded();
		mock.secure.open_status = cases[i].status;
		pub(c, "AUTH\n", "x");
		assert_fatal(c, cases[i].error);
		start_again();
	}
}

static void large_secret_is_taken_whole(void **state)
{
	struct pluq_conn *c = guarded();
	struct text t = {0};

	text_str(&t, "AUTH\n");
	put32(&t, 100000);
	for (int i = 0; i < 100000; i++)
		text_byte(&t, 'k');
	feed_in_pieces(c, t.data, t.length, 7000);
	assert_string_equal(said(c), WELCOME);
	text_free(&t);
}

static void commands_behind_a_late_auth_wait(void **state)
{
	struct pluq_conn *c = guarded();

	mock.secure.auth_later = true;
	pub(c, "AUTH\n", "s");
	pub(c, "PUB t\n", "1");
	assert_string_equal(said(c), "");
	assert_int_equal(c->paused, 1);
	mock_advance(30 * SECOND);
	mock_advance(31 * SECOND);
	assert_string_equal(said(c), "0:_heartbeat_|0:_heartbeat_");
	assert_false(c->closed);
	mock_auth_answer(0);
	assert_string_equal(said(c), WELCOME "|0:OK");
	assert_int_equal(c->paused, 0);
	mock_advance(59 * SECOND);
	assert_false(c->closed);
}

static void client_leaves_while_it_is_asked_about(void **state)
{
	struct pluq_conn *c = guarded();

	mock.secure.auth_later = true;
	pub(c, "AUTH\n", "s");
	mock_close(c);
	assert_false(mock_auth_asked());
	assert_int_equal(mock.secure.sessions, 0);
	start_again();
	mock.secure.auth_later = false;
	c = authed();
	mock.secure.auth_later = true;
	mock.secure.check_status = PLUQ_ELATER;
	pub(c, "PUB t\n", "1");
	assert_true(mock_auth_asked());
	mock_close(c);
	assert_int_equal(mock.message_count, 0);
}

static void not_permitted_is_fatal(void **state)
{
	static const struct {
		int status;
		const char *line, *body, *error;
	} cases[] = {
		{PLUQ_EDENIED, "SUB t c\n", NULL, "1:E_UNAUTHORIZED AUTH failed for SUB on \"t\" \"c\""},
		{PLUQ_ENOGRANT, "PUB t\n", "x", "1:E_UNAUTHORIZED AUTH failed for PUB on \"t\" \"\""},
		{PLUQ_EDENIED, "DPUB t 1\n", "x", "1:E_UNAUTHORIZED AUTH failed for DPUB on \"t\" \"\""},
		{PLUQ_EDENIED, "MPUB t\n", NULL, "1:E_UNAUTHORIZED AUTH failed for MPUB on \"t\" \"\""},
		{PLUQ_EAUTH, "PUB t\n", "x", "1:E_AUTH_FAILED AUTH failed"},
		{PLUQ_EREFUSED, "PUB t\n", "x", "1:E_AUTH_FAILED AUTH failed"},
		{PLUQ_EAUTH, "SUB t c\n", NULL, "1:E_AUTH_FAILED AUTH failed"},
	};

	for (int late = 0; late < 2; late++) {
		for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			struct pluq_conn *c = authed();
			mock.secure.check_status = late ? PLUQ_ELATER : cases[i].status;
			mock.secure.auth_later = late;
			if (cases[i].body)
				pub(c, cases[i].line, cases[i].body);
			else
				say(c, cases[i].line);
			if (late) {
				assert_string_equal(said(c), "");
				mock_auth_answer(cases[i].status);
			}
			assert_fatal(c, cases[i].error);
			assert_int_equal(mock.topics_held, 0);
			assert_int_equal(mock.message_count, 0);
			mock.secure.auth_later = false;
			start_again();
		}
	}
}

static void late_verdict_lets_the_command_go_on(void **state)
{
	struct pluq_conn *c = authed();
	static const uint8_t batch[] = "MPUB t\n\0\0\0\x0f\0\0\0\2\0\0\0\1a\0\0\0\2bc";

	mock.secure.auth_later = true;
	mock.secure.check_status = PLUQ_ELATER;
	mock.topics_later = true;
	pub(c, "PUB t\n", "1");
	mock_auth_answer(0); /* the topic is looked up */
	assert_string_equal(said(c), "");
	mock_topic_answer(); /* the command is parsed again */
	mock_auth_answer(0);
	assert_string_equal(said(c), "0:OK");
	mock_feed(c, batch, sizeof(batch) - 1);
	assert_int_equal(mock.message_count, 1);
	mock_auth_answer(0);
	assert_string_equal(said(c), "0:OK");
	assert_int_equal(mock.message_count, 3);
	assert_published(2, "t", "bc", 2);
}

static void large_body_waits_for_the_verdict(void **state)
{
	struct pluq_conn *c = authed();
	size_t n = 50000;
	char *body = calloc(1, n);

	mock.secure.auth_later = true;
	mock.secure.check_status = PLUQ_ELATER;
	say(c, "PUB t\n");
	mock_feed(c, "\0\0\xc3\x50", 4);
	mock_feed(c, body, n - 1);
	assert_int_equal(mock.secure.checks, 0);
	mock_feed(c, body, 1);
	assert_int_equal(mock.secure.checks, 1);
	assert_int_equal(c->paused, 1);
	mock_auth_answer(0);
	assert_string_equal(said(c), "0:OK");
	assert_int_equal(mock.message_count, 1);
	assert_int_equal(c->paused, 0);
	say(c, "PUB t\n");
	mock_feed(c, "\0\0\xc3\x50", 4);
	mock_feed(c, body, n);
	mock_auth_answer(PLUQ_EDENIED);
	assert_fatal(c, "1:E_UNAUTHORIZED AUTH failed for PUB on \"t\" \"\"");
	assert_int_equal(mock.message_count, 1);
	assert_int_equal(mock.messages_held, 0);
	free(body);
}

static void batch_is_judged_before_its_body(void **state)
{
	struct pluq_conn *c = authed();

	mock.secure.check_status = PLUQ_EDENIED;
	say(c, "MPUB t\n");
	assert_fatal(c, "1:E_UNAUTHORIZED AUTH failed for MPUB on \"t\" \"\"");
	start_again();
	mock.secure.check_status = 0;
	c = authed();
	say(c, "MPUB t\n");
	mock_feed(c, "\0\0\0\x0f\0\0\0\2\0\0\0\1a", 13);
	mock.secure.check_status = PLUQ_EDENIED; /* too late for this one */
	mock_feed(c, "\0\0\0\2bc", 6);
	assert_string_equal(said(c), "0:OK");
	assert_int_equal(mock.message_count, 2);
}

static void session_moves_with_its_connection(void **state)
{
	struct pluq_conn *c = authed();

	mock.home = 1;
	pub(c, "PUB t\n", "1");
	assert_int_equal(c->loop, 1);
	assert_string_equal(said(c), "0:OK");
	start_again();
	c = authed();
	mock.topics_later = true;
	say(c, "SUB t c\n");
	mock_topic_answer();
	assert_int_equal(c->loop, 1);
	assert_string_equal(said(c), "0:OK");
	assert_string_equal(mock.secure.watched, "t c");
}

static void sub_waits_for_open_answers_and_the_verdict(void **state)
{
	struct pluq_conn *c = authed();

	mock.publish_status = PLUQ_ELATER;
	pub(c, "PUB t\n", "1");
	mock.secure.check_status = PLUQ_ELATER;
	mock.secure.auth_later = true;
	say(c, "SUB t c\n");
	assert_false(mock_auth_asked());
	mock_publish_answer(0, 0, NULL);
	assert_string_equal(said(c), "0:OK");
	mock_auth_answer(0);
	assert_string_equal(said(c), "0:OK");
	assert_true(mock.subscribed);
}

static void refusal_keeps_its_turn(void **state)
{
	struct pluq_conn *c = authed();

	mock.publish_status = PLUQ_ELATER;
	pub(c, "PUB t\n", "1");
	mock.secure.check_status = PLUQ_EDENIED;
	pub(c, "PUB u\n", "2");
	assert_string_equal(said(c), "");
	mock_publish_answer(0, 0, NULL);
	assert_fatal(c, "0:OK|1:E_UNAUTHORIZED AUTH failed for PUB on \"u\" \"\"");
}

static void subscriber_whose_grant_is_gone_is_closed(void **state)
{
	static const struct {
		int status;
		const char *error;
	} cases[] = {
		{PLUQ_EDENIED, "1:E_UNAUTHORIZED AUTH failed for SUB on \"t\" \"c\""},
		{PLUQ_ENOGRANT, "1:E_UNAUTHORIZED AUTH failed for SUB on \"t\" \"c\""},
		{PLUQ_EAUTH, "1:E_AUTH_FAILED AUTH failed"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pluq_conn *c = authed();
		sub(c);
		assert_string_equal(mock.secure.checked, "1 t c");
		assert_string_equal(mock.secure.watched, "t c");
		assert_int_equal(mock_deliver(ID, "x", 1, 1), 1);
		said(c);
		mock_auth_revoke(cases[i].status);
		assert_fatal(c, cases[i].error);
		assert_false(mock.subscribed);
		start_again();
	}
}

static void grant_goes_while_an_answer_is_late(void **state)
{
	struct pluq_conn *c = authed();

	sub(c);
	mock.publish_status = PLUQ_ELATER;
	pub(c, "PUB t\n", "1");
	mock_auth_revoke(PLUQ_EDENIED);
	assert_string_equal(said(c), "");
	assert_int_equal(mock_deliver(ID, "x", 1, 1), 0);
	say(c, "NOP\n");
	mock_publish_answer(0, 0, NULL);
	assert_fatal(c, "0:OK|1:E_UNAUTHORIZED AUTH failed for SUB on \"t\" \"c\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(commands_need_auth_first),
	    TEST(names_sizes_and_bodies_come_before),
	    TEST(large_body_of_a_stranger_is_not_kept),
	    TEST(other_commands_need_none),
	    TEST(auth_tells_who_it_is),
	    TEST(auth_judges_its_form_first),
	    TEST(auth_refused_says_why),
	    TEST(large_secret_is_taken_whole),
	    TEST(commands_behind_a_late_auth_wait),
	    TEST(client_leaves_while_it_is_asked_about),
	    TEST(not_permitted_is_fatal),
	    TEST(late_verdict_lets_the_command_go_on),
	    TEST(large_body_waits_for_the_verdict),
	    TEST(batch_is_judged_before_its_body),
	    TEST(session_moves_with_its_connection),
	    TEST(sub_waits_for_open_answers_and_the_verdict),
	    TEST(refusal_keeps_its_turn),
	    TEST(subscriber_whose_grant_is_gone_is_closed),
	    TEST(grant_goes_while_an_answer_is_late),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
