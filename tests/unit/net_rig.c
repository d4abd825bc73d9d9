#include "net_rig.h"

#include <assert.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "../../daemon/base/clock.h"
#include "../../daemon/base/log.h"
#include "../../daemon/net/conn.h"

#define WAIT_S 20

void rig_start(struct rig *r, int loops, int64_t max_connections)
{
	memset(r, 0, sizeof *r);
	pluq__log_set_level(PLUQ_FATAL);
	int error = pluq__loops_init(&r->loops, loops);
	assert(error == 0);
	error = pluq__pool_init(&r->pool, 0);
	assert(error == 0);
	struct pluq__lane *lane = pluq__pool_lane(r->pool, "resolver", RIG_RESOLVERS);
	assert(lane);
	pluq__lane_limit(lane, RIG_RESOLVERS);
	error = pluq__net_new(&r->net, &r->loops, lane, max_connections);
	assert(error == 0);
	r->host.loops = &r->loops;
	r->host.net = r->net;
	r->host.in_init = true;
}

static void *run(void *arg)
{
	struct rig *r = arg;
	pluq__loops_run(&r->loops);
	return NULL;
}

void rig_serve(struct rig *r)
{
	struct pluq_why why;
	int error = pluq__net_start(r->net, &why);
	assert(error == 0);
	r->host.in_init = false;
	error = pthread_create(&r->thread, NULL, run, r);
	assert(error == 0);
}

struct letter {
	struct pluq__mail mail;
	void (*fn)(void *);
	void *arg;
};

static void on_letter(struct pluq__mail *m)
{
	struct letter *l = (struct letter *)m;
	l->fn(l->arg);
	free(l);
}

void rig_post(struct rig *r, int loop, void (*fn)(void *), void *arg)
{
	struct letter *l = calloc(1, sizeof *l);
	assert(l);
	l->mail.fn = on_letter;
	l->fn = fn;
	l->arg = arg;
	pluq__loop_post(&r->loops.loop[loop], &l->mail);
}

static void on_all_closed(void *arg)
{
	struct rig *r = arg;
	pluq__loops_stop(&r->loops);
}

static void on_unread(void *arg)
{
	struct rig *r = arg;
	pluq__net_close_all(r->net, on_all_closed, r);
}

static void stop(void *arg)
{
	struct rig *r = arg;
	pluq__net_stop_accepting(r->net);
	pluq__net_stop_reading(r->net, on_unread, r);
}

int64_t rig_end_connections(struct rig *r)
{
	int64_t start_ns = pluq__clock_mono_ns();
	rig_post(r, 0, stop, r);
	pthread_join(r->thread, NULL);
	int64_t took_ns = pluq__clock_mono_ns() - start_ns;
	assert(pluq__net_connections(r->net) == 0);
	return took_ns;
}

void rig_free(struct rig *r)
{
	bool ended = pluq__pool_fini(&r->pool, WAIT_S * PLUQ__SEC);
	assert(ended);
	pluq__loops_settle(&r->loops);
	pluq__net_free(&r->net);
	pluq__loops_fini(&r->loops);
}

int64_t rig_stop(struct rig *r)
{
	int64_t took_ns = rig_end_connections(r);
	rig_free(r);
	return took_ns;
}

bool rig_await(_Atomic int *value, int wanted)
{
	int64_t end_ns = pluq__clock_mono_ns() + WAIT_S * PLUQ__SEC;
	while (atomic_load(value) != wanted) {
		if (pluq__clock_mono_ns() > end_ns)
			return false;
		nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
	}
	return true;
}

static void set_timeouts(int fd)
{
	struct timeval tv = {.tv_sec = WAIT_S};
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof tv);
}

int peer_connect(int32_t port)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert(fd >= 0);
	set_timeouts(fd);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int error = connect(fd, (struct sockaddr *)&in, sizeof in);
	assert(error == 0);
	return fd;
}

int peer_connect_unix(const char *path)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert(fd >= 0);
	set_timeouts(fd);
	strncpy(un.sun_path, path, sizeof un.sun_path - 1);
	if (connect(fd, (struct sockaddr *)&un, sizeof un) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

void peer_send(int fd, const void *bytes, size_t n)
{
	const char *from = bytes;
	while (n > 0) {
		ssize_t got = send(fd, from, n, MSG_NOSIGNAL);
		if (got <= 0)
			return; /* what the peer makes of it is seen in what it answers */
		from += got;
		n -= (size_t)got;
	}
}

void peer_say(int fd, const char *text)
{
	peer_send(fd, text, strlen(text));
}

bool peer_read(int fd, void *to, size_t n)
{
	char *at = to;
	while (n > 0) {
		ssize_t got = recv(fd, at, n, 0);
		if (got <= 0)
			return false;
		at += got;
		n -= (size_t)got;
	}
	return true;
}

bool peer_hears(int fd, const char *text)
{
	char got[4096];
	size_t n = strlen(text);
	assert(n < sizeof got);
	return peer_read(fd, got, n) && memcmp(got, text, n) == 0;
}

ptrdiff_t peer_read_all(int fd, char *to, size_t room)
{
	size_t n = 0;
	while (n < room - 1) {
		ssize_t got = recv(fd, to + n, room - 1 - n, 0);
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		n += (size_t)got;
	}
	to[n] = 0;
	return (ptrdiff_t)n;
}

bool peer_at_end(int fd)
{
	char byte;
	return recv(fd, &byte, 1, 0) == 0;
}

int rig_descriptor(const struct pluq_conn *c)
{
	return c->fd;
}
