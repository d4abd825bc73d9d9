/* Connections that we make, over real sockets and real loops. The test plays the peer, and the resolver. */
#define _GNU_SOURCE /* RTLD_NEXT */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../daemon/base/clock.h"
#include "net_rig.h"

/* Addresses of this host at which nobody listens but the test. */
#define HERE "127.77.0.1"
#define THERE "127.77.0.2"

static const struct pluq_net *const net = &pluq__net_table;
static struct rig rig;

/* ---- the resolver: names that end in .test ---- */

static _Atomic int asked, hanging, other_asked; /* "slow" and "slower"; of which not answered yet; the other names */
static sem_t answer;

static int real(const char *host, const char *port, const struct addrinfo *hints, struct addrinfo **out)
{
	int (*fn)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
	*(void **)&fn = dlsym(RTLD_NEXT, "getaddrinfo");
	assert_non_null(fn);
	return fn(host, port, hints, out);
}

int getaddrinfo(const char *restrict host, const char *restrict port, const struct addrinfo *restrict hints,
    struct addrinfo **restrict out)
{
	if (!host || !strstr(host, ".test") || (hints->ai_flags & AI_NUMERICHOST))
		return real(host, port, hints, out);
	assert_null(pluq__loop_self()); /* it may block */
	if (strncmp(host, "slow", 4) == 0) {
		atomic_fetch_add(&hanging, 1);
		atomic_fetch_add(&asked, 1);
		sem_wait(&answer);
		atomic_fetch_sub(&hanging, 1);
	} else {
		atomic_fetch_add(&other_asked, 1);
	}
	if (strcmp(host, "none.test") == 0)
		return EAI_NONAME;
	int error = real(HERE, port, hints, out);
	if (error == 0 && strcmp(host, "two.test") == 0)
		error = real(THERE, port, hints, &(*out)->ai_next);
	return error;
}

/* ---- the handler ---- */

struct call {
	const char *address;
	int64_t timeout_ns;
	struct pluq_conn *conn;
	int loop;               /* where it is made */
	bool cancel;            /* at once */
	bool unwanted;          /* on_open says no */
	bool again;             /* on_close makes another one */
	_Atomic int made, opened, closed, bodies;
	int result;
	const char *why;
	char remote[64];
	uint8_t body[8];
	struct pluq_why text;
};

static void make(void *arg);

static int on_open(void *arg, struct pluq_conn *c)
{
	struct call *k = arg;
	assert_ptr_equal(c, k->conn);
	assert_int_equal(k->closed, 0);
	assert_int_equal(pluq__loop_self()->index, k->loop);
	snprintf(k->remote, sizeof k->remote, "%s", net->conn_remote(c));
	atomic_fetch_add(&k->opened, 1);
	return k->unwanted ? PLUQ_ENOMEM : 0;
}

static int64_t on_data(struct pluq_conn *c, void *user, const uint8_t *bytes, size_t length)
{
	struct call *k = user;
	if (*bytes == 'B') { /* 8 bytes of a body follow */
		net->conn_read_into(c, k->body, sizeof k->body);
		return 1;
	}
	uint8_t *to = net->conn_reserve(c, length);
	assert_non_null(to);
	memcpy(to, bytes, length);
	net->conn_commit(c, length);
	return *bytes == 'Q' ? PLUQ_CONN_CLOSE : (int64_t)length;
}

static bool on_body(struct pluq_conn *c, void *user)
{
	atomic_fetch_add(&((struct call *)user)->bodies, 1);
	return true;
}

static void on_close(struct pluq_conn *c, void *user, const char *why)
{
	struct call *k = user;
	bool again = k->again;
	assert_null(net->conn_reserve(c, 1));
	k->why = why;
	k->conn = NULL;
	k->again = false;
	if (again)
		make(k);
	atomic_fetch_add(&k->closed, 1); /* the last: the test may go on, and k be gone */
}

static const struct pluq_conn_ops ops = {
	.size = sizeof ops,
	.on_open = on_open,
	.on_data = on_data,
	.on_body = on_body,
	.on_close = on_close,
};

static void make(void *arg)
{
	struct call *k = arg;
	struct pluq_connect params = {.size = sizeof params, .max_rest = 100, .address = k->address,
		.timeout_ns = k->timeout_ns, .ops = &ops, .arg = k};
	k->result = net->connect(&rig.host.pub, &params, &k->conn, &k->text);
	assert_int_equal(k->opened, 0);
	if (k->cancel) {
		net->conn_close(k->conn, true);
		net->conn_close(k->conn, false);
	}
	atomic_fetch_add(&k->made, 1);
}

static void cancel(void *arg)
{
	struct call *k = arg;
	if (k->conn)
		net->conn_close(k->conn, true);
}

static void start(struct call *k)
{
	rig_post(&rig, k->loop, make, k);
	assert_true(rig_await(&k->made, 1));
}

static void expect_end(struct call *k, int opened, const char *why)
{
	assert_true(rig_await(&k->closed, 1));
	assert_int_equal(k->result, 0);
	assert_int_equal(k->opened, opened);
	assert_string_equal(k->why, why);
}

/* ---- the peer ---- */

static int peer_listen(const char *host, int port, int backlog)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	struct timeval tv = {.tv_sec = 5};
	int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
	in.sin_addr.s_addr = inet_addr(host);
	assert_int_equal(bind(fd, (struct sockaddr *)&in, sizeof in), 0);
	assert_int_equal(listen(fd, backlog), 0);
	return fd;
}

static int port_of(int fd)
{
	struct sockaddr_in in;
	socklen_t length = sizeof in;
	assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &length), 0);
	return ntohs(in.sin_port);
}

static int peer_accept(int fd)
{
	int peer = accept(fd, NULL, NULL);
	struct timeval tv = {.tv_sec = 5};
	assert_true(peer >= 0);
	setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
	return peer;
}

static const char *address_of(const char *host, int port)
{
	static char text[4][64];
	static unsigned next;
	char *to = text[next++ % 4];
	snprintf(to, sizeof text[0], "%s:%d", host, port);
	return to;
}

/* A port that answers nothing: its queue is full, so that the kernel drops what comes. */
struct swallower {
	int fd, filler;
};

static void swallow(struct swallower *s, const char *host, int port)
{
	struct sockaddr_in in;
	socklen_t length = sizeof in;
	s->fd = peer_listen(host, port, 0);
	getsockname(s->fd, (struct sockaddr *)&in, &length);
	s->filler = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(s->filler, (struct sockaddr *)&in, sizeof in), 0);
}

static void spit_out(struct swallower *s)
{
	close(s->filler);
	close(s->fd);
}

static int up(void **state)
{
	asked = hanging = other_asked = 0;
	sem_init(&answer, 0, 0);
	rig_start(&rig, 2, 1);
	rig_serve(&rig);
	return 0;
}

static int down(void **state)
{
	for (int i = 0; i < 10; i++)
		sem_post(&answer);
	rig_stop(&rig);
	sem_destroy(&answer);
	return 0;
}

/* ---- connected ---- */

static void it_serves_like_any_other(void **state)
{
	int fd = peer_listen(HERE, 0, 5);
	for (int loop = 0; loop < 2; loop++) {
		struct call k = {.address = address_of(HERE, port_of(fd)), .loop = loop};
		start(&k);
		int peer = peer_accept(fd);
		peer_say(peer, "hello");
		assert_true(peer_hears(peer, "hello"));
		peer_say(peer, "Bbody");
		peer_say(peer, "BODY");
		assert_true(rig_await(&k.bodies, 1));
		assert_memory_equal(k.body, "bodyBODY", 8);
		assert_string_equal(k.remote, k.address);
		close(peer);
		expect_end(&k, 1, "closed by the peer");
	}
	close(fd);
}

static void it_says_its_last_words(void **state)
{
	int fd = peer_listen(HERE, 0, 5);
	struct call k = {.address = address_of(HERE, port_of(fd)), .timeout_ns = 60 * PLUQ__SEC};
	start(&k);
	int peer = peer_accept(fd);
	peer_say(peer, "Quit");
	assert_true(peer_hears(peer, "Quit"));
	expect_end(&k, 1, "closed");
	assert_true(peer_at_end(peer));
	close(peer);
	close(fd);
}

static void a_peer_that_closes_at_once_is_noticed(void **state)
{
	int fd = peer_listen(HERE, 0, 5);
	struct call k = {.address = address_of(HERE, port_of(fd))};
	start(&k);
	close(peer_accept(fd));
	expect_end(&k, 1, "closed by the peer");
	close(fd);
}

static void unix_sockets_are_connected(void **state)
{
	char dir[] = "/tmp/pluq-dial-XXXXXX";
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_non_null(mkdtemp(dir));
	snprintf(un.sun_path, sizeof un.sun_path, "%s/s", dir);
	struct call none = {.address = un.sun_path};
	start(&none);
	expect_end(&none, 0, "No such file or directory");
	assert_int_equal(bind(fd, (struct sockaddr *)&un, sizeof un), 0);
	assert_int_equal(listen(fd, 5), 0);
	struct call k = {.address = un.sun_path};
	start(&k);
	int peer = peer_accept(fd);
	peer_say(peer, "hello");
	assert_true(peer_hears(peer, "hello"));
	assert_string_equal(k.remote, "@");
	close(peer);
	expect_end(&k, 1, "closed by the peer");
	close(fd);
	unlink(un.sun_path);
	rmdir(dir);
}

static void a_handler_may_not_want_it_any_more(void **state)
{
	int fd = peer_listen(HERE, 0, 5);
	struct call k = {.address = address_of(HERE, port_of(fd)), .unwanted = true};
	start(&k);
	expect_end(&k, 1, "not wanted any more");
	close(fd);
}

static void the_end_of_one_may_begin_the_next(void **state)
{
	int fd = peer_listen(HERE, 0, 5), port = port_of(fd);
	close(fd);
	struct call k = {.address = address_of(HERE, port), .again = true};
	rig_post(&rig, 0, make, &k);
	assert_true(rig_await(&k.closed, 2));
	assert_string_equal(k.why, "Connection refused");
}

/* ---- not connected ---- */

static void a_refusal_is_told(void **state)
{
	int fd = peer_listen(HERE, 0, 5);
	struct call k = {.address = address_of(HERE, port_of(fd))};
	close(fd);
	start(&k);
	expect_end(&k, 0, "Connection refused");
}

static void what_cannot_be_reached_is_told(void **state)
{
	struct call k = {.address = "224.0.0.1:1"};
	start(&k);
	expect_end(&k, 0, "Network is unreachable");
}

static void silence_ends_in_time(void **state)
{
	struct swallower s;
	swallow(&s, HERE, 0);
	struct call k = {.address = address_of(HERE, port_of(s.fd)), .timeout_ns = 100 * PLUQ__MS};
	int64_t begun_ns = pluq__clock_mono_ns();
	start(&k);
	expect_end(&k, 0, "Connection timed out");
	assert_true(pluq__clock_mono_ns() - begun_ns >= 100 * PLUQ__MS);
	spit_out(&s);
}

static void bad_addresses_are_refused_at_once(void **state)
{
	static const char *const cases[] = {"", "host:port", "::1:80", "host:99999"};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct call k = {.address = cases[i]};
		start(&k);
		assert_int_equal(k.result, PLUQ_EADDRESS);
		assert_true(*k.text.text);
		assert_int_equal(k.closed, 0);
	}
	struct call off_the_loops = {.address = "127.0.0.1:1"};
	make(&off_the_loops);
	assert_int_equal(off_the_loops.result, PLUQ_EINVAL);
	assert_int_equal(pluq__net_connections(rig.net), 0);
}

/* ---- names ---- */

static void names_are_resolved_each_time(void **state)
{
	int fd = peer_listen(HERE, 0, 5);
	for (int i = 1; i <= 2; i++) {
		struct call k = {.address = address_of("good.test", port_of(fd))};
		start(&k);
		close(peer_accept(fd));
		expect_end(&k, 1, "closed by the peer");
		assert_string_equal(k.remote, address_of(HERE, port_of(fd)));
		assert_int_equal(other_asked, i);
	}
	close(fd);
}

static void an_unknown_name_is_told(void **state)
{
	struct call k = {.address = "none.test:1"};
	start(&k);
	expect_end(&k, 0, gai_strerror(EAI_NONAME));
}

static void the_next_address_follows_a_refusal(void **state)
{
	int fd = peer_listen(THERE, 0, 5);
	struct call k = {.address = address_of("two.test", port_of(fd))};
	start(&k);
	close(peer_accept(fd));
	expect_end(&k, 1, "closed by the peer");
	assert_string_equal(k.remote, address_of(THERE, port_of(fd)));
	close(fd);
}

static void the_next_address_follows_silence_in_time(void **state)
{
	struct swallower s;
	int fd = peer_listen(THERE, 0, 5);
	swallow(&s, HERE, port_of(fd));
	struct call k = {.address = address_of("two.test", port_of(fd)), .timeout_ns = 2 * PLUQ__SEC};
	start(&k);
	close(peer_accept(fd));
	expect_end(&k, 1, "closed by the peer");
	close(fd);
	spit_out(&s);
}

static void all_addresses_may_refuse(void **state)
{
	int fd = peer_listen(THERE, 0, 5);
	struct call k = {.address = address_of("two.test", port_of(fd))};
	close(fd);
	start(&k);
	expect_end(&k, 0, "Connection refused");
}

/* Every thread for names hangs; what needs none goes on. */
static void a_hanging_resolver_holds_up_no_numeric_address(void **state)
{
	int fd = peer_listen(HERE, 0, 5);
	struct call first = {.address = "slow.test:1", .timeout_ns = 50 * PLUQ__MS}, again = first;
	struct call second = {.address = "slower.test:1"}, third = {.address = "none.test:1"};
	struct call skipped = {.address = "good.test:1", .cancel = true};
	struct call numeric = {.address = address_of(HERE, port_of(fd))};
	start(&first);
	expect_end(&first, 0, "its name was not resolved in time");
	start(&again); /* the same lookup goes on */
	expect_end(&again, 0, "its name was not resolved in time");
	start(&second);
	assert_true(rig_await(&hanging, 2));
	assert_int_equal(asked, 2);
	start(&third);
	start(&skipped);
	expect_end(&skipped, 0, "closed");
	start(&numeric);
	close(peer_accept(fd));
	expect_end(&numeric, 1, "closed by the peer");
	assert_int_equal(third.closed, 0);
	sem_post(&answer);
	expect_end(&third, 0, gai_strerror(EAI_NONAME)); /* a thread is free again */
	sem_post(&answer);
	expect_end(&second, 0, "Connection refused");
	assert_int_equal(other_asked, 1);
	close(fd);
}

/* Those who come while a name is looked up share the answer. One of them has left before it comes. */
static void an_answer_finds_those_who_still_wait(void **state)
{
	int fd = peer_listen(HERE, 0, 5);
	struct call k[3] = {{.address = address_of("slow.test", port_of(fd))}};
	k[1] = k[2] = k[0];
	for (int i = 0; i < 3; i++)
		start(&k[i]);
	assert_true(rig_await(&hanging, 1));
	rig_post(&rig, 0, cancel, &k[1]);
	expect_end(&k[1], 0, "closed");
	sem_post(&answer);
	close(peer_accept(fd));
	close(peer_accept(fd));
	expect_end(&k[0], 1, "closed by the peer");
	expect_end(&k[2], 1, "closed by the peer");
	assert_int_equal(k[1].opened, 0);
	assert_int_equal(asked, 1);
	close(fd);
}

/* A lookup that nobody waits for any more has not begun yet when somebody asks for the name again. */
static void a_lookup_is_taken_up_again(void **state)
{
	int fd = peer_listen(HERE, 0, 5);
	struct call slow[2] = {{.address = "slow.test:1"}, {.address = "slower.test:1"}};
	struct call left = {.address = address_of("good.test", port_of(fd)), .cancel = true}, came = left;
	came.cancel = false;
	start(&slow[0]);
	start(&slow[1]);
	assert_true(rig_await(&hanging, 2));
	start(&left);
	expect_end(&left, 0, "closed");
	start(&came);
	sem_post(&answer);
	close(peer_accept(fd));
	expect_end(&came, 1, "closed by the peer");
	assert_int_equal(other_asked, 1);
	sem_post(&answer);
	expect_end(&slow[0], 0, "Connection refused");
	expect_end(&slow[1], 0, "Connection refused");
	close(fd);
}

/* ---- cancelled, at every stage ---- */

static void cancelled_within_the_same_step(void **state)
{
	int fd = peer_listen(HERE, 0, 5);
	struct call numeric = {.address = address_of(HERE, port_of(fd)), .cancel = true};
	struct call name = {.address = "good.test:1", .cancel = true};
	start(&numeric);
	start(&name);
	expect_end(&numeric, 0, "closed");
	expect_end(&name, 0, "closed");
	close(fd);
}

static void cancelled_while_resolving(void **state)
{
	struct call k = {.address = "slow.test:1", .loop = 1};
	start(&k);
	assert_true(rig_await(&hanging, 1));
	rig_post(&rig, 1, cancel, &k);
	expect_end(&k, 0, "closed");
	sem_post(&answer); /* it finds nobody */
	assert_true(rig_await(&hanging, 0));
}

static void cancelled_while_connecting(void **state)
{
	struct swallower s;
	swallow(&s, HERE, 0);
	struct call k = {.address = address_of(HERE, port_of(s.fd)), .timeout_ns = 60 * PLUQ__SEC};
	start(&k);
	rig_post(&rig, 0, cancel, &k); /* the attempt was begun at the end of the step before */
	expect_end(&k, 0, "closed");
	spit_out(&s);
}

static void cancelled_once_connected(void **state)
{
	int fd = peer_listen(HERE, 0, 5);
	struct call k = {.address = address_of(HERE, port_of(fd))};
	start(&k);
	assert_true(rig_await(&k.opened, 1));
	rig_post(&rig, 0, cancel, &k);
	expect_end(&k, 1, "closed");
	int peer = peer_accept(fd);
	assert_true(peer_at_end(peer));
	close(peer);
	close(fd);
}

/* ---- the daemon stops, at every stage ---- */

static void the_stop_ends_those_in_the_making(void **state)
{
	struct swallower s;
	swallow(&s, HERE, 0);
	struct call connecting[2] = {{.address = address_of(HERE, port_of(s.fd))}, {.address = address_of(HERE, port_of(s.fd)),
		.loop = 1}};
	struct call resolving[2] = {{.address = "slow.test:1"}, {.address = "slow.test:1", .loop = 1}};
	struct call waiting = {.address = "good.test:1"};
	for (int i = 0; i < 2; i++) {
		start(&connecting[i]);
		start(&resolving[i]);
	}
	assert_true(rig_await(&hanging, 2));
	start(&waiting); /* both threads hang */
	rig_post(&rig, 0, make, &(struct call){.address = "224.0.0.1:1"}); /* its end and the stop are near each other */
	rig_end_connections(&rig);
	for (int i = 0; i < 2; i++) {
		expect_end(&connecting[i], 0, "stopping");
		expect_end(&resolving[i], 0, "stopping");
	}
	expect_end(&waiting, 0, "stopping");
	sem_post(&answer);
	sem_post(&answer);
	rig_free(&rig);
	assert_int_equal(hanging, 0);
	spit_out(&s);
}

static void the_stop_ends_those_connected(void **state)
{
	int fd = peer_listen(HERE, 0, 5);
	struct call k = {.address = address_of(HERE, port_of(fd)), .again = true};
	start(&k);
	assert_true(rig_await(&k.opened, 1));
	int peer = peer_accept(fd);
	k.opened = 0;
	assert_true(rig_stop(&rig) < 500 * PLUQ__MS);
	assert_int_equal(k.closed, 1);
	assert_string_equal(k.why, "stopping");
	assert_int_equal(k.result, PLUQ_EEXITING); /* of the one that its end has tried to make */
	assert_true(peer_at_end(peer));
	close(peer);
	close(fd);
}

/* ---- limits and options ---- */

static int accepted_open(void *arg, struct pluq_conn *c)
{
	net->conn_set_peer_timeout(c, 60 * PLUQ__SEC);
	atomic_fetch_add((_Atomic int *)arg, 1);
	return 0;
}

static void accepted_close(struct pluq_conn *c, void *user, const char *why)
{
}

static const struct pluq_conn_ops accepted_ops = {
	.size = sizeof accepted_ops,
	.on_open = accepted_open,
	.on_data = on_data,
	.on_close = accepted_close,
};

/* One client is allowed. */
static void those_we_make_are_no_clients(void **state)
{
	_Atomic int accepted = 0;
	struct pluq_listener *listener;
	struct pluq_listen params = {.size = sizeof params, .address = "127.0.0.1:0", .what = "TCP", .max_rest = 100,
		.ops = &accepted_ops, .arg = &accepted};
	struct pluq_why why;
	rig_start(&rig, 1, 1);
	assert_int_equal(net->listen(&rig.host.pub, &params, &listener, &why), 0);
	rig_serve(&rig);
	int fd = peer_listen(HERE, 0, 5);
	struct call k[2] = {{.address = address_of(HERE, port_of(fd))}, {.address = address_of(HERE, port_of(fd))}};
	for (int i = 0; i < 2; i++) {
		start(&k[i]);
		assert_true(rig_await(&k[i].opened, 1));
	}
	int client = peer_connect(net->listener_port(listener));
	assert_true(rig_await(&accepted, 1));
	int refused = peer_connect(net->listener_port(listener));
	assert_true(peer_at_end(refused));
	close(refused);
	close(client);
	rig_stop(&rig);
	close(fd);
}

static void expect_option(int fd, int level, int option, int want)
{
	int got = -1;
	socklen_t length = sizeof got;
	assert_int_equal(getsockopt(fd, level, option, &got, &length), 0);
	assert_int_equal(got, want);
}

struct setting {
	struct pluq_conn *conn;
	int64_t ns;
	_Atomic int done;
};

static void set_peer_timeout(void *arg)
{
	struct setting *s = arg;
	net->conn_set_peer_timeout(s->conn, s->ns);
	atomic_fetch_add(&s->done, 1);
}

/* What the kernel makes of it is shown by test_vanished. */
static void the_peer_timeout_is_what_the_kernel_is_told(void **state)
{
	static const struct {
		int64_t ns;
		int idle, every, probes, user_ms;
	} cases[] = {
		{PLUQ__SEC, 1, 1, 1, 1500}, {2 * PLUQ__SEC, 1, 1, 1, 1500}, {3 * PLUQ__SEC, 1, 1, 2, 2500},
		{60 * PLUQ__SEC, 15, 15, 3, 59500}, {INT64_MAX, 8194, 8191, 3, 32766500},
	};
	int fd = peer_listen(HERE, 0, 5), fresh = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), value;
	socklen_t length = sizeof value;
	struct call k = {.address = address_of(HERE, port_of(fd))};
	start(&k);
	assert_true(rig_await(&k.opened, 1));
	struct setting s = {.conn = k.conn};
	int own = rig_descriptor(k.conn);
	expect_option(own, IPPROTO_TCP, TCP_NODELAY, 1);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		s.ns = cases[i].ns;
		rig_post(&rig, 0, set_peer_timeout, &s);
		assert_true(rig_await(&s.done, (int)i + 1));
		expect_option(own, SOL_SOCKET, SO_KEEPALIVE, 1);
		expect_option(own, IPPROTO_TCP, TCP_KEEPIDLE, cases[i].idle);
		expect_option(own, IPPROTO_TCP, TCP_KEEPINTVL, cases[i].every);
		expect_option(own, IPPROTO_TCP, TCP_KEEPCNT, cases[i].probes);
		expect_option(own, IPPROTO_TCP, TCP_USER_TIMEOUT, cases[i].user_ms);
	}
	s.ns = 0;
	rig_post(&rig, 0, set_peer_timeout, &s);
	assert_true(rig_await(&s.done, sizeof cases / sizeof *cases + 1));
	expect_option(own, IPPROTO_TCP, TCP_USER_TIMEOUT, 0);
	getsockopt(fresh, IPPROTO_TCP, TCP_KEEPIDLE, &value, &length);
	expect_option(own, IPPROTO_TCP, TCP_KEEPIDLE, value);
	rig_post(&rig, 0, cancel, &k);
	expect_end(&k, 1, "closed");
	close(fresh);
	close(fd);
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, up, down)
	const struct CMUnitTest tests[] = {
		TEST(it_serves_like_any_other),
		TEST(it_says_its_last_words),
		TEST(a_peer_that_closes_at_once_is_noticed),
		TEST(unix_sockets_are_connected),
		TEST(a_handler_may_not_want_it_any_more),
		TEST(the_end_of_one_may_begin_the_next),
		TEST(a_refusal_is_told),
		TEST(what_cannot_be_reached_is_told),
		TEST(silence_ends_in_time),
		TEST(bad_addresses_are_refused_at_once),
		TEST(names_are_resolved_each_time),
		TEST(an_unknown_name_is_told),
		TEST(the_next_address_follows_a_refusal),
		TEST(the_next_address_follows_silence_in_time),
		TEST(all_addresses_may_refuse),
		TEST(a_hanging_resolver_holds_up_no_numeric_address),
		TEST(an_answer_finds_those_who_still_wait),
		TEST(a_lookup_is_taken_up_again),
		TEST(cancelled_within_the_same_step),
		TEST(cancelled_while_resolving),
		TEST(cancelled_while_connecting),
		TEST(cancelled_once_connected),
		TEST(the_peer_timeout_is_what_the_kernel_is_told),
		cmocka_unit_test_setup(the_stop_ends_those_in_the_making, up),
		cmocka_unit_test_setup(the_stop_ends_those_connected, up),
		cmocka_unit_test(those_we_make_are_no_clients),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
