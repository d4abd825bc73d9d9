#include "coat.h"

#include <errno.h>
#include <openssl/err.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

/* Reads per fill: TLS gives a record at a time. */
#define READS 64
/* The generator is not what is measured: it compresses with the least effort. */
#define LEVEL 1

static void fail_tls(const char *what)
{
	unsigned long error = ERR_get_error();
	bench_fail("%s: %s", what, error ? ERR_reason_error_string(error) : "the connection was closed");
}

SSL_CTX *coat_context(void)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());

	if (!context)
		fail_tls("TLS");
	SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	return context;
}

void coat_tls(struct coat *c, SSL_CTX *context, int fd, SSL_SESSION *session)
{
	int result;

	c->ssl = SSL_new(context);
	if (!c->ssl || !SSL_set_fd(c->ssl, fd) || (session && !SSL_set_session(c->ssl, session)))
		fail_tls("TLS");
	while ((result = SSL_connect(c->ssl)) != 1) {
		int wants = SSL_get_error(c->ssl, result);
		struct pollfd p = {.fd = fd, .events = wants == SSL_ERROR_WANT_WRITE ? POLLOUT : POLLIN};

		if (wants != SSL_ERROR_WANT_READ && wants != SSL_ERROR_WANT_WRITE)
			fail_tls("handshake");
		poll(&p, 1, -1);
	}
}

static void decode(struct coat *, struct pluqc_buf *in);

void coat_codec(struct coat *c, enum coat_codec codec, struct pluqc_buf *in)
{
	c->codec = codec;
	if (codec == COAT_DEFLATE &&
	    (inflateInit2(&c->inflate, -15) != Z_OK || deflateInit2(&c->deflate, LEVEL, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) != Z_OK))
		bench_fail("out of memory");
	pluqc_buf_append(&c->raw, pluqc_buf_data(in), pluqc_buf_length(in));
	pluqc_buf_consume(in, pluqc_buf_length(in));
	decode(c, in);
}

void coat_fini(struct coat *c)
{
	if (c->codec == COAT_DEFLATE) {
		inflateEnd(&c->inflate);
		deflateEnd(&c->deflate);
	}
	SSL_free(c->ssl);
	pluqc_buf_fini(&c->wire);
	pluqc_buf_fini(&c->raw);
}

static uint8_t *reserve(struct pluqc_buf *b, size_t n)
{
	uint8_t *room = pluqc_buf_reserve(b, n);

	if (!room)
		bench_fail("out of memory");
	return room;
}

static void put_snappy(struct coat *c, const uint8_t *bytes, size_t n)
{
	if (!c->begun)
		pluqc_buf_append(&c->wire, pluq__snappy_identifier, PLUQ__SNAPPY_IDENTIFIER);
	c->begun = true;
	while (n) {
		size_t part = n < PLUQ__SNAPPY_PLAIN_MAX ? n : PLUQ__SNAPPY_PLAIN_MAX;

		pluqc_buf_commit(&c->wire, pluq__snappy_pack(bytes, part, reserve(&c->wire, PLUQ__SNAPPY_CHUNK_MAX)));
		bytes += part;
		n -= part;
	}
}

static void put_deflate(struct coat *c, const uint8_t *bytes, size_t n)
{
	const size_t room = 64 * 1024;

	c->deflate.next_in = (uint8_t *)(uintptr_t)bytes;
	c->deflate.avail_in = (unsigned)n;
	do {
		c->deflate.next_out = reserve(&c->wire, room);
		c->deflate.avail_out = (unsigned)room;
		deflate(&c->deflate, Z_SYNC_FLUSH);
		pluqc_buf_commit(&c->wire, room - c->deflate.avail_out);
	} while (!c->deflate.avail_out);
}

void coat_put(struct coat *c, const void *bytes, size_t n)
{
	if (!n)
		return;
	switch (c->codec) {
	case COAT_PLAIN:
		pluqc_buf_append(&c->wire, bytes, n);
		break;
	case COAT_SNAPPY:
		put_snappy(c, bytes, n);
		break;
	case COAT_DEFLATE:
		put_deflate(c, bytes, n);
		break;
	}
	if (c->wire.error)
		bench_fail("out of memory");
}

/* -1: not now. */
static ssize_t send_some(struct coat *c, int fd)
{
	size_t n = pluqc_buf_length(&c->wire);
	ssize_t k;

	if (c->ssl) {
		int result = SSL_write(c->ssl, pluqc_buf_data(&c->wire), (int)(n < INT32_MAX ? n : INT32_MAX));
		int wants = result > 0 ? SSL_ERROR_NONE : SSL_get_error(c->ssl, result);

		if (wants != SSL_ERROR_NONE && wants != SSL_ERROR_WANT_READ && wants != SSL_ERROR_WANT_WRITE)
			fail_tls("send");
		return result > 0 ? result : -1;
	}
	k = send(fd, pluqc_buf_data(&c->wire), n, MSG_NOSIGNAL);
	if (k < 0 && errno != EAGAIN && errno != EINTR)
		bench_fail("send: %s", strerror(errno));
	return k;
}

void coat_push(struct coat *c, int fd)
{
	ssize_t sent;

	while (pluqc_buf_length(&c->wire) && (sent = send_some(c, fd)) > 0)
		pluqc_buf_consume(&c->wire, (size_t)sent);
}

static void decode_snappy(struct coat *c, struct pluqc_buf *in)
{
	struct pluq__snappy_chunk chunk;
	enum pluq__snappy_found found;

	while ((found = pluq__snappy_next(&c->snappy, pluqc_buf_data(&c->raw), pluqc_buf_length(&c->raw), &chunk)) !=
	       PLUQ__SNAPPY_MORE) {
		if (found == PLUQ__SNAPPY_BAD)
			bench_fail("%s", c->snappy.why);
		if (found == PLUQ__SNAPPY_DATA) {
			if (!pluq__snappy_unpack(&c->snappy, &chunk, reserve(in, chunk.plain + 1)))
				bench_fail("%s", c->snappy.why);
			pluqc_buf_commit(in, chunk.plain);
		}
		pluqc_buf_consume(&c->raw, chunk.size);
	}
}

static void decode_deflate(struct coat *c, struct pluqc_buf *in)
{
	const size_t room = 256 * 1024;
	int result;

	c->inflate.next_in = (uint8_t *)(uintptr_t)pluqc_buf_data(&c->raw);
	c->inflate.avail_in = (unsigned)pluqc_buf_length(&c->raw);
	do {
		c->inflate.next_out = reserve(in, room);
		c->inflate.avail_out = (unsigned)room;
		result = inflate(&c->inflate, Z_SYNC_FLUSH);
		pluqc_buf_commit(in, room - c->inflate.avail_out);
		if (result != Z_OK && result != Z_BUF_ERROR)
			bench_fail("deflate: %s", c->inflate.msg ? c->inflate.msg : "the stream has ended");
	} while (!c->inflate.avail_out);
	pluqc_buf_consume(&c->raw, pluqc_buf_length(&c->raw));
}

static void decode(struct coat *c, struct pluqc_buf *in)
{
	if (!pluqc_buf_length(&c->raw))
		return;
	if (c->codec == COAT_SNAPPY)
		decode_snappy(c, in);
	else
		decode_deflate(c, in);
}

/* 0: the end; -1: nothing now. */
static ssize_t receive_some(struct coat *c, int fd, uint8_t *to, size_t n)
{
	ssize_t k;

	if (c->ssl) {
		int result = SSL_read(c->ssl, to, (int)n), wants = result > 0 ? SSL_ERROR_NONE : SSL_get_error(c->ssl, result);

		return result > 0 ? result : wants == SSL_ERROR_WANT_READ || wants == SSL_ERROR_WANT_WRITE ? -1 : 0;
	}
	k = recv(fd, to, n, 0);
	if (k < 0 && errno != EAGAIN && errno != EINTR)
		bench_fail("recv: %s", strerror(errno));
	return k;
}

int coat_fill(struct coat *c, int fd, struct pluqc_buf *in, size_t read_size)
{
	struct pluqc_buf *to = c->codec == COAT_PLAIN ? in : &c->raw;
	bool some = false;

	/* What TLS keeps inside says nothing by the socket: it is read to the end. */
	for (int reads = 0; reads < READS || (c->ssl && SSL_has_pending(c->ssl)); reads++) {
		ssize_t got = receive_some(c, fd, reserve(to, read_size), read_size);

		if (got == 0)
			return PLUQC_ECLOSED;
		if (got < 0)
			break;
		pluqc_buf_commit(to, (size_t)got);
		some = true;
		if (!c->ssl)
			break;
	}
	if (some && c->codec != COAT_PLAIN)
		decode(c, in);
	return some ? 0 : PLUQC_EMORE;
}
