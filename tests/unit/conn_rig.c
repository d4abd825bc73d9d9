#include "conn_rig.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../daemon/base/clock.h"

static const struct pluq_net *const net = &pluq__net_table;

/* The handler's own for one connection. */
struct client {
	struct pluq_conn *conn;
	uint8_t *body;
	size_t body_length;
	size_t flood_left;
	bool hold;
};

struct served served;

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
	atomic_fetch_add(&served.released, 1);
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
	atomic_fetch_add(&served.resumed, 1);
	net->conn_resume(k->conn);
}

static void resume_and_pause(void *arg)
{
	struct client *k = arg;
	net->conn_resume(k->conn);
	net->conn_pause(k->conn);
	served.dozing = k;
	atomic_fetch_add(&served.resumed, 1);
}

static void answer_after_end(void *arg)
{
	struct client *k = arg;
	reply(k->conn, "late\n");
	net->conn_close(k->conn, true);
}

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
		rig_post(&served.rig, self, resume_later, k);
	} else if (strcmp(line, "doze") == 0) {
		net->conn_pause(c);
		rig_post(&served.rig, self, resume_and_pause, k);
	} else if (strncmp(line, "move ", 5) == 0) {
		net->conn_move(c, (uint32_t)atoi(line + 5));
	} else if (strcmp(line, "where") == 0) {
		snprintf(text, sizeof text, "%d\n", self);
		reply(c, text);
	} else if (strcmp(line, "attach") == 0) {
		reply(c, "<");
		assert_int_equal(net->conn_attach(c, served.attached, sizeof served.attached, on_released, NULL), 0);
		atomic_fetch_add(&served.attach_count, 1);
		reply(c, ">");
	} else if (strncmp(line, "flood ", 6) == 0) {
		k->flood_left = strtoul(line + 6, NULL, 10);
		net->conn_set_output_limit(c, 32768);
		go_on_flooding(k);
	} else if (strncmp(line, "pile ", 5) == 0) {
		for (size_t i = strtoul(line + 5, NULL, 10) / sizeof served.attached; i > 0; i--) {
			uint8_t *to = net->conn_reserve(c, sizeof served.attached);
			assert_non_null(to);
			memcpy(to, served.attached, sizeof served.attached);
			net->conn_commit(c, sizeof served.attached);
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
	assert_ptr_equal(arg, &served.rig);
	k->conn = c;
	net->conn_set_user(c, k);
	atomic_fetch_add(&served.opened, 1);
	return 0;
}

static int64_t on_data(struct pluq_conn *c, void *user, const uint8_t *bytes, size_t length)
{
	served.late += served.unread;
	const uint8_t *end = memchr(bytes, '\n', length);
	char line[SERVED_MAX_REST + 1];
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
	atomic_fetch_add(&served.ended, 1);
	if (k->hold) {
		net->conn_hold(c);
		rig_post(&served.rig, pluq__loop_self()->index, answer_after_end, k);
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
	atomic_fetch_add(&served.drained, 1);
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
	atomic_fetch_add(&served.closed, 1);
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

void serve_on(const char *address, int loops, int64_t max_connections)
{
	struct pluq_listen params = {.size = sizeof params, .address = address, .what = "TCP",
		.max_rest = SERVED_MAX_REST, .ops = &ops, .arg = &served.rig};
	struct pluq_why why = {""};
	served.opened = served.closed = served.attach_count = served.released = served.drained = 0;
	served.ended = served.resumed = served.unread = served.late = 0;
	rig_start(&served.rig, loops, max_connections);
	int error = net->listen(&served.rig.host.pub, &params, &served.listener, &why);
	if (error)
		fail_msg("%s", why.text);
	rig_serve(&served.rig);
}

int serve_on_one_loop(void **state)
{
	serve_on("127.0.0.1:0", 1, 0);
	return 0;
}

int serve_on_two_loops(void **state)
{
	serve_on("127.0.0.1:0", 2, 0);
	return 0;
}

int stop_serving(void **state)
{
	rig_stop(&served.rig);
	assert_int_equal(served.opened, served.closed);
	return 0;
}

int dial(void)
{
	return peer_connect(net->listener_port(served.listener));
}

void wait_for_loop(void)
{
	int fd = dial();
	peer_say(fd, "echo there\n");
	assert_true(peer_hears(fd, "there\n"));
	close(fd);
}

void resume_dozing(void)
{
	rig_post(&served.rig, 0, resume_later, served.dozing);
}
