/* Requests of ours, over real sockets; the test plays the server. */
#include <arpa/inet.h>
#include <netinet/in.h>
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
#include "../../daemon/net/http_ask.h"
#include "net_rig.h"

static const struct pluq_http *const http = &pluq__http_table;
static struct rig rig;
static int server; /* listens */
static char address[64];

struct get {
	struct pluq_http_get params;
	struct pluq_http_call *call;
	bool again;  /* fn makes another one */
	bool cancel; /* at once */
	_Atomic int made, answered;
	int result, status;
	size_t length;
	char body[4000];
	const char *header; /* asked of the answer */
	char value[100];
	int loop;
	struct pluq_why why, refusal;
};

static void make(void *arg);

/* pluq_http_get_fn */
static void on_answer(void *arg, int status, const uint8_t *body, size_t length, const struct pluq_why *why)
{
	struct get *g = arg;
	assert_int_equal(pluq__loop_self()->index, g->loop);
	assert_int_equal(g->made, 1 + g->answered); /* not within the call */
	const char *value = g->header ? http->call_header(g->call, g->header) : NULL;
	snprintf(g->value, sizeof g->value, "%s", value ? value : "-");
	g->status = status;
	g->length = length;
	memcpy(g->body, body ? body : (const uint8_t *)"", length < sizeof g->body ? length : 0);
	g->why = *why;
	g->call = NULL;
	if (g->again) {
		g->again = false;
		make(g);
	}
	atomic_fetch_add(&g->answered, 1);
}

static void make(void *arg)
{
	struct get *g = arg;
	g->result = http->get(&rig.host.pub, &g->params, &g->call, &g->refusal);
	if (g->cancel)
		http->cancel(g->call);
	atomic_fetch_add(&g->made, 1);
}

static void cancel(void *arg)
{
	struct get *g = arg;
	if (g->call)
		http->cancel(g->call);
	g->call = NULL;
	atomic_fetch_add(&g->made, 1);
}

static struct get to(const char *where)
{
	return (struct get){.params = {.size = sizeof(struct pluq_http_get), .address = where, .target = "/channels?topic=t",
		.timeout_ns = 5 * PLUQ__SEC, .connect_timeout_ns = 5 * PLUQ__SEC, .max_body = 3000, .fn = on_answer}};
}

static void start(struct get *g)
{
	g->params.arg = g;
	rig_post(&rig, g->loop, make, g);
	assert_true(rig_await(&g->made, 1));
}

static void expect_failure(struct get *g, int status, const char *what)
{
	char want[256];
	assert_true(rig_await(&g->answered, 1));
	assert_int_equal(g->status, status);
	assert_int_equal(g->length, 0);
	snprintf(want, sizeof want, "%s: %s", g->params.address, what);
	assert_string_equal(g->why.text, want);
}

static int peer_accept(void)
{
	struct timeval tv = {.tv_sec = 5};
	int peer = accept(server, NULL, NULL);
	assert_true(peer >= 0);
	setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
	return peer;
}

static void expect_request(int peer, const char *headers)
{
	char want[1000];
	snprintf(want, sizeof want, "GET /channels?topic=t HTTP/1.1\r\nHost: %s\r\nUser-Agent: pluqd/", address);
	assert_true(peer_hears(peer, want));
	char byte = 0;
	while (byte != '\n')
		assert_true(peer_read(peer, &byte, 1));
	snprintf(want, sizeof want, "Connection: close\r\n%s\r\n", headers);
	assert_true(peer_hears(peer, want));
}

/* The peer says this in pieces, and ends. */
static void answer(struct get *g, const char *text, size_t piece)
{
	start(g);
	int peer = peer_accept();
	expect_request(peer, "");
	for (size_t at = 0, n = strlen(text); at < n; at += piece)
		peer_send(peer, text + at, n - at < piece ? n - at : piece);
	shutdown(peer, SHUT_WR);
	assert_true(rig_await(&g->answered, 1));
	close(peer);
}

static int up(void **state)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof in;
	struct timeval tv = {.tv_sec = 5};
	server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(server, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
	assert_int_equal(bind(server, (struct sockaddr *)&in, sizeof in), 0);
	assert_int_equal(listen(server, 5), 0);
	getsockname(server, (struct sockaddr *)&in, &length);
	snprintf(address, sizeof address, "127.0.0.1:%d", ntohs(in.sin_port));
	rig_start(&rig, 2, 0);
	rig_serve(&rig);
	return 0;
}

static int down(void **state)
{
	rig_stop(&rig);
	close(server);
	return 0;
}

static void answers_come_whole(void **state)
{
	static const struct {
		const char *text;
		int status;
		const char *body;
	} cases[] = {
		{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello"},
		{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, ""},
		{"HTTP/1.0 200 OK\r\n\r\nuntil the end", 200, "until the end"},
		{"HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\nX: y\r\n\r\nno, and what is behind it is nobody's", 404, "no"},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: t\r\n\r\n", 200, "abcde"},
		{"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", 200,
		    "x"},
		{"HTTP/1.1 204 No Content\r\n\r\n", 204, ""},
		{"HTTP/1.1 301 Moved Permanently\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", 301, ""},
	};
	for (size_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) {
		struct get g = to(address);
		answer(&g, cases[i / 2].text, i % 2 ? 1 : 1000);
		assert_int_equal(g.result, 0);
		assert_int_equal(g.status, cases[i / 2].status);
		assert_int_equal(g.length, strlen(cases[i / 2].body));
		assert_memory_equal(g.body, cases[i / 2].body, g.length);
		assert_string_equal(g.why.text, "");
	}
}

static void broken_answers_are_told(void **state)
{
	static const char *const cases[] = {
		"", "HTTP", "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
		"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\nx", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nx",
		"\x16\x03\x01\x02", "  V2", "HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 99999 OK\r\n\r\n",
		"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\n",
		"GET / HTTP/1.1\r\n\r\n",
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct get g = to(address);
		answer(&g, cases[i], 1000);
		if (g.status != PLUQ_ECLOSED)
			fail_msg("case %zu: %d", i, g.status);
		assert_int_equal(g.length, 0);
		assert_ptr_equal(strstr(g.why.text, address), g.why.text);
	}
}

static void a_reset_is_told(void **state)
{
	struct linger abrupt = {.l_onoff = 1};
	struct get g = to(address);
	start(&g);
	int peer = peer_accept();
	expect_request(peer, "");
	peer_say(peer, "HTTP/1.1 200 OK\r\n");
	setsockopt(peer, SOL_SOCKET, SO_LINGER, &abrupt, sizeof abrupt);
	close(peer);
	expect_failure(&g, PLUQ_ECLOSED, "Connection reset by peer");
}

static void a_long_answer_is_cut_short(void **state)
{
	static const char *const heads[] = {
		"HTTP/1.1 200 OK\r\nContent-Length: 3001\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nbb9\r\n",
	};
	char body[3001];
	memset(body, 'b', sizeof body);
	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
		struct get g = to(address);
		start(&g);
		int peer = peer_accept();
		expect_request(peer, "");
		peer_say(peer, heads[i]);
		if (i > 0) /* told before it is read, if it can be known */
			peer_send(peer, body, sizeof body);
		expect_failure(&g, PLUQ_ELIMIT, "the answer is longer than allowed");
		close(peer);
	}
	struct get g = to(address);
	start(&g);
	int peer = peer_accept();
	peer_say(peer, heads[1]);
	peer_send(peer, body, sizeof body - 1);
	shutdown(peer, SHUT_WR);
	assert_true(rig_await(&g.answered, 1));
	assert_int_equal(g.status, 200);
	assert_int_equal(g.length, 3000);
	assert_memory_equal(g.body, body, 3000);
	close(peer);
}

static void a_head_without_end_is_cut_short(void **state)
{
	char *junk = malloc(100000);
	struct get g = to(address);
	start(&g);
	int peer = peer_accept();
	memset(junk, 'j', 100000);
	peer_say(peer, "HTTP/1.1 200 OK\r\nX: ");
	peer_send(peer, junk, 100000);
	assert_true(rig_await(&g.answered, 1));
	assert_int_equal(g.status, PLUQ_ECLOSED);
	free(junk);
	close(peer);
}

static void an_answer_that_does_not_come_is_not_waited_for(void **state)
{
	static const char *const starts[] = {"", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell"};
	for (size_t i = 0; i < 2; i++) {
		struct get g = to(address);
		g.params.timeout_ns = PLUQ__SEC;
		start(&g);
		int peer = peer_accept();
		peer_say(peer, starts[i]);
		expect_failure(&g, PLUQ_ELIMIT, "no complete answer in time");
		close(peer);
	}
}

/* A server that keeps talking does not win time by it. */
static void the_time_is_for_the_whole(void **state)
{
	struct get g = to(address);
	g.params.timeout_ns = 100 * PLUQ__MS;
	start(&g);
	int peer = peer_accept();
	peer_say(peer, "HTTP/1.1 200 OK\r\nX: ");
	while (!g.answered) {
		peer_say(peer, "x");
		usleep(1000);
	}
	assert_int_equal(g.status, PLUQ_ELIMIT);
	close(peer);
}

static void no_connection_no_answer(void **state)
{
	struct get refused = to(address), away = to("224.0.0.1:80"), nowhere = to("/nonexistent/socket");
	start(&away);
	expect_failure(&away, PLUQ_EADDRESS, "Network is unreachable");
	start(&nowhere);
	expect_failure(&nowhere, PLUQ_EADDRESS, "No such file or directory");
	close(server);
	start(&refused);
	expect_failure(&refused, PLUQ_EADDRESS, "Connection refused");
}

static void connecting_has_a_time_of_its_own(void **state)
{
	int full = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in in;
	socklen_t length = sizeof in;
	getsockname(server, (struct sockaddr *)&in, &length);
	assert_int_equal(listen(server, 0), 0);
	assert_int_equal(connect(full, (struct sockaddr *)&in, sizeof in), 0);
	struct get g = to(address), whole = to(address), left = to(address);
	g.params.connect_timeout_ns = 100 * PLUQ__MS;
	whole.params.timeout_ns = 100 * PLUQ__MS;
	start(&g);
	start(&whole);
	start(&left);
	expect_failure(&g, PLUQ_EADDRESS, "Connection timed out");
	expect_failure(&whole, PLUQ_ELIMIT, "not connected in time");
	rig_post(&rig, 0, cancel, &left);
	assert_true(rig_await(&left.made, 2));
	assert_int_equal(left.answered, 0);
	close(full);
}

static void headers_are_sent_as_given(void **state)
{
	struct get g = to(address);
	g.params.headers = "Accept: application/vnd.nsq; version=1.0\r\nX: y\r\n";
	start(&g);
	int peer = peer_accept();
	expect_request(peer, g.params.headers);
	peer_say(peer, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
	assert_true(rig_await(&g.answered, 1));
	assert_int_equal(g.status, 200);
	assert_true(peer_at_end(peer));
	close(peer);
}

static void what_would_be_another_request_is_refused(void **state)
{
	static const char *const headers[] = {"X: y", "X: y\n", "X: y\r\n\r\n", "\r\n", "X: a\rb\r\n"};
	static const char *const targets[] = {"", "x", "/a b", "/a\r\nX: y"};
	static const char *const addresses[] = {"", "host:x", "a\r\nX: y:80", "a b:80"};
	for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
		struct get g = to(address);
		g.params.headers = headers[i];
		start(&g);
		assert_int_equal(g.result, PLUQ_EINVAL);
		assert_true(*g.refusal.text);
	}
	for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
		struct get g = to(address);
		g.params.target = targets[i];
		start(&g);
		assert_int_equal(g.result, PLUQ_EINVAL);
	}
	for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
		struct get g = to(addresses[i]);
		start(&g);
		assert_int_equal(g.result, PLUQ_EADDRESS);
	}
	static const char *const methods[] = {"", "get", "GET /x", "CONNECT", "G\r\nX: y"};
	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
		struct get g = to(address);
		g.params.method = methods[i];
		start(&g);
		assert_int_equal(g.result, PLUQ_EINVAL);
		assert_non_null(strstr(g.refusal.text, "method"));
	}
	struct get elsewhere = to(address), nothing = to(address);
	make(&elsewhere);
	assert_int_equal(elsewhere.result, PLUQ_EINVAL);
	nothing.params.content_length = 5;
	start(&nothing);
	assert_int_equal(nothing.result, PLUQ_EINVAL);
}

/* What the peer of the test has been asked, up to the end of the head. */
static void read_head(int peer, char *to, size_t room)
{
	size_t n = 0;
	do {
		assert_true(n < room - 1 && peer_read(peer, to + n, 1));
		to[++n] = 0;
	} while (n < 4 || strcmp(to + n - 4, "\r\n\r\n") != 0);
}

static void a_body_is_sent_with_its_length(void **state)
{
	static const struct {
		const char *method;
		size_t length; /* of the content */
		const char *begin, *field;
	} cases[] = {
		{"POST", 5, "POST /x HTTP/1.1\r\n", "Content-Length: 5\r\n"},
		{"POST", 0, "POST /x HTTP/1.1\r\n", "Content-Length: 0\r\n"},
		{"PUT", 200000, "PUT /x HTTP/1.1\r\n", "Content-Length: 200000\r\n"},
		{"DELETE", 0, "DELETE /x HTTP/1.1\r\n", NULL},
		{NULL, 7, "GET /x HTTP/1.1\r\n", "Content-Length: 7\r\n"},
	};
	uint8_t *content = malloc(200000), *got = malloc(200000);
	for (size_t i = 0; i < 200000; i++)
		content[i] = (uint8_t)(i * 7 + i / 256);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct get g = to(address);
		char head[1000];
		g.params.method = cases[i].method;
		g.params.target = "/x";
		g.params.headers = "Content-Type: text/plain\r\n";
		g.params.content = content;
		g.params.content_length = cases[i].length;
		start(&g);
		int peer = peer_accept();
		read_head(peer, head, sizeof head);
		assert_ptr_equal(strstr(head, cases[i].begin), head);
		assert_true(cases[i].field ? strstr(head, cases[i].field) != NULL : !strstr(head, "Content-Length"));
		assert_non_null(strstr(head, "\r\nContent-Type: text/plain\r\n"));
		assert_true(peer_read(peer, got, cases[i].length));
		assert_memory_equal(got, content, cases[i].length);
		peer_say(peer, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
		assert_true(rig_await(&g.answered, 1));
		assert_int_equal(g.status, 200);
		close(peer);
	}
	free(content);
	free(got);
}

static void the_answer_to_head_has_no_body(void **state)
{
	struct get g = to(address);
	g.params.method = "HEAD";
	g.header = "etag";
	start(&g);
	int peer = peer_accept();
	peer_say(peer, "HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\nETag: x\r\n\r\n");
	assert_true(rig_await(&g.answered, 1));
	assert_int_equal(g.status, 200);
	assert_int_equal(g.length, 0);
	assert_string_equal(g.value, "x");
	close(peer);
}

static void header_fields_of_the_answer_can_be_asked_for(void **state)
{
	static const struct {
		const char *text, *value;
	} cases[] = {
		{"HTTP/1.1 302 Found\r\nLocation: http://h/p?q=1 \r\nContent-Length: 0\r\n\r\n", "http://h/p?q=1"},
		{"HTTP/1.1 302 Found\r\nX: y\r\nlocation:/second\r\nLOCATION: /third\r\nContent-Length: 0\r\n\r\n", "/second"},
		{"HTTP/1.1 200 OK\r\nLocation:\r\nContent-Length: 0\r\n\r\n", ""},
		{"HTTP/1.1 200 OK\r\nLocatio: x\r\nX: Location\r\nContent-Length: 0\r\n\r\n", "-"},
		{"HTTP/1.1 103 Early Hints\r\nLocation: early\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "-"},
		{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nLocation: trailer\r\n\r\n", "-"},
		{"HTTP/1.1 200 OK\r\nLocation: cut\r\nContent-Length: 5\r\n\r\nx", "-"},
		{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "-"},
	};
	for (size_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) {
		struct get g = to(address);
		g.header = "Location";
		answer(&g, cases[i / 2].text, i % 2 ? 1 : 1000);
		assert_string_equal(g.value, cases[i / 2].value);
	}
}

static void any_loop_may_ask(void **state)
{
	struct get g = to(address), late = to(address);
	g.loop = late.loop = 1;
	answer(&g, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", 1000);
	assert_int_equal(g.status, 200);
	assert_memory_equal(g.body, "hi", 2);
	late.params.timeout_ns = 100 * PLUQ__MS;
	start(&late);
	int peer = peer_accept();
	expect_failure(&late, PLUQ_ELIMIT, "no complete answer in time");
	close(peer);
}

static void expect_host(const char *where, const char *host)
{
	char want[100], head[1000];
	const struct pluq_http_get p = {.size = sizeof p, .address = where, .target = "/", .fn = on_answer};
	struct pluq_why why;
	snprintf(want, sizeof want, "GET / HTTP/1.1\r\nHost: %s\r\n", host);
	assert_int_equal(pluq__http_ask_judge(&p, &why), 0);
	assert_true(pluq__http_ask_head(&p, head, sizeof head) < sizeof head);
	assert_ptr_equal(strstr(head, want), head);
}

static void the_host_is_told_as_it_is_called(void **state)
{
	const struct pluq_http_get secure = {.size = sizeof secure, .address = "h.example:443", .target = "/", .fn = on_answer,
		.tls = (struct pluq_tls *)&rig};
	char head[1000];
	expect_host("h.example:8080", "h.example:8080");
	expect_host("h.example:80", "h.example");
	expect_host("h.example:443", "h.example:443");
	expect_host("[::1]:80", "[::1]");
	expect_host("[::1]:4161", "[::1]:4161");
	expect_host(":4161", "localhost:4161");
	expect_host(":80", "localhost:80");
	expect_host("/run/a:80", "localhost");
	pluq__http_ask_head(&secure, head, sizeof head);
	assert_non_null(strstr(head, "\r\nHost: h.example\r\n"));
}

static void an_answer_may_bring_the_next_question(void **state)
{
	struct get g = to(address);
	g.again = true;
	g.params.arg = &g;
	rig_post(&rig, 0, make, &g);
	for (int i = 1; i <= 2; i++) {
		int peer = peer_accept();
		peer_say(peer, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
		assert_true(rig_await(&g.answered, i));
		close(peer);
	}
	assert_int_equal(g.made, 2);
}

static void a_cancelled_call_is_silent(void **state)
{
	struct get at_once = to(address), asked = to(address), half = to(address);
	at_once.cancel = true;
	start(&at_once);
	start(&asked);
	int peer = peer_accept();
	expect_request(peer, "");
	rig_post(&rig, 0, cancel, &asked);
	assert_true(rig_await(&asked.made, 2));
	assert_true(peer_at_end(peer));
	close(peer);
	start(&half);
	peer = peer_accept();
	expect_request(peer, "");
	peer_say(peer, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell");
	rig_post(&rig, 0, cancel, &half);
	assert_true(rig_await(&half.made, 2));
	peer_say(peer, "o");
	close(peer);
	rig_stop(&rig);
	close(server);
	assert_int_equal(at_once.answered + asked.answered + half.answered, 0);
}

static void the_stop_answers_what_is_open(void **state)
{
	struct get asked = to(address), connecting = to(address);
	start(&asked);
	int peer = peer_accept();
	expect_request(peer, "");
	connecting.params.arg = &connecting;
	rig_post(&rig, 0, make, &connecting);
	rig_stop(&rig);
	assert_int_equal(asked.answered, 1);
	assert_int_equal(asked.status, PLUQ_ECLOSED);
	assert_int_equal(connecting.answered, 1);
	assert_int_equal(connecting.status, PLUQ_ECLOSED);
	assert_true(peer_at_end(peer));
	close(peer);
	close(server);
}

static void strings_are_quoted_as_the_original_does(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		const char *want;
	} cases[] = {
		{"", 0, "\"\""}, {"plain", 5, "\"plain\""}, {"a\0b", 3, "\"a\\u0000b\""},
		{"<&>\"\\\n\r\t\b\x7f", 10, "\"\\u003c\\u0026\\u003e\\\"\\\\\\n\\r\\t\\u0008\x7f\""},
		{"\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa", 9, "\"\\u2028\\u2029\xe2\x80\xaa\""},
		{"\xc3\xa9\xf0\x9f\x98\x80", 6, "\"\xc3\xa9\xf0\x9f\x98\x80\""},
		{"\xc0\x80", 2, "\"\\ufffd\\ufffd\""}, {"\xed\xa0\x80", 3, "\"\\ufffd\\ufffd\\ufffd\""},
		{"\xf4\x90\x80\x80", 4, "\"\\ufffd\\ufffd\\ufffd\\ufffd\""}, {"\xc3\xa9", 1, "\"\\ufffd\""},
		{"\xf0\x9f\x98\x80", 3, "\"\\ufffd\\ufffd\\ufffd\""}, {"x\xff", 2, "\"x\\ufffd\""},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		size_t n = strlen(cases[i].want);
		for (size_t room = 0; room < n; room++) {
			char *out = malloc(room ? room : 1);
			memset(out, '#', room);
			assert_int_equal(http->json_quote(out, room, cases[i].bytes, cases[i].n), n);
			for (size_t j = 0; j < room; j++)
				assert_int_equal(out[j], '#');
			free(out);
		}
		for (size_t room = n; room <= 6 * cases[i].n + 3; room++) {
			char *out = malloc(room);
			assert_int_equal(http->json_quote(out, room, cases[i].bytes, cases[i].n), n);
			assert_memory_equal(out, cases[i].want, n);
			free(out);
		}
	}
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, up, down)
	const struct CMUnitTest tests[] = {
		TEST(answers_come_whole),
		TEST(broken_answers_are_told),
		TEST(a_reset_is_told),
		TEST(a_long_answer_is_cut_short),
		TEST(a_head_without_end_is_cut_short),
		TEST(an_answer_that_does_not_come_is_not_waited_for),
		TEST(the_time_is_for_the_whole),
		TEST(no_connection_no_answer),
		TEST(connecting_has_a_time_of_its_own),
		TEST(headers_are_sent_as_given),
		TEST(what_would_be_another_request_is_refused),
		TEST(an_answer_may_bring_the_next_question),
		TEST(a_body_is_sent_with_its_length),
		TEST(the_answer_to_head_has_no_body),
		TEST(header_fields_of_the_answer_can_be_asked_for),
		TEST(any_loop_may_ask),
		cmocka_unit_test(the_host_is_told_as_it_is_called),
		cmocka_unit_test_setup(a_cancelled_call_is_silent, up),
		cmocka_unit_test_setup(the_stop_answers_what_is_open, up),
		cmocka_unit_test(strings_are_quoted_as_the_original_does),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
