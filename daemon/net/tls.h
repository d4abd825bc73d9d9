/* Private to daemon/net. TLS by OpenSSL.
 *
 * tls_config.c: what a listener or a handler has asked for. tls_files.c: certificates and keys. tls_layer.c: the layer of a connection.
 * tls_info.c: what was agreed on. tls_why.c: what OpenSSL says, in plain words.
 */
#ifndef PLUQ__TLS_H
#define PLUQ__TLS_H

#include <openssl/ssl.h>
#include <pluq/net.h>

#include "layer.h"

struct pluq__net;
struct pluq__tls_info;

/* What OpenSSL keeps for an idle connection, measured, and for a certificate that the peer has shown: this, and so many times its bytes. */
#define PLUQ__TLS_MEMORY (14 * 1024)
#define PLUQ__TLS_PEER_MEMORY (4 * 1024)
#define PLUQ__TLS_PEER_TIMES 4

struct pluq__tls_layer {
	struct pluq__layer layer; /* first */
	struct pluq_conn *conn;
	SSL *ssl;
	struct pluq__tls_info *info; /* NULL: nobody has asked yet */
	const char *why;   /* constant text: reading has failed; NULL with `failed`: by errno `error` */
	int error;
	int memory;        /* counted as held */
	int reads;         /* of the socket that the present call of OpenSSL's may still make */
	int words;         /* messages of TLS itself for which no data has come, since the handshake */
	bool client;       /* that is us */
	bool verifies;     /* the peer's certificate was asked for and verified, if there is one */
	bool kernel;       /* it may decrypt */
	bool more;         /* SSL_read may give something at once */
	bool blocked;      /* SSL_read must write first */
	bool ended;        /* the peer has ended its side */
	bool failed;       /* nothing works any more */
	bool said;         /* the end of our side is told */
};

/* tls_config.c */
int pluq__tls_new(struct pluq__net *, const struct pluq_tls_params *, struct pluq_tls **out, struct pluq_why *why); /* see net.h */
int pluq__tls_change(struct pluq_tls *, const struct pluq_tls_params *, struct pluq_why *why);
int pluq__tls_check(const struct pluq_tls_params *, struct pluq_why *why);
void pluq__tls_free_all(struct pluq__net *); /* main, when no connection is left */
bool pluq__tls_is_client(const struct pluq_tls *);
/* Any thread. By the present parameters. NULL: no memory. *verifies: the peer must show a certificate that is good. */
SSL *pluq__tls_ssl(struct pluq_tls *, bool *verifies, bool *kernel);

/* tls_layer.c */
/* For a handshake with a connection that has a descriptor and no layer. name: of the server; NULL: that is us. NULL: no memory. */
struct pluq__tls_layer *pluq__tls_layer_new(struct pluq_tls *, struct pluq_conn *, const char *name);
enum pluq__tls_step { PLUQ__TLS_DONE, PLUQ__TLS_READ, PLUQ__TLS_WRITE, PLUQ__TLS_FAILED };
/* Goes on with the handshake as far as it can without waiting; READ, WRITE: what it waits for. FAILED: `why` tells. */
enum pluq__tls_step pluq__tls_handshake(struct pluq__tls_layer *, struct pluq_why *why);
struct pluq__tls_layer *pluq__tls_layer_of(const struct pluq_conn *); /* NULL: the connection is not under TLS */

/* tls_info.c */
bool pluq__conn_tls(const struct pluq_conn *, struct pluq_tls_info *out);
void pluq__tls_info_free(struct pluq__tls_info **);

/* tls_why.c. After a call that failed with SSL_get_error() `error`: `system` is errno, the rest stands in OpenSSL's queue, which is
 * empty afterwards. */
void pluq__tls_handshake_why(const SSL *, int error, int system, struct pluq_why *why);
/* For OpenSSL's queue alone, which is empty afterwards; constant text. */
const char *pluq__tls_reason(void);

#endif
