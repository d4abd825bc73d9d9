/* The TLS layer. OpenSSL is on the socket itself, so that the kernel can take over the encryption where it knows how. */
#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "../base/memory.h"
#include "conn.h"
#include "tls.h"

/* Longest that goes into one record. */
#define RECORD_MAX (16 * 1024)
/* Changes of keys, wishes to shake hands again: what each costs, a command costs a tenth of. A peer may send some more of them than it sends
 * data; nobody needs to. */
#define WORDS_MAX 64
/* Reads of the socket per step of a handshake, and per call of recv. */
#define SHAKE_READS 4
#define RECV_READS 8

static struct pluq__tls_layer *of(struct pluq__layer *l)
{
	return (struct pluq__tls_layer *)l;
}

/* OpenSSL goes on reading until it has data or the socket has none. Who sends it messages of TLS itself as fast as they can be dealt with
 * would keep the loop for good: so a call may make only some reads of the socket, of up to 17 KiB each. What is left there makes the
 * descriptor ready again. */
static void begin_call(struct pluq__tls_layer *t, int reads)
{
	ERR_clear_error();
	errno = 0;
	t->reads = reads;
}

/* The type of BIO_set_callback_ex. */
static long on_socket(BIO *b, int what, const char *bytes, size_t n, int i, long l, int result, size_t *done)
{
	struct pluq__tls_layer *t = (struct pluq__tls_layer *)(void *)BIO_get_callback_arg(b);
	(void)bytes;
	(void)n;
	(void)i;
	(void)l;
	(void)done;
	if (what != BIO_CB_READ || t->reads-- > 0)
		return result;
	BIO_clear_retry_flags(b);
	BIO_set_retry_read(b);
	return -1;
}

/* The type of SSL_set_msg_callback. */
static void on_message(int written, int version, int type, const void *bytes, size_t n, SSL *ssl, void *layer)
{
	struct pluq__tls_layer *t = layer;
	(void)version;
	(void)bytes;
	(void)n;
	(void)ssl;
	if (!written && type == SSL3_RT_HANDSHAKE)
		t->words++;
}

/* ---- reading ---- */

static void note_failure(struct pluq__tls_layer *t, int error, int system)
{
	t->failed = true;
	if (error == SSL_ERROR_SYSCALL && system != 0)
		t->error = system;
	else if (error == SSL_ERROR_SYSCALL)
		t->why = "the peer has cut the connection";
	else
		t->why = pluq__tls_reason();
	ERR_clear_error();
}

static ssize_t tell_failure(const struct pluq__tls_layer *t, struct pluq_conn *c)
{
	if (t->why)
		c->why = t->why;
	errno = t->why ? 0 : t->error;
	return PLUQ__IO_ERROR;
}

/* SSL_read has given nothing. */
static void stopped(struct pluq__tls_layer *t, struct pluq_conn *c, int error, int system)
{
	t->more = false;
	if (error == SSL_ERROR_WANT_READ)
		return;
	if (error == SSL_ERROR_WANT_WRITE) {
		t->blocked = c->read_on_write = true;
		pluq__conn_write_on(c);
	} else if (error == SSL_ERROR_ZERO_RETURN) {
		t->ended = true;
	} else {
		note_failure(t, error, system);
	}
}

/* The kernel is asked for a record's head first. */
static int reads_per_record(const struct pluq__tls_layer *t)
{
	return t->kernel ? 2 : 1;
}

static bool read_some(struct pluq__tls_layer *t, struct pluq_conn *c, void *to, size_t room, size_t *got)
{
	begin_call(t, reads_per_record(t));
	bool good = SSL_read_ex(t->ssl, to, room, got) == 1;
	int system = errno;
	if (good) {
		/* Nothing is left of what was read ahead: if the kernel has more, it says so, for less than asking costs. */
		t->more = t->kernel || SSL_has_pending(t->ssl) == 1;
		t->words -= t->words > 0;
	} else {
		*got = 0;
		stopped(t, c, SSL_get_error(t->ssl, 0), system);
	}
	if (t->words > WORDS_MAX && !t->failed) {
		t->failed = true;
		t->why = "the peer sends more messages of TLS than data";
	}
	return good && !t->failed;
}

/* The recv of struct pluq__layer_ops. */
static ssize_t tls_recv(struct pluq__layer *l, struct pluq_conn *c, struct iovec *iov, int n)
{
	struct pluq__tls_layer *t = of(l);
	size_t total = 0;
	int reads = 0;
	bool goes_on = !t->ended && !t->failed;
	t->blocked = false;
	for (int i = 0; i < n && goes_on; i++) {
		size_t at = 0;
		while (at < iov[i].iov_len && goes_on) {
			size_t got;
			goes_on = read_some(t, c, (uint8_t *)iov[i].iov_base + at, iov[i].iov_len - at, &got) && t->more;
			if (t->reads < reads_per_record(t) && ++reads == RECV_READS)
				goes_on = false; /* what is left is input of the layer, or makes the descriptor ready */
			at += got;
		}
		total += at;
	}
	if (total > 0)
		return (ssize_t)total;
	if (t->failed)
		return tell_failure(t, c);
	return t->ended ? 0 : PLUQ__IO_AGAIN;
}

/* The has_input of struct pluq__layer_ops. What has ended or failed is told again when it is asked. */
static bool tls_has_input(const struct pluq__layer *l)
{
	const struct pluq__tls_layer *t = (const struct pluq__tls_layer *)l;
	return t->more || t->ended || t->failed || (t->blocked && !t->conn->read_on_write);
}

/* ---- writing ---- */

/* A place in a vector. */
struct cursor {
	const struct iovec *at;
	int left;     /* elements, the present one included */
	size_t begin; /* in the present one */
};

static void skip(struct cursor *k, size_t n)
{
	while (k->left > 0 && k->at->iov_len - k->begin <= n) {
		n -= k->at->iov_len - k->begin;
		k->begin = 0;
		k->at++;
		k->left--;
	}
	k->begin += n;
}

/* The next record's bytes: where they lie, if that is in one place, else gathered. */
static const uint8_t *next_record(const struct cursor *from, uint8_t gathered[RECORD_MAX], size_t *length)
{
	struct cursor k = *from;
	size_t n = k.at->iov_len - k.begin;
	if (n >= RECORD_MAX || k.left == 1) {
		*length = n < RECORD_MAX ? n : RECORD_MAX;
		return (const uint8_t *)k.at->iov_base + k.begin;
	}
	for (*length = 0; k.left > 0 && *length < RECORD_MAX; skip(&k, n)) {
		n = k.at->iov_len - k.begin;
		if (n > RECORD_MAX - *length)
			n = RECORD_MAX - *length;
		memcpy(gathered + *length, (const uint8_t *)k.at->iov_base + k.begin, n);
		*length += n;
	}
	return gathered;
}

static ssize_t cannot_write(struct pluq__tls_layer *t, struct pluq_conn *c, int error, int system)
{
	if (error == SSL_ERROR_WANT_WRITE)
		return PLUQ__IO_AGAIN;
	if (error == SSL_ERROR_WANT_READ) {
		c->write_on_read = true;
		return PLUQ__IO_AGAIN;
	}
	note_failure(t, error, system);
	return tell_failure(t, c);
}

/* The send of struct pluq__layer_ops. What OpenSSL has not written whole it is offered again, so nothing is held here. */
static ssize_t tls_send(struct pluq__layer *l, struct pluq_conn *c, struct iovec *iov, int n)
{
	struct pluq__tls_layer *t = of(l);
	struct cursor k = {.at = iov, .left = n};
	uint8_t gathered[RECORD_MAX];
	size_t total = 0;
	if (t->failed)
		return tell_failure(t, c);
	skip(&k, 0);
	while (k.left > 0) {
		size_t length, put;
		const uint8_t *from = next_record(&k, gathered, &length);
		begin_call(t, SHAKE_READS);
		if (SSL_write_ex(t->ssl, from, length, &put) != 1) {
			int system = errno;
			ssize_t result = cannot_write(t, c, SSL_get_error(t->ssl, 0), system);
			return total > 0 ? (ssize_t)total : result;
		}
		total += put;
		skip(&k, put);
	}
	return (ssize_t)total;
}

/* ---- life ---- */

/* The end of struct pluq__layer_ops. */
static bool tls_end(struct pluq__layer *l, struct pluq_conn *c)
{
	struct pluq__tls_layer *t = of(l);
	(void)c;
	if (t->failed || t->said)
		return true;
	begin_call(t, SHAKE_READS);
	int result = SSL_shutdown(t->ssl);
	t->said = result >= 0 || SSL_get_error(t->ssl, result) != SSL_ERROR_WANT_WRITE;
	ERR_clear_error();
	return t->said;
}

/* The free of struct pluq__layer_ops. */
static void tls_free(struct pluq__layer *l)
{
	struct pluq__tls_layer *t = of(l);
	pluq__tls_info_free(&t->info);
	SSL_free(t->ssl);
	pluq__memory_add(-(int64_t)t->memory);
	free(t);
}

static const struct pluq__layer_ops ops = {
	.recv = tls_recv,
	.send = tls_send,
	.has_input = tls_has_input,
	.end = tls_end,
	.free = tls_free,
};

static void count_memory(struct pluq__tls_layer *t, int bytes)
{
	t->memory += bytes;
	pluq__memory_add(bytes);
}

/* The name that is asked for, and verified if anything is. */
static bool set_name(SSL *ssl, const char *name)
{
	struct in6_addr any;
	if (inet_pton(AF_INET, name, &any) == 1 || inet_pton(AF_INET6, name, &any) == 1)
		return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name) == 1;
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return SSL_set_tlsext_host_name(ssl, name) == 1 && SSL_set1_host(ssl, name) == 1;
}

struct pluq__tls_layer *pluq__tls_layer_new(struct pluq_tls *tls, struct pluq_conn *c, const char *name)
{
	struct pluq__tls_layer *t = calloc(1, sizeof *t);
	if (!t)
		return NULL;
	*t = (struct pluq__tls_layer){.layer.ops = &ops, .conn = c, .client = name != NULL};
	t->ssl = pluq__tls_ssl(tls, &t->verifies, &t->kernel);
	if (!t->ssl || SSL_set_fd(t->ssl, c->fd) != 1 || (name && !set_name(t->ssl, name))) {
		ERR_clear_error();
		SSL_free(t->ssl);
		free(t);
		return NULL;
	}
	if (name)
		SSL_set_connect_state(t->ssl);
	else
		SSL_set_accept_state(t->ssl);
	BIO_set_callback_ex(SSL_get_rbio(t->ssl), on_socket);
	BIO_set_callback_arg(SSL_get_rbio(t->ssl), (char *)t);
	count_memory(t, PLUQ__TLS_MEMORY);
	return t;
}

static int memory_of(const X509 *x)
{
	return PLUQ__TLS_PEER_MEMORY + PLUQ__TLS_PEER_TIMES * i2d_X509(x, NULL);
}

static void count_peer(struct pluq__tls_layer *t)
{
	const X509 *x = SSL_get0_peer_certificate(t->ssl);
	STACK_OF(X509) *chain = SSL_get_peer_cert_chain(t->ssl); /* that of a server begins with its own */
	if (x && !t->client)
		count_memory(t, memory_of(x));
	for (int i = 0; i < sk_X509_num(chain); i++)
		count_memory(t, memory_of(sk_X509_value(chain, i)));
}

enum pluq__tls_step pluq__tls_handshake(struct pluq__tls_layer *t, struct pluq_why *why)
{
	begin_call(t, SHAKE_READS);
	int done = SSL_do_handshake(t->ssl), system = errno;
	if (done == 1) {
		SSL_set_msg_callback(t->ssl, on_message);
		SSL_set_msg_callback_arg(t->ssl, t);
		t->more = SSL_has_pending(t->ssl) == 1;
		count_peer(t);
		return PLUQ__TLS_DONE;
	}
	int error = SSL_get_error(t->ssl, done);
	if (error == SSL_ERROR_WANT_READ)
		return PLUQ__TLS_READ;
	if (error == SSL_ERROR_WANT_WRITE)
		return PLUQ__TLS_WRITE;
	pluq__tls_handshake_why(t->ssl, error, system, why);
	t->failed = true;
	return PLUQ__TLS_FAILED;
}

struct pluq__tls_layer *pluq__tls_layer_of(const struct pluq_conn *c)
{
	for (struct pluq__layer *l = c->layer; l; l = l->below)
		if (l->ops == &ops)
			return of(l);
	return NULL;
}
