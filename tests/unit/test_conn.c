/* Connections, over real sockets and real loops. The handler speaks a protocol of lines made for these tests. */
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
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../daemon/base/clock.h"
#include "../../daemon/base/memory.h"
#include "net_rig.h"

#define MAX_REST 1000

static const struct pluq_net *const net = &pluq__net_table;

/* The handler's own for one connection. */
struct client {
	struct pluq_conn *conn;
	uint8_t *body;
	size_t body_length;
	size_t flood_left;
	bool hold;
};

static struct rig rig;
static struct pluq_listener *listener;
static _Atomic int opened, closed, attach_count, released, drained, ended, resumed;
static char attached[100000];
static struct client *dozing;

static void reply(struct pluq_conn *c, const char *text)
{
	size_t n = strlen(text);
	uint8_t *to = net->conn_reserve(c, n);
	assert_non_null(to);
	memcpy(to, text, n);
	net->conn_commit(c, n);
}

static void on_released(void *arg)
{
	atomic_fetch_add(&released, 1);
}

static void go_on_flooding(struct client *k)
{
	static const char line[] = "0123456789abcde\n";
	while (k->flood_left > 0 && net->conn_pending(k->conn) < 32768) {
		reply(k->conn, line);
		k->flood_left -= sizeof line - 1;
	}
}

static void resume_later(void *arg)
{
	struct client *k = arg;
	atomic_fetch_add(&resumed, 1);
	net->conn_resume(k->conn);
}

static void resume_and_pause(void *arg)
{
	struct client *k = arg;
	net->conn_resume(k->conn);
	net->conn_pause(k->conn);
	dozing = k;
	atomic_fetch_add(&resumed, 1);
}

static void answer_after_end(void *arg)
{
	struct client *k = arg;
	reply(k->conn, "late\n");
	net->conn_close(k->conn, true);
}

static _Atomic int unread, late; /* reading has ended everywhere; calls of on_data after that */

/* One command. Returns what on_data is to return for it, `n` being its length with the line break. */
static int64_t command(struct client *k, const char *line, size_t n)
{
	struct pluq_conn *c = k->conn;
	char text[64];
	int self = pluq__loop_self()->index;
	if (strncmp(line, "echo ", 5) == 0) {
		reply(c, line + 5);
		reply(c, "\n");
	} else if (strncmp(line, "body ", 5) == 0) {
		k->body_length = strtoul(line + 5, NULL, 10);
		k->body = malloc(k->body_length + 1);
		assert_non_null(k->body);
		net->conn_read_into(c, k->body, k->body_length);
	} else if (strcmp(line, "pause") == 0) {
		net->conn_pause(c);
		rig_post(&rig, self, resume_later, k);
	} else if (strcmp(line, "doze") == 0) {
		net->conn_pause(c);
		rig_post(&rig, self, resume_and_pause, k);
	} else if (strncmp(line, "move ", 5) == 0) {
		net->conn_move(c, (uint32_t)atoi(line + 5));
	} else if (strcmp(line, "where") == 0) {
		snprintf(text, sizeof text, "%d\n", self);
		reply(c, text);
	} else if (strcmp(line, "attach") == 0) {
		reply(c, "<");
		assert_int_equal(net->conn_attach(c, attached, sizeof attached, on_released, NULL), 0);
		atomic_fetch_add(&attach_count, 1);
		reply(c, ">");
	} else if (strncmp(line, "flood ", 6) == 0) {
		k->flood_left = strtoul(line + 6, NULL, 10);
		net->conn_set_output_limit(c, 32768);
		go_on_flooding(k);
	} else if (strncmp(line, "pile ", 5) == 0) {
		for (size_t i = strtoul(line + 5, NULL, 10) / sizeof attached; i > 0; i--) {
			uint8_t *to = net->conn_reserve(c, sizeof attached);
			assert_non_null(to);
			memcpy(to, attached, sizeof attached);
			net->conn_commit(c, sizeof attached);
		}
	} else if (strcmp(line, "patience") == 0) {
		net->conn_set_write_timeout(c, 200 * PLUQ__MS);
	} else if (strcmp(line, "endless patience") == 0) {
		net->conn_set_write_timeout(c, 0);
	} else if (strcmp(line, "hold") == 0) {
		k->hold = true;
	} else if (strcmp(line, "quit") == 0) {
		reply(c, "bye\n");
		return PLUQ_CONN_CLOSE;
	} else if (strcmp(line, "die") == 0) {
		net->conn_close(c, false);
	} else {
		reply(c, "what?\n");
	}
	return (int64_t)n;
}

static int on_open(void *arg, struct pluq_conn *c)
{
	struct client *k = calloc(1, sizeof *k);
	assert_non_null(k);
	assert_ptr_equal(arg, &rig);
	k->conn = c;
	net->conn_set_user(c, k);
	atomic_fetch_add(&opened, 1);
	return 0;
}

static int64_t on_data(struct pluq_conn *c, void *user, const uint8_t *bytes, size_t length)
{
	late += unread;
	const uint8_t *end = memchr(bytes, '\n', length);
	char line[MAX_REST + 1];
	if (!end)
		return 0;
	size_t n = (size_t)(end - bytes);
	assert_true(n < sizeof line);
	memcpy(line, bytes, n);
	line[n] = 0;
	return command(user, line, n + 1);
}

static bool on_body(struct pluq_conn *c, void *user)
{
	struct client *k = user;
	char text[64];
	uint32_t sum = 0;
	for (size_t i = 0; i < k->body_length; i++)
		sum = sum * 31 + k->body[i];
	free(k->body);
	k->body = NULL;
	snprintf(text, sizeof text, "sum %u\n", (unsigned)sum);
	reply(c, text);
	return true;
}

static void on_eof(struct pluq_conn *c, void *user, const uint8_t *rest, size_t length, bool in_body)
{
	struct client *k = user;
	char text[64];
	atomic_fetch_add(&ended, 1);
	if (k->hold) {
		net->conn_hold(c);
		rig_post(&rig, pluq__loop_self()->index, answer_after_end, k);
		return;
	}
	if (length > 0 || in_body) {
		snprintf(text, sizeof text, "left %zu %d\n", length, in_body);
		reply(c, text);
	}
}

static void on_moved(struct pluq_conn *c, void *user)
{
	assert_ptr_equal(((struct client *)user)->conn, c);
}

static void on_drained(struct pluq_conn *c, void *user)
{
	struct client *k = user;
	atomic_fetch_add(&drained, 1);
	assert_true(net->conn_pending(c) <= 8192);
	go_on_flooding(k);
}

static void on_close(struct pluq_conn *c, void *user, const char *why)
{
	struct client *k = user;
	assert_non_null(why);
	assert_null(net->conn_reserve(c, 1));
	assert_int_equal(net->conn_attach(c, "x", 1, on_released, NULL), PLUQ_ECLOSED);
	free(k->body);
	free(k);
	atomic_fetch_add(&closed, 1);
}

static const struct pluq_conn_ops ops = {
	.size = sizeof ops,
	.on_open = on_open,
	.on_data = on_data,
	.on_body = on_body,
	.on_eof = on_eof,
	.on_moved = on_moved,
	.on_drained = on_drained,
	.on_close = on_close,
};

static void start_on(const char *address, int loops, int64_t max_connections)
{
	struct pluq_listen params = {.size = sizeof params, .address = address, .what = "TCP",
		.max_rest = MAX_REST, .ops = &ops, .arg = &rig};
	struct pluq_why why = {""};
	opened = closed = attach_count = released = drained = ended = resumed = unread = late = 0;
	rig_start(&rig, loops, max_connections);
	int error = net->listen(&rig.host.pub, &params, &listener, &why);
	if (error)
		fail_msg("%s", why.text);
	rig_serve(&rig);
}

static int one_loop(void **state)
{
	start_on("127.0.0.1:0", 1, 0);
	return 0;
}

static int two_loops(void **state)
{
	start_on("127.0.0.1:0", 2, 0);
	return 0;
}

static int stop(void **state)
{
	rig_stop(&rig);
	assert_int_equal(opened, closed);
	return 0;
}

static int dial(void)
{
	return peer_connect(net->listener_port(listener));
}

/* With one loop: what was sent before has been dealt with once another connection is served. */
static void wait_for_loop(void)
{
	int fd = dial();
	peer_say(fd, "echo there\n");
	assert_true(peer_hears(fd, "there\n"));
	close(fd);
}

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
	char line[MAX_REST + 1];
	int fd = dial();
	memset(line, 'x', sizeof line);
	peer_say(fd, "echo fine\n");
	assert_true(peer_hears(fd, "fine\n"));
	peer_send(fd, line, MAX_REST - 1);
	peer_send(fd, "\n", 1);
	assert_true(peer_hears(fd, "what?\n"));
	peer_send(fd, line, sizeof line);
	assert_true(rig_await(&closed, 1));
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
	assert_int_equal(resumed, 3);
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
	assert_true(rig_await(&resumed, 1));
	peer_say(fd, "echo b\n");
	clock_t cpu = clock();
	nanosleep(&(struct timespec){.tv_nsec = 100 * PLUQ__MS}, NULL); /* the time over which is measured */
	assert_true(clock() - cpu < CLOCKS_PER_SEC / 20);
	rig_post(&rig, 0, resume_later, dozing);
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
		assert_true(peer_read(fd, got, sizeof attached < 100000 ? sizeof attached : 100000));
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
	assert_true(rig_await(&released, 500));
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
	assert_true(rig_await(&closed, 32));
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
	char *got = malloc(sizeof attached + 2);
	int fd = dial();
	for (size_t i = 0; i < sizeof attached; i++)
		attached[i] = (char)(i % 251);
	for (int i = 1; i <= 20; i++) {
		peer_say(fd, "attach\n");
		assert_true(peer_read(fd, got, sizeof attached + 2));
		assert_true(got[0] == '<' && got[sizeof attached + 1] == '>');
		assert_memory_equal(got + 1, attached, sizeof attached);
		assert_true(rig_await(&released, i));
	}
	free(got);
	close(fd);
	assert_true(rig_await(&closed, 1));
	assert_int_equal(released, 20);
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
	int before = released;
	assert_true(before < 200);
	close(fd);
	assert_true(rig_await(&released, attach_count));
	assert_true(rig_await(&closed, 2));
	assert_true(attach_count > before);
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
	assert_true(drained > 0);
	free(got);
	close(fd);
}

static void a_peer_that_does_not_read_is_closed_after_the_write_timeout(void **state)
{
	int fd = dial();
	peer_say(fd, "patience\n");
	for (int i = 0; i < 200; i++)
		peer_say(fd, "attach\n");
	assert_true(rig_await(&closed, 1));
	assert_int_equal(released, attach_count);
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
	assert_int_equal(closed, 0);
	assert_true(peer_read(fd, got, MUCH));
	free(got);
	close(fd);
}

static void last_words_arrive_before_the_end(void **state)
{
	char junk[50000];
	int fd = dial();
	memset(junk, 'j', sizeof junk);
	peer_say(fd, "quit\n");
	peer_send(fd, junk, sizeof junk); /* unread by us: a plain close would answer with a reset */
	assert_true(rig_await(&closed, 1));
	peer_send(fd, junk, sizeof junk);
	assert_true(peer_hears(fd, "bye\n"));
	assert_true(peer_at_end(fd));
	close(fd);
}

static void a_large_answer_is_sent_whole_before_the_end(void **state)
{
	char *got = malloc(3 * (sizeof attached + 2) + 4);
	int fd = dial();
	peer_say(fd, "attach\nattach\nattach\nquit\n");
	assert_true(peer_read(fd, got, 3 * (sizeof attached + 2)));
	assert_true(peer_hears(fd, "bye\n"));
	assert_true(peer_at_end(fd));
	assert_true(rig_await(&released, 3));
	free(got);
	close(fd);
}

static void an_abrupt_close_is_reported_once(void **state)
{
	int fd = dial();
	peer_say(fd, "die\necho not heard\n");
	assert_true(rig_await(&closed, 1));
	close(fd);
	fd = dial();
	peer_say(fd, "echo x\n");
	assert_true(peer_hears(fd, "x\n"));
	assert_int_equal(closed, 1);
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
	assert_true(rig_await(&closed, 2));
	assert_int_equal(ended, 2);
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
	assert_true(rig_await(&closed, 100));
}

static void memory_held_is_counted_and_given_back(void **state)
{
	int64_t before = pluq__memory_used();
	int fd = dial();
	peer_say(fd, "pile 40000000\n"); /* of which the kernel takes some */
	wait_for_loop();
	assert_true(pluq__memory_used() - before > 20000000);
	close(fd);
	assert_true(rig_await(&closed, 2));
	/* a loop may keep chunks of 1 MiB for later use, and its count is off by a step */
	assert_true(pluq__memory_used() - before <= (1 << 20) + 2 * PLUQ__MEMORY_STEP);
}

static void the_limit_of_connections_refuses_and_recovers(void **state)
{
	start_on("127.0.0.1:0", 2, 2);
	int a = dial(), b = dial();
	peer_say(a, "echo a\n");
	peer_say(b, "echo b\n");
	assert_true(peer_hears(a, "a\n") && peer_hears(b, "b\n"));
	int c = dial();
	assert_true(peer_at_end(c));
	close(c);
	close(a);
	assert_true(rig_await(&closed, 1));
	while (pluq__net_connections(rig.net) > 1)
		usleep(100);
	a = dial();
	peer_say(a, "echo again\n");
	assert_true(peer_hears(a, "again\n"));
	close(a);
	close(b);
	rig_stop(&rig);
}

static void running_out_of_descriptors_refuses_without_spinning(void **state)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct rlimit all, low;
	int fds[3];
	start_on("127.0.0.1:0", 1, 100);
	in.sin_port = htons((uint16_t)net->listener_port(listener));
	wait_for_loop();
	assert_true(rig_await(&closed, 1));
	while (pluq__net_connections(rig.net) > 0)
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
	rig_stop(&rig);
}

static void a_stalled_peer_holds_up_the_stop_for_a_second_at_most(void **state)
{
	start_on("127.0.0.1:0", 2, 0);
	int fd = dial(), idle = dial();
	for (int i = 0; i < 200; i++)
		peer_say(fd, "attach\n");
	peer_say(idle, "echo x\n");
	assert_true(peer_hears(idle, "x\n"));
	char byte;
	assert_true(peer_read(fd, &byte, 1));
	assert_true(rig_stop(&rig) < 1500 * PLUQ__MS);
	assert_int_equal(closed, 2);
	assert_true(peer_at_end(idle));
	close(fd);
	close(idle);
}

static void idle_peers_do_not_hold_up_the_stop(void **state)
{
	start_on("127.0.0.1:0", 2, 0);
	int fds[50];
	for (int i = 0; i < 50; i++)
		fds[i] = dial();
	assert_true(rig_await(&opened, 50));
	assert_true(rig_stop(&rig) < 500 * PLUQ__MS);
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
	unread = 1;
}

static void stop_reading(void *arg)
{
	pluq__net_stop_reading(rig.net, on_unread, NULL);
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
	rig_post(&rig, 1, block, NULL);
	assert_true(rig_await(&blocked, 1));
	for (int i = 0; i < 2; i++)
		peer_say(fds[i], "echo again\n");
	rig_post(&rig, 0, stop_reading, NULL);
	rig_post(&rig, 0, look, NULL);
	assert_true(rig_await(&looked, 1));
	looked = 0;
	rig_post(&rig, 0, look, NULL);
	assert_true(rig_await(&looked, 1));
	assert_int_equal(unread, 0);
	sem_post(&gate);
	assert_true(rig_await(&unread, 1));
	for (int i = 0; i < 2; i++) {
		peer_say(fds[i], "echo too late\n");
		close(fds[i]);
	}
	rig_stop(&rig);
	assert_int_equal(late, 0);
	assert_int_equal(opened, closed);
	sem_destroy(&gate);
}

static void unix_sockets_serve_and_are_cleared_away(void **state)
{
	char dir[] = "/tmp/pluq-net-XXXXXX", path[64];
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/s", dir);
	for (int i = 0; i < 2; i++) {
		start_on(path, 1, 0);
		assert_int_equal(net->listener_port(listener), -1);
		int fd = peer_connect_unix(path);
		assert_true(fd >= 0);
		peer_say(fd, "echo u\n");
		assert_true(peer_hears(fd, "u\n"));
		close(fd);
		rig_stop(&rig);
		assert_int_not_equal(access(path, F_OK), 0);
	}
	rmdir(dir);
}

int main(void)
{
#define ONE(test) cmocka_unit_test_setup_teardown(test, one_loop, stop)
#define TWO(test) cmocka_unit_test_setup_teardown(test, two_loops, stop)
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
		cmocka_unit_test_setup(the_end_of_reading_waits_for_every_loop, two_loops),
		cmocka_unit_test(unix_sockets_serve_and_are_cleared_away),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
