/* A peer that sends TLS records with nothing in them for us, as fast as it can. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "tls_rig.h"

static SSL_CTX *any;

/* What the peer writes from now on. */
static BIO *write_to_memory(struct peer *p)
{
	BIO *memory = BIO_new(BIO_s_mem());
	assert_non_null(memory);
	SSL_set0_wbio(p->ssl, memory);
	return memory;
}

/* Changes of keys, `count` of them, made beforehand: sending them costs the peer nothing. */
static BIO *make_key_changes(struct peer *p, int count)
{
	BIO *memory = write_to_memory(p);
	for (int i = 0; i < count; i++) {
		assert_int_equal(SSL_key_update(p->ssl, SSL_KEY_UPDATE_NOT_REQUESTED), 1);
		assert_int_equal(SSL_do_handshake(p->ssl), 1);
	}
	return memory;
}

static int start(void **state)
{
	struct pluq_tls_params params = server_params("server", PLUQ_TLS_PEER_NONE, NULL);
	tls_rig_start(1, 0, &params, true);
	return 0;
}

static int stop(void **state)
{
	tls_rig_stop();
	return 0;
}

struct flood {
	pthread_t thread;
	int fd;
	const char *bytes;
	size_t length;
};

static void *send_flood(void *arg)
{
	struct flood *f = arg;
	for (size_t at = 0; at < f->length;) {
		ssize_t n = send(f->fd, f->bytes + at, f->length - at, MSG_NOSIGNAL);
		if (n <= 0)
			break;
		at += (size_t)n;
	}
	return NULL;
}

static void begin_flood(struct flood *f, struct peer *p, BIO *memory)
{
	char *bytes;
	f->fd = p->fd;
	f->length = (size_t)BIO_get_mem_data(memory, &bytes);
	f->bytes = bytes;
	assert_int_equal(pthread_create(&f->thread, NULL, send_flood, f), 0);
}

static struct peer shake(void)
{
	struct peer p;
	assert_true(peer_shake(&p, tls_rig_dial(), any, NULL));
	assert_true(peer_tls_say(&p, "echo there\n"));
	assert_true(peer_tls_hears(&p, "there\n"));
	return p;
}

static void who_only_changes_keys_is_cut(void **state)
{
	struct peer p = shake(), other = shake();
	struct flood f;
	begin_flood(&f, &p, make_key_changes(&p, 10000));
	assert_true(rig_await(&rig.closed, 1));
	assert_true(peer_tls_say(&other, "echo still\n"));
	assert_true(peer_tls_hears(&other, "still\n"));
	pthread_join(f.thread, NULL);
	peer_drop(&p);
	peer_end(&other);
}

static void some_changes_of_keys_harm_nobody(void **state)
{
	struct peer p = shake();
	for (int i = 0; i < 500; i++) {
		assert_int_equal(SSL_key_update(p.ssl, SSL_KEY_UPDATE_REQUESTED), 1);
		assert_true(peer_tls_say(&p, "echo on\n"));
		assert_true(peer_tls_hears(&p, "on\n"));
	}
	for (int i = 0; i < 60; i++) {
		assert_int_equal(SSL_key_update(p.ssl, SSL_KEY_UPDATE_NOT_REQUESTED), 1);
		assert_int_equal(SSL_do_handshake(p.ssl), 1);
	}
	assert_true(peer_tls_say(&p, "quit\n"));
	assert_true(peer_tls_hears(&p, "bye\n"));
	assert_true(peer_tls_at_end(&p));
	peer_end(&p);
}

static uint64_t turn;

static void look_at_turn(void *arg)
{
	turn = rig.net.loops.loop[0].turn;
	if (arg)
		pluq__net_table.conn_resume(arg);
	atomic_fetch_add(&rig.resumed, 1);
}

static uint64_t turn_now(struct pluq_conn *resumed)
{
	int before = rig.resumed;
	rig_post(&rig.net, 0, look_at_turn, resumed);
	assert_true(rig_await(&rig.resumed, before + 1));
	return turn;
}

/* Each costs a microsecond, and there is room for many. */
static void records_of_one_byte_take_turns(void **state)
{
	enum { COUNT = 300000, PER_TURN = 8 * 17 * 1024 };
	struct peer p = shake();
	struct flood f;
	char text[64];
	assert_true(peer_tls_say(&p, "doze\n"));
	while (!rig.dozing)
		usleep(100);
	BIO *memory = write_to_memory(&p);
	snprintf(text, sizeof text, "body %d\n", COUNT);
	assert_true(peer_tls_say(&p, text));
	for (int i = 0; i < COUNT; i++)
		assert_true(peer_tls_send(&p, "", 1));
	begin_flood(&f, &p, memory);
	uint64_t before = turn_now(rig.dozing);
	assert_true(peer_tls_hears(&p, "sum 0\n"));
	uint64_t turns = turn_now(NULL) - before;
	if (turns < f.length / PER_TURN)
		fail_msg("%zu bytes in %u turns", f.length, (unsigned)turns);
	pthread_join(f.thread, NULL);
	peer_drop(&p);
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, start, stop)
	const struct CMUnitTest tests[] = {
		TEST(who_only_changes_keys_is_cut),
		TEST(records_of_one_byte_take_turns),
		TEST(some_changes_of_keys_harm_nobody),
	};
	certs_begin();
	any = peer_context(NULL, TLS1_3_VERSION, 0);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	SSL_CTX_free(any);
	certs_end();
	return failed;
}
