/* Connections under TLS, over real sockets and real loops. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../daemon/base/clock.h"
#include "tls_rig.h"

static SSL_CTX *any;

static void start(int loops, bool begins)
{
	struct pluq_tls_params p = server_params("server", PLUQ_TLS_PEER_NONE, NULL);
	tls_rig_start(loops, 0, &p, begins);
}

static int one_loop(void **state)
{
	start(1, true);
	return 0;
}

static int two_loops(void **state)
{
	start(2, true);
	return 0;
}

static int in_the_clear(void **state)
{
	start(2, false);
	return 0;
}

static int stop(void **state)
{
	tls_rig_stop();
	return 0;
}

static void enter(struct peer *p)
{
	assert_true(peer_shake(p, tls_rig_dial(), any, NULL));
}

/* With one loop: what was sent before has been dealt with once another connection is served. */
static void wait_for_loop(void)
{
	struct peer p;
	enter(&p);
	assert_true(peer_tls_say(&p, "echo there\n"));
	assert_true(peer_tls_hears(&p, "there\n"));
	peer_end(&p);
}

static void small_messages_go_both_ways(void **state)
{
	struct peer p;
	enter(&p);
	for (int i = 0; i < 100; i++) {
		assert_true(peer_tls_say(&p, "echo one\necho two\n"));
		assert_true(peer_tls_hears(&p, "one\ntwo\n"));
	}
	peer_end(&p);
	assert_true(rig_await(&rig.closed, 1));
	assert_int_equal(rig.ended, 1);
}

static void many_commands_in_one_go_are_answered_in_order(void **state)
{
	char *all = malloc(400000), *want = malloc(400000), *got = malloc(400000);
	size_t n = 0, m = 0;
	struct peer p;
	enter(&p);
	for (int i = 0; i < 20000; i++) {
		n += (size_t)sprintf(all + n, "echo %d\n", i);
		m += (size_t)sprintf(want + m, "%d\n", i);
	}
	assert_true(peer_tls_send(&p, all, n));
	assert_true(peer_tls_read(&p, got, m));
	assert_memory_equal(got, want, m);
	free(all);
	free(want);
	free(got);
	peer_end(&p);
}

static uint32_t sum_of(const uint8_t *bytes, size_t n)
{
	uint32_t sum = 0;
	for (size_t i = 0; i < n; i++)
		sum = sum * 31 + bytes[i];
	return sum;
}

static void send_body(struct peer *p, size_t n, size_t piece)
{
	char *all = malloc(n + 200), want[100];
	size_t head = (size_t)sprintf(all, "echo a\nbody %zu\n", n);
	for (size_t i = 0; i < n; i++)
		all[head + i] = (char)(i * 7 + n);
	snprintf(want, sizeof want, "a\nsum %u\nz\n", (unsigned)sum_of((uint8_t *)all + head, n));
	size_t total = head + n + (size_t)sprintf(all + head + n, "echo z\n");
	for (size_t at = 0; at < total; at += piece)
		assert_true(peer_tls_send(p, all + at, total - at < piece ? total - at : piece));
	assert_true(peer_tls_hears(p, want));
	free(all);
}

static void bodies_are_received_in_place_across_all_boundaries(void **state)
{
	struct peer p;
	enter(&p);
	for (size_t piece = 1; piece < 40; piece += 3)
		for (size_t n = 0; n < 30; n += 7)
			send_body(&p, n, piece);
	send_body(&p, 3000000, 1 << 20);
	send_body(&p, 300000, 1000);
	send_body(&p, 256 * 1024, 16 * 1024);
	peer_end(&p);
}

static void large_output_arrives_whole(void **state)
{
	enum { TIMES = 50 };
	uint8_t *got = malloc(sizeof attached);
	struct peer p;
	enter(&p);
	for (int i = 0; i < TIMES; i++)
		assert_true(peer_tls_say(&p, "echo x\nattach\n"));
	for (int i = 0; i < TIMES; i++) {
		assert_true(peer_tls_hears(&p, "x\n"));
		assert_true(peer_tls_read(&p, got, sizeof attached));
		assert_memory_equal(got, attached, sizeof attached);
	}
	assert_true(rig_await(&rig.released, TIMES));
	free(got);
	peer_end(&p);
}

static void a_producer_is_told_when_output_has_drained(void **state)
{
	size_t total = 32 * 1024 * 1024; /* more than the kernel holds */
	char *got = malloc(total);
	struct peer p;
	enter(&p);
	assert_true(peer_tls_say(&p, "flood 33554432\n"));
	wait_for_loop();
	assert_true(peer_tls_read(&p, got, total));
	for (size_t i = 0; i < total; i += 16)
		assert_memory_equal(got + i, "0123456789abcde\n", 16);
	assert_true(rig.drained > 0);
	free(got);
	peer_end(&p);
}

static void a_connection_moves_with_its_input_and_output(void **state)
{
	char text[100], want[100];
	uint8_t *got = malloc(sizeof attached);
	struct peer p;
	enter(&p);
	for (int i = 0; i < 200; i++) {
		snprintf(text, sizeof text, "echo %d\nmove %d\nwhere\nattach\nmove %d\n", i, (i + 1) % 2, i % 2);
		snprintf(want, sizeof want, "%d\n%d\n", i, (i + 1) % 2);
		assert_true(peer_tls_say(&p, text));
		assert_true(peer_tls_hears(&p, want));
		assert_true(peer_tls_read(&p, got, sizeof attached));
		assert_memory_equal(got, attached, sizeof attached);
	}
	free(got);
	peer_end(&p);
}

static void many_connections_move_at_the_same_time(void **state)
{
	struct peer p[16];
	char text[64];
	for (int i = 0; i < 16; i++)
		enter(&p[i]);
	for (int round = 0; round < 50; round++) {
		for (int i = 0; i < 16; i++) {
			snprintf(text, sizeof text, "move %d\nwhere\nmove %d\nwhere\n", (round + i) % 2, (round + i + 1) % 2);
			assert_true(peer_tls_say(&p[i], text));
		}
		for (int i = 0; i < 16; i++) {
			snprintf(text, sizeof text, "%d\n%d\n", (round + i) % 2, (round + i + 1) % 2);
			assert_true(peer_tls_hears(&p[i], text));
		}
	}
	for (int i = 0; i < 16; i++)
		peer_end(&p[i]);
	assert_true(rig_await(&rig.closed, 16));
}

/* 40 KB in a few records: while the handler pauses, OpenSSL holds what the socket no longer knows of. */
static void input_that_the_layer_holds_is_not_forgotten(void **state)
{
	enum { TIMES = 2000 };
	char *all = calloc(TIMES, 20), *want = calloc(TIMES, 10), *got = malloc(TIMES * 10);
	struct peer p;
	enter(&p);
	for (int i = 0; i < TIMES; i++) {
		sprintf(all + strlen(all), i % 3 ? "pause\necho %d\n" : "pause\nmove %d\n", i % 3 ? i : i / 3 % 2);
		if (i % 3)
			sprintf(want + strlen(want), "%d\n", i);
	}
	assert_true(peer_tls_say(&p, all));
	assert_true(peer_tls_read(&p, got, strlen(want)));
	assert_memory_equal(got, want, strlen(want));
	assert_int_equal(rig.resumed, TIMES);
	free(all);
	free(want);
	free(got);
	peer_end(&p);
}

static uint64_t turns;

static void look_at_turns(void *arg)
{
	turns = rig.net.loops.loop[0].turn;
	atomic_fetch_add(&rig.resumed, 1);
}

static void wake_up(void *arg)
{
	pluq__net_table.conn_resume(rig.dozing);
}

/* What waits in the layer of a paused connection wakes nobody, and is there when it goes on. */
static void held_input_of_a_paused_connection_costs_nothing(void **state)
{
	struct peer p;
	enter(&p);
	assert_true(peer_tls_say(&p, "doze\necho a\n"));
	while (!rig.dozing)
		usleep(100);
	assert_true(peer_tls_say(&p, "echo b\n"));
	rig_post(&rig.net, 0, look_at_turns, NULL);
	assert_true(rig_await(&rig.resumed, 1));
	uint64_t before = turns;
	for (int i = 2; i <= 20; i++) {
		rig_post(&rig.net, 0, look_at_turns, NULL);
		assert_true(rig_await(&rig.resumed, i));
	}
	assert_true(turns - before < 60); /* a letter takes one turn, the input of the paused connection another one in all */
	rig_post(&rig.net, 0, wake_up, NULL);
	assert_true(peer_tls_hears(&p, "a\nb\n"));
	peer_end(&p);
}

/* A change of keys is answered while output waits for the peer: reading needs to write, and must find its way on. */
static void keys_are_changed_under_way(void **state)
{
	enum { MUCH = 16 * 1024 * 1024 };
	char *got = malloc(MUCH), text[64];
	SSL_CTX *ctx = peer_context(NULL, TLS1_3_VERSION, 0);
	struct peer p;
	assert_true(peer_shake(&p, tls_rig_dial(), ctx, NULL));
	for (int i = 0; i < 5; i++) {
		snprintf(text, sizeof text, "flood %d\n", MUCH);
		assert_true(peer_tls_say(&p, text));
		wait_for_loop();
		assert_int_equal(SSL_key_update(p.ssl, SSL_KEY_UPDATE_REQUESTED), 1);
		snprintf(text, sizeof text, "echo %d\n", i);
		assert_true(peer_tls_say(&p, text));
		wait_for_loop();
		/* the answer stands somewhere in the flood, where the limit was reached */
		assert_true(peer_tls_read(&p, got, MUCH));
		char last[2];
		assert_true(peer_tls_read(&p, last, sizeof last));
	}
	free(got);
	peer_end(&p);
	SSL_CTX_free(ctx);
}

static void last_words_and_a_goodbye_arrive_before_the_end(void **state)
{
	char junk[50000];
	struct peer p;
	enter(&p);
	memset(junk, 'j', sizeof junk);
	assert_true(peer_tls_say(&p, "attach\nquit\n"));
	peer_tls_send(&p, junk, sizeof junk); /* unread by us: a plain close would answer with a reset */
	uint8_t *got = malloc(sizeof attached);
	assert_true(peer_tls_read(&p, got, sizeof attached));
	assert_true(peer_tls_hears(&p, "bye\n"));
	assert_true(peer_tls_at_end(&p));
	free(got);
	peer_drop(&p);
}

static void a_half_closed_peer_is_still_answered(void **state)
{
	struct peer p;
	enter(&p);
	assert_true(peer_tls_say(&p, "echo a\nrest"));
	SSL_shutdown(p.ssl);
	assert_true(peer_tls_hears(&p, "a\nleft\n"));
	assert_true(peer_tls_at_end(&p));
	peer_drop(&p);
}

static void a_peer_may_leave_without_a_word(void **state)
{
	struct peer p;
	enter(&p);
	assert_true(peer_tls_say(&p, "echo a\n"));
	assert_true(peer_tls_hears(&p, "a\n"));
	peer_drop(&p);
	assert_true(rig_await(&rig.closed, 1));
	assert_int_equal(rig.ended, 1);
	for (int i = 0; i < 50; i++)
		close(tls_rig_dial());
	enter(&p);
	peer_end(&p);
}

static void what_is_not_tls_ends_the_connection(void **state)
{
	struct peer p;
	enter(&p);
	assert_true(peer_tls_say(&p, "echo a\n"));
	assert_true(peer_tls_hears(&p, "a\n"));
	peer_say(p.fd, "echo in the clear\n");
	assert_true(rig_await(&rig.closed, 1));
	assert_int_equal(rig.commands, 1);
	peer_drop(&p);
}

/* ---- upgrades ---- */

static void ask_for_tls(int fd)
{
	peer_say(fd, "echo clear\nupgrade\n");
	assert_true(peer_hears(fd, "clear\ngo\n"));
}

static void a_connection_is_upgraded_in_the_middle(void **state)
{
	struct peer p;
	int fd = tls_rig_dial();
	ask_for_tls(fd);
	assert_true(peer_shake(&p, fd, any, NULL));
	assert_true(peer_tls_hears(&p, "up\n"));
	assert_true(peer_tls_say(&p, "echo under cover\nupgrade\n"));
	assert_true(peer_tls_hears(&p, "under cover\ngo\nrefused\n")); /* not twice */
	peer_end(&p);
}

static void input_before_the_layer_is_dropped(void **state)
{
	struct peer p;
	int fd = tls_rig_dial();
	peer_say(fd, "upgrade\necho lost\nand more");
	assert_true(peer_hears(fd, "go\n"));
	assert_true(peer_shake(&p, fd, any, NULL));
	assert_true(peer_tls_hears(&p, "up\n"));
	assert_true(peer_tls_say(&p, "echo heard\n"));
	assert_true(peer_tls_hears(&p, "heard\n"));
	assert_int_equal(rig.commands, 2);
	peer_end(&p);
}

static void a_large_output_goes_before_the_layer(void **state)
{
	enum { TIMES = 100 };
	struct peer p;
	uint8_t *got = malloc(sizeof attached);
	int fd = tls_rig_dial();
	for (int i = 0; i < TIMES; i++)
		peer_say(fd, "attach\n");
	peer_say(fd, "upgrade\n");
	for (int i = 0; i < TIMES; i++) {
		assert_true(peer_read(fd, got, sizeof attached));
		assert_memory_equal(got, attached, sizeof attached);
	}
	free(got);
	assert_true(peer_hears(fd, "go\n"));
	assert_true(peer_shake(&p, fd, any, NULL));
	assert_true(peer_tls_hears(&p, "up\n"));
	peer_end(&p);
}

static void a_failed_upgrade_leaves_last_words_in_the_clear(void **state)
{
	char want[200];
	int fd = tls_rig_dial();
	ask_for_tls(fd);
	peer_say(fd, "echo this is no TLS\n");
	snprintf(want, sizeof want, "failed: %d the peer speaks no TLS (plain text?)\n", PLUQ_ETLS);
	assert_true(peer_hears(fd, want));
	assert_true(peer_at_end(fd));
	assert_int_equal(rig.commands, 2);
	close(fd);
}

int main(void)
{
#define ONE(test) cmocka_unit_test_setup_teardown(test, one_loop, stop)
#define TWO(test) cmocka_unit_test_setup_teardown(test, two_loops, stop)
#define CLEAR(test) cmocka_unit_test_setup_teardown(test, in_the_clear, stop)
	const struct CMUnitTest tests[] = {
		ONE(small_messages_go_both_ways),
		ONE(many_commands_in_one_go_are_answered_in_order),
		ONE(bodies_are_received_in_place_across_all_boundaries),
		ONE(large_output_arrives_whole),
		ONE(a_producer_is_told_when_output_has_drained),
		TWO(a_connection_moves_with_its_input_and_output),
		TWO(many_connections_move_at_the_same_time),
		TWO(input_that_the_layer_holds_is_not_forgotten),
		ONE(held_input_of_a_paused_connection_costs_nothing),
		ONE(keys_are_changed_under_way),
		ONE(last_words_and_a_goodbye_arrive_before_the_end),
		ONE(a_half_closed_peer_is_still_answered),
		TWO(a_peer_may_leave_without_a_word),
		ONE(what_is_not_tls_ends_the_connection),
		CLEAR(a_connection_is_upgraded_in_the_middle),
		CLEAR(input_before_the_layer_is_dropped),
		CLEAR(a_large_output_goes_before_the_layer),
		CLEAR(a_failed_upgrade_leaves_last_words_in_the_clear),
	};
	certs_begin();
	any = peer_context(NULL, 0, 0);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	SSL_CTX_free(any);
	certs_end();
	return failed;
}
