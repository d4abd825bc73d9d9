/* auth-http: URLs, what is sent, how answers are judged, and the way from one server to the next. */
#include "cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../plugins/auth/http/answer.h"
#include "../../plugins/auth/http/asker.h"
#include "../../plugins/auth/http/parameters.h"
#include "../../plugins/auth/http/url.h"
#include "mock_auth.h"

extern const struct pluq_plugin pluq_plugin_entry;

static struct mock_auth mock;

static int set_up(void **state)
{
	mock_auth_init(&mock);
	return 0;
}

static int tear_down(void **state)
{
	mock_auth_fini(&mock);
	return 0;
}

/* --- URLs */

static void urls_are_read(void **state)
{
	static const struct {
		const char *text, *address, *target;
		bool tls;
	} cases[] = {
		{ "127.0.0.1:4181", "127.0.0.1:4181", "/auth", false },
		{ "auth.example", "auth.example:80", "/auth", false },
		{ "[::1]:4181", "[::1]:4181", "/auth", false },
		{ "/run/authd.sock", "/run/authd.sock", "/auth", false },
		{ "http://h:1/x", "h:1", "/x", false },
		{ "http://h", "h:80", "/", false },
		{ "http://h:/", "h:80", "/", false },
		{ "https://h", "h:443", "/", true },
		{ "HTTPS://h:44/a/b?c=d#e", "h:44", "/a/b?c=d", true },
		{ "http://h?x=1", "h:80", "/?x=1", false },
		{ "http://h#x", "h:80", "/", false },
		{ "https://[2001:db8::1]/", "[2001:db8::1]:443", "/", true },
		{ "http://h/a b\xc3\xa9\n", "h:80", "/a%20b%C3%A9%0A", false },
	};
	struct url u;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *wrong = url_parse(&u, cases[i].text);

		if (wrong)
			fail_msg("%s: %s", cases[i].text, wrong);
		assert_string_equal(u.address, cases[i].address);
		assert_string_equal(u.target, cases[i].target);
		assert_int_equal(u.tls, cases[i].tls);
		url_free(&u);
	}
}

static void urls_that_are_none(void **state)
{
	static const char *const texts[] = { "", ":80", "http://", "http:///x", "http://:80/", "ftp://h/", "://h", "1http://h/", "h:0", "h:65536",
		"h:99999999999", "h:x", "h:80x", "::1", "[::1", "[]:80", "[::1]x", "http://a@h/", "http://a:b@h/", "h h:80", "h%20:80", "h/auth", "h?x",
		"http://h\\x/" };
	struct url u;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (!url_parse(&u, texts[i]))
			fail_msg("'%s' is taken as %s and %s", texts[i], u.address, u.target);
}

static void redirects_lead_somewhere(void **state)
{
	static const struct {
		const char *from, *location, *address, *target;
		bool tls;
	} cases[] = {
		{ "http://h:1/a/b?q=1", "https://x/y?z=2", "x:443", "/y?z=2", true },
		{ "https://h:1/a/b?q=1", "//x:5/y", "x:5", "/y", true },
		{ "http://h:1/a/b?q=1", "/y/z", "h:1", "/y/z", false },
		{ "http://h:1/a/b?q=1", "c", "h:1", "/a/c", false },
		{ "http://h:1/a/b?q=1", "c?r=2#f", "h:1", "/a/c?r=2", false },
		{ "http://h:1/a/b?q=1", "?r=2", "h:1", "/a/b?r=2", false },
		{ "http://h:1/a/b?q=1", "#f", "h:1", "/a/b?q=1", false },
		{ "http://h:1/a/b", "../c", "h:1", "/c", false },
		{ "http://h:1/a/b", "../../../c", "h:1", "/c", false },
		{ "http://h:1/a/b/", "..", "h:1", "/a/", false },
		{ "http://h:1/a/b/", ".", "h:1", "/a/b/", false },
		{ "http://h:1/", "/a/./b/../c/..?x=/../", "h:1", "/a/?x=/../", false },
		{ "http://h:1/a", "...", "h:1", "/...", false },
		{ "/run/s", "/other", "/run/s", "/other", false },
		{ "/run/s", "http://h/", "h:80", "/", false },
	};
	struct url from, to;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_null(url_parse(&from, cases[i].from));
		const char *wrong = url_follow(&to, &from, cases[i].location);

		if (wrong)
			fail_msg("%s: %s", cases[i].location, wrong);
		assert_string_equal(to.address, cases[i].address);
		assert_string_equal(to.target, cases[i].target);
		assert_int_equal(to.tls, cases[i].tls);
		url_free(&from);
		url_free(&to);
	}
	assert_null(url_parse(&from, "http://h/"));
	assert_non_null(url_follow(&to, &from, "ftp://h/"));
	assert_non_null(url_follow(&to, &from, "http:x"));
	assert_non_null(url_follow(&to, &from, "//"));
	url_free(&from);
}

static void queries_are_joined(void **state)
{
	static const char *const cases[][2] = {
		{ "http://h/a", "/a?p=1" }, { "http://h/a?", "/a?p=1" }, { "http://h/a?x=1", "/a?x=1&p=1" }, { "http://h/a?x&", "/a?x&p=1" },
	};
	struct url u;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_null(url_parse(&u, cases[i][0]));
		char *joined = url_join(&u, "p=1");
		assert_string_equal(joined, cases[i][1]);
		free(joined);
		url_free(&u);
	}
}

/* --- what is sent */

static const struct pluq_auth_query query = { .size = sizeof(query), .secret = (const uint8_t *)"sec ret&\0\xff<~", .secret_length = 12,
	.remote_ip = "127.0.0.1", .common_name = "a.b" };

static void parameters(void **state)
{
	struct pluq_auth_query other = query;
	char *text = parameters_query(&query);

	assert_string_equal(text, "common_name=a.b&remote_ip=127.0.0.1&secret=sec+ret%26%00%FF%3C~&tls=false");
	free(text);
	other.tls = true;
	other.secret_length = 3;
	other.common_name = "";
	other.remote_ip = "::1";
	text = parameters_query(&other);
	assert_string_equal(text, "common_name=&remote_ip=%3A%3A1&secret=sec&tls=true");
	free(text);
	text = parameters_json(mock.host.pub.http, &query);
	assert_string_equal(text, "{\"common_name\":[\"a.b\"],\"remote_ip\":[\"127.0.0.1\"],"
	                          "\"secret\":[\"sec ret\\u0026\\u0000\\ufffd\\u003c~\"],\"tls\":[\"false\"]}");
	free(text);
}

/* --- answers */

static void good_answers(void **state)
{
	static const char *const cases[][2] = {
		{ "{\"ttl\":3600,\"identity\":\"joe\",\"identity_url\":\"http://j\",\"authorizations\":"
		  "[{\"topic\":\"^t$\",\"channels\":[\".*\",\"x\"],\"permissions\":[\"subscribe\",\"publish\"]}]}",
		    "identity joe http://j\nlive 3600000000000\ngrant 3 ^t$ [.*,x]\n" },
		{ " {\"TTL\":1, \"x\":{\"ttl\":\"a\\u0000\"}}\r\n", "identity  \nlive 1000000000\n" },
		{ "{\"ttl\":1,\"identity\":null,\"identity_url\":null,\"authorizations\":null}", "identity  \nlive 1000000000\n" },
		{ "{\"ttl\":1,\"authorizations\":[]}", "identity  \nlive 1000000000\n" },
		{ "{\"ttl\":1,\"ttl\":2,\"Ttl\":3}", "identity  \nlive 3000000000\n" },
		{ "{\"ttl\":9223372036854775807}", "identity  \nlive 2305843009000000000\n" },
		{ "{\"ttl\":1,\"Authorizations\":[{\"Topic\":\"a\",\"CHANNELS\":[\"b\"],\"Permissions\":[\"publish\",\"publish\"]},"
		  "{\"topic\":\"c\"},{\"channels\":[null],\"permissions\":[\"admin\"],\"topic\":null},null]}",
		    "identity  \nlive 1000000000\ngrant 2 a [b]\ngrant 0 c []\ngrant 4  []\ngrant 0  []\n" },
	};
	struct answer a;
	char why[200];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct pluq_auth_call call = { .verdict = 0 };

		if (!answer_read(&a, (const uint8_t *)cases[i][0], strlen(cases[i][0]), why, sizeof(why)))
			fail_msg("%s: %s", cases[i][0], why);
		assert_true(answer_tell(&a, mock.host.pub.auth, &call));
		assert_string_equal(call.told, cases[i][1]);
		answer_free(&a);
	}
}

#define ONE(entry) "{\"ttl\":1,\"authorizations\":[" entry "]}"

static void answers_that_are_none(void **state)
{
	static const char *const cases[][2] = {
		{ "", "it is not JSON" }, { "OK", "it is not JSON" }, { "{", "it is not JSON" }, { "{} x", "it is not JSON" },
		{ "{\"ttl\":1}{}", "it is not JSON" }, { "\xef\xbb\xbf{\"ttl\":1}", "it is not JSON" }, { "{'ttl':1}", "it is not JSON" },
		{ "{\"ttl\":1,}", "it is not JSON" }, { "{\"ttl\":1,\"identity\":\"\xff\"}", "it is not JSON" },
		{ "null", "it is not a JSON object" }, { "[]", "it is not a JSON object" }, { "\"ttl\"", "it is not a JSON object" },
		{ "{}", "it has no ttl" }, { "{\"ttl\":null}", "it has no ttl" },
		{ "{\"status_code\":200,\"data\":{\"ttl\":1}}", "it has no ttl" },
		{ "{\"ttl\":0}", "its ttl" }, { "{\"ttl\":-1}", "its ttl" }, { "{\"ttl\":1.0}", "its ttl" }, { "{\"ttl\":1e3}", "its ttl" },
		{ "{\"ttl\":\"1\"}", "its ttl" }, { "{\"ttl\":true}", "its ttl" }, { "{\"ttl\":1,\"TTL\":\"x\"}", "its ttl" },
		{ "{\"ttl\":1,\"identity\":1}", "its identity" }, { "{\"ttl\":1,\"identity\":[]}", "its identity" },
		{ "{\"ttl\":1,\"identity_url\":{}}", "its identity" }, { "{\"ttl\":1,\"identity\":\"a\\u0000b\"}", "its identity" },
		{ "{\"ttl\":1,\"authorizations\":{}}", "its authorizations are no list" },
		{ "{\"ttl\":1,\"authorizations\":\"\"}", "its authorizations are no list" },
		{ ONE("1"), "an entry of authorizations is no object" }, { ONE("[]"), "an entry of authorizations is no object" },
		{ ONE("{\"permissions\":[\"\"]}"), "permissions" }, { ONE("{\"permissions\":[\"Publish\"]}"), "permissions" },
		{ ONE("{\"permissions\":[\"write\"]}"), "permissions" }, { ONE("{\"permissions\":[null]}"), "permissions" },
		{ ONE("{\"permissions\":[1]}"), "permissions" }, { ONE("{\"permissions\":\"publish\"}"), "permissions" },
		{ ONE("{\"permissions\":[\"publish\\u0000\"]}"), "permissions" },
		{ ONE("{\"topic\":1}"), "an entry's topic is no string" }, { ONE("{\"topic\":\"a\\u0000\"}"), "an entry's topic is no string" },
		{ ONE("{\"topic\":\"(\"}"), "an entry's topic is not a pattern: missing closing parenthesis" },
		{ ONE("{\"topic\":\"\\\\C\"}"), "an entry's topic is not a pattern" },
		{ ONE("{\"topic\":\"a\"},{\"topic\":\"[\"}"), "an entry's topic is not a pattern" },
		{ ONE("{\"channels\":[\"*\"]}"), "an entry's channel is not a pattern" },
		{ ONE("{\"channels\":[\"a\",2]}"), "an entry's channel is no string" },
		{ ONE("{\"channels\":\"a\"}"), "an entry's channels are no list" },
	};
	struct answer a;
	char why[200];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		if (answer_read(&a, (const uint8_t *)cases[i][0], strlen(cases[i][0]), why, sizeof(why)))
			fail_msg("%s is taken", cases[i][0]);
		if (!strstr(why, cases[i][1]))
			fail_msg("%s: '%s', not '%s'", cases[i][0], why, cases[i][1]);
	}
}

/* head, `count` times the item with commas, tail: is it read? */
static bool reads_many(const char *head, const char *item, size_t count, const char *tail)
{
	size_t room = strlen(head) + count * (strlen(item) + 1) + strlen(tail) + 1, used;
	char *text = malloc(room), why[200];
	struct answer a;

	used = (size_t)sprintf(text, "%s", head);
	for (size_t i = 0; i < count; i++)
		used += (size_t)sprintf(text + used, "%s%s", i ? "," : "", item);
	used += (size_t)sprintf(text + used, "%s", tail);
	bool good = answer_read(&a, (const uint8_t *)text, used, why, sizeof(why));
	if (good)
		answer_free(&a);
	free(text);
	return good;
}

static void answers_have_limits(void **state)
{
	assert_true(reads_many("{\"ttl\":1,\"authorizations\":[", "{}", ANSWER_ENTRIES_MAX, "]}"));
	assert_false(reads_many("{\"ttl\":1,\"authorizations\":[", "{}", ANSWER_ENTRIES_MAX + 1, "]}"));
	assert_true(reads_many("{\"ttl\":1,\"authorizations\":[{\"channels\":[", "\"a\"", ANSWER_PATTERNS_MAX - 1, "]}]}"));
	assert_false(reads_many("{\"ttl\":1,\"authorizations\":[{\"channels\":[", "\"a\"", ANSWER_PATTERNS_MAX, "]}]}"));
	assert_false(reads_many("", "[", 5000, ""));
	char pattern[5000];
	memset(pattern, 'a', sizeof(pattern));
	pattern[0] = '"';
	pattern[4098] = 0;
	strcpy(pattern + 4097, "\"");
	assert_true(reads_many("{\"ttl\":1,\"authorizations\":[{\"topic\":", pattern, 1, "}]}"));
	pattern[4097] = 'a';
	strcpy(pattern + 4098, "\"");
	assert_false(reads_many("{\"ttl\":1,\"authorizations\":[{\"topic\":", pattern, 1, "}]}"));
}

/* --- questions */

static const char *const one[] = { "a:1" }, *const three[] = { "a:1", "b:2", "c:3" };
static struct conf conf;
static void *plugin;
static struct pluq_auth_call call;
static struct pluq_why why;

#define GOOD "{\"ttl\":1,\"authorizations\":[{\"topic\":\"t\",\"channels\":[\"c\"],\"permissions\":[\"publish\"]}]}"
#define TOLD "identity  \nlive 1000000000\ngrant 2 t [c]\n"

static int ask(struct pluq_auth_call *k)
{
	const struct pluq_auth_ops *ops = pluq_plugin_entry.ops;
	struct pluq_auth_query q = query;

	q.secret_length = 3;
	*k = (struct pluq_auth_call){ .verdict = 0 };
	*why.text = 0;
	return ops->ask(plugin, &q, k, &why);
}

static void start(const char *const *addresses, size_t count)
{
	conf = (struct conf){ .address = { addresses, count }, .connect_timeout = 2000, .request_timeout = 5000, .tls_root_ca_file = "ca",
		.tls_cert = "", .tls_key = "", .tls_min_version = 2 };
	if (pluq_plugin_entry.init(&mock.host.pub, &conf, &plugin, &why))
		fail_msg("%s", why.text);
}

static int stop(void **state)
{
	pluq_plugin_entry.fini(plugin);
	return tear_down(state);
}

static const struct pluq_http_get *sent(void)
{
	assert_non_null(mock.calls);
	return &mock.calls->get;
}

static void answered(int verdict)
{
	assert_null(mock.calls);
	assert_int_equal(call.answers, 1);
	assert_int_equal(call.verdict, verdict);
}

#define QUERY "common_name=a.b&remote_ip=127.0.0.1&secret=sec&tls=false"
#define ACCEPT "Accept: application/vnd.nsq; version=1.0\r\n"

static void get_is_answered(void **state)
{
	start(one, 1);
	assert_int_equal(mock.tls.min_version, 0x0303);
	assert_string_equal(mock.tls.ca_file, "ca");
	assert_int_equal(mock.tls.peer, PLUQ_TLS_PEER_VERIFY);
	assert_int_equal(ask(&call), PLUQ_AUTH_LATER);
	assert_string_equal(sent()->address, "a:1");
	assert_string_equal(sent()->target, "/auth?" QUERY);
	assert_string_equal(sent()->headers, ACCEPT);
	assert_string_equal(sent()->method, "GET");
	assert_null(sent()->tls);
	assert_int_equal(sent()->connect_timeout_ns, 2000);
	assert_int_equal(sent()->timeout_ns, 5000);
	mock_auth_reply(&mock, 200, GOOD, NULL);
	answered(PLUQ_AUTH_ALLOW);
	assert_string_equal(call.told, TOLD);
}

static void post_is_answered(void **state)
{
	start((const char *const[]){ "https://a/x?y=1" }, 1);
	conf.request_method = METHOD_POST;
	assert_int_equal(pluq_plugin_entry.reload(plugin, &conf, &why), 0);
	assert_int_equal(ask(&call), PLUQ_AUTH_LATER);
	assert_string_equal(sent()->address, "a:443");
	assert_string_equal(sent()->target, "/x?y=1");
	assert_string_equal(sent()->headers, ACCEPT "Content-Type: application/json\r\n");
	assert_string_equal(sent()->method, "POST");
	assert_non_null(sent()->tls);
	assert_string_equal((const char *)sent()->content,
	    "{\"common_name\":[\"a.b\"],\"remote_ip\":[\"127.0.0.1\"],\"secret\":[\"sec\"],\"tls\":[\"false\"]}");
	mock_auth_reply(&mock, 200, GOOD, NULL);
	answered(PLUQ_AUTH_ALLOW);
}

/* What makes the next server be asked. */
static void failures_go_around(void **state)
{
	static const struct {
		int status;
		const char *text, *said;
	} cases[] = {
		{ PLUQ_EADDRESS, "connection refused", "connection refused" }, { PLUQ_ELIMIT, "no complete answer in time", "in time" },
		{ PLUQ_ECLOSED, "ended", "ended" }, { 500, GOOD, "status 500" }, { 404, "", "status 404" }, { 204, "", "status 204" },
		{ 201, GOOD, "status 201" }, { 401, "", "status 401" }, { 304, "", "status 304" }, { 302, "", "leads nowhere" },
		{ 200, "", "its answer cannot be used: it is not JSON" }, { 200, "{\"ttl\":0}", "its answer cannot be used: its ttl" },
		{ 403, "{\"https_port\":0}", "at no port" }, { 403, "{\"https_port\":70000}", "at no port" },
	};

	start(three, 3);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char asked[4][8];

		mock_host_forget(&mock.host);
		assert_int_equal(ask(&call), PLUQ_AUTH_LATER);
		for (int n = 0; n < 3; n++) {
			strcpy(asked[n], sent()->address);
			mock_auth_reply(&mock, cases[i].status, cases[i].text, NULL);
		}
		answered(PLUQ_AUTH_ERROR);
		if (!strstr(call.why, cases[i].said) || !strstr(call.why, "a:1: ") || !strstr(call.why, "b:2: ") || !strstr(call.why, "c:3: "))
			fail_msg("'%s', not '%s'", call.why, cases[i].said);
		assert_int_equal(*asked[1], *asked[0] == 'c' ? 'a' : *asked[0] + 1); /* the next one, around */
		assert_int_equal(*asked[2], *asked[1] == 'c' ? 'a' : *asked[1] + 1);
		assert_null(strstr(call.told, "grant"));

		assert_int_equal(ask(&call), PLUQ_AUTH_LATER);
		mock_auth_reply(&mock, cases[i].status, cases[i].text, NULL);
		mock_auth_reply(&mock, 200, GOOD, NULL);
		answered(PLUQ_AUTH_ALLOW);
		assert_string_equal(call.told, TOLD);
	}
	assert_null(strstr(mock.host.text, "secret"));
}

static void every_server_is_where_it_begins_now_and_then(void **state)
{
	int first[3] = { 0 };

	start(three, 3);
	for (int i = 0; i < 300; i++) {
		ask(&call);
		first[*sent()->address - 'a']++;
		mock_auth_reply(&mock, 200, GOOD, NULL);
	}
	assert_true(first[0] > 20 && first[1] > 20 && first[2] > 20);
}

static void failures_are_told_at_growing_gaps(void **state)
{
	start(three, 3);
	for (int i = 0; i < 9; i++) {
		ask(&call);
		for (int n = 0; n < 3; n++)
			mock_auth_reply(&mock, PLUQ_EADDRESS, "away", NULL);
	}
	assert_int_equal(mock.host.lines[PLUQ_WARN], 3 * 4); /* 1, 2, 4, 8 */
	assert_true(mock_host_logged(&mock.host, PLUQ_WARN, "auth server a:1: away (failure 1 in a row)"));
	assert_true(mock_host_logged(&mock.host, PLUQ_WARN, "auth server b:2: away (failure 8 in a row)"));
	ask(&call);
	mock_auth_reply(&mock, 200, GOOD, NULL);
	assert_true(mock_host_logged(&mock.host, PLUQ_INFO, ": answers again after 9 failures"));
}

static void the_only_server_is_told_of_by_the_daemon(void **state)
{
	start(one, 1);
	ask(&call);
	mock_auth_reply(&mock, PLUQ_EADDRESS, "away", NULL);
	answered(PLUQ_AUTH_ERROR);
	assert_string_equal(call.why, "a:1: away");
	assert_int_equal(mock.host.lines[PLUQ_WARN], 0);
}

static void nobody_can_be_asked(void **state)
{
	start(three, 3);
	mock.refuse = PLUQ_EADDRESS;
	assert_int_equal(ask(&call), PLUQ_AUTH_ERROR);
	assert_int_equal(call.answers, 0);
	assert_non_null(strstr(why.text, "a:1: refused by the test"));
	assert_non_null(strstr(why.text, "; "));
}

static void a_refusal_is_one(void **state)
{
	static const char *const bodies[] = { "{\"message\": \"NOT_AUTHORIZED\"}", "", "no", "[]", "{\"https_port\":null}", "{\"https_port\":\"1\"}" };

	start(one, 1);
	for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
		assert_int_equal(ask(&call), PLUQ_AUTH_LATER);
		mock_auth_reply(&mock, 403, bodies[i], NULL);
		answered(PLUQ_AUTH_DENY);
	}
	assert_true(mock_host_logged(&mock.host, PLUQ_WARN, "refuses a client with status 403 (1 in a row)"));
}

/* One that knows the client may be among the others; if none does, the refusal stands, whatever ails the rest. */
static void the_others_are_asked_after_a_refusal(void **state)
{
	start(three, 3);
	ask(&call);
	mock_auth_reply(&mock, 403, "", NULL);
	mock_auth_reply(&mock, 500, "", NULL);
	mock_auth_reply(&mock, 200, GOOD, NULL);
	answered(PLUQ_AUTH_ALLOW);
	for (int refuses = 0; refuses < 3; refuses++) {
		ask(&call);
		for (int n = 0; n < 3; n++)
			mock_auth_reply(&mock, n == refuses ? 403 : 500, "", NULL);
		answered(PLUQ_AUTH_DENY);
	}
	ask(&call);
	mock_auth_reply(&mock, 403, "", NULL);
	mock.refuse = PLUQ_EADDRESS;
	mock_auth_reply(&mock, 403, "", NULL);
	answered(PLUQ_AUTH_DENY);
}

static void nobody_is_asked_about_a_secret_that_is_too_long(void **state)
{
	const struct pluq_auth_ops *ops = pluq_plugin_entry.ops;
	struct pluq_auth_query q = query;

	start(one, 1);
	q.secret = calloc(1, SECRET_MAX + 2);
	q.secret_length = SECRET_MAX + 1;
	call = (struct pluq_auth_call){ .verdict = 0 };
	assert_int_equal(ops->ask(plugin, &q, &call, &why), PLUQ_AUTH_SILENT);
	assert_int_equal(mock.asked, 0);
	q.secret_length--;
	assert_int_equal(ops->ask(plugin, &q, &call, &why), PLUQ_AUTH_LATER);
	mock_auth_reply(&mock, 200, GOOD, NULL);
	answered(PLUQ_AUTH_ALLOW);
	free((void *)q.secret);
}

static void https_is_asked_where_it_is_wanted(void **state)
{
	start((const char *const[]){ "http://a:1/x?y=1" }, 1);
	ask(&call);
	mock.now_ns += 4000;
	mock_auth_reply(&mock, 403, "{\"message\":\"TLS_REQUIRED\",\"HTTPS_port\":4152}", NULL);
	assert_string_equal(sent()->address, "a:4152");
	assert_string_equal(sent()->target, "/x?y=1&" QUERY);
	assert_non_null(sent()->tls);
	assert_int_equal(sent()->timeout_ns, 5000);
	mock_auth_reply(&mock, 403, "{\"https_port\":4153}", NULL);
	answered(PLUQ_AUTH_ERROR);
	assert_non_null(strstr(call.why, "over https"));
	ask(&call);
	mock_auth_reply(&mock, 403, "{\"https_port\":4152}", NULL);
	mock_auth_reply(&mock, 200, GOOD, NULL);
	answered(PLUQ_AUTH_ALLOW);
}

static void redirects_are_followed(void **state)
{
	start((const char *const[]){ "http://a:1/x" }, 1);
	for (int status = 301; status <= 308; status += status == 303 ? 4 : 1) {
		ask(&call);
		mock.now_ns += 1000;
		mock_auth_reply(&mock, status, "", "/y?secret=sec");
		assert_string_equal(sent()->target, "/y?secret=sec");
		assert_string_equal(sent()->headers, ACCEPT);
		assert_int_equal(sent()->timeout_ns, 4000); /* of the whole */
		mock_auth_reply(&mock, status, "", "https://b/");
		assert_string_equal(sent()->address, "b:443");
		assert_non_null(sent()->tls);
		mock_auth_reply(&mock, 200, GOOD, NULL);
		answered(PLUQ_AUTH_ALLOW);

		conf.request_method = METHOD_POST;
		pluq_plugin_entry.reload(plugin, &conf, &why);
		ask(&call);
		mock_auth_reply(&mock, status, "", "/y");
		assert_string_equal(sent()->method, status < 304 ? "GET" : "POST");
		assert_int_equal(sent()->content_length > 0, status > 304);
		assert_string_equal(sent()->target, "/y");
		mock_auth_reply(&mock, 200, GOOD, NULL);
		answered(PLUQ_AUTH_ALLOW);
		conf.request_method = METHOD_GET;
		pluq_plugin_entry.reload(plugin, &conf, &why);
	}
}

static void redirects_do_not_leave_https(void **state)
{
	static const char *const locations[] = { "http://b/", "http://a/x", "HTTP://a:443/" };

	start((const char *const[]){ "https://a/x" }, 1);
	conf.request_method = METHOD_POST;
	pluq_plugin_entry.reload(plugin, &conf, &why);
	for (size_t i = 0; i < sizeof(locations) / sizeof(*locations); i++) {
		ask(&call);
		mock_auth_reply(&mock, 307, "", "//b/y");
		assert_non_null(sent()->tls);
		mock_auth_reply(&mock, 307, "", locations[i]);
		answered(PLUQ_AUTH_ERROR);
		assert_non_null(strstr(call.why, "leads from https to http"));
	}
}

static void redirects_have_an_end(void **state)
{
	start(one, 1);
	ask(&call);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(mock.asked, i + 1);
		mock_auth_reply(&mock, 302, "", "/again");
	}
	answered(PLUQ_AUTH_ERROR);
	assert_non_null(strstr(call.why, "too many redirects"));
	ask(&call);
	mock_auth_reply(&mock, 302, "", "ftp://b/");
	answered(PLUQ_AUTH_ERROR);
	assert_non_null(strstr(call.why, "only http and https"));
	ask(&call);
	mock.now_ns += 5000;
	mock_auth_reply(&mock, 302, "", "/later");
	answered(PLUQ_AUTH_ERROR);
	assert_non_null(strstr(call.why, "in time"));
}

static void cancelling(void **state)
{
	const struct pluq_auth_ops *ops = pluq_plugin_entry.ops;
	static struct pluq_auth_call other;

	start(three, 3);
	ask(&call);
	ask(&other);
	ops->cancel(plugin, &call);
	assert_int_equal(call.answers, 0);
	mock_auth_run_posts(&mock);
	assert_int_equal(mock.cancelled, 1);
	assert_int_equal(call.answers, 1);
	assert_int_equal(call.verdict, PLUQ_AUTH_ERROR);
	assert_int_equal(other.answers, 0);
	ops->cancel(plugin, &call); /* nothing is known of it any more */

	/* The answer is there before the letter. */
	ops->cancel(plugin, &other);
	ops->cancel(plugin, &other);
	mock_auth_reply(&mock, 200, GOOD, NULL);
	assert_int_equal(other.verdict, PLUQ_AUTH_ALLOW);
	mock_auth_run_posts(&mock);
	assert_int_equal(other.answers, 1);
	assert_int_equal(mock.cancelled, 1);

	/* The letter cannot be sent: it is answered in the end. */
	ask(&call);
	mock.post_status = PLUQ_ENOMEM;
	ops->cancel(plugin, &call);
	mock_auth_reply(&mock, 200, GOOD, NULL);
	answered(PLUQ_AUTH_ALLOW);
}

static void a_reload_leaves_open_questions_alone(void **state)
{
	struct conf later;

	start(three, 3);
	ask(&call);
	later = conf;
	later.address = (struct pluq_strings){ (const char *const[]){ "z:9" }, 1 };
	later.tls_min_version = 3;
	assert_int_equal(pluq_plugin_entry.reload(plugin, &later, &why), 0);
	assert_int_equal(mock.tls.min_version, 0x0304);
	mock_auth_reply(&mock, 500, "", NULL);
	assert_int_not_equal(*sent()->address, 'z');
	mock_auth_reply(&mock, 500, "", NULL);
	mock_auth_reply(&mock, 500, "", NULL);
	answered(PLUQ_AUTH_ERROR);
	ask(&call);
	assert_string_equal(sent()->address, "z:9");

	/* One that fails changes nothing. */
	later.address = (struct pluq_strings){ (const char *const[]){ "ftp://a?secret=x" }, 1 };
	assert_int_equal(pluq_plugin_entry.reload(plugin, &later, &why), PLUQ_EINVAL);
	assert_string_equal(why.text, "address 'ftp://a': only http and https can be asked");
	later.address.count = 0;
	assert_int_equal(pluq_plugin_entry.reload(plugin, &later, &why), PLUQ_EINVAL);
	later.address = (struct pluq_strings){ one, 1 };
	mock.tls_status = PLUQ_ETLS;
	assert_int_equal(pluq_plugin_entry.reload(plugin, &later, &why), PLUQ_ETLS);
	mock_auth_reply(&mock, 200, GOOD, NULL);
	ask(&call);
	assert_string_equal(sent()->address, "z:9");
	mock_auth_reply(&mock, 200, GOOD, NULL);
	mock.tls_status = 0;
}

static void what_stops_a_start(void **state)
{
	static const char *const bad[] = { "a:1", "b:x" };

	conf = (struct conf){ .address = { bad, 2 }, .connect_timeout = 1, .request_timeout = 1, .tls_root_ca_file = "", .tls_cert = "", .tls_key = "" };
	assert_int_equal(pluq_plugin_entry.init(&mock.host.pub, &conf, &plugin, &why), PLUQ_EINVAL);
	assert_string_equal(why.text, "address 'b:x': the port is none");
	conf.address.count = 0;
	assert_int_equal(pluq_plugin_entry.init(&mock.host.pub, &conf, &plugin, &why), PLUQ_EINVAL);
	conf.address.count = 1;
	mock.tls_status = PLUQ_ETLS;
	assert_int_equal(pluq_plugin_entry.init(&mock.host.pub, &conf, &plugin, &why), PLUQ_ETLS);
}

#define TABLE_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
#define QUESTION_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(urls_are_read),
		cmocka_unit_test(urls_that_are_none),
		cmocka_unit_test(redirects_lead_somewhere),
		cmocka_unit_test(queries_are_joined),
		TABLE_TEST(parameters),
		TABLE_TEST(good_answers),
		TABLE_TEST(answers_that_are_none),
		TABLE_TEST(answers_have_limits),
		QUESTION_TEST(get_is_answered),
		QUESTION_TEST(post_is_answered),
		QUESTION_TEST(failures_go_around),
		QUESTION_TEST(every_server_is_where_it_begins_now_and_then),
		QUESTION_TEST(failures_are_told_at_growing_gaps),
		QUESTION_TEST(the_only_server_is_told_of_by_the_daemon),
		QUESTION_TEST(nobody_can_be_asked),
		QUESTION_TEST(a_refusal_is_one),
		QUESTION_TEST(the_others_are_asked_after_a_refusal),
		QUESTION_TEST(nobody_is_asked_about_a_secret_that_is_too_long),
		QUESTION_TEST(redirects_do_not_leave_https),
		QUESTION_TEST(https_is_asked_where_it_is_wanted),
		QUESTION_TEST(redirects_are_followed),
		QUESTION_TEST(redirects_have_an_end),
		QUESTION_TEST(cancelling),
		QUESTION_TEST(a_reload_leaves_open_questions_alone),
		TABLE_TEST(what_stops_a_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
