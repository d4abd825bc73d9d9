/* HTTP over TLS, from both sides: our server is asked by our client. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../daemon/auth/auth.h"
#include "../../daemon/base/clock.h"
#include "../../daemon/net/http.h"
#include "tls_rig.h"

static const struct pluq_http *const http = &pluq__http_table;
static const struct pluq_auth *const auth = &pluq__auth_table;
static struct rig here;
static struct pluq__auth *core;
static struct pluq_http_server *secure, *closed; /* `closed` refuses everything in the clear */

/* What the auth plugin was told of the peer. */
static struct {
	bool tls, verified;
	char name[64], first_alt[64];
	size_t alts;
} seen;

/* pluq_auth_ops.ask */
static int ask(void *self, const struct pluq_auth_query *q, struct pluq_auth_call *call, struct pluq_why *why)
{
	static const char *const every[] = {".*"};
	seen.tls = q->tls;
	seen.verified = q->verified;
	snprintf(seen.name, sizeof seen.name, "%s", q->common_name);
	seen.alts = q->alt_names.count;
	snprintf(seen.first_alt, sizeof seen.first_alt, "%s", q->alt_names.count ? q->alt_names.items[0] : "");
	auth->grant(call, PLUQ_MAY_PUBLISH, "^t$", every, 1);
	return PLUQ_AUTH_ALLOW;
}

static const struct pluq_auth_ops ops = {.size = sizeof ops, .ask = ask};

static void on_echo(void *arg, struct pluq_http_request *r)
{
	size_t n;
	const uint8_t *body = http->body(r, &n);
	http->reply(r, 200, "text/plain", body, n);
}

static const struct pluq_http_route routes[] = {
	{.method = "POST", .path = "/echo", .flags = PLUQ_HTTP_PUBLISH, .too_big_status = 413, .too_big = "BODY_TOO_BIG", .max_body = 1 << 20,
	    .handle = on_echo},
};

static void listen_at(struct pluq_tls *tls, struct pluq_http_server **out)
{
	const struct pluq_http_listen listen = {.size = sizeof listen, .address = "127.0.0.1:0", .routes = routes, .count = 1,
	    .stride = sizeof *routes, .auth = true, .tls = tls, .refuse_plain = !tls, .https = secure};
	struct pluq_why why = {""};
	if (http->listen(&here.host.pub, &listen, out, &why))
		fail_msg("%s", why.text);
}

static struct pluq_tls *tls_of(const struct pluq_tls_params *params)
{
	struct pluq_tls *tls;
	struct pluq_why why = {""};
	if (pluq__net_table.tls_new(&here.host.pub, params, &tls, &why))
		fail_msg("%s", why.text);
	return tls;
}

static void start_with(uint32_t peer)
{
	static void *self = &here;
	const struct pluq__auth_config config = {.deny_ttl_ns = 60 * PLUQ__SEC, .timeout_ns = 60 * PLUQ__SEC};
	const struct pluq_tls_params params = server_params("server", peer, "ca");
	memset(&seen, 0, sizeof seen);
	rig_start(&here, 2, 0);
	here.host.pub.auth = auth;
	struct pluq__lane *lane = pluq__pool_lane(here.pool, "auth", 1);
	assert_int_equal(pluq__auth_new(&core, &here.loops, lane, PLUQ__SEC, &config), 0);
	assert_int_equal(pluq__auth_add(core, "mock", &ops, &self, lane), 0);
	here.host.auth = core;
	listen_at(tls_of(&params), &secure);
	listen_at(NULL, &closed);
}

static int start(void **state)
{
	start_with(PLUQ_TLS_PEER_NONE);
	return 0;
}

static int start_verifying(void **state)
{
	start_with(PLUQ_TLS_PEER_VERIFY);
	return 0;
}

static int stop(void **state)
{
	rig_end_connections(&here);
	assert_true(pluq__pool_fini(&here.pool, 5 * PLUQ__SEC));
	pluq__loops_settle(&here.loops);
	pluq__auth_end(core);
	pluq__auth_free(&core);
	pluq__net_free(&here.net);
	pluq__loops_fini(&here.loops);
	return 0;
}

/* ---- our client ---- */

static struct {
	char address[64];
	struct pluq_http_get params;
	struct pluq_http_call *call;
	_Atomic int answered;
	int status, refusal;
	size_t length;
	char body[256];
	struct pluq_why why;
	uint8_t sum;
} get;

/* pluq_http_get_fn */
static void on_answer(void *arg, int status, const uint8_t *body, size_t length, const struct pluq_why *why)
{
	get.status = status;
	get.length = length;
	size_t n = status > 0 && length < sizeof get.body ? length : 0;
	memcpy(get.body, n ? body : (const uint8_t *)"", n);
	get.body[n] = 0;
	for (size_t i = 0; status > 0 && i < length; i++)
		get.sum = (uint8_t)(get.sum + body[i]);
	get.why = *why;
	atomic_fetch_add(&get.answered, 1);
}

static void make(void *arg)
{
	struct pluq_why why = {""};
	get.refusal = http->get(&here.host.pub, &get.params, &get.call, &why);
	if (get.refusal)
		atomic_fetch_add(&get.answered, 1);
}

/* Asks on loop 1. name: as the server is called; content: what it echoes. */
static void ask_server(const char *name, struct pluq_http_server *server, struct pluq_tls *tls, const void *content, size_t length)
{
	memset(&get, 0, sizeof get);
	snprintf(get.address, sizeof get.address, "%s:%d", name, http->server_port(server));
	get.params = (struct pluq_http_get){.size = sizeof get.params, .address = get.address, .target = "/echo?topic=t",
	    .headers = "Authorization: Bearer secret\r\n", .timeout_ns = 10 * PLUQ__SEC, .max_body = 2 << 20, .fn = on_answer, .method = "POST",
	    .content = content, .content_length = length, .tls = tls};
	rig_post(&here, 1, make, NULL);
	assert_true(rig_await(&get.answered, 1));
	assert_int_equal(get.refusal, 0);
}

static struct pluq_tls *trusting(const char *ca)
{
	const struct pluq_tls_params params = client_params(NULL, PLUQ_TLS_PEER_VERIFY, ca);
	return tls_of(&params);
}

/* ---- */

static void requests_go_through_tls(void **state)
{
	struct pluq_tls *tls = trusting("ca");
	uint8_t sum = 0, *big = malloc(1 << 20);
	rig_serve(&here);
	for (int i = 0; i < 3; i++) {
		ask_server("localhost", secure, tls, "hello", 5);
		assert_int_equal(get.status, 200);
		assert_string_equal(get.body, "hello");
	}
	assert_true(seen.tls);
	assert_false(seen.verified);
	assert_string_equal(seen.name, "");
	for (size_t i = 0; i < 1 << 20; i++)
		sum = (uint8_t)(sum + (big[i] = (uint8_t)(i * 7 + (i >> 9))));
	ask_server("127.0.0.1", secure, tls, big, 1 << 20);
	assert_int_equal(get.status, 200);
	assert_int_equal(get.length, 1 << 20);
	assert_int_equal(get.sum, sum);
	free(big);
}

static void the_certificate_of_a_client_is_told(void **state)
{
	const struct pluq_tls_params params = client_params("client", PLUQ_TLS_PEER_VERIFY, "ca");
	struct pluq_tls *tls = tls_of(&params);
	rig_serve(&here);
	ask_server("localhost", secure, tls, "x", 1);
	assert_int_equal(get.status, 200);
	assert_true(seen.tls);
	assert_true(seen.verified);
	assert_string_equal(seen.name, "client one");
	assert_int_equal(seen.alts, 5);
	assert_string_equal(seen.first_alt, "DNS:client.test");
}

static void expect_failure(const char *words)
{
	assert_true(get.status < 0);
	if (!strstr(get.why.text, words))
		fail_msg("wanted %s\ngot %s", words, get.why.text);
	if (!strstr(get.why.text, get.address))
		fail_msg("wanted %s\ngot %s", get.address, get.why.text);
}

static void a_server_that_is_not_trusted_hears_no_secret(void **state)
{
	struct pluq_tls *other = trusting("other-ca"), *tls = trusting("ca");
	rig_serve(&here);
	ask_server("localhost", secure, other, "x", 1);
	expect_failure("certificate verification failed");
	ask_server("127.0.0.2", secure, tls, "x", 1); /* nobody listens there */
	expect_failure("refused");
	ask_server("localhost", closed, tls, "x", 1);
	expect_failure("speaks no TLS");
	assert_false(seen.tls);
}

static void a_client_without_a_certificate_is_refused(void **state)
{
	struct pluq_tls *tls = trusting("ca");
	rig_serve(&here);
	ask_server("localhost", secure, tls, "x", 1);
	assert_true(get.status < 0);
	assert_false(seen.tls);
}

static void in_the_clear_the_port_is_told(void **state)
{
	char want[100];
	rig_serve(&here);
	ask_server("localhost", closed, NULL, "x", 1);
	assert_int_equal(get.status, 403);
	snprintf(want, sizeof want, "{\"message\": \"TLS_REQUIRED\", \"https_port\": %d}", http->server_port(secure));
	assert_string_equal(get.body, want);
	ask_server("localhost", secure, NULL, "x", 1); /* speaks plain HTTP there */
	assert_true(get.status < 0);
}

static int begin(void **state)
{
	certs_begin();
	return 0;
}

static int end(void **state)
{
	certs_end();
	return 0;
}

#define TEST(test, start) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(requests_go_through_tls, start),
		TEST(the_certificate_of_a_client_is_told, start_verifying),
		TEST(a_server_that_is_not_trusted_hears_no_secret, start),
		TEST(a_client_without_a_certificate_is_refused, start_verifying),
		TEST(in_the_clear_the_port_is_told, start),
	};
	return cmocka_run_group_tests(tests, begin, end);
}
