/* TLS of connections that we make, to listeners of ours and to peers of the test. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../daemon/base/clock.h"
#include "tls_rig.h"

static const struct pluq_net *const net = &pluq__net_table;

/* ---- a call ---- */

struct call {
	const char *address, *server_name;
	struct pluq_tls *tls;
	int64_t timeout_ns;
	int loop;
	struct pluq_conn *conn;
	_Atomic int made, opened, closed, answered;
	int result;
	char why[300], info[500];
	bool cancel;
};

static int on_open(void *arg, struct pluq_conn *c)
{
	struct call *k = arg;
	struct pluq_tls_info i = {.size = sizeof i};
	assert_true(net->conn_tls(c, &i));
	snprintf(k->info, sizeof k->info, "%x %s <%s> %zu", i.version, i.verified ? "verified" : "unverified", i.common_name,
	    i.alt_names.count);
	memcpy(net->conn_reserve(c, 9), "echo hi!\n", 9);
	net->conn_commit(c, 9);
	atomic_fetch_add(&k->opened, 1);
	return 0;
}

static int64_t on_data(struct pluq_conn *c, void *user, const uint8_t *bytes, size_t length)
{
	struct call *k = user;
	if (length < 4)
		return 0;
	assert_memory_equal(bytes, "hi!\n", 4);
	k->answered = 1;
	return PLUQ_CONN_CLOSE;
}

static void on_close(struct pluq_conn *c, void *user, const char *why)
{
	struct call *k = user;
	snprintf(k->why, sizeof k->why, "%s", why);
	atomic_fetch_add(&k->closed, 1);
}

static const struct pluq_conn_ops ops = {.size = sizeof ops, .on_open = on_open, .on_data = on_data, .on_close = on_close};

static void make(void *arg)
{
	struct call *k = arg;
	struct pluq_why why;
	struct pluq_connect p = {.size = sizeof p, .max_rest = 100, .address = k->address, .timeout_ns = k->timeout_ns, .ops = &ops,
		.arg = k, .tls = k->tls, .server_name = k->server_name};
	k->result = net->connect(&rig.net.host.pub, &p, &k->conn, &why);
	atomic_fetch_add(&k->made, 1);
}

static void cancel(void *arg)
{
	net->conn_close(((struct call *)arg)->conn, true);
}

static void begin(struct call *k)
{
	rig_post(&rig.net, k->loop, make, k);
	assert_true(rig_await(&k->made, 1));
	assert_int_equal(k->result, 0);
}

static void expect(struct call *k, int opened, const char *why)
{
	begin(k);
	assert_true(rig_await(&k->closed, 1));
	assert_string_equal(k->why, why);
	assert_int_equal(k->opened, opened);
	assert_int_equal(k->answered, opened);
}

static struct pluq_tls *client_tls(const char *name, uint32_t peer, const char *ca)
{
	struct pluq_tls_params p = client_params(name, peer, ca);
	struct pluq_why why = {""};
	struct pluq_tls *t = NULL;
	int error = net->tls_new(&rig.net.host.pub, &p, &t, &why);
	if (error)
		fail_msg("%s", why.text);
	return t;
}

static const char *address_of(int32_t port)
{
	static char text[4][32];
	static unsigned next;
	char *to = text[next++ % 4];
	snprintf(to, sizeof text[0], "127.0.0.1:%d", (int)port);
	return to;
}

static void start(const char *cert, uint32_t peer)
{
	struct pluq_tls_params p = server_params(cert, peer, "ca");
	tls_rig_start(2, 0, &p, true);
}

static const char *here(void)
{
	return address_of(net->listener_port(rig.listener));
}

/* ---- to a listener of ours ---- */

struct visit {
	const char *server;     /* its certificate */
	uint32_t server_peer;
	const char *cert;       /* ours */
	uint32_t peer;
	const char *ca, *name, *info, *why;
};

static const struct visit visits[] = {
	{"server", 0, NULL, PLUQ_TLS_PEER_VERIFY, "ca", NULL, "304 verified <server> 3", "closed"}, /* by its address */
	{"server", 0, NULL, PLUQ_TLS_PEER_VERIFY, "ca", "broker.test", "304 verified <server> 3", "closed"},
	{"server", 0, NULL, PLUQ_TLS_PEER_VERIFY, "server", "broker.test", "304 verified <server> 3", "closed"}, /* trusted by itself */
	{"expired", 0, NULL, PLUQ_TLS_PEER_NONE, NULL, "any.test", "304 unverified <late> 1", "closed"},
	{"server", PLUQ_TLS_PEER_VERIFY, "client", PLUQ_TLS_PEER_VERIFY, "ca", NULL, "304 verified <server> 3", "closed"},
	{"server", 0, NULL, PLUQ_TLS_PEER_VERIFY, "ca", "other.test", NULL, "certificate verification failed: hostname mismatch"},
	{"client", 0, NULL, PLUQ_TLS_PEER_VERIFY, "ca", NULL, NULL, "certificate verification failed: IP address mismatch"},
	{"expired", 0, NULL, PLUQ_TLS_PEER_VERIFY, "ca", NULL, NULL, "certificate verification failed: certificate has expired"},
	{"stranger", 0, NULL, PLUQ_TLS_PEER_VERIFY, "ca", NULL, NULL,
		"certificate verification failed: unable to get local issuer certificate"},
};

static void servers_are_verified(void **state)
{
	for (size_t i = 0; i < sizeof visits / sizeof *visits; i++) {
		const struct visit *v = &visits[i];
		start(v->server, v->server_peer);
		struct call k = {.address = here(), .server_name = v->name, .tls = client_tls(v->cert, v->peer, v->ca), .loop = i % 2,
			.timeout_ns = i % 2 ? 60 * PLUQ__SEC : 0};
		expect(&k, v->info != NULL, v->why);
		if (v->info)
			assert_string_equal(k.info, v->info);
		tls_rig_stop();
	}
}

static void a_server_that_wants_a_certificate_is_told_of(void **state)
{
	start("server", PLUQ_TLS_PEER_VERIFY);
	struct call k = {.address = here(), .tls = client_tls(NULL, PLUQ_TLS_PEER_VERIFY, "ca")};
	begin(&k);
	assert_true(rig_await(&k.closed, 1));
	assert_string_equal(k.why, "the peer refuses: certificate required"); /* in TLS 1.3 we are through before it judges */
	tls_rig_stop();
}

/* ---- to peers of the test ---- */

static int peer_listen(int *port)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct timeval tv = {.tv_sec = 5};
	socklen_t length = sizeof in;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
	assert_int_equal(bind(fd, (struct sockaddr *)&in, sizeof in), 0);
	assert_int_equal(listen(fd, 5), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&in, &length), 0);
	*port = ntohs(in.sin_port);
	return fd;
}

static void a_peer_that_speaks_no_tls_is_told(void **state)
{
	int port, fd = peer_listen(&port);
	start("server", 0);
	struct call k = {.address = address_of(port), .tls = client_tls(NULL, 0, NULL)}, left = k;
	begin(&k);
	int peer = accept(fd, NULL, NULL);
	peer_say(peer, "-ERR what?\r\n");
	assert_true(rig_await(&k.closed, 1));
	assert_string_equal(k.why, "the peer speaks no TLS (plain text?)");
	close(peer);
	begin(&left);
	peer = accept(fd, NULL, NULL);
	char hello[100];
	assert_true(peer_read(peer, hello, sizeof hello));
	shutdown(peer, SHUT_WR);
	assert_true(rig_await(&left.closed, 1));
	assert_string_equal(left.why, "the peer has closed the connection");
	assert_int_equal(k.opened + left.opened, 0);
	close(peer);
	close(fd);
	tls_rig_stop();
}

static void a_stalled_handshake_ends_in_time(void **state)
{
	int port, fd = peer_listen(&port);
	start("server", 0);
	struct call k = {.address = address_of(port), .tls = client_tls(NULL, 0, NULL), .timeout_ns = 100 * PLUQ__MS};
	int64_t begun_ns = pluq__clock_mono_ns();
	expect(&k, 0, "it has taken too long");
	assert_true(pluq__clock_mono_ns() - begun_ns >= 100 * PLUQ__MS);
	struct call gone = {.address = k.address, .tls = k.tls};
	begin(&gone);
	close(accept(fd, NULL, NULL)); /* the first */
	int peer = accept(fd, NULL, NULL);
	rig_post(&rig.net, 0, cancel, &gone);
	assert_true(rig_await(&gone.closed, 1));
	assert_string_equal(gone.why, "closed");
	struct call stopped = {.address = k.address, .tls = k.tls};
	begin(&stopped);
	close(peer);
	peer = accept(fd, NULL, NULL);
	assert_true(tls_rig_stop() < 500 * PLUQ__MS);
	assert_int_equal(stopped.closed, 1);
	assert_string_equal(stopped.why, "stopping");
	close(peer);
	close(fd);
}

/* Where the end tells how long something is, it must be the peer's own. */
static void a_connection_that_is_cut_is_told_from_one_that_ends(void **state)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	SSL_CTX_use_certificate_chain_file(ctx, cert_path("server.pem"));
	SSL_CTX_use_PrivateKey_file(ctx, cert_path("server.key"), SSL_FILETYPE_PEM);
	int port, fd = peer_listen(&port);
	start("server", 0);
	for (int cut = 0; cut < 2; cut++) {
		struct call k = {.address = address_of(port), .tls = client_tls(NULL, PLUQ_TLS_PEER_VERIFY, "ca")};
		char line[9];
		size_t got;
		begin(&k);
		int peer = accept(fd, NULL, NULL);
		SSL *ssl = SSL_new(ctx);
		SSL_set_fd(ssl, peer);
		assert_int_equal(SSL_accept(ssl), 1);
		assert_int_equal(SSL_read_ex(ssl, line, sizeof line, &got), 1);
		if (!cut)
			SSL_shutdown(ssl);
		shutdown(peer, SHUT_WR);
		assert_true(rig_await(&k.closed, 1));
		assert_string_equal(k.why, cut ? "unexpected eof while reading" : "closed by the peer");
		SSL_free(ssl);
		close(peer);
	}
	SSL_CTX_free(ctx);
	close(fd);
	tls_rig_stop();
}

static void tables_that_do_not_fit_are_refused(void **state)
{
	start("server", 0);
	struct call k = {.address = here(), .tls = rig.tls};
	rig_post(&rig.net, 0, make, &k);
	assert_true(rig_await(&k.made, 1));
	assert_int_equal(k.result, PLUQ_EINVAL);
	tls_rig_stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(servers_are_verified),
		cmocka_unit_test(a_server_that_wants_a_certificate_is_told_of),
		cmocka_unit_test(a_peer_that_speaks_no_tls_is_told),
		cmocka_unit_test(a_stalled_handshake_ends_in_time),
		cmocka_unit_test(a_connection_that_is_cut_is_told_from_one_that_ends),
		cmocka_unit_test(tables_that_do_not_fit_are_refused),
	};
	certs_begin();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	certs_end();
	return failed;
}
