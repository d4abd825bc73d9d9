/* What TLS is configured with: files that cannot be used, changes while it is in use, and sessions that outlive them. */
#include <openssl/err.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../daemon/base/clock.h"
#include "tls_rig.h"

static const struct pluq_net *const net = &pluq__net_table;

/* ---- what cannot be used ---- */

static void expect_text(int code, int wanted, const struct pluq_why *why, const char *fmt, const char *a, const char *b)
{
	char want[400];
	snprintf(want, sizeof want, fmt, a, b);
	assert_string_equal(why->text, want);
	assert_int_equal(code, wanted);
	assert_int_equal(ERR_peek_error(), 0);
}

static void expect_bad(const struct pluq_tls_params *p, int wanted, const char *fmt, const char *a, const char *b)
{
	struct pluq_why why = {""}, again = {""}, checked = {""};
	struct pluq_tls *out;
	expect_text(net->tls_new(&rig.net.host.pub, p, &out, &why), wanted, &why, fmt, a, b);
	expect_text(net->tls_change(rig.tls, p, &again), wanted, &again, fmt, a, b); /* which changes nothing */
	expect_text(net->tls_check(p, &checked), wanted, &checked, fmt, a, b);
}

static void files_that_cannot_be_used_are_named(void **state)
{
	struct pluq_tls_params good = server_params("server", PLUQ_TLS_PEER_NONE, NULL), p;
	tls_rig_start(1, 0, &good, true);
	cert_write("empty", "");
	cert_write("junk.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
	cert_encrypt_key("server", "locked.key");
#define BAD(member, file, text) (p = good, p.member = cert_path(file), expect_bad(&p, PLUQ_ETLS, text, p.member, ""))
	BAD(cert_file, "none", "cannot read a certificate from %s: No such file or directory");
	BAD(cert_file, ".", "cannot read a certificate from %s: Is a directory");
	BAD(cert_file, "empty", "cannot read a certificate from %s: it holds none in PEM form");
	BAD(cert_file, "server.key", "cannot read a certificate from %s: it holds none in PEM form");
	BAD(cert_file, "junk.pem", "cannot read a certificate from %s: it is damaged (wrong tag)");
	BAD(key_file, "none", "cannot read the key from %s: No such file or directory");
	BAD(key_file, "empty", "cannot read the key from %s: it holds no private key in PEM form");
	BAD(key_file, "server.pem", "cannot read the key from %s: it holds no private key in PEM form");
	BAD(key_file, "locked.key", "cannot read the key from %s: it is encrypted; it must be without a passphrase");
	BAD(ca_file, "none", "cannot read certificates from %s: No such file or directory");
	BAD(ca_file, "empty", "cannot read certificates from %s: it holds none in PEM form");
#undef BAD
	p = good;
	p.key_file = cert_path("client.key");
	expect_bad(&p, PLUQ_ETLS, "the key in %s does not belong to the certificate in %s", p.key_file, p.cert_file);
	struct peer peer;
	SSL_CTX *any = peer_context(NULL, 0, 0);
	assert_true(peer_shake(&peer, tls_rig_dial(), any, NULL));
	peer_end(&peer);
	SSL_CTX_free(any);
	tls_rig_stop();
}

static void parameters_that_do_not_fit_are_refused(void **state)
{
	struct pluq_tls_params good = server_params("server", PLUQ_TLS_PEER_NONE, NULL), p;
	tls_rig_start(1, 0, &good, true);
	p = good, p.key_file = "";
	expect_bad(&p, PLUQ_EINVAL, "there is a TLS certificate, but no key for it", "", "");
	p = good, p.cert_file = "";
	expect_bad(&p, PLUQ_EINVAL, "there is a TLS key, but no certificate for it", "", "");
	p.key_file = "";
	expect_bad(&p, PLUQ_EINVAL, "a server needs a TLS certificate and its key", "", "");
	p = good, p.min_version = 0x0300;
	expect_bad(&p, PLUQ_EINVAL, "the lowest TLS version must be from 1.0 to 1.3", "", "");
	p = good, p.ciphers = "NONE-SUCH";
	expect_bad(&p, PLUQ_ETLS, "no TLS cipher is known by \"%s\"", p.ciphers, "");
	p = good, p.ciphersuites = "TLS_NONE_SUCH";
	expect_bad(&p, PLUQ_ETLS, "not a list of TLS 1.3 cipher suites: \"%s\"", p.ciphersuites, "");
	p = good, p.size = 8;
	expect_bad(&p, PLUQ_EINVAL, "TLS was asked for with a table that cannot be used", "", "");
	struct pluq_why why = {""};
	p = good, p.client = true;
	assert_int_equal(net->tls_change(rig.tls, &p, &why), PLUQ_EINVAL);
	tls_rig_stop();
}

/* ---- sessions ---- */

/* One connection; returns its session, and what "info" says in `text`. */
static SSL_SESSION *visit(SSL_CTX *ctx, SSL_SESSION *session, char *text, size_t room)
{
	struct peer p;
	assert_true(peer_shake(&p, tls_rig_dial(), ctx, session));
	assert_true(peer_tls_say(&p, "info\n"));
	size_t n = 0;
	do
		assert_true(n < room - 1 && peer_tls_read(&p, text + n, 1));
	while (text[n++] != '\n');
	text[n] = 0;
	SSL_SESSION *got = SSL_get1_session(p.ssl);
	peer_end(&p);
	SSL_SESSION_free(session);
	return got;
}

struct resumption {
	int version;
	uint32_t peer;
	const char *client;
};

static const struct resumption resumptions[] = {
	{TLS1_2_VERSION, PLUQ_TLS_PEER_NONE, NULL}, {TLS1_2_VERSION, PLUQ_TLS_PEER_ANY, "stranger"},
	{TLS1_2_VERSION, PLUQ_TLS_PEER_VERIFY, "client"}, {TLS1_3_VERSION, PLUQ_TLS_PEER_NONE, NULL},
	{TLS1_3_VERSION, PLUQ_TLS_PEER_ANY, "stranger"}, {TLS1_3_VERSION, PLUQ_TLS_PEER_VERIFY, "client"},
};

static void change(uint32_t peer, const char *ca)
{
	struct pluq_tls_params p = server_params("server", peer, ca);
	struct pluq_why why = {""};
	int error = net->tls_change(rig.tls, &p, &why);
	if (error)
		fail_msg("%s", why.text);
}

/* The names of the peer are known from its session, and a change that asks for the same again lets it live. */
static void sessions_are_resumed(void **state)
{
	for (size_t i = 0; i < sizeof resumptions / sizeof *resumptions; i++) {
		const struct resumption *r = &resumptions[i];
		struct pluq_tls_params p = server_params("server", r->peer, "ca");
		SSL_CTX *ctx = peer_context(r->client, r->version, r->version);
		char first[500], then[500];
		tls_rig_start(1, 0, &p, true);
		SSL_SESSION *s = visit(ctx, NULL, first, sizeof first);
		for (int round = 0; round < 3; round++) {
			if (round == 1)
				change(r->peer, "ca");
			s = visit(ctx, s, then, sizeof then);
			char *fresh = strstr(first, " fresh "), *resumed = strstr(then, " resumed ");
			assert_true(fresh && resumed);
			assert_string_equal(fresh + 7, resumed + 9);
		}
		change(r->peer == PLUQ_TLS_PEER_VERIFY ? PLUQ_TLS_PEER_ANY : PLUQ_TLS_PEER_NONE, "other-ca"); /* the terms have changed */
		s = visit(ctx, s, then, sizeof then);
		assert_non_null(strstr(then, " fresh "));
		SSL_SESSION_free(s);
		SSL_CTX_free(ctx);
		tls_rig_stop();
	}
}

/* Who was let in by one root is asked again when another one stands in the same file. */
static void a_session_does_not_outlive_the_root_it_was_judged_by(void **state)
{
	cert_copy("ca.pem", "roots.pem");
	struct pluq_tls_params p = server_params("server", PLUQ_TLS_PEER_VERIFY, "roots");
	SSL_CTX *ctx = peer_context("client", TLS1_3_VERSION, 0);
	char text[500], byte;
	struct peer peer;
	tls_rig_start(1, 0, &p, true);
	SSL_SESSION *s = visit(ctx, NULL, text, sizeof text);
	cert_copy("other-ca.pem", "roots.pem");
	change(PLUQ_TLS_PEER_VERIFY, "roots");
	if (peer_shake(&peer, tls_rig_dial(), ctx, s))
		assert_true(SSL_read(peer.ssl, &byte, 1) <= 0);
	ERR_clear_error();
	peer_drop(&peer);
	assert_int_equal(rig.opened, 1);
	SSL_SESSION_free(s);
	SSL_CTX_free(ctx);
	tls_rig_stop();
}

/* ---- changes ---- */

static void expect_name(SSL_CTX *ctx, const char *name)
{
	struct peer p;
	char text[100];
	assert_true(peer_shake(&p, tls_rig_dial(), ctx, NULL));
	X509_NAME_get_text_by_NID(X509_get_subject_name(SSL_get0_peer_certificate(p.ssl)), NID_commonName, text, sizeof text);
	assert_string_equal(text, name);
	peer_end(&p);
}

static void a_change_is_for_those_that_come(void **state)
{
	struct pluq_tls_params p = server_params("server", PLUQ_TLS_PEER_NONE, NULL), q = server_params("stranger", 0, NULL);
	SSL_CTX *ctx = peer_context(NULL, 0, 0);
	struct pluq_why why;
	struct peer old;
	tls_rig_start(2, 0, &p, true);
	assert_true(peer_shake(&old, tls_rig_dial(), ctx, NULL));
	assert_int_equal(net->tls_change(rig.tls, &q, &why), 0);
	expect_name(ctx, "stranger");
	assert_true(peer_tls_say(&old, "echo still\n"));
	assert_true(peer_tls_hears(&old, "still\n"));
	peer_end(&old);
	SSL_CTX_free(ctx);
	tls_rig_stop();
}

/* Several loops take it while it changes all the time. */
static void changes_and_handshakes_do_not_disturb_each_other(void **state)
{
	enum { ROUNDS = 60 };
	struct pluq_tls_params p[2] = {server_params("server", PLUQ_TLS_PEER_NONE, NULL), server_params("stranger", 0, NULL)};
	SSL_CTX *ctx = peer_context(NULL, 0, 0);
	struct pluq_why why;
	tls_rig_start(3, 0, &p[0], true);
	for (int i = 0; i < ROUNDS; i++) {
		struct peer peer[3];
		int fds[3];
		for (int k = 0; k < 3; k++)
			fds[k] = tls_rig_dial();
		assert_int_equal(net->tls_change(rig.tls, &p[i % 2], &why), 0);
		for (int k = 0; k < 3; k++) {
			assert_true(peer_shake(&peer[k], fds[k], ctx, NULL));
			assert_int_equal(net->tls_change(rig.tls, &p[k % 2], &why), 0);
			assert_true(peer_tls_say(&peer[k], "echo a\n"));
		}
		for (int k = 0; k < 3; k++) {
			assert_true(peer_tls_hears(&peer[k], "a\n"));
			peer_end(&peer[k]);
		}
	}
	SSL_CTX_free(ctx);
	tls_rig_stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_that_cannot_be_used_are_named),
		cmocka_unit_test(parameters_that_do_not_fit_are_refused),
		cmocka_unit_test(sessions_are_resumed),
		cmocka_unit_test(a_session_does_not_outlive_the_root_it_was_judged_by),
		cmocka_unit_test(a_change_is_for_those_that_come),
		cmocka_unit_test(changes_and_handshakes_do_not_disturb_each_other),
	};
	certs_begin();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	certs_end();
	return failed;
}
