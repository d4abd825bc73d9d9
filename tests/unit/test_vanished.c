/* A peer that is cut off by the network, between two network namespaces: what conn_set_peer_timeout promises. Needs the right to
 * make namespaces, and the program ip. */
#define _GNU_SOURCE /* unshare, setns */
#include <fcntl.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../daemon/base/clock.h"
#include "net_rig.h"

#define OURS "10.77.0.1"
#define THEIRS "10.77.0.2"
#define PEER_TIMEOUT (3 * PLUQ__SEC)
/* For the first repetition, which the kernel does not count, and a busy machine. Without the timeout it is minutes. */
#define SLACK (2 * PLUQ__SEC)
#define PATIENCE_S 20

static const struct pluq_net *const net = &pluq__net_table;
static struct rig rig;
static int ours = -1, theirs = -1; /* namespaces */

/* ---- the network ---- */

static bool run(const char *command)
{
	return system(command) == 0;
}

/* A namespace of its own, as a descriptor; this program stays in it. */
static int make_namespace(void)
{
	if (unshare(CLONE_NEWNET) < 0)
		return -1;
	return open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
}

static void enter(int ns)
{
	assert_int_equal(setns(ns, CLONE_NEWNET), 0);
}

static bool link_namespaces(void)
{
	char command[200];
	snprintf(command, sizeof command, "ip link add ours type veth peer name theirs netns /proc/%ld/fd/%d", (long)getpid(), theirs);
	if (!run(command) || !run("ip addr add " OURS "/24 dev ours && ip link set ours up && ip link set lo up"))
		return false;
	enter(theirs);
	bool done = run("ip addr add " THEIRS "/24 dev theirs && ip link set theirs up");
	enter(ours);
	return done;
}

/* Both end with this program. NULL, or why there are none. */
static const char *make_network(void)
{
	if (!run("ip -V >/dev/null 2>&1"))
		return "there is no program ip";
	if ((theirs = make_namespace()) < 0 || (ours = make_namespace()) < 0)
		return "network namespaces cannot be made here";
	return link_namespaces() ? NULL : "a veth pair cannot be made here";
}

static void cut(const char *side)
{
	char command[100];
	enter(*side == 'o' ? ours : theirs);
	snprintf(command, sizeof command, "ip link set %s down", side);
	assert_true(run(command));
	enter(ours);
}

static void heal(void)
{
	enter(theirs);
	assert_true(run("ip link set theirs up"));
	enter(ours);
	assert_true(run("ip link set ours up"));
}

/* ---- connections ---- */

struct end {
	struct pluq_conn *conn;
	_Atomic int opened, said, heard, closed;
	int64_t closed_ns;
	const char *why;
};

static int on_open(void *arg, struct pluq_conn *c)
{
	struct end *e = arg;
	net->conn_set_user(c, e);
	net->conn_set_peer_timeout(c, PEER_TIMEOUT);
	e->conn = c;
	atomic_fetch_add(&e->opened, 1);
	return 0;
}

static int64_t on_data(struct pluq_conn *c, void *user, const uint8_t *bytes, size_t length)
{
	atomic_fetch_add(&((struct end *)user)->heard, 1);
	return (int64_t)length;
}

static void on_close(struct pluq_conn *c, void *user, const char *why)
{
	struct end *e = user;
	e->conn = NULL;
	e->why = why;
	e->closed_ns = pluq__clock_mono_ns();
	atomic_fetch_add(&e->closed, 1);
}

static const struct pluq_conn_ops ops = {.size = sizeof ops, .on_open = on_open, .on_data = on_data, .on_close = on_close};

static char address[64];

static void make(void *arg)
{
	struct end *e = arg;
	struct pluq_connect params = {.size = sizeof params, .max_rest = 100, .address = address, .timeout_ns = 5 * PLUQ__SEC,
		.ops = &ops, .arg = e};
	struct pluq_why why;
	assert_int_equal(net->connect(&rig.host.pub, &params, &e->conn, &why), 0);
}

static void say(void *arg)
{
	struct end *e = arg;
	if (e->conn) {
		uint8_t *to = net->conn_reserve(e->conn, 100000);
		assert_non_null(to);
		memset(to, 'x', 100000);
		net->conn_commit(e->conn, 100000);
	}
	atomic_fetch_add(&e->said, 1);
}

static int open_socket(int ns, const char *host, int port, bool listens)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	struct timeval tv = {.tv_sec = 5};
	enter(ns);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	enter(ours);
	assert_true(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
	in.sin_addr.s_addr = inet_addr(host);
	assert_int_equal(listens ? bind(fd, (struct sockaddr *)&in, sizeof in) : connect(fd, (struct sockaddr *)&in, sizeof in), 0);
	if (listens)
		assert_int_equal(listen(fd, 5), 0);
	return fd;
}

static bool await_long(_Atomic int *value)
{
	int64_t end_ns = pluq__clock_mono_ns() + PATIENCE_S * PLUQ__SEC;
	while (!*value && pluq__clock_mono_ns() < end_ns)
		usleep(1000);
	return *value;
}

static void expect_noticed(struct end *e, int64_t cut_ns)
{
	assert_true(await_long(&e->closed));
	int64_t took_ns = e->closed_ns - cut_ns;
	if (took_ns > PEER_TIMEOUT + SLACK)
		fail_msg("noticed after %lld ms: %s", (long long)(took_ns / PLUQ__MS), e->why);
}

static void a_peer_is_cut_off(const char *side)
{
	struct end accepted = {0}, idle = {0}, talks = {0}, lives = {0};
	struct pluq_listener *listener, *inner;
	struct pluq_listen params = {.size = sizeof params, .address = OURS ":0", .what = "TCP", .max_rest = 100, .ops = &ops,
		.arg = &accepted};
	struct pluq_why why = {""};
	rig_start(&rig, 1, 0);
	assert_int_equal(net->listen(&rig.host.pub, &params, &listener, &why), 0);
	params.address = "127.0.0.1:0";
	params.arg = &lives;
	assert_int_equal(net->listen(&rig.host.pub, &params, &inner, &why), 0);
	rig_serve(&rig);
	int there = open_socket(theirs, THEIRS, 0, true);
	struct sockaddr_in in;
	socklen_t length = sizeof in;
	getsockname(there, (struct sockaddr *)&in, &length);
	snprintf(address, sizeof address, THEIRS ":%d", ntohs(in.sin_port));
	int client = open_socket(theirs, OURS, net->listener_port(listener), false);
	int neighbour = open_socket(ours, "127.0.0.1", net->listener_port(inner), false);
	rig_post(&rig, 0, make, &idle);
	int peers[2];
	peers[0] = accept(there, NULL, NULL);
	rig_post(&rig, 0, make, &talks);
	peers[1] = accept(there, NULL, NULL);
	struct end *all[] = {&accepted, &idle, &talks, &lives};
	for (int i = 0; i < 4; i++)
		assert_true(rig_await(&all[i]->opened, 1));
	peer_say(client, "hello");
	assert_true(rig_await(&accepted.heard, 1));

	cut(side);
	int64_t cut_ns = pluq__clock_mono_ns();
	rig_post(&rig, 0, say, &talks);
	assert_true(rig_await(&talks.said, 1));
	expect_noticed(&talks, cut_ns);
	expect_noticed(&idle, cut_ns);
	expect_noticed(&accepted, cut_ns);
	/* one whose peer lives has been as silent as they, and is still there */
	assert_int_equal(lives.closed, 0);
	peer_say(neighbour, "hello");
	assert_true(rig_await(&lives.heard, 1));

	heal();
	int fds[] = {there, client, neighbour, peers[0], peers[1]};
	for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
		close(fds[i]);
	rig_stop(&rig);
}

static void by_its_own_link(void **state)
{
	a_peer_is_cut_off("theirs");
}

static void by_our_link(void **state)
{
	a_peer_is_cut_off("ours");
}

/* The only port that connections from here are given is the one that is asked for: the kernel would connect it to itself. */
static void nothing_is_connected_to_itself(void **state)
{
	struct end e = {0};
	assert_true(run("echo 40001 40001 >/proc/sys/net/ipv4/ip_local_port_range"));
	rig_start(&rig, 1, 0);
	rig_serve(&rig);
	snprintf(address, sizeof address, "127.0.0.1:40001");
	rig_post(&rig, 0, make, &e);
	assert_true(rig_await(&e.closed, 1));
	assert_int_equal(e.opened, 0);
	assert_string_equal(e.why, "Connection refused");
	rig_stop(&rig);
}

int main(void)
{
	const char *forbidden = make_network();
	if (forbidden) {
		printf("1..0 # SKIP %s\n", forbidden);
		return 0;
	}
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_its_own_link),
		cmocka_unit_test(by_our_link),
		cmocka_unit_test(nothing_is_connected_to_itself),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
