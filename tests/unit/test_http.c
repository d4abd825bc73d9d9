/* The HTTP server, over real sockets; answers are compared byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../daemon/base/clock.h"
#include "../../daemon/net/http.h"
#include "net_rig.h"

#define NSQ "X-NSQ-Content-Type: nsq; version=1.0\r\n"
#define TEXT "Content-Type: text/plain; charset=utf-8\r\n"
#define JSON "Content-Type: application/json; charset=utf-8\r\n"
#define CLOSE "Connection: close\r\n"

static const struct pluq_http *const http = &pluq__http_table;
static struct rig rig;
static struct pluq_http_server *server;
static struct pluq_http_request *parked;
static _Atomic int parked_count, answered;

static void reply_text(struct pluq_http_request *r, const char *text)
{
	http->reply(r, 200, "text/plain; charset=utf-8", text, strlen(text));
}

static void on_ping(void *arg, struct pluq_http_request *r)
{
	assert_ptr_equal(arg, &rig);
	reply_text(r, "OK");
}

static void on_echo(void *arg, struct pluq_http_request *r)
{
	size_t n;
	const uint8_t *body = http->body(r, &n);
	http->reply(r, 200, NULL, body, n);
}

static void on_create(void *arg, struct pluq_http_request *r)
{
	size_t n;
	assert_null(http->body(r, &n));
	assert_int_equal(n, 0);
	http->reply(r, 200, NULL, NULL, 0);
}

static void on_config(void *arg, struct pluq_http_request *r)
{
	reply_text(r, http->path_param(r));
}

static void on_query(void *arg, struct pluq_http_request *r)
{
	char text[200];
	size_t n;
	const char *a = http->query(r, "a", &n), *header = http->header(r, "x-test");
	snprintf(text, sizeof text, "%s %d %s %zu %s", http->path(r), http->query_ok(r), a ? a : "-", n,
	    header ? header : "-");
	reply_text(r, text);
}

static void on_error(void *arg, struct pluq_http_request *r)
{
	http->error(r, 400, "BAD <\"x\">");
}

static void on_big(void *arg, struct pluq_http_request *r)
{
	size_t n = 3 * 1000 * 1000;
	char *body = malloc(n);
	assert_non_null(body);
	memset(body, 'b', n);
	http->reply(r, 200, NULL, body, n);
	free(body);
	atomic_fetch_add(&answered, 1);
}

static void answer_later(void *arg)
{
	reply_text(arg, "later");
	atomic_fetch_add(&answered, 1);
}

static void on_later(void *arg, struct pluq_http_request *r)
{
	rig_post(&rig, 0, answer_later, r);
}

static void on_park(void *arg, struct pluq_http_request *r)
{
	parked = r;
	atomic_fetch_add(&parked_count, 1);
}

static const struct pluq_http_route routes[] = {
	{.method = "GET", .path = "/ping", .flags = PLUQ_HTTP_PLAIN, .handle = on_ping},
	{.method = "POST", .path = "/echo", .flags = PLUQ_HTTP_QUIET, .too_big_status = 413, .too_big = "MSG_TOO_BIG",
	    .max_body = 100000, .handle = on_echo},
	{.method = "POST", .path = "/topic/create", .flags = PLUQ_HTTP_DISCARD, .handle = on_create},
	{.method = "GET", .path = "/config/:opt", .handle = on_config},
	{.method = "PUT", .path = "/config/:opt", .handle = on_config},
	{.method = "GET", .path = "/query", .handle = on_query},
	{.method = "GET", .path = "/error", .handle = on_error},
	{.method = "GET", .path = "/big", .handle = on_big},
	{.method = "GET", .path = "/later", .handle = on_later},
	{.method = "GET", .path = "/park", .handle = on_park},
};

static int start(void **state)
{
	struct pluq_why why = {""};
	parked = NULL;
	parked_count = answered = 0;
	rig_start(&rig, 2, 0);
	struct pluq_http_listen listen = {.size = sizeof listen, .address = "127.0.0.1:0", .routes = routes,
	    .count = sizeof routes / sizeof *routes, .stride = sizeof *routes, .arg = &rig};
	int error = http->listen(&rig.host.pub, &listen, &server, &why);
	if (error)
		fail_msg("%s", why.text);
	if (*state)
		server->patience = *(struct pluq__http_patience *)*state;
	rig_serve(&rig);
	return 0;
}

static int stop(void **state)
{
	rig_stop(&rig);
	return 0;
}

static int dial(void)
{
	return peer_connect(http->server_port(server));
}

static void expect(int fd, const char *want)
{
	char got[8192];
	size_t n = strlen(want);
	assert_true(n < sizeof got);
	bool all = peer_read(fd, got, n);
	got[all ? n : 0] = 0;
	assert_true(all);
	assert_string_equal(got, want);
}

/* One connection, one exchange, which is all there is; the connection is ended by us. */
static void exchange(const char *request, const char *want)
{
	int fd = dial();
	peer_say(fd, request);
	expect(fd, want);
	shutdown(fd, SHUT_WR);
	assert_true(peer_at_end(fd));
	close(fd);
}

static void plain_answers(void **state)
{
	exchange("GET /ping HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 200 OK\r\n" TEXT "Content-Length: 2\r\n\r\nOK");
	exchange("POST /topic/create HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 200 OK\r\n" NSQ "Content-Length: 0\r\n\r\n");
	exchange("GET /error HTTP/1.1\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n" JSON NSQ
	    "Content-Length: 35\r\n\r\n{\"message\":\"BAD \\u003c\\\"x\\\"\\u003e\"}");
}

static void requests_on_one_connection_are_answered_in_order(void **state)
{
	char body[300000];
	int fd = dial();
	peer_say(fd, "GET /later HTTP/1.1\r\n\r\nGET /config/a HTTP/1.1\r\n\r\nPOST /echo HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"
	    "GET /later HTTP/1.1\r\n\r\nGET /ping HTTP/1.1\r\nConnection: close\r\n\r\nGET /ping HTTP/1.1\r\n\r\n");
	ptrdiff_t n = peer_read_all(fd, body, sizeof body);
	assert_true(n > 0);
	assert_string_equal(body, "HTTP/1.1 200 OK\r\n" TEXT NSQ "Content-Length: 5\r\n\r\nlater"
	    "HTTP/1.1 200 OK\r\n" TEXT NSQ "Content-Length: 1\r\n\r\na"
	    "HTTP/1.1 200 OK\r\n" NSQ "Content-Length: 3\r\n\r\nabc"
	    "HTTP/1.1 200 OK\r\n" TEXT NSQ "Content-Length: 5\r\n\r\nlater"
	    "HTTP/1.1 200 OK\r\n" TEXT "Content-Length: 2\r\n" CLOSE "\r\nOK");
	close(fd);
}

static void a_request_may_come_byte_by_byte(void **state)
{
	static const char text[] = "POST /echo?a=b HTTP/1.1\r\nHost: h\r\nX-A: b\r\nContent-Length: 5\r\n\r\nhello"
	    "POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: t\r\n\r\n"
	    "GET /ping HTTP/1.1\r\n\r\n";
	int fd = dial();
	for (size_t i = 0; i < sizeof text - 1; i++)
		peer_send(fd, text + i, 1);
	expect(fd, "HTTP/1.1 200 OK\r\n" NSQ "Content-Length: 5\r\n\r\nhello"
	    "HTTP/1.1 200 OK\r\n" NSQ "Content-Length: 5\r\n\r\nabcde"
	    "HTTP/1.1 200 OK\r\n" TEXT "Content-Length: 2\r\n\r\nOK");
	close(fd);
}

static void http_1_0_closes_unless_asked_to_stay(void **state)
{
	char got[2000];
	int fd = dial();
	peer_say(fd, "GET /ping HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
	expect(fd, "HTTP/1.0 200 OK\r\n" TEXT "Content-Length: 2\r\nConnection: keep-alive\r\n\r\nOK");
	peer_say(fd, "GET /ping HTTP/1.0\r\n\r\n");
	assert_true(peer_read_all(fd, got, sizeof got) > 0);
	assert_string_equal(got, "HTTP/1.0 200 OK\r\n" TEXT "Content-Length: 2\r\n" CLOSE "\r\nOK");
	close(fd);
}

static void query_path_and_header_reach_the_handler(void **state)
{
	exchange("GET /qu%65ry?a=x+y%2B&a=2 HTTP/1.1\r\nX-Test: \t v w \t\r\n\r\n",
	    "HTTP/1.1 200 OK\r\n" TEXT NSQ "Content-Length: 19\r\n\r\n/query 1 x y+ 4 v w");
	exchange("GET /query?a=1;b HTTP/1.1\r\nX-Test:\r\nHost: h\r\n\r\n",
	    "HTTP/1.1 200 OK\r\n" TEXT NSQ "Content-Length: 13\r\n\r\n/query 0 - 0 ");
	exchange("GET http://host:1/query?a=z HTTP/1.1\r\n\r\n",
	    "HTTP/1.1 200 OK\r\n" TEXT NSQ "Content-Length: 14\r\n\r\n/query 1 z 1 -");
	exchange("GET /query?a=%23e HTTP/1.1\r\n\r\n",
	    "HTTP/1.1 200 OK\r\n" TEXT NSQ "Content-Length: 15\r\n\r\n/query 1 #e 2 -");
}

static void what_does_not_fit_is_answered_by_the_server(void **state)
{
	exchange("GET /nothing HTTP/1.1\r\n\r\n",
	    "HTTP/1.1 404 Not Found\r\n" JSON NSQ "Content-Length: 23\r\n\r\n{\"message\":\"NOT_FOUND\"}");
	exchange("GET /config/ HTTP/1.1\r\n\r\n",
	    "HTTP/1.1 404 Not Found\r\n" JSON NSQ "Content-Length: 23\r\n\r\n{\"message\":\"NOT_FOUND\"}");
	exchange("OPTIONS /nothing HTTP/1.1\r\n\r\n",
	    "HTTP/1.1 404 Not Found\r\n" JSON NSQ "Content-Length: 23\r\n\r\n{\"message\":\"NOT_FOUND\"}");
	exchange("POST /ping HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", "HTTP/1.1 405 Method Not Allowed\r\n" JSON NSQ
	    "Content-Length: 32\r\nAllow: GET, OPTIONS\r\n\r\n{\"message\":\"METHOD_NOT_ALLOWED\"}");
	exchange("HEAD /ping HTTP/1.1\r\n\r\n", "HTTP/1.1 405 Method Not Allowed\r\n" JSON NSQ
	    "Content-Length: 32\r\nAllow: GET, OPTIONS\r\n\r\n");
	exchange("DELETE /config/x HTTP/1.1\r\n\r\n", "HTTP/1.1 405 Method Not Allowed\r\n" JSON NSQ
	    "Content-Length: 32\r\nAllow: GET, OPTIONS, PUT\r\n\r\n{\"message\":\"METHOD_NOT_ALLOWED\"}");
	exchange("OPTIONS /config/x HTTP/1.1\r\n\r\n",
	    "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nAllow: GET, OPTIONS, PUT\r\n\r\n");
	exchange("OPTIONS * HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
}

static void near_misses_are_redirected(void **state)
{
	char got[2000];
	int fd = dial();
	peer_say(fd, "GET //Config/../config/a%20b/?x=%23&y HTTP/1.1\r\nConnection: close\r\n\r\n");
	assert_true(peer_read_all(fd, got, sizeof got) > 0);
	close(fd);
	assert_ptr_equal(strstr(got, "HTTP/1.1 301 Moved Permanently\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: "), got);
	assert_non_null(strstr(got, "\r\nLocation: /config/a%20b?x=%23&y\r\n\r\n"));
	assert_non_null(strstr(got, "href=\"/config/a%20b?x=%23&#38;y\""));
	exchange("POST /echo/ HTTP/1.1\r\nContent-Length: 2\r\n\r\nab",
	    "HTTP/1.1 307 Temporary Redirect\r\nContent-Length: 0\r\nLocation: /echo\r\n\r\n");
}

static void big_bodies_are_refused_before_they_are_read(void **state)
{
	static const char want[] = "HTTP/1.1 413 Payload Too Large\r\n" JSON NSQ "Content-Length: 25\r\n" CLOSE
	    "\r\n{\"message\":\"MSG_TOO_BIG\"}";
	char chunk[10020], got[2000];
	int fd = dial();
	peer_say(fd, "POST /echo HTTP/1.1\r\nContent-Length: 100001\r\n\r\n");
	assert_true(peer_read_all(fd, got, sizeof got) > 0);
	assert_string_equal(got, want);
	close(fd);
	fd = dial();
	peer_say(fd, "POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n");
	size_t n = (size_t)sprintf(chunk, "2710\r\n");
	memset(chunk + n, 'c', 10000);
	memcpy(chunk + n + 10000, "\r\n", 2);
	for (int i = 0; i < 11; i++)
		peer_send(fd, chunk, n + 10002);
	assert_true(peer_read_all(fd, got, sizeof got) > 0);
	assert_string_equal(got, want);
	close(fd);
	exchange("POST /echo HTTP/1.1\r\nContent-Length: 18446744073709551615\r\n\r\n",
	    "HTTP/1.1 400 Bad Request\r\n" JSON NSQ "Content-Length: 25\r\n" CLOSE "\r\n{\"message\":\"BAD_REQUEST\"}");
}

static void a_body_of_exactly_the_limit_is_taken(void **state)
{
	char *body = malloc(100000), *got = malloc(100000);
	int fd = dial();
	for (size_t i = 0; i < 100000; i++)
		body[i] = (char)(i * 3);
	peer_say(fd, "POST /echo HTTP/1.1\r\nContent-Length: 100000\r\n\r\n");
	peer_send(fd, body, 100000);
	expect(fd, "HTTP/1.1 200 OK\r\n" NSQ "Content-Length: 100000\r\n\r\n");
	assert_true(peer_read(fd, got, 100000));
	assert_memory_equal(body, got, 100000);
	free(body);
	free(got);
	close(fd);
}

static void unwanted_bodies_are_read_and_thrown_away(void **state)
{
	char *body = calloc(1, 1000000);
	int fd = dial();
	peer_say(fd, "POST /topic/create HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n");
	peer_send(fd, body, 1000000);
	expect(fd, "HTTP/1.1 200 OK\r\n" NSQ "Content-Length: 0\r\n\r\n");
	peer_say(fd, "POST /nothing HTTP/1.1\r\nContent-Length: 100000\r\n\r\n");
	peer_send(fd, body, 100000);
	expect(fd, "HTTP/1.1 404 Not Found\r\n" JSON NSQ "Content-Length: 23\r\n\r\n{\"message\":\"NOT_FOUND\"}");
	peer_say(fd, "POST /nothing HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n");
	expect(fd, "HTTP/1.1 404 Not Found\r\n" JSON NSQ "Content-Length: 23\r\n" CLOSE "\r\n{\"message\":\"NOT_FOUND\"}");
	assert_true(peer_at_end(fd));
	free(body);
	close(fd);
}

static void expectations(void **state)
{
	int fd = dial();
	peer_say(fd, "POST /echo HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
	expect(fd, "HTTP/1.1 100 Continue\r\n\r\n");
	peer_say(fd, "ab");
	expect(fd, "HTTP/1.1 200 OK\r\n" NSQ "Content-Length: 2\r\n\r\nab");
	peer_say(fd, "POST /echo HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 200000\r\n\r\n");
	expect(fd, "HTTP/1.1 413 Payload Too Large\r\n");
	close(fd);
	fd = dial();
	peer_say(fd, "POST /echo HTTP/1.1\r\nExpect: a miracle\r\nContent-Length: 2\r\n\r\n");
	expect(fd, "HTTP/1.1 417 Expectation Failed\r\n");
	close(fd);
}

static void malformed_requests_get_400(void **state)
{
	static const char *const cases[] = {
		"\x16\x03\x01\x02", "get\r\n\r\n", "GET\r\n\r\n", "GET /ping\x01 HTTP/1.1\r\n\r\n", "GET /ping FTP/1.1\r\n\r\n",
		"GET /ping HTTP/1.1\r\nbad header\r\n\r\n", "GET /%zz HTTP/1.1\r\n\r\n", "GET /%00 HTTP/1.1\r\n\r\n",
		"POST /topic/create HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
		"POST /topic/create HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
		"POST /topic/create HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
		"POST /topic/create HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		exchange(cases[i], "HTTP/1.1 400 Bad Request\r\n" JSON NSQ "Content-Length: 25\r\n" CLOSE
		    "\r\n{\"message\":\"BAD_REQUEST\"}");
	exchange("GET /ping HTTP/2.0\r\n\r\n", "HTTP/1.1 505 HTTP Version Not Supported\r\n" JSON NSQ "Content-Length: 40\r\n"
	    CLOSE "\r\n{\"message\":\"HTTP_VERSION_NOT_SUPPORTED\"}");
}

static void a_body_that_breaks_off_gets_500(void **state)
{
	char got[2000];
	int fd = dial();
	peer_say(fd, "POST /echo HTTP/1.1\r\nContent-Length: 5\r\n\r\nabc");
	shutdown(fd, SHUT_WR);
	assert_true(peer_read_all(fd, got, sizeof got) > 0);
	assert_string_equal(got, "HTTP/1.1 500 Internal Server Error\r\n" JSON NSQ "Content-Length: 28\r\n" CLOSE
	    "\r\n{\"message\":\"INTERNAL_ERROR\"}");
	close(fd);
	fd = dial();
	peer_say(fd, "POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
	expect(fd, "HTTP/1.1 500 Internal Server Error\r\n");
	close(fd);
}

static void a_head_that_is_too_long_gets_431(void **state)
{
	char *head = malloc(70000);
	int fd = dial();
	size_t n = (size_t)sprintf(head, "GET /ping HTTP/1.1\r\nX: ");
	memset(head + n, 'x', 70000 - n);
	peer_send(fd, head, 60000);
	peer_say(fd, "\r\n\r\n");
	expect(fd, "HTTP/1.1 200 OK\r\n" TEXT "Content-Length: 2\r\n\r\nOK");
	peer_send(fd, head, 70000);
	expect(fd, "HTTP/1.1 431 Request Header Fields Too Large\r\n");
	free(head);
	close(fd);
}

static void an_upgrade_is_not_taken_up(void **state)
{
	exchange("GET /ping HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\n\r\n",
	    "HTTP/1.1 200 OK\r\n" TEXT "Content-Length: 2\r\n\r\nOK");
}

static void a_peer_that_leaves_does_not_hurt_its_request(void **state)
{
	int fd = dial();
	peer_say(fd, "GET /park HTTP/1.1\r\n\r\nGET /ping HTTP/1.1\r\n\r\n");
	assert_true(rig_await(&parked_count, 1));
	struct linger abrupt = {.l_onoff = 1};
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &abrupt, sizeof abrupt);
	close(fd);
	rig_post(&rig, 0, answer_later, parked);
	assert_true(rig_await(&answered, 1));
	exchange("GET /ping HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\n" TEXT "Content-Length: 2\r\n\r\nOK");
}

static void a_request_outlives_its_connection_at_the_stop(void **state)
{
	int fd = dial();
	peer_say(fd, "GET /park HTTP/1.1\r\n\r\n");
	assert_true(rig_await(&parked_count, 1));
	rig_stop(&rig);
	assert_int_equal(pluq__http_table.query_ok(parked), true);
	http->error(parked, 503, "EXITING"); /* the loops have ended; nothing of the connection is touched */
	close(fd);
}

static void silence_ends_a_connection(void **state)
{
	char got[2000];
	int idle = dial(), head = dial(), body = dial(), done = dial();
	peer_say(head, "GET /ping HTTP/1.1\r\nHo");
	peer_say(body, "POST /echo HTTP/1.1\r\nContent-Length: 5\r\n\r\nab");
	peer_say(done, "GET /ping HTTP/1.1\r\n\r\n");
	assert_true(peer_at_end(idle));
	assert_true(peer_read_all(head, got, sizeof got) > 0);
	assert_non_null(strstr(got, "HTTP/1.1 408 Request Timeout\r\n"));
	assert_true(peer_read_all(body, got, sizeof got) > 0);
	assert_non_null(strstr(got, "{\"message\":\"REQUEST_TIMEOUT\"}"));
	expect(done, "HTTP/1.1 200 OK\r\n" TEXT "Content-Length: 2\r\n\r\nOK");
	assert_true(peer_at_end(done));
	close(idle);
	close(head);
	close(body);
	close(done);
}

static void a_request_being_handled_is_not_timed(void **state)
{
	int fd = dial(), idle = dial();
	peer_say(fd, "GET /park HTTP/1.1\r\n\r\n");
	assert_true(rig_await(&parked_count, 1));
	assert_true(peer_at_end(idle));
	rig_post(&rig, 0, answer_later, parked);
	expect(fd, "HTTP/1.1 200 OK\r\n" TEXT NSQ "Content-Length: 5\r\n\r\nlater");
	close(fd);
	close(idle);
}

static void a_peer_that_only_asks_is_not_answered_without_end(void **state)
{
	char *got = malloc(3000000);
	int fd = dial();
	for (int i = 0; i < 100; i++)
		peer_say(fd, "GET /big HTTP/1.1\r\n\r\n");
	exchange("GET /ping HTTP/1.1\r\n\r\n", "HTTP/1.1 200 OK\r\n" TEXT "Content-Length: 2\r\n\r\nOK");
	assert_true(answered < 20);
	for (int i = 0; i < 100; i++) {
		expect(fd, "HTTP/1.1 200 OK\r\n" NSQ "Content-Length: 3000000\r\n\r\n");
		assert_true(peer_read(fd, got, 3000000));
	}
	assert_true(rig_await(&answered, 100));
	free(got);
	close(fd);
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, start, stop)
	static struct pluq__http_patience little = {
		.head_ns = 50 * PLUQ__MS, .body_ns = 50 * PLUQ__MS, .idle_ns = 50 * PLUQ__MS, .write_ns = PLUQ__SEC,
	};
	const struct CMUnitTest tests[] = {
		TEST(plain_answers),
		TEST(requests_on_one_connection_are_answered_in_order),
		TEST(a_request_may_come_byte_by_byte),
		TEST(http_1_0_closes_unless_asked_to_stay),
		TEST(query_path_and_header_reach_the_handler),
		TEST(what_does_not_fit_is_answered_by_the_server),
		TEST(near_misses_are_redirected),
		TEST(big_bodies_are_refused_before_they_are_read),
		TEST(a_body_of_exactly_the_limit_is_taken),
		TEST(unwanted_bodies_are_read_and_thrown_away),
		TEST(expectations),
		TEST(malformed_requests_get_400),
		TEST(a_body_that_breaks_off_gets_500),
		TEST(a_head_that_is_too_long_gets_431),
		TEST(an_upgrade_is_not_taken_up),
		TEST(a_peer_that_leaves_does_not_hurt_its_request),
		cmocka_unit_test_prestate_setup_teardown(silence_ends_a_connection, start, stop, &little),
		cmocka_unit_test_prestate_setup_teardown(a_request_being_handled_is_not_timed, start, stop, &little),
		TEST(a_peer_that_only_asks_is_not_answered_without_end),
		cmocka_unit_test_setup(a_request_outlives_its_connection_at_the_stop, start),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
