/* The authd handler over a mock of the daemon: what is asked of the plugins, and what is answered. */
#include "cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../daemon/net/json_quote.h"
#include "../../plugins/handlers/authd/answer.h"
#include "../../plugins/handlers/authd/ask.h"
#include "../../plugins/handlers/authd/oauth.h"
#include "mock_host.h"

/* One request, and all that comes of it. */
struct pluq_http_request {
	const char *secret, *remote_ip, *tls, *common_name; /* NULL: not in the query */
	size_t secret_length; /* 0: of the text */
	uint32_t status;      /* 0: not answered */
	char body[4096];
};

static struct mock_host host;
static struct authd authd;
static struct conf conf;

/* The one question to the plugins, and the one to the endpoint. */
static struct {
	pluq_auth_answer_fn fn;
	void *arg;
	char secret[256], remote_ip[64], common_name[64];
	size_t secret_length;
	bool tls, verified;
	int status; /* of ask */
} plugins;
static struct {
	struct pluq_http_get get;
	char address[128], target[512];
	int status; /* of get */
} endpoint;

/* --- the mock */

static int ask_plugins(const struct pluq_host *h, const struct pluq_auth_query *q, pluq_auth_answer_fn fn, void *arg,
    struct pluq_auth_asking **out)
{
	if (plugins.status < 0)
		return plugins.status;
	assert_null(plugins.fn);
	plugins.fn = fn;
	plugins.arg = arg;
	memcpy(plugins.secret, q->secret, q->secret_length + 1);
	plugins.secret_length = q->secret_length;
	snprintf(plugins.remote_ip, sizeof(plugins.remote_ip), "%s", q->remote_ip);
	snprintf(plugins.common_name, sizeof(plugins.common_name), "%s", q->common_name);
	plugins.tls = q->tls;
	plugins.verified = q->verified;
	*out = (struct pluq_auth_asking *)&plugins;
	return 0;
}

static void ask_drop(struct pluq_auth_asking **p)
{
	if (*p)
		plugins.fn = NULL;
	*p = NULL;
}

static const struct pluq_auth auth = {.size = sizeof(auth), .ask = ask_plugins, .ask_drop = ask_drop};

static bool query_ok(const struct pluq_http_request *r)
{
	return true;
}

static const char *query(const struct pluq_http_request *r, const char *name, size_t *length)
{
	const char *value = !strcmp(name, "secret") ? r->secret : !strcmp(name, "remote_ip") ? r->remote_ip :
	                    !strcmp(name, "tls") ? r->tls : r->common_name;

	if (value)
		*length = value == r->secret && r->secret_length ? r->secret_length : strlen(value);
	return value;
}

static void reply(struct pluq_http_request *r, uint32_t status, const char *type, const void *body, size_t length)
{
	assert_int_equal(r->status, 0);
	assert_true(length < sizeof(r->body));
	r->status = status;
	memcpy(r->body, body, length);
	r->body[length] = 0;
}

static void error(struct pluq_http_request *r, uint32_t status, const char *text)
{
	reply(r, status, NULL, text, strlen(text));
}

static int get(const struct pluq_host *h, const struct pluq_http_get *g, struct pluq_http_call **out, struct pluq_why *why)
{
	if (endpoint.status < 0)
		return endpoint.status;
	assert_null(endpoint.get.fn);
	endpoint.get = *g;
	snprintf(endpoint.address, sizeof(endpoint.address), "%s", g->address);
	snprintf(endpoint.target, sizeof(endpoint.target), "%s", g->target);
	*out = (struct pluq_http_call *)&endpoint;
	return 0;
}

static void cancel(struct pluq_http_call *c)
{
	endpoint.get.fn = NULL;
}

static const struct pluq_http http = {.size = sizeof(http), .query_ok = query_ok, .query = query, .reply = reply, .error = error,
    .get = get, .cancel = cancel, .json_quote = pluq__json_quote};

static int setup(void **state)
{
	mock_host_init(&host);
	memset(&plugins, 0, sizeof(plugins));
	memset(&endpoint, 0, sizeof(endpoint));
	memset(&authd, 0, sizeof(authd));
	conf = (struct conf){.oauth2_response_path = "data.login", .oauth2_timeout = 4};
	authd.host = &host.pub;
	authd.http = &http;
	authd.auth = &auth;
	authd.conf = &conf;
	return 0;
}

static int teardown(void **state)
{
	assert_null(authd.first);
	endpoint_free(&authd.endpoint);
	mock_host_fini(&host);
	return 0;
}

static void handle(struct pluq_http_request *r)
{
	struct question q;
	struct refusal refusal = question_from_query(&http, r, &q);

	if (refusal.status)
		error(r, refusal.status, refusal.text);
	else
		ask(&authd, r, &q);
}

static void answer(const struct pluq_auth_answer *a)
{
	pluq_auth_answer_fn fn = plugins.fn;

	assert_non_null(fn);
	plugins.fn = NULL;
	fn(plugins.arg, a);
}

static void answer_verdict(int verdict)
{
	answer(&(struct pluq_auth_answer){.size = sizeof(struct pluq_auth_answer), .verdict = verdict, .identity = "", .identity_url = ""});
}

#define LIST(...) {(const char *const[]){__VA_ARGS__}, sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)}

static const struct pluq_grant one[] = {{PLUQ_MAY_PUBLISH, "^t$", LIST(".*")}};

static void answer_allow(const struct pluq_grant *grants, size_t n)
{
	answer(&(struct pluq_auth_answer){.size = sizeof(struct pluq_auth_answer), .verdict = PLUQ_AUTH_ALLOW, .identity = "who",
	    .identity_url = "", .ttl_ns = INT64_C(60000000000), .grants = grants, .grant_count = n});
}

static void answer_endpoint(int status, const char *body)
{
	struct pluq_why why = {"it did not work"};
	pluq_http_get_fn fn = endpoint.get.fn;

	assert_non_null(fn);
	endpoint.get.fn = NULL;
	fn(endpoint.get.arg, status, (const uint8_t *)body, strlen(body), status < 0 ? &why : NULL);
}

/* --- tests */

static void what_is_asked(void **state)
{
	struct pluq_http_request r = {.secret = " \ts3cret\n", .remote_ip = " ::1 ", .tls = "TRUE", .common_name = "cn "};

	handle(&r);
	assert_string_equal(plugins.secret, "s3cret");
	assert_string_equal(plugins.remote_ip, "::1");
	assert_string_equal(plugins.common_name, "cn");
	assert_true(plugins.tls);
	assert_false(plugins.verified);
	answer_allow(one, 1);
	assert_int_equal(r.status, 200);
	assert_string_equal(r.body, "{\"ttl\": 60, \"authorizations\": [{\"topic\": \"^t$\", \"channels\": [\".*\"], \"permissions\": "
	    "[\"publish\"]}], \"identity\": \"who\"}");

	conf.trust_common_name = true;
	r = (struct pluq_http_request){.secret = "\1\0\2", .secret_length = 3, .remote_ip = "10.0.0.1", .tls = "true", .common_name = "cn"};
	handle(&r);
	assert_int_equal(plugins.secret_length, 3);
	assert_memory_equal(plugins.secret, "\1\0\2", 4);
	assert_true(plugins.verified);
	answer_verdict(PLUQ_AUTH_SILENT);
	r = (struct pluq_http_request){.secret = "s", .remote_ip = "10.0.0.1", .tls = "false", .common_name = "cn"};
	handle(&r);
	assert_false(plugins.verified);
	answer_verdict(PLUQ_AUTH_SILENT);
}

static void what_is_missing_or_bad(void **state)
{
	static const struct {
		const char *secret, *remote_ip, *tls;
		uint32_t status;
		const char *text;
	} cases[] = {
		{NULL, NULL, NULL, 400, "MISSING_ARG_SECRET"},
		{NULL, "x", "x", 400, "MISSING_ARG_SECRET"},
		{"", NULL, "x", 400, "MISSING_ARG_REMOTE_IP"},
		{"s", "x", NULL, 500, "INVALID_ARG_REMOTE_IP"},
		{"s", "", "true", 500, "INVALID_ARG_REMOTE_IP"},
		{"s", "10.0.0.1:5", "true", 500, "INVALID_ARG_REMOTE_IP"},
		{"s", "10.0.0.0/8", "true", 500, "INVALID_ARG_REMOTE_IP"},
		{"s", "10.0.0.1", NULL, 400, "MISSING_ARG_TLS"},
		{"s", "10.0.0.1", "", 500, "INVALID_ARG_TLS"},
		{"s", "10.0.0.1", "1", 500, "INVALID_ARG_TLS"},
		{"s", "10.0.0.1", "truetrue", 500, "INVALID_ARG_TLS"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct pluq_http_request r = {.secret = cases[i].secret, .remote_ip = cases[i].remote_ip, .tls = cases[i].tls};

		handle(&r);
		assert_int_equal(r.status, cases[i].status);
		assert_string_equal(r.body, cases[i].text);
		assert_null(plugins.fn);
	}
}

static void lists_of_a_post(void **state)
{
	static const char *const good[] = {
		"{\"secret\":[\"s\\u0000t\"],\"remote_ip\":[\"127.0.0.1\"],\"tls\":[\"false\"],\"common_name\":[\"c\"]}",
		"{\"tls\":\"False\",\"secret\":\" s\\u0000t\",\"other\":1,\"remote_ip\":[\"127.0.0.1\",\"x\"],\"common_name\":\"c\"}",
	};
	static const char *const bad[] = {"", "x", "[]", "\"s\"", "{}", "{\"secret\":[]}", "{\"secret\":[1],\"remote_ip\":[\"::1\"]}",
	    "{\"secret\":{\"0\":\"s\"}}", "{\"secret\":[\"s\"],\"remote_ip\":[\"::1\"]}", "{\"secret\":[\"s\"],\"remote_ip\":[\"::1\"],\"tls\":[true]}"};
	struct question q;

	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(question_from_json((const uint8_t *)good[i], strlen(good[i]), &q).status, 0);
		assert_int_equal(q.secret_length, 3);
		assert_memory_equal(q.secret, "s\0t", 4);
		assert_string_equal(q.remote_ip, "127.0.0.1");
		assert_string_equal(q.common_name, "c");
		assert_false(q.tls);
		question_free(&q);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(question_from_json((const uint8_t *)bad[i], strlen(bad[i]), &q).status, 400);
}

static void verdicts_have_their_status(void **state)
{
	const struct pluq_grant nothing[] = {{0, "^t$", LIST(".*")}};
	static const char empty[] = "{\"ttl\": 3600, \"authorizations\": [], \"identity\": \"\"}";
	static const char denied[] = "{\"message\": \"NOT_AUTHORIZED\"}";
	static const struct {
		const char *secret;
		int verdict;
		uint32_t status;
		const char *body;
	} cases[] = {
		{"s", PLUQ_AUTH_SILENT, 200, empty},
		{"", PLUQ_AUTH_SILENT, 403, denied},
		{" ", PLUQ_AUTH_SILENT, 403, denied},
		{"s", PLUQ_AUTH_DENY, 403, denied},
		{"", PLUQ_AUTH_DENY, 403, denied},
		{"s", PLUQ_AUTH_ERROR, 503, "AUTH_UNAVAILABLE"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct pluq_http_request r = {.secret = cases[i].secret, .remote_ip = "::1", .tls = "false"};

		handle(&r);
		answer_verdict(cases[i].verdict);
		assert_int_equal(r.status, cases[i].status);
		assert_string_equal(r.body, cases[i].body);
	}
	struct pluq_http_request r = {.secret = "", .remote_ip = "::1", .tls = "false"}, s = {.secret = "s", .remote_ip = "::1", .tls = "false"};
	handle(&r);
	answer_allow(nothing, 1);
	assert_int_equal(r.status, 403);
	handle(&s);
	answer_allow(nothing, 1);
	assert_int_equal(s.status, 200);
	assert_string_equal(s.body, "{\"ttl\": 60, \"authorizations\": [], \"identity\": \"who\"}");
	plugins.status = PLUQ_ENOMEM;
	struct pluq_http_request u = {.secret = "s", .remote_ip = "::1", .tls = "false"};
	handle(&u);
	assert_int_equal(u.status, 503);
}

static const char *rendered(const struct pluq_grant *grants, size_t n, int64_t ttl_ns, const char *url)
{
	static char out[4096];
	struct text t = {0};
	struct pluq_auth_answer a = {.size = sizeof(a), .verdict = PLUQ_AUTH_ALLOW, .identity = "i", .identity_url = url, .ttl_ns = ttl_ns,
	    .grants = grants, .grant_count = n};

	answer_put(&http, &t, &a, NULL);
	assert_false(t.failed);
	snprintf(out, sizeof(out), "%.*s", (int)t.length, t.data);
	text_free(&t);
	return out;
}

static void grants_are_grouped(void **state)
{
	const uint32_t s = PLUQ_MAY_SUBSCRIBE, p = PLUQ_MAY_PUBLISH, a = PLUQ_MAY_ADMIN;
	const struct pluq_grant grants[] = {
		{s | p, "b", LIST("1")},
		{s, "a", LIST("2")},
		{0, "c", LIST("none")},
		{s, "b", LIST("3", "4")},
		{p | s, "b", LIST("1", "5")},
		{a | p, "a", LIST(".*")},
		{s, "a", LIST("6")},
	};

	assert_string_equal(rendered(grants, 7, INT64_C(1999999999), ""), "{\"ttl\": 1, \"authorizations\": ["
	    "{\"topic\": \"b\", \"channels\": [\"1\", \"1\", \"5\"], \"permissions\": [\"subscribe\", \"publish\"]}, "
	    "{\"topic\": \"b\", \"channels\": [\"3\", \"4\"], \"permissions\": [\"subscribe\"]}, "
	    "{\"topic\": \"a\", \"channels\": [\"2\", \"6\"], \"permissions\": [\"subscribe\"]}, "
	    "{\"topic\": \"a\", \"channels\": [\".*\"], \"permissions\": [\"publish\", \"admin\"]}], \"identity\": \"i\"}");
	assert_string_equal(rendered(NULL, 0, 1, "http://u/\"x"),
	    "{\"ttl\": 1, \"authorizations\": [], \"identity\": \"i\", \"identity_url\": \"http://u/\\\"x\"}");
	const struct pluq_grant empty[] = {{p, "", LIST("")}};
	assert_string_equal(rendered(empty, 1, INT64_C(7200000000000), ""),
	    "{\"ttl\": 7200, \"authorizations\": [{\"topic\": \"\", \"channels\": [\"\"], \"permissions\": [\"publish\"]}], \"identity\": \"i\"}");
}

static void endpoints(void **state)
{
	static const struct {
		const char *url, *address, *target; /* address NULL: refused */
	} cases[] = {
		{"http://h", "h:80", "/?access_token="},
		{"https://h/", "h:443", "/?access_token="},
		{"https://h:1/a/b?x=1", "h:1", "/a/b?x=1&access_token="},
		{"http://[::1]/a#frag", "[::1]:80", "/a?access_token="},
		{"http://[::1]:8/a", "[::1]:8", "/a?access_token="},
		{"http://h?y", "h:80", "/?y&access_token="},
		{"ftp://h", NULL, NULL},
		{"h/a", NULL, NULL},
		{"http://", NULL, NULL},
		{"http:///a", NULL, NULL},
		{"http://:80/", NULL, NULL},
		{"http://u:p@h/", NULL, NULL},
		{"http://h/a b", NULL, NULL},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct endpoint e;
		struct pluq_why why = {""};
		int status = endpoint_parse(&e, cases[i].url, &why);

		if ((status == 0) != (cases[i].address != NULL))
			fail_msg("%s: %d %s", cases[i].url, status, why.text);
		if (status < 0)
			continue;
		assert_string_equal(e.address, cases[i].address);
		assert_string_equal(e.target, cases[i].target);
		assert_int_equal(e.https, cases[i].url[4] == 's');
		endpoint_free(&e);
	}
}

static void logins_in_answers(void **state)
{
	static const struct {
		const char *path, *body, *login;
	} cases[] = {
		{"data.login", "{\"data\":{\"login\":\"joe\"}}", "joe"},
		{"login", "{\"login\":\"joe\"}", "joe"},
		{"a.b.c", "{\"a\":{\"b\":{\"c\":\"\"}}}", ""},
		{"data.login", "{\"data\":{\"login\":1}}", NULL},
		{"data.login", "{\"data\":{\"login\":null}}", NULL},
		{"data.login", "{\"data\":\"login\"}", NULL},
		{"data.login", "{\"data\":[{\"login\":\"joe\"}]}", NULL},
		{"data.login", "\"joe\"", NULL},
		{"data.login", "{", NULL},
		{"data.login", "", NULL},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct pluq_why why = {""};
		char *login = oauth_login(cases[i].path, (const uint8_t *)cases[i].body, strlen(cases[i].body), &why);

		if (cases[i].login)
			assert_string_equal(login, cases[i].login);
		else {
			assert_null(login);
			assert_true(why.text[0]);
		}
		free(login);
	}
}

static void with_oauth(void)
{
	struct pluq_why why;

	assert_int_equal(endpoint_parse(&authd.endpoint, "http://h:9/echo", &why), 0);
}

static void a_token_becomes_a_login(void **state)
{
	struct pluq_http_request r = {.secret = "to ken&", .remote_ip = "::1", .tls = "false"};

	with_oauth();
	handle(&r);
	assert_null(plugins.fn);
	assert_string_equal(endpoint.address, "h:9");
	assert_string_equal(endpoint.target, "/echo?access_token=to%20ken%26");
	answer_endpoint(200, "{\"data\":{\"login\":\"joe\"}}");
	assert_string_equal(plugins.secret, "joe");
	answer_allow(one, 1);
	assert_int_equal(r.status, 200);
	assert_non_null(strstr(r.body, "\"identity\": \"joe\"}"));
	assert_false(mock_host_logged(&host, PLUQ_INFO, "ken"));
}

static void without_a_login_what_is_open_still_is(void **state)
{
	static const struct {
		int status;
		const char *body;
	} cases[] = {{403, "{\"data\":{\"login\":\"joe\"}}"}, {200, "{}"}, {200, "x"}, {PLUQ_ELIMIT, ""}, {PLUQ_EADDRESS, ""}};

	with_oauth();
	for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(*cases); i++) {
		struct pluq_http_request r = {.secret = "token", .remote_ip = "::1", .tls = "false"};

		handle(&r);
		answer_endpoint(cases[i / 2].status, cases[i / 2].body);
		assert_string_equal(plugins.secret, "");
		assert_int_equal(plugins.secret_length, 0);
		if (i % 2)
			answer_allow(one, 1);
		else
			answer_verdict(PLUQ_AUTH_SILENT);
		assert_int_equal(r.status, i % 2 ? 200 : 403);
		if (i % 2)
			assert_non_null(strstr(r.body, "\"identity\": \"\"}"));
	}
	endpoint.status = PLUQ_EADDRESS;
	struct pluq_http_request r = {.secret = "token", .remote_ip = "::1", .tls = "false"}, s = {.secret = "", .remote_ip = "::1", .tls = "false"};
	handle(&r);
	answer_verdict(PLUQ_AUTH_SILENT);
	assert_int_equal(r.status, 403);
	handle(&s); /* no token: the endpoint is not asked */
	answer_verdict(PLUQ_AUTH_SILENT);
	assert_int_equal(s.status, 403);
}

static void a_stop_answers_what_is_open(void **state)
{
	struct pluq_http_request a = {.secret = "a", .remote_ip = "::1", .tls = "false"}, b = a, c = a;

	with_oauth();
	handle(&a);
	answer_endpoint(200, "{\"data\":{\"login\":\"joe\"}}");
	handle(&b);
	ask_drain(&authd);
	assert_int_equal(a.status, 503);
	assert_int_equal(b.status, 503);
	assert_null(plugins.fn);
	assert_null(endpoint.get.fn);
	handle(&c);
	assert_int_equal(c.status, 503);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_asked, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_missing_or_bad, setup, teardown),
		cmocka_unit_test(lists_of_a_post),
		cmocka_unit_test_setup_teardown(verdicts_have_their_status, setup, teardown),
		cmocka_unit_test(grants_are_grouped),
		cmocka_unit_test(endpoints),
		cmocka_unit_test(logins_in_answers),
		cmocka_unit_test_setup_teardown(a_token_becomes_a_login, setup, teardown),
		cmocka_unit_test_setup_teardown(without_a_login_what_is_open_still_is, setup, teardown),
		cmocka_unit_test_setup_teardown(a_stop_answers_what_is_open, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
