/* Handshakes of the server's side: who is let in, what is said of those who are not, and what they cost the others. */
#define _GNU_SOURCE /* RTLD_NEXT */
#include <dlfcn.h>
#include <openssl/err.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../daemon/base/clock.h"
#include "../../daemon/base/log.h"
#include "tls_rig.h"

/* ---- clocks: what a step of a handshake costs is what the test says ---- */

static _Atomic int64_t leapt_ns, step_ns; /* what every step adds */
static _Atomic int steps;

int64_t pluq__clock_mono_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * PLUQ__SEC + t.tv_nsec + leapt_ns;
}

int64_t pluq__clock_real_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * PLUQ__SEC + t.tv_nsec;
}

int SSL_do_handshake(SSL *ssl)
{
	int (*real)(SSL *);
	*(void **)&real = dlsym(RTLD_NEXT, "SSL_do_handshake");
	assert_non_null(real);
	if (pluq__loop_self()) {
		leapt_ns += step_ns;
		steps++;
	}
	return real(ssl);
}

/* ---- an upgrade, and what it comes to ---- */

static void start(const struct pluq_tls_params *p, bool begins)
{
	leapt_ns = step_ns = 0;
	steps = 0;
	tls_rig_start(1, 0, p, begins);
}

static int ask_for_tls(void)
{
	int fd = tls_rig_dial();
	peer_say(fd, "upgrade\n");
	assert_true(peer_hears(fd, "go\n"));
	return fd;
}

/* Everything that comes in the clear, behind what OpenSSL says itself. */
static void expect_last_words(int fd, int status, const char *text)
{
	char got[2000], want[400];
	ptrdiff_t n = peer_read_all(fd, got, sizeof got);
	int length = snprintf(want, sizeof want, "failed: %d %s\n", status, text);
	if (n < length || memcmp(got + n - length, want, (size_t)length) != 0)
		fail_msg("not \"%s\" but \"%.*s\"", want, (int)(n > 7 ? n - 7 : 0), got + (n > 7 ? 7 : 0));
}

/* The client is refused with this text. */
static void expect_refusal(SSL_CTX *ctx, const char *text)
{
	struct peer p;
	char byte;
	int fd = ask_for_tls();
	if (peer_shake(&p, fd, ctx, NULL))
		SSL_read(p.ssl, &byte, 1); /* in TLS 1.3 a client learns of it after its part is done */
	ERR_clear_error();
	assert_true(rig_await(&rig.failed, 1));
	assert_int_equal(rig.upgraded, 0);
	peer_drop(&p);
	assert_true(rig_await(&rig.closed, 1));
	assert_string_equal(rig.failure, text);
	SSL_CTX_free(ctx);
	tls_rig_stop();
}

static void expect_welcome(SSL_CTX *ctx, const char *info)
{
	struct peer p;
	int fd = ask_for_tls();
	assert_true(peer_shake(&p, fd, ctx, NULL));
	assert_true(peer_tls_hears(&p, "up\n"));
	assert_true(peer_tls_say(&p, "info\n"));
	assert_true(peer_tls_hears(&p, info));
	peer_end(&p);
	SSL_CTX_free(ctx);
	tls_rig_stop();
}

static void without_a_policy_no_certificate_is_asked_for(void **state)
{
	struct pluq_tls_params p = server_params("server", PLUQ_TLS_PEER_NONE, NULL);
	start(&p, false);
	expect_welcome(peer_context("client", TLS1_3_VERSION, 0), "304 1302 TLS_AES_256_GCM_SHA384 fresh unverified <>\n");
}

static void any_certificate_is_as_good_as_another(void **state)
{
	static const char *const names[] = {"client", "stranger", "expired"};
	static const char *const words[] = {
		("303 c02b TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 fresh unverified <client one> DNS:client.test IP:10.1.2.3 IP:fd00::1 "
		"URI:urn:pluq:client email:client@test\n"),
		"303 c02b TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 fresh unverified <stranger> IP:127.0.0.1\n",
		"303 c02b TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 fresh unverified <late> IP:127.0.0.1\n",
	};
	for (int i = 0; i < 3; i++) {
		struct pluq_tls_params p = server_params("server", PLUQ_TLS_PEER_ANY, "ca");
		p.ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256";
		start(&p, false);
		expect_welcome(peer_context(names[i], 0, TLS1_2_VERSION), words[i]);
	}
}

static void a_verified_certificate_is_told(void **state)
{
	for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
		struct pluq_tls_params p = server_params("server", PLUQ_TLS_PEER_VERIFY, "ca");
		p.ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256";
		p.ciphersuites = "TLS_CHACHA20_POLY1305_SHA256";
		start(&p, false);
		expect_welcome(peer_context("client", version, version), version == TLS1_2_VERSION ?
		    "303 c02b TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 fresh verified <client one> DNS:client.test IP:10.1.2.3 IP:fd00::1 "
		    "URI:urn:pluq:client email:client@test\n" :
		    "304 1303 TLS_CHACHA20_POLY1305_SHA256 fresh verified <client one> DNS:client.test IP:10.1.2.3 IP:fd00::1 "
		    "URI:urn:pluq:client email:client@test\n");
	}
}

static void names_that_deceive_are_left_out(void **state)
{
	struct pluq_tls_params p = server_params("server", PLUQ_TLS_PEER_VERIFY, "ca");
	start(&p, false);
	expect_welcome(peer_context("deceiver", TLS1_3_VERSION, 0), "304 1302 TLS_AES_256_GCM_SHA384 fresh verified <> DNS:good.test\n");
}

static void old_versions_can_be_asked_for(void **state)
{
	for (int version = TLS1_VERSION; version <= TLS1_1_VERSION; version++) {
		struct pluq_tls_params p = server_params("server", PLUQ_TLS_PEER_NONE, NULL);
		p.min_version = (uint32_t)version;
		start(&p, false);
		expect_welcome(peer_context(NULL, version, version), version == TLS1_VERSION ?
		    "301 c00a TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA fresh unverified <>\n" :
		    "302 c00a TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA fresh unverified <>\n");
	}
}

struct refusal {
	const char *client;
	uint32_t peer, server_min;
	const char *ciphers, *client_ciphers;
	int client_min, client_max;
	const char *text;
};

static const struct refusal refusals[] = {
	{.server_min = TLS1_2_VERSION, .client_min = TLS1_VERSION, .client_max = TLS1_1_VERSION,
		.text = "the client offers only TLS 1.1 or older"},
	{.server_min = TLS1_3_VERSION, .client_max = TLS1_2_VERSION, .text = "the client offers only TLS 1.2 or older"},
	{.ciphers = "ECDHE-ECDSA-AES128-GCM-SHA256", .client_ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384", .client_max = TLS1_2_VERSION,
		.text = "no shared cipher"},
	{.peer = PLUQ_TLS_PEER_ANY, .client_max = TLS1_2_VERSION, .text = "the client shows no certificate"},
	{.peer = PLUQ_TLS_PEER_ANY, .text = "the client shows no certificate"},
	{.peer = PLUQ_TLS_PEER_VERIFY, .text = "the client shows no certificate"},
	{.peer = PLUQ_TLS_PEER_VERIFY, .client = "expired", .text = "certificate verification failed: certificate has expired"},
	{.peer = PLUQ_TLS_PEER_VERIFY, .client = "expired", .client_max = TLS1_2_VERSION,
		.text = "certificate verification failed: certificate has expired"},
	{.peer = PLUQ_TLS_PEER_VERIFY, .client = "stranger",
		.text = "certificate verification failed: unable to get local issuer certificate"},
	{.peer = PLUQ_TLS_PEER_VERIFY, .client = "other-ca", .text = "certificate verification failed: self-signed certificate"},
};

static void refusals_are_told_in_plain_words(void **state)
{
	for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
		const struct refusal *r = &refusals[i];
		struct pluq_tls_params p = server_params("server", r->peer, "ca");
		SSL_CTX *ctx = peer_context(r->client, r->client_min, r->client_max);
		if (r->server_min)
			p.min_version = r->server_min;
		if (r->ciphers)
			p.ciphers = r->ciphers;
		if (r->client_ciphers)
			SSL_CTX_set_cipher_list(ctx, r->client_ciphers);
		start(&p, false);
		expect_refusal(ctx, r->text);
	}
}

static void what_is_not_tls_is_told(void **state)
{
	static const char *const words[][2] = {
		{"  V2 and so on, for a while", "the peer speaks no TLS (plain text?)"},
		{"GET / HTTP/1.1\r\n\r\n", "the peer speaks no TLS (plain HTTP)"},
		{"\x16\x03\x01\x7f\xff\x01 too long", "the peer speaks no TLS (plain text?)"},
	};
	struct pluq_tls_params p = server_params("server", PLUQ_TLS_PEER_NONE, NULL);
	for (int i = 0; i < 3; i++) {
		start(&p, false);
		int fd = ask_for_tls();
		peer_say(fd, words[i][0]);
		expect_last_words(fd, PLUQ_ETLS, words[i][1]);
		close(fd);
		tls_rig_stop();
	}
}

static void a_peer_that_leaves_is_told(void **state)
{
	struct pluq_tls_params p = server_params("server", PLUQ_TLS_PEER_NONE, NULL);
	start(&p, false);
	int fd = ask_for_tls();
	peer_send(fd, "\x16\x03\x01\x00\x50\x01", 6);
	shutdown(fd, SHUT_WR);
	expect_last_words(fd, PLUQ_ETLS, "the peer has closed the connection");
	close(fd);
	fd = ask_for_tls();
	close(fd);
	assert_true(rig_await(&rig.failed, 2));
	tls_rig_stop();
}

static void a_client_that_does_not_trust_us_is_told(void **state)
{
	struct pluq_tls_params p = server_params("server", PLUQ_TLS_PEER_NONE, NULL);
	SSL_CTX *ctx = peer_context(NULL, 0, 0);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	start(&p, false);
	expect_refusal(ctx, "the peer refuses: unknown CA");
}

/* It would be kept as long as the connection. */
static void a_peer_shows_no_more_certificates_than_a_chain_has(void **state)
{
	static const uint32_t policies[] = {PLUQ_TLS_PEER_ANY, PLUQ_TLS_PEER_VERIFY};
	for (size_t i = 0; i < 4; i++) {
		struct pluq_tls_params p = server_params("server", policies[i % 2], "ca");
		SSL_CTX *ctx = peer_context("client", i < 2 ? TLS1_2_VERSION : TLS1_3_VERSION, i < 2 ? TLS1_2_VERSION : TLS1_3_VERSION);
		for (int more = 0; more < 16; more++)
			SSL_CTX_add1_chain_cert(ctx, SSL_CTX_get0_certificate(ctx));
		start(&p, false);
		expect_refusal(ctx, "certificate verification failed: certificate chain too long");
	}
}

/* ---- the log ---- */

static int64_t count_in_log(const char *text)
{
	char *all = calloc(1, 1 << 20);
	FILE *f = fopen(cert_path("log"), "r");
	int64_t n = 0;
	assert_true(all && f);
	all[fread(all, 1, (1 << 20) - 1, f)] = 0;
	fclose(f);
	for (const char *at = all; (at = strstr(at, text)); at++)
		n++;
	free(all);
	return n;
}

static void a_flood_of_failures_is_one_line(void **state)
{
	struct pluq_tls_params p = server_params("server", PLUQ_TLS_PEER_NONE, NULL);
	struct pluq_why why;
	char want[200];
	start(&p, true);
	assert_int_equal(pluq__log_open(PLUQ_WARN, cert_path("log"), &why), 0);
	assert_int_equal(pluq__log_start(), 0);
	for (int i = 0; i < 50; i++) {
		int fd = tls_rig_dial();
		peer_say(fd, "no TLS at all\n");
		assert_true(peer_at_end(fd));
		close(fd);
	}
	assert_int_equal(rig.opened, 0);
	tls_rig_stop();
	pluq__log_stop();
	assert_int_equal(pluq__log_open(PLUQ_FATAL, "stderr", &why), 0);
	snprintf(want, sizeof want, " net: TLS handshake with 127.0.0.1:");
	int64_t lines = count_in_log(want);
	assert_true(lines >= 1 && lines <= 4);
	assert_int_equal(count_in_log(" failed: the peer speaks no TLS (plain text?)"), lines);
}

/* ---- those that stall ---- */

static void leap(int64_t ns)
{
	leapt_ns += ns;
	close(tls_rig_dial()); /* so that the loop looks at the clock */
}

static void a_stalled_upgrade_is_cut(void **state)
{
	struct pluq_tls_params p = server_params("server", PLUQ_TLS_PEER_NONE, NULL);
	start(&p, false);
	rig.upgrade_timeout_ns = 1000 * PLUQ__SEC;
	int silent = ask_for_tls(), slow = ask_for_tls();
	peer_send(slow, "\x16\x03\x01\x00\x50\x01", 6);
	assert_true(rig_await(&steps, 1));
	leap(999 * PLUQ__SEC);
	peer_say(slow, "x");
	assert_true(rig_await(&steps, 2));
	leap(2 * PLUQ__SEC);
	expect_last_words(silent, PLUQ_ELIMIT, "it has taken too long");
	expect_last_words(slow, PLUQ_ELIMIT, "it has taken too long");
	close(silent);
	close(slow);
	tls_rig_stop();
}

static void a_stalled_beginning_is_cut(void **state)
{
	struct pluq_tls_params p = server_params("server", PLUQ_TLS_PEER_NONE, NULL);
	start(&p, true);
	int silent = tls_rig_dial(), slow = tls_rig_dial();
	peer_send(slow, "\x16\x03\x01\x00\x50\x01", 6);
	assert_true(rig_await(&steps, 1)); /* unread bytes would make it end with a reset */
	leap(4 * PLUQ__SEC);
	assert_true(pluq__net_connections(rig.net.net) >= 2);
	leap(2 * PLUQ__SEC);
	assert_true(peer_at_end(silent));
	assert_true(peer_at_end(slow));
	assert_int_equal(rig.opened, 0);
	close(silent);
	close(slow);
	tls_rig_stop();
}

static void a_handshake_counts_against_the_limit_of_connections(void **state)
{
	struct pluq_tls_params p = server_params("server", PLUQ_TLS_PEER_NONE, NULL);
	leapt_ns = step_ns = 0;
	tls_rig_start(1, 2, &p, true);
	int a = tls_rig_dial(), b = tls_rig_dial(), c = tls_rig_dial();
	assert_true(peer_at_end(c));
	close(a);
	close(b);
	close(c);
	tls_rig_stop();
}

static void the_stop_waits_for_no_handshake(void **state)
{
	struct pluq_tls_params p = server_params("server", PLUQ_TLS_PEER_NONE, NULL);
	for (int begins = 0; begins < 2; begins++) {
		start(&p, begins);
		int fds[20];
		for (int i = 0; i < 20; i++) {
			fds[i] = begins ? tls_rig_dial() : ask_for_tls();
			if (i % 2)
				peer_send(fds[i], "\x16\x03\x01\x00\x50\x01", 6);
		}
		while (pluq__net_connections(rig.net.net) < 20)
			usleep(100);
		assert_true(tls_rig_stop() < 500 * PLUQ__MS);
		assert_int_equal(rig.upgraded + rig.failed, 0);
		for (int i = 0; i < 20; i++)
			close(fds[i]);
	}
}

/* ---- a flood ---- */

static _Atomic int blocked;
static sem_t gate;

static void block(void *arg)
{
	blocked = 1;
	sem_wait(&gate);
}

/* In every turn of the loop: how many steps were made since the last one. */
static _Atomic int most, turns, watching;

static void watch(void *arg)
{
	static int before;
	int now = steps;
	if (turns > 0 && now - before > most)
		most = now - before;
	before = now;
	turns++;
	if (watching)
		rig_post(&rig.net, 0, watch, NULL);
}

struct hello {
	SSL *ssl;
	int fd;
};

/* All hellos are there at once. However many they are, a turn of the loop makes no more steps than its budget allows, and an
 * established connection is served in between. */
static void a_flood_of_handshakes_leaves_the_others_their_turn(void **state)
{
	enum { FLOOD = 60, PER_TURN = 4 };
	struct pluq_tls_params p = server_params("server", PLUQ_TLS_PEER_NONE, NULL);
	SSL_CTX *ctx = peer_context(NULL, TLS1_3_VERSION, 0);
	struct hello flood[FLOOD];
	start(&p, false);
	sem_init(&gate, 0, 0);
	blocked = most = turns = 0;
	int established = tls_rig_dial();
	peer_say(established, "echo there\n");
	assert_true(peer_hears(established, "there\n"));
	for (int i = 0; i < FLOOD; i++)
		flood[i].fd = ask_for_tls();
	rig_post(&rig.net, 0, block, NULL);
	assert_true(rig_await(&blocked, 1));
	for (int i = 0; i < FLOOD; i++) {
		flood[i].ssl = SSL_new(ctx);
		SSL_set_fd(flood[i].ssl, flood[i].fd);
		SSL_set_connect_state(flood[i].ssl);
		struct timeval soon = {.tv_usec = 1};
		setsockopt(flood[i].fd, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof soon);
		assert_int_equal(SSL_get_error(flood[i].ssl, SSL_do_handshake(flood[i].ssl)), SSL_ERROR_WANT_READ);
		struct timeval late = {.tv_sec = 5};
		setsockopt(flood[i].fd, SOL_SOCKET, SO_RCVTIMEO, &late, sizeof late);
	}
	step_ns = PLUQ__MS / PER_TURN;
	steps = 0;
	watching = 1;
	rig_post(&rig.net, 0, watch, NULL);
	sem_post(&gate);
	for (int i = 0; i < FLOOD; i++) {
		peer_say(established, "echo still\n");
		assert_true(peer_hears(established, "still\n"));
		assert_int_equal(SSL_do_handshake(flood[i].ssl), 1);
	}
	assert_true(rig_await(&rig.upgraded, FLOOD));
	watching = 0;
	assert_true(steps >= FLOOD);
	assert_true(most <= PER_TURN);
	assert_true(turns >= FLOOD / PER_TURN);
	for (int i = 0; i < FLOOD; i++) {
		SSL_free(flood[i].ssl);
		close(flood[i].fd);
	}
	close(established);
	SSL_CTX_free(ctx);
	tls_rig_stop();
	sem_destroy(&gate);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_policy_no_certificate_is_asked_for),
		cmocka_unit_test(any_certificate_is_as_good_as_another),
		cmocka_unit_test(a_verified_certificate_is_told),
		cmocka_unit_test(names_that_deceive_are_left_out),
		cmocka_unit_test(old_versions_can_be_asked_for),
		cmocka_unit_test(refusals_are_told_in_plain_words),
		cmocka_unit_test(what_is_not_tls_is_told),
		cmocka_unit_test(a_peer_that_leaves_is_told),
		cmocka_unit_test(a_client_that_does_not_trust_us_is_told),
		cmocka_unit_test(a_peer_shows_no_more_certificates_than_a_chain_has),
		cmocka_unit_test(a_flood_of_failures_is_one_line),
		cmocka_unit_test(a_stalled_upgrade_is_cut),
		cmocka_unit_test(a_stalled_beginning_is_cut),
		cmocka_unit_test(a_handshake_counts_against_the_limit_of_connections),
		cmocka_unit_test(the_stop_waits_for_no_handshake),
		cmocka_unit_test(a_flood_of_handshakes_leaves_the_others_their_turn),
	};
	certs_begin();
	cert_make(&(struct cert){.name = "deceiver", .issuer = "ca", .common_name = "good\0evil", .common_name_length = 9,
		.alt_names = "DNS:good.test,DNS:bad\x01.test"});
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	certs_end();
	return failed;
}
