/* Private to daemon/net. A connection: a descriptor, an unparsed rest of input, a chain of output.
 *
 * conn.c: life (start, move, close). dial.c: the beginning of those that we make. conn_in.c: input. conn_out.c: output.
 * conn_io.c: the socket calls, where a layer (TLS, compression) slips in between. upgrade.c: how a layer is put in place.
 *
 * 1. A connection is in the list of exactly one loop, or in one letter on its way to one.
 * 2. The handler's callbacks run from the loop only (events, timers, turn items), never inside a call of the handler's;
 *    what a call brings about is left to the turn items `work` and `flush`.
 * 3. DIALING -> OPEN -> FLUSHING -> GONE -> LINGERING; DIALING is for those that we make, OPEN (from there), FLUSHING and
 *    LINGERING may be skipped. on_close runs on leaving GONE. While DIALING there is `dial`, and no descriptor is in
 *    `fd`. UPGRADING comes before OPEN if the connection begins with TLS, and out of OPEN and back whenever a layer is put in
 *    place; there is `upgrade` from then on, and the handler is offered nothing and can write nothing.
 * 4. Reading is stopped lazily: a paused connection drops EV_READ only if input comes meanwhile, so that a pause of one
 *    turn costs no system call.
 * 5. A layer may have input of which the socket says nothing: whoever stops reading before the layer is empty sees to it that
 *    it is looked at again (pluq__conn_look_again), in the next turn of the loop or by what makes the handler ready again.
 */
#ifndef PLUQ__CONN_H
#define PLUQ__CONN_H

#include <sys/uio.h>

#include "layer.h"
#include "state.h"

enum pluq__conn_state {
	PLUQ__CONN_DIALING,  /* not connected yet */
	PLUQ__CONN_UPGRADING, /* what is buffered goes out, then a layer is put in place */
	PLUQ__CONN_OPEN,
	PLUQ__CONN_FLUSHING, /* closing: what is buffered is still being sent; input is thrown away */
	PLUQ__CONN_GONE,     /* nothing is sent any more; on_close is due */
	PLUQ__CONN_LINGERING /* the handler is through; input is thrown away until the peer closes too */
};

struct pluq__segment;

struct pluq_conn {
	struct event readable, writable;
	struct pluq_conn *next, *prev; /* list of the loop */
	struct pluq__net_loop *at;     /* where it lives */
	const struct pluq_conn_ops *ops;
	void *user;                    /* until on_open what it is given */
	struct pluq__dial *dial;       /* DIALING; else NULL */
	struct pluq__spent *spent;     /* whose it is, per loop; NULL: nobody counts */
	struct pluq_listener *from;    /* that has accepted it; NULL: it was dialled */
	struct pluq__layer *layer;     /* the topmost; NULL: none */
	struct pluq__upgrade *upgrade; /* to be put in place, or failed; else NULL */
	int fd;                        /* -1: none */
	uint32_t max_rest;
	int move_to;                   /* loop index, asked for within on_data; -1: none */
	unsigned paused;

	uint8_t state;                 /* enum pluq__conn_state */
	bool reading : 1;              /* EV_READ is added */
	bool writing : 1;              /* EV_WRITE is added: the kernel's buffer is full */
	bool eof : 1;                  /* the peer has ended its side */
	bool held : 1;                 /* conn_hold */
	bool full : 1;                 /* the output limit was reached: on_drained is owed once it has fallen */
	bool drained : 1;              /* on_drained is due */
	bool in_body : 1;              /* conn_read_into is incomplete */
	bool linger : 1;               /* after on_close, wait for the peer before the descriptor is closed */
	bool offer : 1;                /* resumed or moved: the rest is to be offered again before more is read */
	bool final : 1;                /* the daemon stops: the timer stands and ends the connection */
	bool client : 1;               /* it was accepted: it counts against max_connections */
	bool silent : 1;               /* accepted, on_open has not come yet: neither does on_close */
	bool complete : 1;             /* GONE: all that was written has been sent; a layer may say goodbye */
	bool deaf : 1;                 /* an upgrade has failed: only last words are left */
	bool look_again : 1;           /* the layer has input: `work` is to make `readable` active */
	bool activated : 1;            /* `readable` was made active by that */
	bool read_on_write : 1;        /* the layer must write before it can read on */
	bool write_on_read : 1;        /* the layer must read before it can write on */

	uint32_t rest_length;
	uint32_t discarded;            /* input thrown away since the connection began to close */
	uint8_t *rest;                 /* unused input, exact size; NULL: none */
	uint8_t *body;                 /* in_body: where the next byte goes */
	size_t body_left;

	struct pluq__segment *out, *out_last;
	struct pluq__chunk *out_chunk; /* the one reserve writes to; NULL: none */
	struct pluq__segment *sent;    /* by reference, sent, release still to be called */
	size_t pending;                /* bytes in the chain */
	size_t output_limit;
	int64_t write_timeout_ns;
	int64_t sent_ns;               /* when the kernel last took output */
	const char *why;               /* constant text */

	struct pluq__turn work, flush;
	struct pluq__timer timer;      /* patience while dialing, write timeout, then end of lingering */
	struct pluq__mail mail;        /* to its first loop, and when it moves */
	char remote[PLUQ__ADDR_TEXT];
};

static inline int64_t pluq__conn_now(const struct pluq_conn *c)
{
	return c->at->loop->now_ns;
}

/* Output that the kernel has not taken yet. */
static inline size_t pluq__conn_unsent(const struct pluq_conn *c)
{
	return c->layer ? c->pending + pluq__layers_hold(c->layer) : c->pending;
}

/* conn.c */
/* DIALING, without a descriptor; counted as alive, in no list yet. NULL: no memory. */
struct pluq_conn *pluq__conn_new(struct pluq__net *, const struct pluq_conn_ops *, void *arg);
/* Accepted. Takes fd on success. NULL: no memory. */
struct pluq_conn *pluq__conn_accepted(struct pluq_listener *, int fd, const struct sockaddr_storage *from);
void pluq__conn_start(struct pluq_conn *, struct pluq__net_loop *); /* loop 0; the connection is that loop's then */
void pluq__conn_enlist(struct pluq_conn *);   /* DIALING: into the list of `at` */
void pluq__conn_connected(struct pluq_conn *, int fd); /* DIALING: takes fd */
void pluq__conn_open(struct pluq_conn *, void *arg);   /* OPEN from now on: calls on_open, begins to read */
void pluq__conn_begin_reading(struct pluq_conn *);
void pluq__conn_depart(struct pluq_conn *); /* to move_to */
void pluq__conn_close(struct pluq_conn *, bool flush);
void pluq__conn_fail(struct pluq_conn *, const char *why); /* broken: nothing more is sent */
void pluq__conn_fail_io(struct pluq_conn *); /* after PLUQ__IO_ERROR: the cause stands in errno, or a layer has told it */
void pluq__conn_destroy(struct pluq_conn *);               /* closes the descriptor, frees */
void pluq__conn_stop(struct pluq_conn *);                  /* the daemon stops: it is gone within a second */
void pluq__conn_wake(struct pluq_conn *);                  /* runs `work` at the end of this turn */
void pluq__conn_flushed(struct pluq_conn *);               /* FLUSHING and nothing pending: says goodbye, goes on to GONE */

/* dial.c. Loop; see struct pluq_connect. */
int pluq__dial(struct pluq__net *, const struct pluq_connect *, struct pluq_conn **out, struct pluq_why *why);
void pluq__dial_go_on(struct pluq_conn *);   /* the addresses are known: tries the next one */
void pluq__dial_on_timer(struct pluq_conn *);
void pluq__dial_end(struct pluq_conn *);     /* frees c->dial and what belongs to it */

/* conn_in.c */
void pluq__conn_on_readable(evutil_socket_t, short, void *conn); /* event_callback_fn */
void pluq__conn_go_on(struct pluq_conn *); /* after a resume or a move: offers the rest, then reads */
bool pluq__conn_read_on(struct pluq_conn *);  /* EV_READ; false: no memory */
void pluq__conn_read_off(struct pluq_conn *);
void pluq__conn_read_into(struct pluq_conn *, uint8_t *dst, size_t n);
void pluq__conn_pause(struct pluq_conn *);
void pluq__conn_resume(struct pluq_conn *);
void pluq__conn_drop_rest(struct pluq_conn *);
/* If the layer has input, on_readable comes in the next turn of the loop, whatever the socket says. */
void pluq__conn_look_again(struct pluq_conn *);
void pluq__conn_activate(struct pluq_conn *); /* `work`, when look_again is set */

/* upgrade.c */
/* Before it is started or dialled: the connection is to begin with TLS. arg: for on_open. name: of the server, copied; NULL: that is us.
 * deadline_ns: INT64_MAX: none but our own. PLUQ_ENOMEM. */
int pluq__upgrade_prepare(struct pluq_conn *, struct pluq_tls *, void *arg, const char *name, int64_t deadline_ns);
void pluq__upgrade_start(struct pluq_conn *); /* of one that was prepared, on its loop and with its descriptor: UPGRADING */
int pluq__conn_upgrade(struct pluq_conn *, const struct pluq_upgrade *); /* see <pluq/net.h> */
void pluq__upgrade_drop_junk(struct pluq_conn *); /* UPGRADING, and what is buffered still is */
void pluq__upgrade_sent(struct pluq_conn *);  /* UPGRADING: nothing is buffered any more */
bool pluq__upgrade_shaking(const struct pluq_conn *); /* UPGRADING: a handshake has begun */
void pluq__upgrade_ready(struct pluq_conn *); /* ... and its descriptor is ready */
void pluq__upgrade_on_timer(struct pluq_conn *);
void pluq__upgrade_leave(struct pluq_conn *); /* nothing goes on by itself; `why` of the connection may still stand in it */
void pluq__upgrade_free(struct pluq_conn *);
void pluq__upgrades_run(struct pluq__turn *); /* of the loop */

/* conn_out.c */
uint8_t *pluq__conn_reserve(struct pluq_conn *, size_t n);
void pluq__conn_commit(struct pluq_conn *, size_t n);
int pluq__conn_attach(struct pluq_conn *, const void *bytes, size_t n, pluq_post_fn release, void *arg);
/* Copies, in pieces if it is long. PLUQ_ENOMEM, PLUQ_ECLOSED: a part may have been taken; close the connection. */
int pluq__conn_write(struct pluq_conn *, const void *bytes, size_t n);
void pluq__conn_on_writable(evutil_socket_t, short, void *conn); /* event_callback_fn */
void pluq__conn_on_flush(struct pluq__turn *);
void pluq__conn_write_on(struct pluq_conn *);  /* EV_WRITE; fails the connection if there is no memory */
void pluq__conn_write_off(struct pluq_conn *);
void pluq__conn_write_again(struct pluq_conn *); /* write_on_read, and the socket is readable */
void pluq__conn_arm_write_timeout(struct pluq_conn *);
void pluq__conn_release_sent(struct pluq_conn *); /* runs the callbacks of what was sent by reference */
void pluq__conn_drop_output(struct pluq_conn *);  /* and of what was not */
void pluq__net_loop_free_chunks(struct pluq__net_loop *);

/* conn_io.c: -1 means the kernel would wait, -2 an error (errno; see pluq__conn_fail_io). Through the layers, if there are any. */
enum { PLUQ__IO_AGAIN = -1, PLUQ__IO_ERROR = -2 };
ssize_t pluq__io_recv(struct pluq_conn *, struct iovec *, int n); /* 0: the peer has ended its side */
ssize_t pluq__io_send(struct pluq_conn *, struct iovec *, int n);
ssize_t pluq__io_recv_raw(struct pluq_conn *, struct iovec *, int n); /* past the layers */
bool pluq__io_unread(struct pluq_conn *); /* input waits in the kernel */
void pluq__io_shutdown(struct pluq_conn *);
void pluq__io_set_peer_timeout(struct pluq_conn *, int64_t ns); /* see conn_set_peer_timeout */
void pluq__io_close(struct pluq_conn *);
const char *pluq__io_cause(int error); /* constant text */

#endif
