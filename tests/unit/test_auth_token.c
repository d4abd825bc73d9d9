/* The plugin auth-token over a mock of its host. */
#include "cmocka_all.h"

#include <stdio.h>
#include <string.h>

#include "../../plugins/auth/token/token.h"
#include "mock_asker.h"

extern const struct pluq_plugin pluq_plugin_entry;

#define SALT "0102030405060708"
#define SECOND INT64_C(1000000000)

static struct mock_asker host;
static const struct pluq_auth_ops *ops;

/* An entry for the secret NAME:rest; rounds 0: a token. */
static const char *entry(const char *name, const char *rest, uint32_t rounds, const char *grants)
{
	static char out[4][2048];
	static unsigned turn;
	char text[SECRET_TEXT_ROOM];
	struct secret_hash h = {.rounds = rounds, .salt_length = 8, .salt = {1, 2, 3, 4, 5, 6, 7, 8}};

	assert_true(secret_compute(&h, (const uint8_t *)rest, strlen(rest), h.hash));
	secret_format(&h, text);
	turn = (turn + 1) % 4;
	snprintf(out[turn], sizeof(out[turn]), "%s %s\n%s", name, text, grants);
	return out[turn];
}

static int begin(const char *text, void **self, struct pluq_why *why)
{
	static struct conf conf;

	conf = (struct conf){.data_file = mock_asker_file(text), .ttl = 600 * SECOND};
	return pluq_plugin_entry.init(&host.host.pub, &conf, self, why);
}

static void *plugin(const char *text)
{
	struct pluq_why why = {""};
	void *self;

	if (begin(text, &self, &why) < 0)
		fail_msg("%s", why.text);
	return self;
}

static int ask(void *self, const char *secret, struct pluq_auth_call *call)
{
	struct pluq_auth_query q = mock_asker_query(secret);
	struct pluq_why why = {""};

	*call = (struct pluq_auth_call){0};
	return ops->ask(self, &q, call, &why);
}

static void a_known_answer(void **state)
{
	/* sha256 of the bytes 1 to 8 and "abc", and PBKDF2 of it with 10000 rounds, by another program. */
	struct secret_hash h;
	bool same = false;

	assert_null(secret_parse("sha256:" SALT ":2403e86c308f96fa28b1e70bcce66b74599dd7121b6c3b940be4f455765a747f", &h));
	assert_int_equal(h.rounds, 0);
	assert_int_equal(h.salt_length, 8);
	assert_true(secret_check(&h, (const uint8_t *)"abc", 3, &same));
	assert_true(same);
	assert_true(secret_check(&h, (const uint8_t *)"abd", 3, &same));
	assert_false(same);
	assert_null(secret_parse("pbkdf2-sha256:10000:" SALT ":048fead20a0b2b3ef48acd7a59464bd97dadd858a43bbf089f52d0ccb700e474", &h));
	assert_int_equal(h.rounds, 10000);
	assert_true(secret_check(&h, (const uint8_t *)"abc", 3, &same));
	assert_true(same);
}

static void hashes_survive_being_written(void **state)
{
	struct secret_hash a = {.rounds = 12345, .salt_length = SECRET_SALT_MOST}, b;
	char text[SECRET_TEXT_ROOM];

	memset(a.salt, 0xff, sizeof(a.salt));
	memset(a.hash, 0x80, sizeof(a.hash));
	secret_format(&a, text);
	assert_true(strlen(text) < sizeof(text));
	assert_null(secret_parse(text, &b));
	assert_memory_equal(&a, &b, sizeof(a));
}

static void a_token_is_allowed_at_once(void **state)
{
	char text[8192];
	struct pluq_auth_call call;

	snprintf(text, sizeof(text), "%s%s", entry("b", "two", 0, "\tsubscribe ^y$\n"), entry("a", "one", 0, "\tpublish ^x$\n\tadmin z\n"));
	void *self = plugin(text);
	assert_int_equal(ask(self, "a:one", &call), PLUQ_AUTH_ALLOW);
	assert_string_equal(call.text, "identity a \nlive 600000000000\ngrant p ^x$ .*\ngrant a z .*\n");
	assert_int_equal(ask(self, "b:two", &call), PLUQ_AUTH_ALLOW);
	assert_string_equal(call.text, "identity b \nlive 600000000000\ngrant s ^y$ .*\n");
	pluq_plugin_entry.fini(self);
}

static void what_is_not_known_is_no_opinion(void **state)
{
	static const char *const secrets[] = {"", ":", "a", "a:", "a:on", "a:one ", "a:onee", "A:one", "aa:one", ":one", "one", "b:one", " a:one"};
	void *self = plugin(entry("a", "one", 0, ""));
	struct pluq_auth_call call;
	struct pluq_why why = {""};

	for (size_t i = 0; i < sizeof(secrets) / sizeof(*secrets); i++) {
		assert_int_equal(ask(self, secrets[i], &call), PLUQ_AUTH_SILENT);
		assert_string_equal(call.text, "");
	}
	struct pluq_auth_query q = mock_asker_query("a:one");
	q.secret = (const uint8_t *)"a\0:one";
	q.secret_length = 6;
	assert_int_equal(ops->ask(self, &q, &call, &why), PLUQ_AUTH_SILENT);
	assert_int_equal(ask(self, "a:one", &call), PLUQ_AUTH_ALLOW);
	pluq_plugin_entry.fini(self);
}

static void every_name_is_found(void **state)
{
	char text[16384] = "", secret[64];
	struct pluq_auth_call call;

	for (int i = 0; i < 50; i++) {
		char name[32], rest[32];
		snprintf(name, sizeof(name), "n%.*s%d", i % 3, "--", i * 7 % 50);
		snprintf(rest, sizeof(rest), "s%d", i);
		strcat(text, entry(name, rest, 0, ""));
	}
	void *self = plugin(text);
	for (int i = 0; i < 50; i++) {
		snprintf(secret, sizeof(secret), "n%.*s%d:s%d", i % 3, "--", i * 7 % 50, i);
		assert_int_equal(ask(self, secret, &call), PLUQ_AUTH_ALLOW);
	}
	assert_int_equal(ask(self, "n:s0", &call), PLUQ_AUTH_SILENT);
	assert_int_equal(ask(self, "n--:s0", &call), PLUQ_AUTH_SILENT);
	pluq_plugin_entry.fini(self);
}

static void a_password_is_checked_on_the_pool(void **state)
{
	void *self = plugin(entry("a", "pass:word", SECRET_ROUNDS_LEAST, "\tpublish ^x$\n"));
	struct pluq_auth_call right, wrong;

	assert_int_equal(ask(self, "a:pass:word", &right), PLUQ_AUTH_LATER);
	assert_int_equal(ask(self, "a:password", &wrong), PLUQ_AUTH_LATER);
	assert_int_equal(right.verdict, 0);
	assert_int_equal(mock_asker_work(&host), 2);
	assert_int_equal(right.verdict, PLUQ_AUTH_ALLOW);
	assert_string_equal(right.text, "identity a \nlive 600000000000\ngrant p ^x$ .*\n");
	assert_int_equal(wrong.verdict, PLUQ_AUTH_SILENT);
	assert_string_equal(wrong.text, "");
	pluq_plugin_entry.fini(self);
}

static void passwords_do_not_pile_up(void **state)
{
	char text[4096];
	snprintf(text, sizeof(text), "%s%s", entry("a", "one", SECRET_ROUNDS_LEAST, ""), entry("t", "tok", 0, ""));
	void *self = plugin(text);
	struct pluq_auth_call calls[CHECKS_MOST], more;

	for (int i = 0; i < CHECKS_MOST; i++)
		assert_int_equal(ask(self, "a:guess", &calls[i]), PLUQ_AUTH_LATER);
	assert_int_equal(ask(self, "a:one", &more), PLUQ_AUTH_ERROR);
	assert_int_equal(ask(self, "t:tok", &more), PLUQ_AUTH_ALLOW);
	for (int i = 0; i < CHECKS_MOST; i++)
		ops->cancel(self, &calls[i]);
	assert_int_equal(mock_asker_work(&host), CHECKS_MOST);
	for (int i = 0; i < CHECKS_MOST; i++)
		assert_int_equal(calls[i].verdict, PLUQ_AUTH_ERROR);
	assert_int_equal(ask(self, "a:one", &more), PLUQ_AUTH_LATER);
	mock_asker_work(&host);
	assert_int_equal(more.verdict, PLUQ_AUTH_ALLOW);
	host.refuse_work = true;
	assert_int_equal(ask(self, "a:one", &more), PLUQ_AUTH_ERROR);
	host.refuse_work = false;
	pluq_plugin_entry.fini(self);
}

static void a_reload_takes_the_new_file(void **state)
{
	void *self = plugin(entry("a", "one", SECRET_ROUNDS_LEAST, "\tpublish old\n"));
	struct pluq_auth_call call, next;
	struct pluq_why why = {""};
	struct conf conf = {.ttl = SECOND};

	assert_int_equal(ask(self, "a:one", &call), PLUQ_AUTH_LATER);
	conf.data_file = mock_asker_file(entry("b", "two", 0, "\tpublish new\n"));
	assert_int_equal(pluq_plugin_entry.reload(self, &conf, &why), 0);
	mock_asker_work(&host); /* what was asked of the old one is answered by it */
	assert_int_equal(call.verdict, PLUQ_AUTH_ALLOW);
	assert_int_equal(ask(self, "a:one", &next), PLUQ_AUTH_SILENT);
	assert_int_equal(ask(self, "b:two", &next), PLUQ_AUTH_ALLOW);
	assert_string_equal(next.text, "identity b \nlive 1000000000\ngrant p new .*\n");

	conf.data_file = mock_asker_file("b sha256:\n");
	assert_int_equal(pluq_plugin_entry.reload(self, &conf, &why), PLUQ_EINVAL);
	assert_non_null(strstr(why.text, ":1:3: the salt is not"));
	assert_int_equal(ask(self, "b:two", &next), PLUQ_AUTH_ALLOW);
	pluq_plugin_entry.fini(self);
}

static void what_is_wrong_and_where(void **state)
{
#define H "0000000000000000000000000000000000000000000000000000000000000000"
	static const struct {
		const char *text, *wanted;
	} cases[] = {
		{"a\n", ":1:2: the hash is missing"},
		{"a:b sha256:" SALT ":" H "\n", ":1:1: a name is"},
		{"\xc3\xa4 sha256:" SALT ":" H "\n", ":1:1: a name is"},
		{"a md5:" SALT ":" H "\n", ":1:3: not a hash"},
		{"publish ^orders$\n", ":1:9: not a hash: it begins with sha256: or pbkdf2-sha256: (and a grant is indented)"},
		{"a sha256:" SALT ":" H " x\n", ":1:92: there is something behind the hash"},
		{"a sha256:01020304050607:" H "\n", ":1:3: the salt"},
		{"a sha256:" SALT H "\n", ":1:3: the salt"},
		{"a sha256:" SALT ":" H "0\n", ":1:3: the hash"},
		{"a sha256:" SALT ":" H "00\n", ":1:3: the hash"},
		{"a sha256:" SALT ":g" H "\n", ":1:3: the hash"},
		{"a sha256:" SALT ":" H ":\n", ":1:3: the hash"},
		{"a pbkdf2-sha256:" SALT ":" H "\n", ":1:3: the number of rounds"},
		{"a pbkdf2-sha256:9999:" SALT ":" H "\n", ":1:3: the number of rounds"},
		{"a pbkdf2-sha256:5000001:" SALT ":" H "\n", ":1:3: the number of rounds"},
		{"a pbkdf2-sha256:-1:" SALT ":" H "\n", ":1:3: the number of rounds"},
		{"a sha256:" SALT ":" H "\nb sha256:" SALT ":" H "\na sha256:" SALT ":" H "\n", ":3:1: 'a' is there already, in line 1"},
		{"a sha256:" SALT ":" H "\n\tpublish (\n", ":2:10: not a pattern"},
	};
	void *self;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct pluq_why why = {""};

		if (begin(cases[i].text, &self, &why) == 0)
			fail_msg("accepted: %s", cases[i].text);
		if (!strstr(why.text, cases[i].wanted))
			fail_msg("'%s' instead of '%s'", why.text, cases[i].wanted);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_known_answer),
		cmocka_unit_test(hashes_survive_being_written),
		cmocka_unit_test(a_token_is_allowed_at_once),
		cmocka_unit_test(what_is_not_known_is_no_opinion),
		cmocka_unit_test(every_name_is_found),
		cmocka_unit_test(a_password_is_checked_on_the_pool),
		cmocka_unit_test(passwords_do_not_pile_up),
		cmocka_unit_test(a_reload_takes_the_new_file),
		cmocka_unit_test(what_is_wrong_and_where),
	};

	ops = pluq_plugin_entry.ops;
	mock_asker_init(&host);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	mock_asker_fini(&host);
	return failed;
}
