/* <pluq/net.h>: listeners and connections, as a handler sees them.
 *
 * A connection lives on one loop at a time and is used on that loop only; every callback of it comes there. Input is
 * offered as it arrives and taken in whole commands; output is collected and leaves at the end of the loop turn in as
 * few system calls as possible.
 *
 * Life of a connection: on_open, then on_data / on_body / on_moved / on_drained in any order, then on_eof at most once,
 * then on_close exactly once; after on_close the handle is dead. No callback runs inside a call of this table.
 */
#ifndef PLUQ_NET_H
#define PLUQ_NET_H

#include <pluq/host.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pluq_conn;
struct pluq_listener;

/* A TLS configuration: certificates and what is asked of the peer. It lives as long as the daemon. */
struct pluq_tls;

/* What is asked of the other side's certificate. */
enum {
	PLUQ_TLS_PEER_NONE = 0,   /* a client is asked for none; of a server any is taken */
	PLUQ_TLS_PEER_ANY = 1,    /* a client must show one, which is not verified */
	PLUQ_TLS_PEER_VERIFY = 2  /* it must be there and be good; a server's also for the name that was dialled */
};

struct pluq_tls_params {
	uint32_t size;
	bool client;             /* for connections that we make; else for those that we accept */
	uint32_t peer;           /* PLUQ_TLS_PEER_* */
	const char *cert_file;   /* PEM: our certificate, then its chain; "": none (a client may have none) */
	const char *key_file;    /* PEM; "": none. Both or neither */
	const char *ca_file;     /* PEM: roots the peer's certificate is verified against; "": the system's */
	uint32_t min_version;    /* lowest version: 0x0301 (TLS 1.0) .. 0x0304 (TLS 1.3) */
	const char *ciphers;     /* of TLS 1.2 and below, in OpenSSL's notation; "": OpenSSL's choice */
	const char *ciphersuites; /* of TLS 1.3; "" likewise */
	bool kernel;             /* let the kernel encrypt, where it can */
};

/* What was agreed on a connection; texts are borrowed as long as the connection is used. */
struct pluq_tls_info {
	uint32_t size;
	uint16_t version;         /* 0x0304: TLS 1.3 */
	uint16_t cipher;          /* number of the suite in IANA's list */
	const char *cipher_name;  /* its name there */
	bool resumed;             /* a session was resumed */
	bool verified;            /* the peer has shown a certificate that was verified */
	const char *common_name;  /* of the subject of the peer's certificate; "": none */
	struct pluq_strings alt_names; /* see struct pluq_auth_query */
};

enum { PLUQ_UPGRADE_TLS = 1, PLUQ_UPGRADE_SNAPPY = 2, PLUQ_UPGRADE_DEFLATE = 3 };

/* A layer between the connection and its socket. */
struct pluq_upgrade {
	uint32_t size;
	uint32_t what;          /* PLUQ_UPGRADE_*. TLS only as the first, one compression at most */
	struct pluq_tls *tls;   /* TLS: our side's configuration, for connections that we accept */
	int64_t timeout_ns;     /* TLS: of the handshake */
	int32_t level;          /* deflate: 1 .. 9 */
};

/* Result of on_data besides the number of bytes used. */
enum {
	PLUQ_CONN_CLOSE = -1 /* send what is buffered, then close; the rest of the input is thrown away */
};

struct pluq_conn_ops {
	uint32_t size;

	/* A peer has connected, or we have. Set the user pointer here. Not 0: the connection is closed; no on_close follows,
	 * except for one that was made by connect. */
	int (*on_open)(void *listener_arg, struct pluq_conn *);

	/* Input. Returns how many of the bytes it has used (0 .. length); the rest is offered again, with more behind
	 * it, when more arrives or after conn_resume. Or PLUQ_CONN_CLOSE. The bytes are borrowed for the call. A rest
	 * may grow up to max_rest (struct pluq_listen); a connection whose rest is full and of which nothing is used is
	 * closed, so a handler judges its longest line before that. */
	int64_t (*on_data)(struct pluq_conn *, void *user, const uint8_t *bytes, size_t length);

	/* The bytes asked for by conn_read_into are there. Parsing goes on after it. false: as PLUQ_CONN_CLOSE. */
	bool (*on_body)(struct pluq_conn *, void *user);

	/* The peer will send no more. `rest` bytes were left unused, or a conn_read_into is incomplete
	 * (`in_body`). After the call what is buffered is sent and the connection closes, unless conn_hold was called
	 * for answers still to come. May be NULL. */
	void (*on_eof)(struct pluq_conn *, void *user, const uint8_t *rest, size_t length, bool in_body);

	/* conn_move has ended: this is the new loop. What was left unused is offered next. May be NULL. */
	void (*on_moved)(struct pluq_conn *, void *user);

	/* Unsent output fell to a quarter of the output limit after it had reached the limit. May be NULL. */
	void (*on_drained)(struct pluq_conn *, void *user);

	/* The connection is gone. `why` is for the log (debug). Free what `user` points to. */
	void (*on_close)(struct pluq_conn *, void *user, const char *why);

	/* conn_upgrade has ended. 0: what is written from now on goes through the layer, and so does what is read. PLUQ_ETLS, PLUQ_ELIMIT
	 * (too late), PLUQ_ENOMEM with the cause for people: nothing is read any more, what is written goes out in the clear; the handler
	 * writes its last words, if any, and closes. May be NULL if conn_upgrade is not used. */
	void (*on_upgraded)(struct pluq_conn *, void *user, int status, const struct pluq_why *why);
};

struct pluq_listen {
	uint32_t size;
	const char *address;    /* "host:port", "[v6]:port", port 0 = any; what has no port is the path of a unix socket */
	const char *what;       /* for the log: "TCP", "HTTP" */
	uint32_t max_rest;      /* longest unused rest of input, bytes */
	uint32_t output_limit;  /* see conn_set_output_limit; 0: 64 KiB */
	const struct pluq_conn_ops *ops;
	void *arg;              /* given to on_open */
	struct pluq_tls *tls;   /* connections begin with TLS: on_open comes after the handshake. NULL: they do not */
};

/* A connection that we make. */
struct pluq_connect {
	uint32_t size;
	uint32_t max_rest, output_limit; /* as in struct pluq_listen */
	const char *address;    /* as in struct pluq_listen; copied. A name is resolved anew each time, off the loops */
	int64_t timeout_ns;     /* for resolving and connecting together, shared out among a name's addresses; 0: the kernel's
	                         * patience, for each */
	const struct pluq_conn_ops *ops; /* on_open comes once it is connected */
	void *arg;              /* given to on_open; the user pointer until conn_set_user is called */
	struct pluq_tls *tls;   /* of the client's side: it begins with TLS, the handshake counts against timeout_ns. NULL: it does not */
	const char *server_name; /* the name that is asked for and verified; NULL: the host of the address. Copied */
};

struct pluq_net {
	uint32_t size;

	/* init only. Binds and listens at once; accepting begins when the daemon serves. Connections are dealt out over
	 * all loops. PLUQ_EADDRESS with `why`. The listener ends with the daemon. */
	int (*listen)(const struct pluq_host *, const struct pluq_listen *, struct pluq_listener **out, struct pluq_why *why);
	/* The port really listened on, or -1 for a unix socket. Any thread. */
	int32_t (*listener_port)(const struct pluq_listener *);

	void (*conn_set_user)(struct pluq_conn *, void *user);
	/* "1.2.3.4:5", "[::1]:5", "@" for a unix socket; valid as long as the connection. */
	const char *(*conn_remote)(const struct pluq_conn *);

	/* Output. reserve gives at least n writable bytes, valid until the next call for this connection or the end of the
	 * loop turn; commit says how many of them were written. NULL: no memory (or the connection is closing): close it. n up to 16 MiB. */
	uint8_t *(*conn_reserve)(struct pluq_conn *, size_t n);
	void (*conn_commit)(struct pluq_conn *, size_t n);
	/* Sends bytes by reference: release(arg) is called on this connection's loop, once they are sent or the
	 * connection is closed. PLUQ_ENOMEM, PLUQ_ECLOSED: release is not called. */
	int (*conn_attach)(struct pluq_conn *, const void *bytes, size_t n, pluq_post_fn release, void *arg);
	/* Bytes not yet taken by the kernel. */
	size_t (*conn_pending)(const struct pluq_conn *);
	/* The mark that on_drained speaks of. Output is never refused for it; producers look at conn_pending. Reaching it
	 * also sends what is buffered at once. */
	void (*conn_set_output_limit)(struct pluq_conn *, size_t bytes);
	/* Closes the connection when output is waiting and the peer has taken none of it for this long. 0: never. */
	void (*conn_set_write_timeout)(struct pluq_conn *, int64_t ns);

	/* Within on_data only, as the last thing before it returns: the next n bytes of input (of which up to n may stand
	 * in what on_data was offered behind the bytes it says it has used) go to dst, then on_body is called. dst stays
	 * the handler's; it must live until on_body or on_close. */
	void (*conn_read_into)(struct pluq_conn *, uint8_t *dst, size_t n);

	/* Stops and starts reading and on_data. Counted: resume as often as paused. May be called within on_data, which is
	 * then not called again until the resume; after it on_data is called at the end of this loop turn, if a
	 * rest waits. */
	void (*conn_pause)(struct pluq_conn *);
	void (*conn_resume)(struct pluq_conn *);

	/* Within on_data only, as the last thing before it returns: the connection moves to another loop, with its rest and
	 * its unsent output. Nothing else of the handler's may point to it from this loop by then, its timers included
	 * (free them before, make them again in on_moved). */
	void (*conn_move)(struct pluq_conn *, uint32_t loop);

	/* After on_eof: keep the sending side open until conn_close, because answers are still to come. */
	void (*conn_hold)(struct pluq_conn *);

	/* Sends what is buffered, then closes; on_data is called no more; on_close follows in a later step of the loop,
	 * never inside this call. flush false: closes without sending the rest. May be called again. */
	void (*conn_close)(struct pluq_conn *, bool flush);

	/* Loop. Begins to connect; the connection lives on this loop. Once 0 was returned on_close comes exactly once, in a later
	 * step, whether or not on_open came before: its `why` (constant text) tells what became of it. Until on_open the handle
	 * is good for conn_set_user and conn_close only. Without a host (":4160") it is this one. Does not count against
	 * max_connections. PLUQ_ENOMEM; PLUQ_EADDRESS (not "host:port" or a path); PLUQ_EEXITING: the daemon stops and reads no
	 * more; PLUQ_EINVAL: not on a loop, or a table that cannot be used. */
	int (*connect)(const struct pluq_host *, const struct pluq_connect *, struct pluq_conn **out, struct pluq_why *why);

	/* The connection ends when its peer has acknowledged nothing for this long, whether or not there is anything to send:
	 * one that vanished without a word (power cut, partition) is not waited for. So does one whose peer lives, but has not let
	 * any output in for this long. From 2 s to 9 hours, in whole seconds; what is beyond is taken as the nearest. 0: the
	 * kernel's patience. Accepted connections too; ignored by unix sockets. */
	void (*conn_set_peer_timeout)(struct pluq_conn *, int64_t ns);

	/* Main in init, or the pool in reload. Reads the files. PLUQ_ETLS with `why` in one line; PLUQ_EINVAL; PLUQ_ENOMEM. */
	int (*tls_new)(const struct pluq_host *, const struct pluq_tls_params *, struct pluq_tls **out, struct pluq_why *why);
	/* The same for one that is in use: handshakes that begin after it go by the new parameters, connections stay as they are. On
	 * failure nothing has changed. `client` cannot be changed. */
	int (*tls_change)(struct pluq_tls *, const struct pluq_tls_params *, struct pluq_why *why);

	/* false: the connection is not under TLS. */
	bool (*conn_tls)(const struct pluq_conn *, struct pluq_tls_info *out);

	/* Within on_data as the last thing before it returns, or within on_upgraded. What has been written goes out as before; then the
	 * layer is put in place, for TLS with a handshake, and on_upgraded tells. Until then nothing is read and nothing may be written;
	 * input that on_data has not used, and what comes before the layer stands, is thrown away. PLUQ_ENOMEM; PLUQ_EINVAL: not now. */
	int (*conn_upgrade)(struct pluq_conn *, const struct pluq_upgrade *);

	/* As tls_new, but nothing comes of it: whether the parameters are good, before something else is changed with them. */
	int (*tls_check)(const struct pluq_tls_params *, struct pluq_why *why);
};

#ifdef __cplusplus
}
#endif
#endif
