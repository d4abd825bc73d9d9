/* Reading that must write first, and writing that must read first. OpenSSL seldom asks for it, so the test says it in its place. */
#define _GNU_SOURCE /* RTLD_NEXT */
#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../daemon/base/clock.h"
#include "tls_rig.h"

static _Atomic int reads, writes, goodbyes; /* how many calls are to be stopped */
static _Atomic int stopped_reads, stopped_writes;
static _Thread_local int pretended;  /* what the next SSL_get_error says; 0: the truth */

int SSL_read_ex(SSL *ssl, void *to, size_t n, size_t *got)
{
	int (*real)(SSL *, void *, size_t, size_t *);
	*(void **)&real = dlsym(RTLD_NEXT, "SSL_read_ex");
	assert_non_null(real);
	if (pluq__loop_self() && reads > 0) {
		reads--;
		stopped_reads++;
		pretended = SSL_ERROR_WANT_WRITE;
		return 0;
	}
	return real(ssl, to, n, got);
}

int SSL_write_ex(SSL *ssl, const void *from, size_t n, size_t *put)
{
	int (*real)(SSL *, const void *, size_t, size_t *);
	*(void **)&real = dlsym(RTLD_NEXT, "SSL_write_ex");
	assert_non_null(real);
	if (pluq__loop_self() && writes > 0) {
		writes--;
		stopped_writes++;
		pretended = SSL_ERROR_WANT_READ;
		return 0;
	}
	return real(ssl, from, n, put);
}

int SSL_shutdown(SSL *ssl)
{
	int (*real)(SSL *);
	*(void **)&real = dlsym(RTLD_NEXT, "SSL_shutdown");
	assert_non_null(real);
	if (pluq__loop_self() && goodbyes > 0) {
		goodbyes--;
		pretended = SSL_ERROR_WANT_WRITE;
		return -1;
	}
	return real(ssl);
}

int SSL_get_error(const SSL *ssl, int result)
{
	int (*real)(const SSL *, int), error = pretended;
	*(void **)&real = dlsym(RTLD_NEXT, "SSL_get_error");
	assert_non_null(real);
	pretended = 0;
	return error ? error : real(ssl, result);
}

static SSL_CTX *any;
static struct peer p;

static int start(void **state)
{
	struct pluq_tls_params params = server_params("server", PLUQ_TLS_PEER_NONE, NULL);
	reads = writes = goodbyes = stopped_reads = stopped_writes = 0;
	tls_rig_start(2, 0, &params, true);
	assert_true(peer_shake(&p, tls_rig_dial(), any, NULL));
	assert_true(peer_tls_say(&p, "echo there\n"));
	assert_true(peer_tls_hears(&p, "there\n"));
	return 0;
}

static int stop(void **state)
{
	peer_end(&p);
	tls_rig_stop();
	return 0;
}

static void reading_goes_on_when_the_socket_takes_more(void **state)
{
	reads = 3;
	assert_true(peer_tls_say(&p, "echo a\n"));
	assert_true(peer_tls_hears(&p, "a\n"));
	assert_int_equal(stopped_reads, 3);
}

static void writing_goes_on_when_something_has_come(void **state)
{
	writes = 2;
	assert_true(peer_tls_say(&p, "echo a\n"));
	assert_true(rig_await(&stopped_writes, 1));
	assert_true(peer_tls_say(&p, "echo b\n"));
	assert_true(rig_await(&stopped_writes, 2));
	assert_true(peer_tls_say(&p, "echo c\n"));
	assert_true(peer_tls_hears(&p, "a\nb\nc\n"));
}

static void writing_goes_on_although_reading_pauses(void **state)
{
	writes = 1;
	assert_true(peer_tls_say(&p, "echo a\ndoze\n"));
	assert_true(rig_await(&stopped_writes, 1));
	assert_true(peer_tls_say(&p, "echo b\n"));
	assert_true(peer_tls_hears(&p, "a\n"));
}

static void last_words_wait_for_it_too(void **state)
{
	writes = 1;
	assert_true(peer_tls_say(&p, "quit\n"));
	assert_true(rig_await(&stopped_writes, 1));
	assert_int_equal(rig.closed, 0);
	assert_true(peer_tls_say(&p, "and so on"));
	assert_true(peer_tls_hears(&p, "bye\n"));
	assert_true(peer_tls_at_end(&p));
}

static void a_goodbye_waits_until_it_is_taken(void **state)
{
	goodbyes = 3;
	assert_true(peer_tls_say(&p, "quit\n"));
	assert_true(peer_tls_hears(&p, "bye\n"));
	assert_true(peer_tls_at_end(&p));
	assert_int_equal(goodbyes, 0);
}

static void a_goodbye_waits_without_last_words_too(void **state)
{
	goodbyes = 3;
	assert_true(peer_tls_say(&p, "part\n"));
	assert_true(peer_tls_at_end(&p));
	assert_int_equal(goodbyes, 0);
}

static void both_wait_over_moves(void **state)
{
	for (int i = 0; i < 20; i++) {
		reads = 1;
		writes = 1;
		assert_true(peer_tls_say(&p, i % 2 ? "echo a\nmove 0\necho b\n" : "echo a\nmove 1\necho b\n"));
		assert_true(rig_await(&stopped_writes, i + 1));
		assert_true(peer_tls_say(&p, "echo c\n"));
		assert_true(peer_tls_hears(&p, "a\nb\nc\n"));
	}
}

/* A peer that never sends what is waited for is cut by the stop at the latest. */
static void the_stop_does_not_wait_for_it(void **state)
{
	writes = 1;
	assert_true(peer_tls_say(&p, "echo a\n"));
	assert_true(rig_await(&stopped_writes, 1));
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, start, stop)
	const struct CMUnitTest tests[] = {
		TEST(reading_goes_on_when_the_socket_takes_more),
		TEST(writing_goes_on_when_something_has_come),
		TEST(writing_goes_on_although_reading_pauses),
		TEST(last_words_wait_for_it_too),
		TEST(a_goodbye_waits_until_it_is_taken),
		TEST(a_goodbye_waits_without_last_words_too),
		TEST(both_wait_over_moves),
		TEST(the_stop_does_not_wait_for_it),
	};
	certs_begin();
	any = peer_context(NULL, 0, 0);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	SSL_CTX_free(any);
	certs_end();
	return failed;
}
