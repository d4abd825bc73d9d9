/* Requests that need a secret, over real sockets, with the real auth core; the test plays the auth plugin. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../daemon/auth/auth.h"
#include "../../daemon/base/clock.h"
#include "../../daemon/net/http.h"
#include "net_rig.h"

#define NSQ "X-NSQ-Content-Type: nsq; version=1.0\r\n"
#define JSON "Content-Type: application/json; charset=utf-8\r\n"
#define CHALLENGE "WWW-Authenticate: Basic realm=\"pluq\", Bearer realm=\"pluq\"\r\n"

static const struct pluq_http *const http = &pluq__http_table;
static const struct pluq_auth *const auth = &pluq__auth_table;
static struct rig rig;
static struct pluq__auth *core;
static struct pluq_http_server *server, *closed; /* `closed` refuses everything in the clear */
static struct pluq_http_request *parked;
static struct pluq_auth_call *waiting; /* the question that is not answered yet */
static _Atomic int parked_count, asked, cancelled;
static char seen_ip[64];

/* ---- the plugin ---- */

static void grant(struct pluq_auth_call *call, uint32_t permissions, const char *topic, const char *channel)
{
	auth->grant(call, permissions, topic, &channel, 1);
}

static int ask(void *self, const struct pluq_auth_query *q, struct pluq_auth_call *call, struct pluq_why *why)
{
	const char *secret = (const char *)q->secret;
	snprintf(seen_ip, sizeof seen_ip, "%s", q->remote_ip);
	assert_int_equal(strlen(secret), q->secret_length);
	int verdict = PLUQ_AUTH_ALLOW;
	if (strcmp(secret, "sub") == 0) {
		grant(call, PLUQ_MAY_SUBSCRIBE, "^t$", "^c$");
	} else if (strcmp(secret, "pub") == 0) {
		grant(call, PLUQ_MAY_PUBLISH, "^t$", "^$");
	} else if (strcmp(secret, "admin") == 0) {
		grant(call, PLUQ_MAY_ADMIN, "", ".*");
	} else if (strcmp(secret, "topic-admin") == 0) {
		grant(call, PLUQ_MAY_ADMIN, "^t$", "^c$");
	} else if (strcmp(secret, "short") == 0) {
		auth->live(call, 1);
		grant(call, PLUQ_MAY_PUBLISH, "^t$", "^$");
	} else if (strcmp(secret, "once") == 0 && asked == 0) {
		auth->live(call, 1);
		grant(call, PLUQ_MAY_PUBLISH, "^t$", "^$");
	} else if (strcmp(secret, "deny") == 0) {
		verdict = PLUQ_AUTH_DENY;
	} else if (strcmp(secret, "error") == 0) {
		verdict = PLUQ_AUTH_ERROR;
	} else if (strncmp(secret, "later", 5) == 0) {
		waiting = call;
		verdict = PLUQ_AUTH_LATER;
	} else if (strcmp(secret, "nothing") != 0) {
		verdict = PLUQ_AUTH_SILENT;
	}
	atomic_fetch_add(&asked, 1);
	return verdict;
}

static void cancel(void *self, struct pluq_auth_call *call)
{
	atomic_fetch_add(&cancelled, 1);
}

static const struct pluq_auth_ops ops = {.size = sizeof ops, .ask = ask, .cancel = cancel};

/* Any thread. */
static void answer_waiting(int verdict)
{
	if (verdict == PLUQ_AUTH_ALLOW)
		grant(waiting, PLUQ_MAY_PUBLISH, "^t$", "^$");
	auth->answer(waiting, verdict, NULL);
	waiting = NULL;
}

/* ---- the handler ---- */

static void on_ok(void *arg, struct pluq_http_request *r)
{
	size_t n;
	http->body(r, &n);
	char text[32];
	http->reply(r, 200, NULL, text, (size_t)snprintf(text, sizeof text, "ok %zu", n));
}

static void list(struct pluq_http_request *r)
{
	static const char *const topics[] = {"t", "u", "tt"};
	char text[64] = "";
	for (size_t i = 0; i < sizeof topics / sizeof *topics; i++)
		if (http->may(r, PLUQ_MAY_SUBSCRIBE | PLUQ_MAY_PUBLISH | PLUQ_MAY_ADMIN, topics[i], strlen(topics[i])))
			strcat(strcat(text, topics[i]), ",");
	http->reply(r, 200, NULL, text, strlen(text));
}

static void on_list(void *arg, struct pluq_http_request *r)
{
	list(r);
}

static void on_park(void *arg, struct pluq_http_request *r)
{
	parked = r;
	atomic_fetch_add(&parked_count, 1);
}

static const struct pluq_http_route routes[] = {
	{.method = "GET", .path = "/ping", .flags = PLUQ_HTTP_PLAIN | PLUQ_HTTP_OPEN, .handle = on_ok},
	{.method = "GET", .path = "/open-list", .flags = PLUQ_HTTP_OPEN, .handle = on_list},
	{.method = "GET", .path = "/stats", .handle = on_ok},
	{.method = "GET", .path = "/list", .handle = on_list},
	{.method = "POST", .path = "/pub", .flags = PLUQ_HTTP_PUBLISH, .too_big_status = 413, .too_big = "MSG_TOO_BIG", .max_body = 100000,
	    .handle = on_ok},
	{.method = "POST", .path = "/create", .flags = PLUQ_HTTP_ADMIN | PLUQ_HTTP_DISCARD, .handle = on_ok},
	{.method = "POST", .path = "/delete", .flags = PLUQ_HTTP_ADMIN | PLUQ_HTTP_WHOLE_TOPIC | PLUQ_HTTP_DISCARD, .handle = on_ok},
	{.method = "POST", .path = "/settings", .flags = PLUQ_HTTP_ADMIN | PLUQ_HTTP_NO_TOPIC | PLUQ_HTTP_DISCARD, .handle = on_ok},
	{.method = "GET", .path = "/info", .flags = PLUQ_HTTP_NO_TOPIC, .handle = on_ok},
	{.method = "GET", .path = "/park", .handle = on_park},
};

static int listen_at(bool with_auth, bool refuse_plain, struct pluq_http_server **out, struct pluq_why *why)
{
	const struct pluq_http_listen listen = {.size = sizeof listen, .address = "127.0.0.1:0", .routes = routes,
	    .count = sizeof routes / sizeof *routes, .stride = sizeof *routes, .arg = &rig, .auth = with_auth, .refuse_plain = refuse_plain,
	    .https = refuse_plain ? server : NULL};
	return http->listen(&rig.host.pub, &listen, out, why);
}

static int start(void **state)
{
	static void *self = &rig;
	const struct pluq__auth_config config = {.deny_ttl_ns = 60 * PLUQ__SEC, .timeout_ns = 60 * PLUQ__SEC};
	struct pluq_why why = {""};
	parked = NULL;
	parked_count = asked = cancelled = 0;
	rig_start(&rig, 2, 0);
	rig.host.pub.auth = auth;
	struct pluq__lane *lane = pluq__pool_lane(rig.pool, "auth", 1);
	assert_int_equal(pluq__auth_new(&core, &rig.loops, lane, PLUQ__SEC, &config), 0);
	assert_int_equal(pluq__auth_add(core, "mock", &ops, &self, lane), 0);
	rig.host.auth = core;
	if (listen_at(true, false, &server, &why) || listen_at(true, true, &closed, &why))
		fail_msg("%s", why.text);
	rig_serve(&rig);
	return 0;
}

static int stop(void **state)
{
	rig_end_connections(&rig);
	assert_true(pluq__pool_fini(&rig.pool, 5 * PLUQ__SEC));
	pluq__loops_settle(&rig.loops);
	pluq__auth_end(core);
	pluq__auth_free(&core);
	pluq__net_free(&rig.net);
	pluq__loops_fini(&rig.loops);
	return 0;
}

/* ---- the peer ---- */

static int dial(void)
{
	return peer_connect(http->server_port(server));
}

static void expect(int fd, const char *want)
{
	char got[4096];
	size_t n = strlen(want);
	assert_true(n < sizeof got);
	bool all = peer_read(fd, got, n);
	got[all ? n : 0] = 0;
	if (!all || strcmp(got, want) != 0)
		fail_msg("wanted\n%s\ngot\n%s", want, got);
}

static void say(int fd, const char *line, const char *secret, const char *rest)
{
	char text[1000];
	snprintf(text, sizeof text, "%s HTTP/1.1\r\n%s%s%s%s", line, secret ? "Authorization: Bearer " : "", secret ? secret : "",
	    secret ? "\r\n" : "", rest ? rest : "\r\n");
	peer_say(fd, text);
}

static void expect_status(int fd, int status)
{
	char want[500];
	switch (status) {
	case 200:
		expect(fd, "HTTP/1.1 200 OK\r\n" NSQ "Content-Length: 4\r\n\r\nok 0");
		break;
	case 401:
		expect(fd, "HTTP/1.1 401 Unauthorized\r\n" JSON NSQ "Content-Length: 26\r\n" CHALLENGE "\r\n{\"message\":\"UNAUTHORIZED\"}");
		break;
	case 403:
		expect(fd, "HTTP/1.1 403 Forbidden\r\n" JSON NSQ "Content-Length: 23\r\n\r\n{\"message\":\"FORBIDDEN\"}");
		break;
	case 503:
		snprintf(want, sizeof want, "HTTP/1.1 503 Service Unavailable\r\n" JSON NSQ "Content-Length: 30\r\n\r\n"
		    "{\"message\":\"AUTH_UNAVAILABLE\"}");
		expect(fd, want);
		break;
	default:
		fail();
	}
}

static void expect_of(const char *line, const char *secret, int status)
{
	int fd = dial();
	say(fd, line, secret, NULL);
	expect_status(fd, status);
	shutdown(fd, SHUT_WR);
	assert_true(peer_at_end(fd));
	close(fd);
}

/* ---- */

static void what_a_secret_may(void **state)
{
	static const struct {
		const char *line;
		int none, unknown, nothing, sub, pub, admin, topic_admin;
	} cases[] = {
		{"GET /stats", 401, 401, 401, 200, 200, 200, 200},
		{"GET /stats?topic=t", 401, 401, 401, 200, 200, 200, 200},
		{"GET /stats?topic=u", 401, 401, 401, 403, 403, 200, 403},
		{"GET /stats?topic=", 401, 401, 401, 403, 403, 200, 403},
		{"GET /stats?topic=u&topic=t", 401, 401, 401, 403, 403, 200, 403},
		{"GET /stats?topic=t&channel=c", 401, 401, 401, 200, 403, 200, 200},
		{"GET /stats?topic=t&channel=d", 401, 401, 401, 403, 403, 200, 403},
		{"POST /pub?topic=t", 401, 401, 401, 403, 200, 403, 403},
		{"POST /pub?topic=%74&channel=d", 401, 401, 401, 403, 200, 403, 403},
		{"POST /pub?topic=tt", 401, 401, 401, 403, 403, 403, 403},
		{"POST /pub", 401, 401, 401, 403, 403, 403, 403},
		{"POST /create?topic=t", 401, 401, 401, 403, 403, 200, 200},
		{"POST /create?topic=t&channel=d", 401, 401, 401, 403, 403, 200, 403},
		{"POST /create?topic=u", 401, 401, 401, 403, 403, 200, 403},
		{"POST /create", 401, 401, 401, 403, 403, 200, 403},
		{"POST /delete?topic=t", 401, 401, 401, 403, 403, 200, 403}, /* its grant is for one channel */
		{"POST /delete?topic=t&channel=c", 401, 401, 401, 403, 403, 200, 403},
		{"POST /settings", 401, 401, 401, 403, 403, 200, 403},
		{"POST /settings?topic=t&channel=c", 401, 401, 401, 403, 403, 200, 403}, /* it is not about that topic */
		{"GET /info?topic=u", 401, 401, 401, 200, 200, 200, 200},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		expect_of(cases[i].line, NULL, cases[i].none);
		expect_of(cases[i].line, "unknown", cases[i].unknown);
		expect_of(cases[i].line, "deny", cases[i].unknown);
		expect_of(cases[i].line, "nothing", cases[i].nothing);
		expect_of(cases[i].line, "sub", cases[i].sub);
		expect_of(cases[i].line, "pub", cases[i].pub);
		expect_of(cases[i].line, "admin", cases[i].admin);
		expect_of(cases[i].line, "topic-admin", cases[i].topic_admin);
		expect_of(cases[i].line, "error", 503);
	}
	assert_string_equal(seen_ip, "127.0.0.1");
	assert_int_equal(asked, 7 + (int)(sizeof cases / sizeof *cases)); /* each once, errors each time */
}

static void open_routes_and_unknown_paths_need_none(void **state)
{
	int fd = dial();
	peer_say(fd, "GET /ping HTTP/1.1\r\n\r\n");
	expect(fd, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nok 0");
	peer_say(fd, "GET /open-list HTTP/1.1\r\nAuthorization: Bearer admin\r\n\r\n");
	expect(fd, "HTTP/1.1 200 OK\r\n" NSQ "Content-Length: 0\r\n\r\n");
	peer_say(fd, "GET /nowhere HTTP/1.1\r\n\r\n");
	expect(fd, "HTTP/1.1 404 Not Found\r\n" JSON NSQ "Content-Length: 23\r\n\r\n{\"message\":\"NOT_FOUND\"}");
	peer_say(fd, "GET /pub HTTP/1.1\r\n\r\n");
	expect(fd, "HTTP/1.1 405 Method Not Allowed\r\n" JSON NSQ "Content-Length: 32\r\nAllow: OPTIONS, POST\r\n\r\n"
	    "{\"message\":\"METHOD_NOT_ALLOWED\"}");
	peer_say(fd, "GET /ping HTTP/1.1\r\nAuthorization: rubbish\r\n\r\n");
	expect(fd, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nok 0");
	close(fd);
	assert_int_equal(asked, 0);
}

static void what_is_no_secret_is_refused(void **state)
{
	static const char *const fields[] = {
		"Authorization: rubbish\r\n", "Authorization: Bearer\r\n", "Authorization:\r\n", "Authorization: Basic Og==\r\n",
		"Authorization: Basic cHVi\r\n", "Authorization: Bearer pub\r\nAuthorization: Bearer pub\r\n", "Proxy-Authorization: Bearer pub\r\n",
	};
	int fd = dial();
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		peer_say(fd, "GET /stats HTTP/1.1\r\n");
		peer_say(fd, fields[i]);
		peer_say(fd, "\r\n");
		expect_status(fd, 401);
	}
	peer_say(fd, "GET /stats HTTP/1.1\r\nAuthorization: Basic dXNlcjpwdWI=\r\n\r\n"); /* user:pub */
	expect_status(fd, 200);
	close(fd);
	assert_int_equal(asked, 1);
}

/* A kept connection may change its secret, and asks for none twice. */
static void one_connection_many_requests(void **state)
{
	int fd = dial();
	for (int i = 0; i < 10; i++) {
		say(fd, "GET /list", "pub", NULL);
		expect(fd, "HTTP/1.1 200 OK\r\n" NSQ "Content-Length: 2\r\n\r\nt,");
		say(fd, "GET /list", "pub", NULL);
		expect(fd, "HTTP/1.1 200 OK\r\n" NSQ "Content-Length: 2\r\n\r\nt,");
		say(fd, "GET /list", "admin", NULL);
		expect(fd, "HTTP/1.1 200 OK\r\n" NSQ "Content-Length: 7\r\n\r\nt,u,tt,");
		say(fd, "GET /list", "unknown", NULL);
		expect_status(fd, 401);
		say(fd, "GET /list", NULL, NULL);
		expect_status(fd, 401);
		say(fd, "POST /create?topic=t", "pub", NULL);
		expect_status(fd, 403);
	}
	peer_say(fd, "GET /stats HTTP/1.1\r\nAuthorization: Bearer pub\r\n\r\nGET /stats HTTP/1.1\r\nAuthorization: Bearer sub\r\n\r\n"
	    "GET /stats HTTP/1.1\r\nAuthorization: Bearer deny\r\n\r\nPOST /pub?topic=t HTTP/1.1\r\nAuthorization: Bearer pub\r\n"
	    "Content-Length: 3\r\n\r\nabcGET /stats HTTP/1.1\r\n\r\n");
	expect_status(fd, 200);
	expect_status(fd, 200);
	expect_status(fd, 401);
	expect(fd, "HTTP/1.1 200 OK\r\n" NSQ "Content-Length: 4\r\n\r\nok 3");
	expect_status(fd, 401);
	close(fd);
	assert_int_equal(asked, 5);
}

static void a_body_of_a_stranger_is_not_read(void **state)
{
	static const char *const heads[] = {
		"Content-Length: 99999\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n", "Content-Length: 5\r\nExpect: 100-continue\r\n\r\n",
	};
	static const struct {
		const char *secret, *want;
	} cases[] = {
		{NULL, "HTTP/1.1 401 Unauthorized\r\n" JSON NSQ "Content-Length: 26\r\nConnection: close\r\n" CHALLENGE "\r\n{\"message\":\"UNAUTHORIZED\"}"},
		{"unknown", "HTTP/1.1 401 Unauthorized\r\n" JSON NSQ "Content-Length: 26\r\nConnection: close\r\n" CHALLENGE "\r\n{\"message\":\"UNAUTHORIZED\"}"},
		{"sub", "HTTP/1.1 403 Forbidden\r\n" JSON NSQ "Content-Length: 23\r\nConnection: close\r\n\r\n{\"message\":\"FORBIDDEN\"}"},
		{"error", "HTTP/1.1 503 Service Unavailable\r\n" JSON NSQ "Content-Length: 30\r\nConnection: close\r\n\r\n"
		    "{\"message\":\"AUTH_UNAVAILABLE\"}"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		for (size_t k = 0; k < sizeof heads / sizeof *heads; k++) {
			int fd = dial();
			say(fd, "POST /pub?topic=t", cases[i].secret, heads[k]);
			expect(fd, cases[i].want);
			assert_true(peer_at_end(fd));
			close(fd);
		}
	}
}

static void who_may_is_asked_for_the_body(void **state)
{
	int fd = dial();
	say(fd, "POST /pub?topic=t", "pub", "Content-Length: 5\r\nExpect: 100-continue\r\n\r\n");
	expect(fd, "HTTP/1.1 100 Continue\r\n\r\n");
	peer_say(fd, "hello");
	expect(fd, "HTTP/1.1 200 OK\r\n" NSQ "Content-Length: 4\r\n\r\nok 5");
	say(fd, "POST /pub?topic=t", "pub", "Content-Length: 100001\r\n\r\n");
	expect(fd, "HTTP/1.1 413 Payload Too Large\r\n");
	close(fd);
}

static void an_answer_may_come_late(void **state)
{
	static const char *const rests[] = {NULL, "Content-Length: 5\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"};
	char secret[20];
	for (int i = 0; i < 3; i++) {
		int fd = dial();
		snprintf(secret, sizeof secret, "later-%d", i);
		say(fd, "POST /pub?topic=t", secret, rests[i]);
		peer_say(fd, "GET /ping HTTP/1.1\r\n\r\n");
		assert_true(rig_await(&asked, i + 1));
		answer_waiting(PLUQ_AUTH_ALLOW);
		expect(fd, i ? "HTTP/1.1 200 OK\r\n" NSQ "Content-Length: 4\r\n\r\nok 5" : "HTTP/1.1 200 OK\r\n" NSQ "Content-Length: 4\r\n\r\nok 0");
		expect(fd, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nok 0");
		close(fd);
	}
	int fd = dial();
	say(fd, "GET /stats", "later-denied", NULL);
	peer_say(fd, "GET /ping HTTP/1.1\r\n\r\n");
	assert_true(rig_await(&asked, 4));
	answer_waiting(PLUQ_AUTH_DENY);
	expect_status(fd, 401);
	expect(fd, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nok 0");
	say(fd, "POST /pub?topic=t", "later-error", "Content-Length: 5\r\n\r\nhello");
	assert_true(rig_await(&asked, 5));
	answer_waiting(PLUQ_AUTH_ERROR);
	expect(fd, "HTTP/1.1 503 Service Unavailable\r\n" JSON NSQ "Content-Length: 30\r\nConnection: close\r\n\r\n"
	    "{\"message\":\"AUTH_UNAVAILABLE\"}");
	assert_true(peer_at_end(fd));
	close(fd);
}

static void a_peer_that_leaves_is_not_waited_for(void **state)
{
	struct linger abrupt = {.l_onoff = 1};
	int fd = dial();
	say(fd, "GET /stats", "later", NULL);
	assert_true(rig_await(&asked, 1));
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &abrupt, sizeof abrupt);
	close(fd);
	answer_waiting(PLUQ_AUTH_ALLOW);
	expect_of("GET /stats", "sub", 200);
}

static void the_stop_does_not_wait_for_an_answer(void **state)
{
	int fd = dial();
	say(fd, "GET /stats", "later", NULL);
	assert_true(rig_await(&asked, 1));
	rig_end_connections(&rig);
	assert_int_equal(cancelled, 1);
	answer_waiting(PLUQ_AUTH_ALLOW);
	close(fd);
	assert_true(pluq__pool_fini(&rig.pool, 5 * PLUQ__SEC));
	pluq__loops_settle(&rig.loops);
	pluq__auth_end(core);
	pluq__auth_free(&core);
	pluq__net_free(&rig.net);
	pluq__loops_fini(&rig.loops);
}

/* The time to live is over with each request, and the plugin is asked again on the same connection. */
static void what_has_run_out_is_asked_again(void **state)
{
	int fd = dial();
	for (int i = 0; i < 3; i++) {
		say(fd, "POST /pub?topic=t", "short", NULL);
		expect_status(fd, 200);
		say(fd, "GET /stats", "short", NULL);
		expect_status(fd, 200);
		say(fd, "POST /create?topic=t", "short", NULL);
		expect_status(fd, 403);
	}
	assert_true(asked >= 9);
	close(fd);
}

static void who_is_not_known_any_more_is_refused(void **state)
{
	int fd = dial();
	say(fd, "POST /pub?topic=t", "once", NULL);
	expect_status(fd, 200);
	say(fd, "POST /pub?topic=t", "once", NULL);
	expect_status(fd, 401);
	say(fd, "POST /pub?topic=t", "pub", NULL);
	expect_status(fd, 200);
	close(fd);
}

static void list_parked(void *arg)
{
	list(parked);
	parked = NULL;
	atomic_fetch_add(&parked_count, 1);
}

/* Its grants are those that it was let in with, whoever has left. */
static void a_request_outlives_its_peer(void **state)
{
	struct linger abrupt = {.l_onoff = 1};
	int fd = dial(), other = dial();
	say(fd, "GET /park", "pub", NULL);
	assert_true(rig_await(&parked_count, 1));
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &abrupt, sizeof abrupt);
	close(fd);
	expect_of("GET /stats", "sub", 200);
	rig_post(&rig, 0, list_parked, NULL);
	assert_true(rig_await(&parked_count, 2));
	say(other, "GET /park", "pub", NULL);
	assert_true(rig_await(&parked_count, 3));
	rig_post(&rig, 0, list_parked, NULL);
	expect(other, "HTTP/1.1 200 OK\r\n" NSQ "Content-Length: 2\r\n\r\nt,");
	close(other);
}

static void in_the_clear_everything_is_refused(void **state)
{
	static const char *const requests[] = {
		"GET /ping HTTP/1.1\r\n\r\n", "GET /nowhere HTTP/1.1\r\n\r\n", "DELETE /ping HTTP/1.1\r\n\r\n", "OPTIONS * HTTP/1.1\r\n\r\n",
		"POST /pub?topic=t HTTP/1.1\r\nAuthorization: Bearer pub\r\nContent-Length: 0\r\n\r\n",
	};
	char body[100], want[400];
	int n = snprintf(body, sizeof body, "{\"message\": \"TLS_REQUIRED\", \"https_port\": %d}", http->server_port(server));
	int fd = peer_connect(http->server_port(closed));
	snprintf(want, sizeof want, "HTTP/1.1 403 Forbidden\r\n" JSON NSQ "Content-Length: %d\r\n\r\n%s", n, body);
	for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
		peer_say(fd, requests[i]);
		expect(fd, want);
	}
	peer_say(fd, "POST /pub?topic=t HTTP/1.1\r\nAuthorization: Bearer pub\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
	snprintf(want, sizeof want, "HTTP/1.1 403 Forbidden\r\n" JSON NSQ "Content-Length: %d\r\nConnection: close\r\n\r\n%s", n, body);
	expect(fd, want);
	assert_true(peer_at_end(fd));
	close(fd);
	assert_int_equal(asked, 0);
}

static void without_an_auth_plugin_it_does_not_start(void **state)
{
	const struct pluq__auth_config config = {.timeout_ns = PLUQ__SEC};
	struct pluq_why why = {""};
	struct pluq_http_server *s;
	rig_start(&rig, 1, 0);
	rig.host.pub.auth = auth;
	assert_int_equal(pluq__auth_new(&core, &rig.loops, pluq__pool_lane(rig.pool, "auth", 1), PLUQ__SEC, &config), 0);
	rig.host.auth = core;
	assert_int_equal(listen_at(true, false, &s, &why), PLUQ_EINVAL);
	assert_non_null(strstr(why.text, "http_auth"));
	assert_non_null(strstr(why.text, "plugins"));
	assert_int_equal(listen_at(false, false, &s, &why), 0);
	rig_serve(&rig);
	stop(NULL);
}

static void without_auth_everything_may_be_seen(void **state)
{
	struct pluq_why why = {""};
	rig_start(&rig, 1, 0);
	assert_int_equal(listen_at(false, false, &server, &why), 0);
	rig_serve(&rig);
	int fd = dial();
	peer_say(fd, "GET /list HTTP/1.1\r\n\r\n");
	expect(fd, "HTTP/1.1 200 OK\r\n" NSQ "Content-Length: 7\r\n\r\nt,u,tt,");
	close(fd);
	rig_stop(&rig);
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, start, stop)
	const struct CMUnitTest tests[] = {
		TEST(what_a_secret_may),
		TEST(open_routes_and_unknown_paths_need_none),
		TEST(what_is_no_secret_is_refused),
		TEST(one_connection_many_requests),
		TEST(a_body_of_a_stranger_is_not_read),
		TEST(who_may_is_asked_for_the_body),
		TEST(an_answer_may_come_late),
		TEST(a_peer_that_leaves_is_not_waited_for),
		cmocka_unit_test_setup(the_stop_does_not_wait_for_an_answer, start),
		TEST(what_has_run_out_is_asked_again),
		TEST(who_is_not_known_any_more_is_refused),
		TEST(a_request_outlives_its_peer),
		TEST(in_the_clear_everything_is_refused),
		cmocka_unit_test(without_an_auth_plugin_it_does_not_start),
		cmocka_unit_test(without_auth_everything_may_be_seen),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
