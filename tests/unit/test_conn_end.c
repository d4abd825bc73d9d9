/* Connections: how they end, how many there may be, what a stop waits for. */
#include <netinet/in.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../daemon/base/clock.h"
#include "../../daemon/base/memory.h"
#include "conn_rig.h"

static const struct pluq_net *const net = &pluq__net_table;

static void last_words_arrive_before_the_end(void **state)
{
	char junk[50000];
	int fd = dial();
	memset(junk, 'j', sizeof junk);
	peer_say(fd, "quit\n");
	peer_send(fd, junk, sizeof junk); /* unread by us: a plain close would answer with a reset */
	assert_true(rig_await(&served.closed, 1));
	peer_send(fd, junk, sizeof junk);
	assert_true(peer_hears(fd, "bye\n"));
	assert_true(peer_at_end(fd));
	close(fd);
}

static void a_large_answer_is_sent_whole_before_the_end(void **state)
{
	char *got = malloc(3 * (sizeof served.attached + 2) + 4);
	int fd = dial();
	peer_say(fd, "attach\nattach\nattach\nquit\n");
	assert_true(peer_read(fd, got, 3 * (sizeof served.attached + 2)));
	assert_true(peer_hears(fd, "bye\n"));
	assert_true(peer_at_end(fd));
	assert_true(rig_await(&served.released, 3));
	free(got);
	close(fd);
}

static void an_abrupt_close_is_reported_once(void **state)
{
	int fd = dial();
	peer_say(fd, "die\necho not heard\n");
	assert_true(rig_await(&served.closed, 1));
	close(fd);
	fd = dial();
	peer_say(fd, "echo x\n");
	assert_true(peer_hears(fd, "x\n"));
	assert_int_equal(served.closed, 1);
	close(fd);
}

static void a_half_closed_peer_is_still_answered(void **state)
{
	int fd = dial();
	peer_say(fd, "echo a\nrest");
	shutdown(fd, SHUT_WR);
	assert_true(peer_hears(fd, "a\nleft 4 0\n"));
	assert_true(peer_at_end(fd));
	close(fd);
	fd = dial();
	peer_say(fd, "body 10\n12345");
	shutdown(fd, SHUT_WR);
	assert_true(peer_hears(fd, "left 0 1\n"));
	assert_true(peer_at_end(fd));
	close(fd);
	assert_true(rig_await(&served.closed, 2));
	assert_int_equal(served.ended, 2);
}

static void a_held_connection_answers_after_the_end(void **state)
{
	int fd = dial();
	peer_say(fd, "hold\n");
	shutdown(fd, SHUT_WR);
	assert_true(peer_hears(fd, "late\n"));
	assert_true(peer_at_end(fd));
	close(fd);
}

static void a_silent_probe_comes_and_goes(void **state)
{
	for (int i = 0; i < 100; i++)
		close(dial());
	assert_true(rig_await(&served.closed, 100));
}

static void memory_held_is_counted_and_given_back(void **state)
{
	int64_t before = pluq__memory_used();
	int fd = dial();
	peer_say(fd, "pile 40000000\n"); /* of which the kernel takes some */
	wait_for_loop();
	assert_true(pluq__memory_used() - before > 20000000);
	close(fd);
	assert_true(rig_await(&served.closed, 2));
	/* a loop may keep chunks of 1 MiB for later use, and its count is off by a step */
	assert_true(pluq__memory_used() - before <= (1 << 20) + 2 * PLUQ__MEMORY_STEP);
}

static void the_limit_of_connections_refuses_and_recovers(void **state)
{
	serve_on("127.0.0.1:0", 2, 2);
	int a = dial(), b = dial();
	peer_say(a, "echo a\n");
	peer_say(b, "echo b\n");
	assert_true(peer_hears(a, "a\n") && peer_hears(b, "b\n"));
	int c = dial();
	assert_true(peer_at_end(c));
	close(c);
	close(a);
	assert_true(rig_await(&served.closed, 1));
	while (pluq__net_connections(served.rig.net) > 1)
		usleep(100);
	a = dial();
	peer_say(a, "echo again\n");
	assert_true(peer_hears(a, "again\n"));
	close(a);
	close(b);
	rig_stop(&served.rig);
}

static void running_out_of_descriptors_refuses_without_spinning(void **state)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct rlimit all, low;
	int fds[3];
	serve_on("127.0.0.1:0", 1, 100);
	in.sin_port = htons((uint16_t)net->listener_port(served.listener));
	wait_for_loop();
	assert_true(rig_await(&served.closed, 1));
	while (pluq__net_connections(served.rig.net) > 0)
		usleep(100);
	for (int i = 0; i < 3; i++)
		fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	getrlimit(RLIMIT_NOFILE, &all);
	low = all;
	low.rlim_cur = (rlim_t)fds[2] + 1;
	setrlimit(RLIMIT_NOFILE, &low);
	clock_t cpu = clock();
	for (int i = 0; i < 3; i++)
		assert_int_equal(connect(fds[i], (struct sockaddr *)&in, sizeof in), 0);
	assert_true(peer_at_end(fds[0]));
	assert_true(peer_at_end(fds[1])); /* refused after a pause */
	cpu = clock() - cpu;
	setrlimit(RLIMIT_NOFILE, &all);
	assert_true(cpu < CLOCKS_PER_SEC / 20);
	int fd = dial();
	peer_say(fd, "echo again\n");
	assert_true(peer_hears(fd, "again\n"));
	for (int i = 0; i < 3; i++)
		close(fds[i]);
	close(fd);
	rig_stop(&served.rig);
}

static void a_stalled_peer_holds_up_the_stop_for_a_second_at_most(void **state)
{
	serve_on("127.0.0.1:0", 2, 0);
	int fd = dial(), idle = dial();
	for (int i = 0; i < 200; i++)
		peer_say(fd, "attach\n");
	peer_say(idle, "echo x\n");
	assert_true(peer_hears(idle, "x\n"));
	char byte;
	assert_true(peer_read(fd, &byte, 1));
	assert_true(rig_stop(&served.rig) < 1500 * PLUQ__MS);
	assert_int_equal(served.closed, 2);
	assert_true(peer_at_end(idle));
	close(fd);
	close(idle);
}

static void idle_peers_do_not_hold_up_the_stop(void **state)
{
	serve_on("127.0.0.1:0", 2, 0);
	int fds[50];
	for (int i = 0; i < 50; i++)
		fds[i] = dial();
	assert_true(rig_await(&served.opened, 50));
	assert_true(rig_stop(&served.rig) < 500 * PLUQ__MS);
	for (int i = 0; i < 50; i++) {
		assert_true(peer_at_end(fds[i]));
		close(fds[i]);
	}
}

static _Atomic int blocked, looked;
static sem_t gate;

static void block(void *arg)
{
	blocked = 1;
	sem_wait(&gate);
}

static void on_unread(void *arg)
{
	served.unread = 1;
}

static void stop_reading(void *arg)
{
	pluq__net_stop_reading(served.rig.net, on_unread, NULL);
}

static void look(void *arg)
{
	looked = 1;
}

/* What a connection still brings before that is dealt with before the stop goes on. */
static void the_end_of_reading_waits_for_every_loop(void **state)
{
	int fds[2] = {dial(), dial()};
	blocked = looked = 0;
	sem_init(&gate, 0, 0);
	for (int i = 0; i < 2; i++) {
		peer_say(fds[i], "echo there\n");
		assert_true(peer_hears(fds[i], "there\n"));
	}
	rig_post(&served.rig, 1, block, NULL);
	assert_true(rig_await(&blocked, 1));
	for (int i = 0; i < 2; i++)
		peer_say(fds[i], "echo again\n");
	rig_post(&served.rig, 0, stop_reading, NULL);
	rig_post(&served.rig, 0, look, NULL);
	assert_true(rig_await(&looked, 1));
	looked = 0;
	rig_post(&served.rig, 0, look, NULL);
	assert_true(rig_await(&looked, 1));
	assert_int_equal(served.unread, 0);
	sem_post(&gate);
	assert_true(rig_await(&served.unread, 1));
	for (int i = 0; i < 2; i++) {
		peer_say(fds[i], "echo too late\n");
		close(fds[i]);
	}
	rig_stop(&served.rig);
	assert_int_equal(served.late, 0);
	assert_int_equal(served.opened, served.closed);
	sem_destroy(&gate);
}

static void unix_sockets_serve_and_are_cleared_away(void **state)
{
	char dir[] = "/tmp/pluq-net-XXXXXX", path[64];
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/s", dir);
	for (int i = 0; i < 2; i++) {
		serve_on(path, 1, 0);
		assert_int_equal(net->listener_port(served.listener), -1);
		int fd = peer_connect_unix(path);
		assert_true(fd >= 0);
		peer_say(fd, "echo u\n");
		assert_true(peer_hears(fd, "u\n"));
		close(fd);
		rig_stop(&served.rig);
		assert_int_not_equal(access(path, F_OK), 0);
	}
	rmdir(dir);
}

int main(void)
{
#define ONE(test) cmocka_unit_test_setup_teardown(test, serve_on_one_loop, stop_serving)
#define TWO(test) cmocka_unit_test_setup_teardown(test, serve_on_two_loops, stop_serving)
	const struct CMUnitTest tests[] = {
		ONE(last_words_arrive_before_the_end),
		ONE(a_large_answer_is_sent_whole_before_the_end),
		ONE(an_abrupt_close_is_reported_once),
		TWO(a_half_closed_peer_is_still_answered),
		TWO(a_held_connection_answers_after_the_end),
		TWO(a_silent_probe_comes_and_goes),
		ONE(memory_held_is_counted_and_given_back),
		cmocka_unit_test(the_limit_of_connections_refuses_and_recovers),
		cmocka_unit_test(running_out_of_descriptors_refuses_without_spinning),
		cmocka_unit_test(a_stalled_peer_holds_up_the_stop_for_a_second_at_most),
		cmocka_unit_test(idle_peers_do_not_hold_up_the_stop),
		cmocka_unit_test_setup(the_end_of_reading_waits_for_every_loop, serve_on_two_loops),
		cmocka_unit_test(unix_sockets_serve_and_are_cleared_away),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
