/* For the tests of TLS: certificates made into a fresh directory, peers that speak TLS with blocking sockets, and a handler with a
 * protocol of lines, made for these tests. */
#ifndef TLS_RIG_H
#define TLS_RIG_H

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "net_rig.h"

/* ---- certificates ---- */

struct cert {
	const char *name;   /* of the files: NAME.pem, NAME.key */
	const char *issuer; /* name of one made before; NULL: itself */
	const char *common_name; /* NULL: none */
	const char *alt_names;   /* as OpenSSL takes them: "DNS:a,IP:127.0.0.1"; NULL: none */
	size_t common_name_length; /* 0: all of it; to put a NUL into it */
	const char *chain;  /* name of a certificate that is put behind it in the file; NULL: none */
	bool ca;
	bool expired;
};

void certs_begin(void); /* makes the directory, and a set of certificates that suffices for most */
void certs_end(void);
void cert_make(const struct cert *);
/* Path of a file of the directory; good until certs_end. */
const char *cert_path(const char *file);
void cert_write(const char *file, const char *text);
/* The key of NAME, encrypted, to `file`. */
void cert_encrypt_key(const char *name, const char *file);
void cert_copy(const char *from, const char *to);

/* Parameters of a server with the certificate `name`; NULL: none. */
struct pluq_tls_params server_params(const char *name, uint32_t peer, const char *ca);
struct pluq_tls_params client_params(const char *name, uint32_t peer, const char *ca);

/* ---- peers ---- */

struct peer {
	int fd;
	SSL *ssl;
};

/* A context of the client's side: certificate `name` or none, versions (0: any). */
SSL_CTX *peer_context(const char *name, int min_version, int max_version);
/* Handshake on the descriptor; false: it failed. */
bool peer_shake(struct peer *, int fd, SSL_CTX *, SSL_SESSION *session);
bool peer_tls_say(struct peer *, const char *text);
bool peer_tls_send(struct peer *, const void *bytes, size_t n);
bool peer_tls_read(struct peer *, void *to, size_t n);
bool peer_tls_hears(struct peer *, const char *text);
bool peer_tls_at_end(struct peer *); /* close_notify, and nothing before it */
void peer_end(struct peer *);        /* close_notify, then closes */
void peer_drop(struct peer *);       /* closes without a word */

/* ---- the handler ---- */

/* Lines: "echo TEXT", "body N" and N bytes (answered "sum S"), "pause", "move LOOP", "where", "attach", "flood N", "quit", "part" (closes without
 * a word), "die", "info", "upgrade": answers "go", then asks for TLS; in it the connection says "up"; if it fails "failed: STATUS WHY" and
 * closes. "upgrade and deflate" goes on with deflate and says "up" once more; "deflate" is that alone. "doze" pauses for good; see
 * `dozing`. */
struct tls_rig {
	struct rig net;
	struct pluq_tls *tls;
	struct pluq_listener *listener;
	int64_t upgrade_timeout_ns;
	char failure[256]; /* why the last upgrade failed; from `closed` on */
	_Atomic(struct pluq_conn *) dozing;
	_Atomic int opened, closed, upgraded, failed, resumed, released, drained, commands, ended;
};

extern struct tls_rig rig;
extern const struct pluq_conn_ops line_ops;
extern uint8_t attached[100000];

/* begins: with TLS at once; else by "upgrade". */
void tls_rig_start(int loops, int64_t max_connections, const struct pluq_tls_params *, bool begins);
int64_t tls_rig_stop(void);
int tls_rig_dial(void);

#endif
