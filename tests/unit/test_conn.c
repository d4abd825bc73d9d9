/* Connections: input, pauses, moves, output. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../daemon/base/clock.h"
#include "conn_rig.h"

static void input_split_into_single_bytes_is_joined(void **state)
{
	static const char text[] = "echo one\necho two\n";
	int fd = dial();
	for (size_t i = 0; i < sizeof text - 1; i++)
		peer_send(fd, text + i, 1);
	assert_true(peer_hears(fd, "one\ntwo\n"));
	close(fd);
}

static void many_commands_in_one_packet_are_answered_in_order(void **state)
{
	char *all = malloc(400000), *want = malloc(400000), *got = malloc(400000);
	size_t n = 0, m = 0;
	int fd = dial();
	for (int i = 0; i < 20000; i++) {
		n += (size_t)sprintf(all + n, "echo %d\n", i);
		m += (size_t)sprintf(want + m, "%d\n", i);
	}
	peer_send(fd, all, n);
	assert_true(peer_read(fd, got, m));
	assert_memory_equal(got, want, m);
	free(all);
	free(want);
	free(got);
	close(fd);
}

static void a_rest_longer_than_allowed_closes(void **state)
{
	char line[SERVED_MAX_REST + 1];
	int fd = dial();
	memset(line, 'x', sizeof line);
	peer_say(fd, "echo fine\n");
	assert_true(peer_hears(fd, "fine\n"));
	peer_send(fd, line, SERVED_MAX_REST - 1);
	peer_send(fd, "\n", 1);
	assert_true(peer_hears(fd, "what?\n"));
	peer_send(fd, line, sizeof line);
	assert_true(rig_await(&served.closed, 1));
	assert_true(peer_at_end(fd));
	close(fd);
}

static uint32_t sum_of(const uint8_t *bytes, size_t n)
{
	uint32_t sum = 0;
	for (size_t i = 0; i < n; i++)
		sum = sum * 31 + bytes[i];
	return sum;
}

/* A body of n bytes with commands around it, sent in pieces of `piece` bytes. */
static void send_body(int fd, size_t n, size_t piece)
{
	char *all = malloc(n + 200), want[100];
	size_t head = (size_t)sprintf(all, "echo a\nbody %zu\n", n);
	for (size_t i = 0; i < n; i++)
		all[head + i] = (char)(i * 7 + n);
	snprintf(want, sizeof want, "a\nsum %u\nz\n", (unsigned)sum_of((uint8_t *)all + head, n));
	size_t total = head + n + (size_t)sprintf(all + head + n, "echo z\n");
	for (size_t at = 0; at < total; at += piece)
		peer_send(fd, all + at, total - at < piece ? total - at : piece);
	assert_true(peer_hears(fd, want));
	free(all);
}

static void bodies_are_received_in_place_across_all_boundaries(void **state)
{
	int fd = dial();
	for (size_t piece = 1; piece < 40; piece += 3)
		for (size_t n = 0; n < 30; n += 7)
			send_body(fd, n, piece);
	send_body(fd, 3000000, 1 << 20);
	send_body(fd, 300000, 1000);
	send_body(fd, 256 * 1024, 1 << 20);
	close(fd);
}

static void a_paused_connection_goes_on_with_its_rest(void **state)
{
	int fd = dial();
	peer_say(fd, "echo a\npause\necho b\npause\npause\necho c\n");
	assert_true(peer_hears(fd, "a\nb\nc\n"));
	assert_int_equal(served.resumed, 3);
	peer_say(fd, "pause\n");
	peer_say(fd, "echo d\n");
	assert_true(peer_hears(fd, "d\n"));
	close(fd);
}

static void a_pause_may_stand_before_a_body(void **state)
{
	int fd = dial();
	peer_say(fd, "pause\nbody 3\nabcpause\nbody 0\necho x\n");
	char want[64];
	snprintf(want, sizeof want, "sum %u\nsum 0\nx\n", (unsigned)sum_of((const uint8_t *)"abc", 3));
	assert_true(peer_hears(fd, want));
	close(fd);
}

static void waiting_input_of_a_paused_connection_costs_nothing(void **state)
{
	int fd = dial();
	peer_say(fd, "doze\necho a\n");
	assert_true(rig_await(&served.resumed, 1));
	peer_say(fd, "echo b\n");
	clock_t cpu = clock();
	nanosleep(&(struct timespec){.tv_nsec = 100 * PLUQ__MS}, NULL); /* the time over which is measured */
	assert_true(clock() - cpu < CLOCKS_PER_SEC / 20);
	resume_dozing();
	assert_true(peer_hears(fd, "a\nb\n"));
	close(fd);
}

static void a_connection_moves_with_its_input_and_output(void **state)
{
	char *want = calloc(1, 100000), *all = calloc(1, 100000), *got = malloc(100000);
	int fd = dial();
	for (int i = 0; i < 500; i++) {
		sprintf(all + strlen(all), "echo %d\nmove %d\nwhere\nattach\n", i, (i + 1) % 2);
		sprintf(want, "%d\n%d\n<", i, (i + 1) % 2);
		peer_say(fd, all);
		all[0] = 0;
		assert_true(peer_hears(fd, want));
		assert_true(peer_read(fd, got, sizeof served.attached < 100000 ? sizeof served.attached : 100000));
		assert_true(peer_hears(fd, ">"));
	}
	for (int i = 0; i < 2000; i++) {
		sprintf(all + strlen(all), "echo %d\nmove %d\n", i, i % 2);
		peer_say(fd, all);
		all[0] = 0;
	}
	for (int i = 0; i < 2000; i++) {
		sprintf(want, "%d\n", i);
		assert_true(peer_hears(fd, want));
	}
	assert_true(rig_await(&served.released, 500));
	close(fd);
	free(all);
	free(want);
	free(got);
}

static void many_connections_move_at_the_same_time(void **state)
{
	int fds[32];
	char want[64];
	for (int i = 0; i < 32; i++)
		fds[i] = dial();
	for (int round = 0; round < 50; round++) {
		for (int i = 0; i < 32; i++) {
			snprintf(want, sizeof want, "move %d\nwhere\nmove %d\nwhere\n", (round + i) % 2, (round + i + 1) % 2);
			peer_say(fds[i], want);
		}
		for (int i = 0; i < 32; i++) {
			snprintf(want, sizeof want, "%d\n%d\n", (round + i) % 2, (round + i + 1) % 2);
			assert_true(peer_hears(fds[i], want));
		}
	}
	for (int i = 0; i < 32; i++)
		close(fds[i]);
	assert_true(rig_await(&served.closed, 32));
}

static void connections_are_dealt_out_over_the_loops(void **state)
{
	int a = dial(), b = dial();
	char x = 0, y = 0;
	peer_say(a, "where\n");
	peer_say(b, "where\n");
	assert_true(peer_read(a, &x, 1) && peer_read(b, &y, 1));
	assert_int_not_equal(x, y);
	close(a);
	close(b);
}

static void output_by_reference_is_released_once(void **state)
{
	char *got = malloc(sizeof served.attached + 2);
	int fd = dial();
	for (size_t i = 0; i < sizeof served.attached; i++)
		served.attached[i] = (char)(i % 251);
	for (int i = 1; i <= 20; i++) {
		peer_say(fd, "attach\n");
		assert_true(peer_read(fd, got, sizeof served.attached + 2));
		assert_true(got[0] == '<' && got[sizeof served.attached + 1] == '>');
		assert_memory_equal(got + 1, served.attached, sizeof served.attached);
		assert_true(rig_await(&served.released, i));
	}
	free(got);
	close(fd);
	assert_true(rig_await(&served.closed, 1));
	assert_int_equal(served.released, 20);
}

static void output_by_reference_is_released_when_the_peer_leaves(void **state)
{
	int fd = dial();
	for (int i = 0; i < 200; i++)
		peer_say(fd, "attach\n"); /* 20 MB: more than the kernel holds */
	peer_say(fd, "echo end\n");
	char byte;
	assert_true(peer_read(fd, &byte, 1));
	wait_for_loop();
	int before = served.released;
	assert_true(before < 200);
	close(fd);
	assert_true(rig_await(&served.released, served.attach_count));
	assert_true(rig_await(&served.closed, 2));
	assert_true(served.attach_count > before);
}

static void a_producer_is_told_when_output_has_drained(void **state)
{
	size_t total = 32 * 1024 * 1024; /* more than the kernel holds */
	char *got = malloc(total);
	int fd = dial();
	peer_say(fd, "flood 33554432\n");
	wait_for_loop();
	assert_true(peer_read(fd, got, total));
	for (size_t i = 0; i < total; i += 16)
		assert_memory_equal(got + i, "0123456789abcde\n", 16);
	peer_say(fd, "echo done\n");
	assert_true(peer_hears(fd, "done\n"));
	assert_true(served.drained > 0);
	free(got);
	close(fd);
}

static void a_peer_that_does_not_read_is_closed_after_the_write_timeout(void **state)
{
	int fd = dial();
	peer_say(fd, "patience\n");
	for (int i = 0; i < 200; i++)
		peer_say(fd, "attach\n");
	assert_true(rig_await(&served.closed, 1));
	assert_int_equal(served.released, served.attach_count);
	close(fd);
}

static void a_write_timeout_can_be_taken_back(void **state)
{
	enum { MUCH = 60000000 };
	int fd = dial();
	uint8_t *got = malloc(MUCH);
	char want[64];
	snprintf(want, sizeof want, "patience\npile %d\nendless patience\n", MUCH);
	peer_say(fd, want); /* the pile reaches the limit and is sent at once, so that the timeout has begun */
	nanosleep(&(struct timespec){.tv_nsec = 400 * PLUQ__MS}, NULL); /* time to do wrong */
	assert_int_equal(served.closed, 0);
	assert_true(peer_read(fd, got, MUCH));
	free(got);
	close(fd);
}

int main(void)
{
#define ONE(test) cmocka_unit_test_setup_teardown(test, serve_on_one_loop, stop_serving)
#define TWO(test) cmocka_unit_test_setup_teardown(test, serve_on_two_loops, stop_serving)
	const struct CMUnitTest tests[] = {
		ONE(input_split_into_single_bytes_is_joined),
		ONE(many_commands_in_one_packet_are_answered_in_order),
		ONE(a_rest_longer_than_allowed_closes),
		ONE(bodies_are_received_in_place_across_all_boundaries),
		ONE(a_paused_connection_goes_on_with_its_rest),
		ONE(a_pause_may_stand_before_a_body),
		ONE(waiting_input_of_a_paused_connection_costs_nothing),
		TWO(a_connection_moves_with_its_input_and_output),
		TWO(many_connections_move_at_the_same_time),
		TWO(connections_are_dealt_out_over_the_loops),
		ONE(output_by_reference_is_released_once),
		ONE(output_by_reference_is_released_when_the_peer_leaves),
		ONE(a_producer_is_told_when_output_has_drained),
		ONE(a_peer_that_does_not_read_is_closed_after_the_write_timeout),
		ONE(a_write_timeout_can_be_taken_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
