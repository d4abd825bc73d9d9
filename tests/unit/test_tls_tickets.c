/* Keys of session tickets over the hours. Both sides are here, with memory between them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../daemon/base/clock.h"
#include "../../daemon/net/tls_tickets.h"
#include "tls_rig.h"

#define HOUR_NS (3600 * PLUQ__SEC)

struct world {
	struct pluq__tickets tickets;
	SSL_CTX *server, *client;
	SSL_SESSION *session; /* of the last visit; NULL: none */
};

static int accept_any(X509_STORE_CTX *store, void *arg)
{
	(void)store;
	(void)arg;
	return 1;
}

static SSL_CTX *server_context(struct pluq__tickets *t)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	assert_int_equal(SSL_CTX_use_certificate_file(ctx, cert_path("server.pem"), SSL_FILETYPE_PEM), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey_file(ctx, cert_path("server.key"), SSL_FILETYPE_PEM), 1);
	assert_int_equal(SSL_CTX_set_session_id_context(ctx, (const uint8_t *)"test", 4), 1);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(ctx, accept_any, NULL);
	assert_true(pluq__tickets_use(t, ctx));
	return ctx;
}

static void begin(struct world *w, const char *certificate, int version)
{
	memset(w, 0, sizeof *w);
	pluq__tickets_init(&w->tickets);
	assert_true(pluq__tickets_renew(&w->tickets, pluq__clock_mono_ns()));
	w->server = server_context(&w->tickets);
	w->client = peer_context(certificate, version, version);
}

static void end(struct world *w)
{
	SSL_SESSION_free(w->session);
	SSL_CTX_free(w->server);
	SSL_CTX_free(w->client);
	pluq__tickets_fini(&w->tickets);
}

static SSL *side(SSL_CTX *ctx, BIO *bio)
{
	SSL *s = SSL_new(ctx);
	assert_non_null(s);
	SSL_set_bio(s, bio, bio);
	return s;
}

/* true: the session of the visit before was resumed. */
static bool visit(struct world *w)
{
	BIO *here, *there;
	char byte;
	assert_int_equal(BIO_new_bio_pair(&here, 0, &there, 0), 1);
	SSL *client = side(w->client, here), *server = side(w->server, there);
	if (w->session)
		assert_int_equal(SSL_set_session(client, w->session), 1);
	for (int i = 0; i < 20 && !(SSL_is_init_finished(client) && SSL_is_init_finished(server)); i++) {
		SSL_connect(client);
		SSL_accept(server);
	}
	assert_true(SSL_is_init_finished(client) && SSL_is_init_finished(server));
	assert_int_equal(SSL_write(server, "x", 1), 1);
	assert_int_equal(SSL_read(client, &byte, 1), 1);
	SSL_SESSION_free(w->session);
	w->session = SSL_get1_session(client);
	bool resumed = SSL_session_reused(server) == 1;
	SSL_shutdown(client);
	SSL_shutdown(server);
	SSL_free(client);
	SSL_free(server);
	return resumed;
}

static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

static void tickets_are_good_beyond_a_change_of_keys(void **state)
{
	for (size_t i = 0; i < 2; i++) {
		struct world w;
		begin(&w, NULL, versions[i]);
		struct pluq__ticket_key key = w.tickets.now;
		assert_false(visit(&w));
		assert_true(visit(&w));
		pluq__tickets_turn(&w.tickets, w.tickets.made_ns + 12 * HOUR_NS - 1);
		assert_memory_equal(&w.tickets.now, &key, sizeof key);
		pluq__tickets_turn(&w.tickets, w.tickets.made_ns + 12 * HOUR_NS);
		assert_memory_not_equal(&w.tickets.now, &key, sizeof key);
		assert_memory_equal(&w.tickets.before, &key, sizeof key);
		assert_true(visit(&w)); /* by the old key, and gets a ticket by the new one */
		pluq__tickets_turn(&w.tickets, w.tickets.made_ns + 2 * HOUR_NS);
		assert_false(w.tickets.both);
		assert_true(visit(&w));
		end(&w);
	}
}

/* In TLS 1.3 a client uses a ticket once. */
static void each_resumption_brings_another_ticket(void **state)
{
	struct world w;
	begin(&w, NULL, TLS1_3_VERSION);
	assert_false(visit(&w));
	for (int i = 0; i < 3; i++) {
		const uint8_t *ticket;
		uint8_t before[16];
		size_t length;
		SSL_SESSION_get0_ticket(w.session, &ticket, &length);
		assert_true(length > 48);
		memcpy(before, ticket + 16, 16); /* behind the name of the key: what is random in it */
		assert_true(visit(&w));
		SSL_SESSION_get0_ticket(w.session, &ticket, &length);
		assert_memory_not_equal(ticket + 16, before, 16);
	}
	end(&w);
}

static void a_key_does_not_outlive_its_last_ticket(void **state)
{
	for (size_t i = 0; i < 2; i++) {
		struct world w;
		static const struct pluq__ticket_key none;
		begin(&w, NULL, versions[i]);
		assert_false(visit(&w));
		pluq__tickets_turn(&w.tickets, w.tickets.made_ns + 12 * HOUR_NS);
		pluq__tickets_turn(&w.tickets, w.tickets.made_ns + 2 * HOUR_NS);
		assert_memory_equal(&w.tickets.before, &none, sizeof none);
		assert_false(visit(&w));
		assert_true(visit(&w));
		pluq__tickets_turn(&w.tickets, w.tickets.made_ns + 14 * HOUR_NS); /* nobody has come for long */
		assert_false(w.tickets.both);
		assert_false(visit(&w));
		end(&w);
	}
}

static void other_terms_end_all_tickets(void **state)
{
	for (size_t i = 0; i < 2; i++) {
		struct world w;
		begin(&w, NULL, versions[i]);
		assert_false(visit(&w));
		pluq__tickets_turn(&w.tickets, w.tickets.made_ns + 12 * HOUR_NS);
		assert_true(pluq__tickets_renew(&w.tickets, w.tickets.made_ns));
		assert_false(w.tickets.both);
		assert_false(visit(&w));
		end(&w);
	}
}

/* A handshake that began under the old ones may end with a ticket by the new keys. */
static void a_ticket_of_other_terms_is_no_good_even_by_our_keys(void **state)
{
	for (size_t i = 0; i < 2; i++) {
		struct world w;
		begin(&w, NULL, versions[i]);
		assert_false(visit(&w));
		assert_int_equal(SSL_CTX_set_session_id_context(w.server, (const uint8_t *)"else", 4), 1);
		assert_false(visit(&w));
		assert_true(visit(&w));
		end(&w);
	}
}

static void an_expired_certificate_is_asked_for_again(void **state)
{
	for (size_t i = 0; i < 2; i++) {
		struct world w;
		begin(&w, "client", versions[i]);
		assert_false(visit(&w));
		assert_true(visit(&w));
		end(&w);
		begin(&w, "expired", versions[i]);
		assert_false(visit(&w));
		assert_false(visit(&w));
		end(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tickets_are_good_beyond_a_change_of_keys),
		cmocka_unit_test(each_resumption_brings_another_ticket),
		cmocka_unit_test(a_key_does_not_outlive_its_last_ticket),
		cmocka_unit_test(other_terms_end_all_tickets),
		cmocka_unit_test(a_ticket_of_other_terms_is_no_good_even_by_our_keys),
		cmocka_unit_test(an_expired_certificate_is_asked_for_again),
	};
	certs_begin();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	certs_end();
	return failed;
}
