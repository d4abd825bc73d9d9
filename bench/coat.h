/* bench/coat.h: what a connection of the generator wears over its socket: TLS, and in it snappy or deflate. */
#ifndef PLUQ_BENCH_COAT_H
#define PLUQ_BENCH_COAT_H

#include <openssl/ssl.h>
#include <zlib.h>

#include "../client/conn.h"
#include "../daemon/net/snappy_frame.h"
#include "bench.h"

enum coat_codec { COAT_PLAIN, COAT_SNAPPY, COAT_DEFLATE };

struct coat {
	SSL *ssl; /* NULL: the socket itself */
	enum coat_codec codec;
	struct pluqc_buf wire; /* encoded, not yet sent */
	struct pluqc_buf raw;  /* received, not yet decoded */
	struct pluq__snappy_reader snappy;
	bool begun; /* our identifier is sent */
	z_stream deflate, inflate;
};

/* A connection's context for TLS: nothing is verified. With min version 1.2; sessions are kept by whoever asks for them. */
SSL_CTX *coat_context(void);

/* Blocks until the handshake is through. session: to be resumed, or NULL. */
void coat_tls(struct coat *, SSL_CTX *, int fd, SSL_SESSION *session);
/* From now on everything is compressed, what stands in `in` already included. */
void coat_codec(struct coat *, enum coat_codec, struct pluqc_buf *in);
void coat_fini(struct coat *);

/* Encodes and flushes n bytes. */
void coat_put(struct coat *, const void *bytes, size_t n);
/* Sends what can be sent: coat.wire holds the rest. */
void coat_push(struct coat *, int fd);
/* Receives all there is, decoded behind what `in` holds. As pluqc_conn_fill. */
int coat_fill(struct coat *, int fd, struct pluqc_buf *in, size_t read_size);

#endif
