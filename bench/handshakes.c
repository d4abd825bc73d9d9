/* Handshakes: connect, IDENTIFY, TLS, the answer in it, away. Several are under way at once, so that the server is never without one. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "../client/identify.h"
#include "coat.h"
#include "measure.h"

#define CONNECT_MS 10000

struct slot {
	struct pluqc_conn conn;
	SSL *ssl;             /* NULL: the answer to IDENTIFY is awaited */
	SSL_SESSION *session; /* to be resumed by the next: a ticket is good for one. NULL: none yet, or not wanted */
};

struct run {
	const struct bench *b;
	int epoll;
	struct slot *slots;
	uint64_t begun, done, resumed;
};

static void check(struct slot *k, int error)
{
	if (error)
		bench_fail("connection: %s",
		    error == PLUQC_ESYSTEM ? strerror(k->conn.system_error) : pluqc_strerror(error));
}

static void begin(struct run *r, struct slot *k)
{
	struct pluqc_identity who = {.user_agent = "pluq-bench", .tls = true};
	struct epoll_event e = {.events = EPOLLIN, .data.ptr = k};

	r->begun++;
	pluqc_conn_init(&k->conn);
	k->conn.read_size = 4096;
	check(k, pluqc_conn_open(&k->conn, &r->b->server));
	pluqc_identify_encode(&k->conn.out, &who);
	check(k, pluqc_conn_wait(&k->conn, POLLOUT, CONNECT_MS));
	if (epoll_ctl(r->epoll, EPOLL_CTL_ADD, k->conn.fd, &e))
		bench_fail("epoll_ctl: %s", strerror(errno));
}

static void start_tls(struct run *r, struct slot *k)
{
	struct pluqc_frame frame;
	struct pluqc_features features;
	int error = pluqc_conn_fill(&k->conn);

	if (!error)
		error = pluqc_conn_next(&k->conn, &frame);
	if (error == PLUQC_EMORE)
		return;
	check(k, error);
	check(k, pluqc_identify_decode(&frame, &features));
	if (!features.tls)
		bench_fail("the server does not offer TLS");
	k->ssl = SSL_new(r->b->tls);
	if (!k->ssl || !SSL_set_fd(k->ssl, k->conn.fd) || (k->session && !SSL_set_session(k->ssl, k->session)))
		bench_fail("out of memory");
	SSL_set_connect_state(k->ssl);
}

static void finish(struct run *r, struct slot *k)
{
	r->resumed += SSL_session_reused(k->ssl) == 1;
	SSL_SESSION_free(k->session);
	k->session = r->b->opt.resume ? SSL_get1_session(k->ssl) : NULL;
	SSL_set_shutdown(k->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN); /* else its session is of no more use */
	SSL_free(k->ssl);
	k->ssl = NULL;
	pluqc_conn_close(&k->conn);
	r->done++;
}

/* true: the answer is there. */
static bool go_on(struct slot *k)
{
	uint8_t answer[64];
	int result = SSL_read(k->ssl, answer, sizeof answer), wants;

	if (result > 0)
		return true;
	wants = SSL_get_error(k->ssl, result);
	if (wants != SSL_ERROR_WANT_READ)
		bench_fail("handshake failed");
	return false;
}

static void step(struct run *r, struct slot *k)
{
	if (!k->ssl)
		start_tls(r, k);
	if (k->ssl && go_on(k)) {
		finish(r, k);
		if (r->begun < r->b->opt.count)
			begin(r, k);
	}
}

static void go(struct run *r, uint64_t slots)
{
	for (uint64_t i = 0; i < slots && r->begun < r->b->opt.count; i++)
		begin(r, &r->slots[i]);
	while (r->done < r->begun) {
		struct epoll_event events[64];
		int n = epoll_wait(r->epoll, events, 64, -1);

		for (int i = 0; i < n; i++)
			step(r, events[i].data.ptr);
	}
}

static void run(struct bench *b)
{
	struct run r = {.b = b, .epoll = epoll_create1(EPOLL_CLOEXEC)};
	uint64_t count = b->opt.count;
	struct measure m;

	if (!b->tls)
		b->tls = coat_context();
	r.slots = bench_alloc(b->opt.connections, sizeof *r.slots);
	b->opt.count = b->opt.connections; /* what the first set up is not counted; their sessions are resumed */
	go(&r, b->opt.connections);
	b->opt.count = count;
	r.begun = r.done = r.resumed = 0;
	proc_wait_idle(b->opt.pid);
	measure_start(b, &m);
	go(&r, b->opt.connections);
	measure_stop(b, &m);
	if (r.resumed != (b->opt.resume ? count : 0))
		bench_fail("%llu of %llu sessions were resumed", (unsigned long long)r.resumed, (unsigned long long)count);
	report_begin(&b->report, "handshakes");
	measure_report(b, &m, count);
	report_end(&b->report);
	for (uint64_t i = 0; i < b->opt.connections; i++)
		SSL_SESSION_free(r.slots[i].session);
	free(r.slots);
	close(r.epoll);
}

const struct bench_mode mode_handshakes = {
    .name = "handshakes",
    .run = run,
    .defaults = {.connections = 8, .count = 5000},
    .help = "TLS handshakes, each on a connection of its own [--connections 8 --count 5000 --resume]",
};
