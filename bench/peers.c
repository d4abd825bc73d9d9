#include "peers.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "../client/command.h"
#include "../client/identify.h"

#define CONNECT_MS 10000
#define EVENTS 256
/* Large, so that a burst costs one system call; but a page for each of thousands. */
#define READ_SIZE_FEW (256u * 1024)
#define READ_SIZE_MANY 4096u
#define FEW 64
/* The longest a server allows, so that heartbeats do not disturb measurements of idleness. */
#define HEARTBEAT_MS 60000

static void check(const struct peer *p, int error)
{
	if (error)
		bench_fail("connection: %s",
		    error == PLUQC_ESYSTEM ? strerror(p->conn.system_error) : pluqc_strerror(error));
}

/* Watches for room to send exactly while something is unsent. */
static void rewatch(struct peers *s, struct peer *p)
{
	bool wants_out = pluqc_buf_length(p->coat ? &p->coat->wire : &p->conn.out) > 0;
	struct epoll_event e = {.events = EPOLLIN | (wants_out ? EPOLLOUT : 0), .data.ptr = p};

	if (wants_out == p->wants_out)
		return;
	p->wants_out = wants_out;
	if (epoll_ctl(s->epoll, EPOLL_CTL_MOD, p->conn.fd, &e))
		bench_fail("epoll_ctl: %s", strerror(errno));
}

void peer_flush(struct peers *s, struct peer *p)
{
	if (p->coat) {
		check(p, p->conn.out.error);
		coat_put(p->coat, pluqc_buf_data(&p->conn.out), pluqc_buf_length(&p->conn.out));
		pluqc_buf_consume(&p->conn.out, pluqc_buf_length(&p->conn.out));
		coat_push(p->coat, p->conn.fd);
	} else {
		check(p, pluqc_conn_flush(&p->conn));
	}
	rewatch(s, p);
}

void peer_write(struct peers *s, struct peer *p, const void *bytes, size_t n)
{
	if (p->coat) {
		peer_flush(s, p);
		coat_put(p->coat, bytes, n);
		coat_push(p->coat, p->conn.fd);
	} else {
		check(p, pluqc_conn_write(&p->conn, bytes, n));
	}
	rewatch(s, p);
}

static void peer_open(struct peers *s, const struct bench *b, struct peer *p)
{
	struct pluqc_identity who = {.user_agent = "pluq-bench", .heartbeat_interval_ms = HEARTBEAT_MS,
	    .tls = b->opt.tls, .snappy = b->opt.snappy, .deflate = b->opt.deflate};
	struct epoll_event e = {.events = EPOLLIN, .data.ptr = p};

	pluqc_conn_init(&p->conn);
	p->dressing = b->opt.tls || b->opt.snappy || b->opt.deflate;
	p->conn.read_size = s->count <= FEW ? READ_SIZE_FEW : READ_SIZE_MANY;
	check(p, pluqc_conn_open(&p->conn, &b->server));
	pluqc_identify_encode(&p->conn.out, &who);
	check(p, pluqc_conn_wait(&p->conn, POLLOUT, CONNECT_MS));
	if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, p->conn.fd, &e))
		bench_fail("epoll_ctl: %s", strerror(errno));
}

/* All peers have had the same number of answers when this is called. */
static void send_and_await(struct peers *s)
{
	uint64_t answers = s->list[0].answers + 1;

	for (size_t i = 0; i < s->count; i++)
		peer_flush(s, &s->list[i]);
	peers_await(s, answers);
}

static void take_frames(struct peers *, struct peer *);

static void await_answer(struct peers *s, struct peer *p)
{
	uint64_t answers = p->answers + 1;

	p->holding = false;
	take_frames(s, p); /* it may have come along with what was read before */
	while (p->answers < answers)
		peers_turn(s, -1);
}

/* The server says OK once for each layer. */
static void dress(struct peers *s, const struct bench *b, struct peer *p)
{
	enum coat_codec codec = b->opt.snappy ? COAT_SNAPPY : b->opt.deflate ? COAT_DEFLATE : COAT_PLAIN;

	if (!p->dressing)
		return;
	p->coat = bench_alloc(1, sizeof *p->coat);
	if (b->opt.tls) {
		coat_tls(p->coat, b->tls, p->conn.fd, NULL);
		await_answer(s, p);
	}
	if (codec != COAT_PLAIN) {
		coat_codec(p->coat, codec, &p->conn.in);
		await_answer(s, p);
	}
	p->dressing = p->holding = false;
}

void peers_open(struct peers *s, const struct bench *b, uint64_t n)
{
	*s = (struct peers){.epoll = epoll_create1(EPOLL_CLOEXEC), .count = n, .options = &b->opt};
	if (s->epoll < 0)
		bench_fail("epoll_create1: %s", strerror(errno));
	s->list = bench_alloc(n, sizeof *s->list);
	for (size_t i = 0; i < n; i++)
		peer_open(s, b, &s->list[i]);
	peers_await(s, 1);
	for (size_t i = 0; i < n; i++)
		dress(s, b, &s->list[i]);
	for (size_t i = 0; i < n && b->opt.secret; i++)
		pluqc_cmd_auth(&s->list[i].conn.out, b->opt.secret);
	if (b->opt.secret)
		send_and_await(s);
}

void peers_close(struct peers *s)
{
	for (size_t i = 0; i < s->count; i++) {
		if (s->list[i].coat)
			coat_fini(s->list[i].coat);
		free(s->list[i].coat);
		pluqc_conn_fini(&s->list[i].conn);
	}
	free(s->list);
	close(s->epoll);
}

void peers_subscribe(struct peers *s, const char *topic, uint64_t ready)
{
	for (size_t i = 0; i < s->count; i++)
		pluqc_cmd_sub(&s->list[i].conn.out, topic, BENCH_CHANNEL);
	send_and_await(s);
	if (ready)
		peers_ready(s, ready);
}

void peers_ready(struct peers *s, uint64_t ready)
{
	for (size_t i = 0; i < s->count; i++) {
		pluqc_cmd_rdy(&s->list[i].conn.out, (uint32_t)ready);
		peer_flush(s, &s->list[i]);
	}
}

void peers_finish(struct peers *s)
{
	for (size_t i = 0; i < s->count; i++)
		pluqc_cmd_cls(&s->list[i].conn.out);
	send_and_await(s);
}

static void need_offered(const struct bench_options *o, const struct peer *p, const struct pluqc_frame *frame)
{
	struct pluqc_features given;

	check(p, pluqc_identify_decode(frame, &given));
	if (o->tls && !given.tls)
		bench_fail("the server does not offer tls");
	if (o->snappy && !given.snappy)
		bench_fail("the server does not offer snappy");
	if (o->deflate && !given.deflate)
		bench_fail("the server does not offer deflate");
}

static void on_frame(struct peers *s, struct peer *p, const struct pluqc_frame *frame)
{
	struct pluqc_message message;

	switch (frame->type) {
	case PLUQC_FRAME_RESPONSE:
		if (p->dressing && !p->answers)
			need_offered(s->options, p, frame);
		if (pluqc_frame_is_heartbeat(frame))
			pluqc_cmd_nop(&p->conn.out);
		else
			p->answers++;
		break;
	case PLUQC_FRAME_ERROR:
		bench_fail("the server answers: %.*s", (int)frame->length, (const char *)frame->data);
	case PLUQC_FRAME_MESSAGE:
		check(p, pluqc_message_decode(frame, &message));
		if (!s->on_message)
			bench_fail("a message came where none was expected");
		s->on_message(s->arg, p, &message);
		break;
	}
}

static void take_frames(struct peers *s, struct peer *p)
{
	struct pluqc_frame frame;
	int error;

	while (!(error = pluqc_conn_next(&p->conn, &frame))) {
		on_frame(s, p, &frame);
		if (p->dressing && p->answers) {
			p->holding = true;
			return;
		}
	}
	if (error != PLUQC_EMORE)
		check(p, error);
	if (s->on_batch)
		s->on_batch(s->arg, p);
}

static void receive(struct peers *s, struct peer *p)
{
	int error;

	if (p->holding)
		return;
	error = p->coat ? coat_fill(p->coat, p->conn.fd, &p->conn.in, p->conn.read_size) : pluqc_conn_fill(&p->conn);
	if (error == PLUQC_EMORE)
		return;
	check(p, error);
	take_frames(s, p);
}

void peers_turn(struct peers *s, int timeout_ms)
{
	struct epoll_event events[EVENTS];
	int n = epoll_wait(s->epoll, events, EVENTS, timeout_ms);

	if (n < 0 && errno != EINTR)
		bench_fail("epoll_wait: %s", strerror(errno));
	for (int i = 0; i < n; i++) {
		struct peer *p = events[i].data.ptr;

		if (events[i].events & ~(uint32_t)EPOLLOUT)
			receive(s, p);
		peer_flush(s, p);
	}
}

void peers_await(struct peers *s, uint64_t answers)
{
	for (size_t i = 0; i < s->count; i++)
		while (s->list[i].answers < answers)
			peers_turn(s, -1);
}
