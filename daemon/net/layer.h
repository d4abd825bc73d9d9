/* Private to daemon/net. A layer between a connection and its socket: TLS, compression. Layers stand on each other, the topmost is the
 * connection's; each belongs to its connection, is touched on its loop only and moves with it.
 *
 * conn_io.c asks the topmost layer, a layer asks what is below it by pluq__layer_recv and pluq__layer_send, and the lowest is on
 * the socket.
 */
#ifndef PLUQ__LAYER_H
#define PLUQ__LAYER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

struct pluq_conn;
struct pluq__layer;

struct pluq__layer_ops {
	/* As pluq__io_recv: bytes > 0 of what the peer meant, 0 (it has ended its side), PLUQ__IO_AGAIN, PLUQ__IO_ERROR. An error
	 * of the layer's own is told in c->why before (constant text), with errno 0. */
	ssize_t (*recv)(struct pluq__layer *, struct pluq_conn *, struct iovec *, int n);

	/* As pluq__io_send: how many of the bytes it has taken: they may be held by the layer still. n 0: only hands on what is held;
	 * 0: nothing is held any more. After AGAIN the same bytes, possibly with more behind them, are offered again. */
	ssize_t (*send)(struct pluq__layer *, struct pluq_conn *, struct iovec *, int n);

	/* Bytes that send has taken and what is below has not. NULL: never any. */
	size_t (*holds)(const struct pluq__layer *);

	/* recv may have something although nothing comes from below. NULL: never. */
	bool (*has_input)(const struct pluq__layer *);

	/* Nothing more is sent: says goodbye if the kind has a word for it. Never waits. false: below takes it only when it takes more
	 * again; to be called again then. true: it is said, or cannot be. May be NULL. */
	bool (*end)(struct pluq__layer *, struct pluq_conn *);

	void (*free)(struct pluq__layer *); /* not what is below */
};

/* First member of every layer. */
struct pluq__layer {
	const struct pluq__layer_ops *ops;
	struct pluq__layer *below; /* NULL: the socket */
};

/* layer.c: of the topmost layer of a connection and all below it. */
size_t pluq__layers_hold(const struct pluq__layer *);
bool pluq__layers_end(struct pluq__layer *, struct pluq_conn *); /* the topmost first; see end */
void pluq__layers_free(struct pluq__layer **);

/* conn_io.c: of what is below a layer; NULL: the socket. */
ssize_t pluq__layer_recv(struct pluq__layer *, struct pluq_conn *, struct iovec *, int n);
ssize_t pluq__layer_send(struct pluq__layer *, struct pluq_conn *, struct iovec *, int n);

/* snappy_layer.c, deflate_layer.c. NULL: no memory. level: 1 .. 9. */
struct pluq__layer *pluq__snappy_layer_new(void);
struct pluq__layer *pluq__deflate_layer_new(int level);

#endif
