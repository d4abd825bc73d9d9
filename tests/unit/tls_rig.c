#include "tls_rig.h"

#include <assert.h>
#include <openssl/err.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../daemon/base/clock.h"

#define LINE_MAX_LENGTH 1000

static const struct pluq_net *const net = &pluq__net_table;

struct tls_rig rig;
uint8_t attached[100000];

/* ---- peers ---- */

bool peer_shake(struct peer *p, int fd, SSL_CTX *ctx, SSL_SESSION *session)
{
	p->fd = fd;
	p->ssl = SSL_new(ctx);
	SSL_set_fd(p->ssl, fd);
	if (session)
		SSL_set_session(p->ssl, session);
	ERR_clear_error();
	return SSL_connect(p->ssl) == 1;
}

bool peer_tls_send(struct peer *p, const void *bytes, size_t n)
{
	size_t put;
	ERR_clear_error();
	return SSL_write_ex(p->ssl, bytes, n, &put) == 1 && put == n;
}

bool peer_tls_say(struct peer *p, const char *text)
{
	return peer_tls_send(p, text, strlen(text));
}

bool peer_tls_read(struct peer *p, void *to, size_t n)
{
	size_t got;
	ERR_clear_error();
	for (uint8_t *at = to; n > 0; at += got, n -= got)
		if (SSL_read_ex(p->ssl, at, n, &got) != 1)
			return false;
	return true;
}

bool peer_tls_hears(struct peer *p, const char *text)
{
	char got[4096];
	size_t n = strlen(text);
	assert(n < sizeof got);
	return peer_tls_read(p, got, n) && memcmp(got, text, n) == 0;
}

bool peer_tls_at_end(struct peer *p)
{
	char byte;
	ERR_clear_error();
	return SSL_get_error(p->ssl, SSL_read(p->ssl, &byte, 1)) == SSL_ERROR_ZERO_RETURN;
}

void peer_drop(struct peer *p)
{
	SSL_free(p->ssl);
	close(p->fd);
}

void peer_end(struct peer *p)
{
	SSL_shutdown(p->ssl);
	peer_drop(p);
}

/* ---- the handler ---- */

struct client {
	struct pluq_conn *conn;
	uint8_t *body;
	size_t body_length, flood_left;
	bool then_deflate;
};

static void reply(struct pluq_conn *c, const char *text)
{
	size_t n = strlen(text);
	uint8_t *to = net->conn_reserve(c, n);
	assert(to);
	memcpy(to, text, n);
	net->conn_commit(c, n);
}

static void on_released(void *arg)
{
	(void)arg;
	atomic_fetch_add(&rig.released, 1);
}

static void resume_later(void *arg)
{
	struct client *k = arg;
	atomic_fetch_add(&rig.resumed, 1);
	net->conn_resume(k->conn);
}

static void go_on_flooding(struct client *k)
{
	while (k->flood_left > 0 && net->conn_pending(k->conn) < 32768) {
		reply(k->conn, "0123456789abcde\n");
		k->flood_left -= 16;
	}
}

static void tell_info(struct pluq_conn *c)
{
	char text[1000];
	struct pluq_tls_info i = {.size = sizeof i};
	if (!net->conn_tls(c, &i)) {
		reply(c, "clear\n");
		return;
	}
	int n = snprintf(text, sizeof text, "%x %x %s %s %s <%s>", i.version, i.cipher, i.cipher_name, i.resumed ? "resumed" : "fresh",
	    i.verified ? "verified" : "unverified", i.common_name);
	for (size_t at = 0; at < i.alt_names.count; at++)
		n += snprintf(text + n, sizeof text - (size_t)n, " %s", i.alt_names.items[at]);
	snprintf(text + n, sizeof text - (size_t)n, "\n");
	reply(c, text);
}

/* expected: what conn_upgrade is to say, unless the answer is for the peer (0). */
static void upgrade(struct pluq_conn *c, uint32_t what, int expected)
{
	struct pluq_upgrade u = {.size = sizeof u, .what = what, .tls = rig.tls, .timeout_ns = rig.upgrade_timeout_ns, .level = 6};
	int error = net->conn_upgrade(c, &u);
	assert(!expected || error == expected);
	if (error && !expected)
		reply(c, "refused\n");
}

static int64_t command(struct client *k, const char *line, size_t n)
{
	struct pluq_conn *c = k->conn;
	char text[64];
	atomic_fetch_add(&rig.commands, 1);
	if (strncmp(line, "echo ", 5) == 0) {
		reply(c, line + 5);
		reply(c, "\n");
	} else if (strncmp(line, "body ", 5) == 0) {
		k->body_length = strtoul(line + 5, NULL, 10);
		k->body = malloc(k->body_length + 1);
		assert(k->body);
		net->conn_read_into(c, k->body, k->body_length);
	} else if (strcmp(line, "pause") == 0) {
		net->conn_pause(c);
		rig_post(&rig.net, pluq__loop_self()->index, resume_later, k);
	} else if (strncmp(line, "move ", 5) == 0) {
		net->conn_move(c, (uint32_t)atoi(line + 5));
	} else if (strcmp(line, "where") == 0) {
		snprintf(text, sizeof text, "%d\n", pluq__loop_self()->index);
		reply(c, text);
	} else if (strcmp(line, "attach") == 0) {
		int error = net->conn_attach(c, attached, sizeof attached, on_released, NULL);
		assert(error == 0);
	} else if (strncmp(line, "flood ", 6) == 0) {
		k->flood_left = strtoul(line + 6, NULL, 10);
		net->conn_set_output_limit(c, 32768);
		go_on_flooding(k);
	} else if (strcmp(line, "info") == 0) {
		tell_info(c);
	} else if (strncmp(line, "upgrade", 7) == 0) {
		k->then_deflate = strcmp(line + 7, " and deflate") == 0;
		reply(c, "go\n");
		upgrade(c, PLUQ_UPGRADE_TLS, 0);
	} else if (strcmp(line, "deflate") == 0) {
		reply(c, "go\n");
		upgrade(c, PLUQ_UPGRADE_DEFLATE, 0);
	} else if (strcmp(line, "doze") == 0) {
		net->conn_pause(c);
		atomic_store(&rig.dozing, c);
	} else if (strcmp(line, "quit") == 0) {
		reply(c, "bye\n");
		return PLUQ_CONN_CLOSE;
	} else if (strcmp(line, "part") == 0) {
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
	assert(k && arg == &rig);
	k->conn = c;
	net->conn_set_user(c, k);
	atomic_fetch_add(&rig.opened, 1);
	return 0;
}

static int64_t on_data(struct pluq_conn *c, void *user, const uint8_t *bytes, size_t length)
{
	(void)c;
	const uint8_t *end = memchr(bytes, '\n', length);
	char line[LINE_MAX_LENGTH + 1];
	if (!end)
		return 0;
	size_t n = (size_t)(end - bytes);
	assert(n < sizeof line);
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
	(void)user;
	(void)rest;
	atomic_fetch_add(&rig.ended, 1);
	if (length > 0 || in_body)
		reply(c, "left\n");
}

static void on_drained(struct pluq_conn *c, void *user)
{
	(void)c;
	atomic_fetch_add(&rig.drained, 1);
	go_on_flooding(user);
}

static void on_upgraded(struct pluq_conn *c, void *user, int status, const struct pluq_why *why)
{
	char text[300];
	struct client *k = user;
	if (status == 0) {
		reply(c, "up\n");
		if (k->then_deflate)
			upgrade(c, PLUQ_UPGRADE_DEFLATE, 0);
		k->then_deflate = false;
		atomic_fetch_add(&rig.upgraded, 1);
		return;
	}
	snprintf(rig.failure, sizeof rig.failure, "%s", why->text);
	snprintf(text, sizeof text, "failed: %d %s\n", status, why->text);
	reply(c, text);
	upgrade(c, PLUQ_UPGRADE_DEFLATE, PLUQ_EINVAL);
	net->conn_close(c, true);
	atomic_fetch_add(&rig.failed, 1);
}

static void on_close(struct pluq_conn *c, void *user, const char *why)
{
	struct client *k = user;
	assert(why && !net->conn_reserve(c, 1));
	free(k->body);
	free(k);
	atomic_fetch_add(&rig.closed, 1);
}

const struct pluq_conn_ops line_ops = {
	.size = sizeof line_ops,
	.on_open = on_open,
	.on_data = on_data,
	.on_body = on_body,
	.on_eof = on_eof,
	.on_drained = on_drained,
	.on_upgraded = on_upgraded,
	.on_close = on_close,
};

void tls_rig_start(int loops, int64_t max_connections, const struct pluq_tls_params *params, bool begins)
{
	struct pluq_why why = {""};
	memset(&rig, 0, sizeof rig);
	for (size_t i = 0; i < sizeof attached; i++)
		attached[i] = (uint8_t)(i % 251);
	signal(SIGPIPE, SIG_IGN);
	rig_start(&rig.net, loops, max_connections);
	int error = net->tls_new(&rig.net.host.pub, params, &rig.tls, &why);
	if (error)
		fprintf(stderr, "# %s\n", why.text);
	assert(error == 0);
	struct pluq_listen listen = {.size = sizeof listen, .address = "127.0.0.1:0", .what = "TCP", .max_rest = LINE_MAX_LENGTH,
		.ops = &line_ops, .arg = &rig, .tls = begins ? rig.tls : NULL};
	error = net->listen(&rig.net.host.pub, &listen, &rig.listener, &why);
	assert(error == 0);
	rig_serve(&rig.net);
}

int64_t tls_rig_stop(void)
{
	int64_t took_ns = rig_stop(&rig.net);
	assert(rig.opened == rig.closed);
	return took_ns;
}

int tls_rig_dial(void)
{
	return peer_connect(net->listener_port(rig.listener));
}
