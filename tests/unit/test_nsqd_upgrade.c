/* TLS and compression: what IDENTIFY agrees on and puts in place, the policy that requires TLS, and the options behind it. */
#include <stdio.h>
#include <string.h>

#include "nsqd_rig.h"

static void offer(void)
{
	mock_stop();
	mock.conf.tls_cert = mock.conf.tls_key = "file";
	mock.conf.snappy = mock.conf.deflate = true;
	mock_start();
}

/* IDENTIFY with negotiation and these members; what was answered. */
static const char *identify(struct pluq_conn *c, const char *members)
{
	struct text t = {0};

	text_printf(&t, "{\"feature_negotiation\":true%s}", members);
	text_byte(&t, 0);
	pub(c, "IDENTIFY\n", t.data);
	text_free(&t);
	return said(c);
}

static void assert_agreed(const char *answer, const char *tls, const char *deflate, const char *snappy)
{
	struct text t = {0};

	text_printf(&t, "\"tls_v1\":%s,\"deflate\":%s,", tls, deflate);
	text_byte(&t, 0);
	assert_non_null(strstr(answer, t.data));
	t.length = 0;
	text_printf(&t, "\"snappy\":%s,", snappy);
	text_byte(&t, 0);
	assert_non_null(strstr(answer, t.data));
	text_free(&t);
}

static void layers_come_in_order_with_an_ok_each(void **state)
{
	struct pluq_conn *c;

	offer();
	mock.secure.upgrades_later = true;
	c = greet();
	assert_agreed(identify(c, ",\"tls_v1\":true,\"snappy\":true"), "true", "false", "true");
	assert_int_equal(c->upgrade, 'T');
	assert_true(mock.secure.handshake_ns == 5 * SECOND);
	assert_string_equal(said(c), "");
	mock_upgrade_answer(c, 0, "");
	assert_string_equal(said(c), "0:OK");
	assert_int_equal(c->upgrade, 'S');
	mock_upgrade_answer(c, 0, "");
	assert_string_equal(said(c), "0:OK");
	assert_string_equal(c->layers, "TS");
	sub(c);
}

static void one_layer_alone(void **state)
{
	static const struct {
		const char *members, *layers, *said;
	} cases[] = {
		{",\"tls_v1\":true", "T", "|0:OK"},
		{",\"snappy\":true", "S", "|0:OK"},
		{",\"deflate\":true", "D", "|0:OK"},
		{",\"tls_v1\":true,\"deflate\":true", "TD", "|0:OK|0:OK"},
		{"", "", "}"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		offer();
		struct pluq_conn *c = greet();
		const char *answer = identify(c, cases[i].members);
		size_t n = strlen(cases[i].said);
		assert_string_equal(answer + strlen(answer) - n, cases[i].said);
		assert_int_equal(answer[strlen(answer) - n - 1], n == 1 ? '"' : '}');
		assert_string_equal(c->layers, cases[i].layers);
	}
}

static void nothing_is_agreed_that_is_not_offered(void **state)
{
	struct pluq_conn *c = greet();

	assert_agreed(identify(c, ",\"tls_v1\":true,\"snappy\":true,\"deflate\":true"), "false", "false", "false");
	offer();
	c = greet();
	pub(c, "IDENTIFY\n", "{\"tls_v1\":true,\"snappy\":true,\"deflate\":true}");
	assert_string_equal(said(c), "0:OK");
	assert_string_equal(c->layers, "");
}

static void deflate_and_snappy_exclude_each_other(void **state)
{
	struct pluq_conn *c;

	offer();
	c = greet();
	pub(c, "IDENTIFY\n", "{\"feature_negotiation\":true,\"snappy\":true,\"deflate\":true}");
	assert_fatal(c, "1:E_IDENTIFY_FAILED cannot enable both deflate and snappy compression");
	offer();
	mock_stop();
	mock.conf.snappy = false;
	mock_start();
	c = greet();
	assert_agreed(identify(c, ",\"snappy\":true,\"deflate\":true"), "false", "true", "false");
}

static void deflate_level_is_limited(void **state)
{
	static const struct {
		const char *members;
		int64_t most;
		int level; /* told */
	} cases[] = {
		{",\"deflate\":true,\"deflate_level\":3", 6, 3},
		{",\"deflate\":true,\"deflate_level\":9", 6, 6},
		{",\"deflate\":true,\"deflate_level\":0", 9, 6},
		{",\"deflate\":true,\"deflate_level\":-5", 4, 4},
		{",\"deflate\":true,\"deflate_level\":9223372036854775807", 9, 9},
		{",\"deflate_level\":2", 9, 6},
		{",\"deflate_level\":2", 1, 1},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char level[40];
		offer();
		mock.conf.max_deflate_level = cases[i].most;
		struct pluq_conn *c = greet();
		snprintf(level, sizeof(level), "\"deflate_level\":%d,", cases[i].level);
		assert_non_null(strstr(identify(c, cases[i].members), level));
		if (*c->layers)
			assert_int_equal(mock.secure.deflate_level, cases[i].level);
	}
}

static void input_behind_identify_is_dropped_with_an_upgrade_only(void **state)
{
	static const char with[] = "IDENTIFY\n\0\0\0\x2a{\"feature_negotiation\":true,\"snappy\":true}NOP\nBAD\n";
	static const char without[] = "IDENTIFY\n\0\0\0\x1c{\"feature_negotiation\":true}BAD\n";
	struct pluq_conn *c;

	offer();
	c = greet();
	mock_feed(c, with, sizeof(with) - 1);
	assert_false(c->closed);
	assert_string_equal(c->layers, "S");
	offer();
	c = greet();
	mock_feed(c, without, sizeof(without) - 1);
	assert_true(c->closed);
}

static void silence_during_the_handshake(void **state)
{
	struct pluq_conn *c;

	offer();
	mock.secure.upgrades_later = true;
	c = greet();
	identify(c, ",\"tls_v1\":true,\"heartbeat_interval\":1000");
	mock_advance(4 * SECOND);
	assert_string_equal(said(c), "");
	assert_false(c->closed);
	mock_upgrade_answer(c, 0, "");
	assert_string_equal(said(c), "0:OK");
	mock_advance(1);
	assert_string_equal(said(c), "0:_heartbeat_");
	mock_advance(2 * SECOND - 1);
	assert_true(c->closed);
}

static void failed_handshake_is_told(void **state)
{
	struct pluq_conn *c;

	offer();
	mock.secure.upgrades_later = true;
	c = greet();
	identify(c, ",\"tls_v1\":true,\"snappy\":true");
	mock_upgrade_answer(c, PLUQ_ETLS, "no shared cipher");
	assert_fatal(c, "1:E_IDENTIFY_FAILED IDENTIFY failed no shared cipher");
	offer();
	c = greet();
	identify(c, ",\"tls_v1\":true");
	mock_upgrade_answer(c, PLUQ_ELIMIT, "");
	assert_fatal(c, "1:E_IDENTIFY_FAILED IDENTIFY failed limit reached");
	offer();
	mock.secure.refuse_upgrade = true;
	c = greet();
	assert_non_null(strstr(identify(c, ",\"deflate\":true"), "1:E_IDENTIFY_FAILED IDENTIFY failed out of memory"));
	assert_true(c->closed);
}

static void peer_leaves_during_the_handshake(void **state)
{
	struct pluq_conn *c;

	offer();
	mock.secure.upgrades_later = true;
	c = greet();
	identify(c, ",\"tls_v1\":true");
	mock_close(c);
	assert_true(c->closed);
}

static void second_identify_upgrades_nothing(void **state)
{
	struct pluq_conn *c;

	offer();
	c = greet();
	identify(c, ",\"tls_v1\":true");
	assert_agreed(identify(c, ",\"tls_v1\":true,\"snappy\":true,\"deflate\":true,\"output_buffer_size\":64"), "false",
	    "false", "false");
	assert_string_equal(c->layers, "T");
	assert_int_equal(c->output_limit, 64);
	offer();
	c = greet();
	identify(c, "");
	assert_agreed(identify(c, ",\"tls_v1\":true"), "true", "false", "false");
}

static void large_identify_upgrades_too(void **state)
{
	struct pluq_conn *c;
	struct text t = {0}, body = {0};

	text_str(&body, "{\"feature_negotiation\":true,\"snappy\":true,\"user_agent\":\"");
	for (int i = 0; i < 40000; i++)
		text_byte(&body, 'a');
	text_str(&body, "\"}");
	text_str(&t, "IDENTIFY\n");
	put32(&t, (uint32_t)body.length);
	text_add(&t, body.data, body.length);
	offer();
	c = greet();
	feed_in_pieces(c, t.data, t.length, 5000);
	assert_string_equal(c->layers, "S");
	assert_false(c->closed);
	text_free(&t);
	text_free(&body);
}

static void identify_waits_for_open_answers(void **state)
{
	struct pluq_conn *c;

	offer();
	c = greet();
	mock.publish_status = PLUQ_ELATER;
	pub(c, "PUB t\n", "1");
	assert_string_equal(identify(c, ",\"snappy\":true"), "");
	assert_string_equal(c->layers, "");
	mock_publish_answer(0, 0, NULL);
	assert_string_equal(c->layers, "S");
	assert_non_null(strstr(said(c), "0:OK|0:{"));
}

static void auth_is_told_of_the_certificate(void **state)
{
	struct pluq_conn *c;

	offer();
	mock.secure.auth = true;
	c = greet();
	identify(c, ",\"tls_v1\":true");
	pub(c, "AUTH\n", "s");
	assert_true(mock.secure.tls && mock.secure.verified);
	assert_string_equal(mock.secure.common_name, "cn");
}

static void required_tls_comes_before_everything(void **state)
{
	static const char *const commands[] = {"NOP", "PUB t", "SUB", "AUTH x", "BAD", "", "CLS", "FIN 0123456789abcdef"};

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		struct text t = {0}, expected = {0};
		offer();
		mock_stop();
		mock.conf.tls_required = TLS_REQUIRED_TCP_HTTPS;
		mock_start();
		struct pluq_conn *c = greet();
		identify(c, "");
		text_printf(&t, "%s\n", commands[i]);
		mock_feed(c, t.data, t.length);
		text_printf(&expected, "1:E_INVALID cannot %.*s in current state (TLS required)",
		    (int)strcspn(commands[i], " "), commands[i]);
		text_byte(&expected, 0);
		assert_fatal(c, expected.data);
		text_free(&t);
		text_free(&expected);
	}
	offer();
	struct pluq_conn *c = greet();
	identify(c, ",\"tls_v1\":true");
	sub(c);
	mock.conf.tls_required = TLS_NOT_REQUIRED;
}

static void assert_refused(const char *text)
{
	struct pluq_why why = {.text = ""};

	assert_true(mock_try(&why) < 0);
	assert_string_equal(why.text, text);
}

static void options_must_fit_together(void **state)
{
	mock_stop();
	mock_standard();
	mock.conf.tls_cert = "a";
	assert_refused("tls_key: is missing, and tls_cert is of no use without it");
	mock.conf.tls_cert = "";
	mock.conf.tls_key = "a";
	assert_refused("tls_cert: is missing, and tls_key is of no use without it");
	mock.conf.tls_key = "";
	mock.conf.tls_required = TLS_REQUIRED_TCP_HTTPS;
	assert_refused("tls_required: cannot require TLS of clients without tls_cert and tls_key");
	mock.conf.tls_required = TLS_NOT_REQUIRED;
	mock.conf.tls_client_auth_policy = "require";
	assert_refused("tls_client_auth_policy: cannot require TLS of clients without tls_cert and tls_key");
	mock.conf.tls_cert = mock.conf.tls_key = "a";
	mock.secure.no_file = "no such file a";
	assert_refused("tls_cert: no such file a");
	mock.conf.tls_key = "b";
	mock.secure.no_file = "no such file b";
	assert_refused("tls_key: no such file b");
	mock.conf.tls_cert = mock.conf.tls_key = mock.conf.tls_client_auth_policy = "";
	mock.conf.tls_root_ca_file = "ca";
	mock.secure.no_file = "no such file ca";
	assert_refused("tls_root_ca_file: no such file ca");
	mock.conf.tls_cert = mock.conf.tls_key = "a";
	mock.secure.no_file = NULL;
	mock_start();
}

static void policies_say_what_is_asked_of_clients(void **state)
{
	static const struct {
		const char *policy;
		uint32_t peer;
	} cases[] = {
		{"require", PLUQ_TLS_PEER_ANY},
		{"require-verify", PLUQ_TLS_PEER_VERIFY},
		{"any-other", PLUQ_TLS_PEER_NONE},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		mock_stop();
		mock_standard();
		mock.conf.tls_cert = mock.conf.tls_key = "a";
		mock.conf.tls_client_auth_policy = cases[i].policy;
		mock_start();
		assert_int_equal(mock.secure.params.peer, cases[i].peer);
		assert_int_equal(mock.secure.params.min_version, 0x0303);
		struct pluq_conn *c = greet();
		say(c, "NOP\n");
		assert_fatal(c, "1:E_INVALID cannot NOP in current state (TLS required)");
	}
}

static void reload_takes_new_certificates(void **state)
{
	struct pluq_why why = {.text = ""};
	static struct conf next;

	offer();
	next = mock.conf;
	next.tls_cert = "other";
	next.tls_min_version = 4; /* the empty word */
	assert_int_equal(mock_reload(&next, &why), 0);
	assert_string_equal(mock.secure.params.cert_file, "other");
	assert_int_equal(mock.secure.params.min_version, 0x0303);
	mock.secure.no_file = "cannot read other";
	assert_int_equal(mock_reload(&next, &why), PLUQ_ETLS);
	assert_string_equal(why.text, "tls_cert: cannot read other");
	mock.secure.no_file = NULL;
	next.tls_client_auth_policy = "require";
	assert_int_equal(mock_reload(&next, &why), PLUQ_EINVAL);
	next.tls_client_auth_policy = next.tls_cert = next.tls_key = "";
	assert_int_equal(mock_reload(&next, &why), PLUQ_EINVAL);
	assert_string_equal(why.text, "tls_cert: TLS is switched off by a restart only");
}

static void reload_can_begin_to_offer_tls(void **state)
{
	struct pluq_why why = {.text = ""};
	static struct conf next;

	next = mock.conf;
	next.tls_cert = next.tls_key = "a";
	assert_int_equal(mock_reload(&next, &why), 0);
	struct pluq_conn *c = greet();
	assert_agreed(identify(c, ",\"tls_v1\":true"), "true", "false", "false");
	assert_string_equal(c->layers, "T");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(layers_come_in_order_with_an_ok_each),
	    TEST(one_layer_alone),
	    TEST(nothing_is_agreed_that_is_not_offered),
	    TEST(deflate_and_snappy_exclude_each_other),
	    TEST(deflate_level_is_limited),
	    TEST(input_behind_identify_is_dropped_with_an_upgrade_only),
	    TEST(silence_during_the_handshake),
	    TEST(failed_handshake_is_told),
	    TEST(peer_leaves_during_the_handshake),
	    TEST(second_identify_upgrades_nothing),
	    TEST(large_identify_upgrades_too),
	    TEST(identify_waits_for_open_answers),
	    TEST(auth_is_told_of_the_certificate),
	    TEST(required_tls_comes_before_everything),
	    TEST(options_must_fit_together),
	    TEST(policies_say_what_is_asked_of_clients),
	    TEST(reload_takes_new_certificates),
	    TEST(reload_can_begin_to_offer_tls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
