/* client/conn.h: one connection to a broker, without threads and without an event loop of its own.
 *
 * The owner waits on `fd` by whatever means it has (poll, epoll, libevent) for what pluqc_conn_events tells, then calls
 *
 *	writable:  pluqc_conn_flush
 *	readable:  pluqc_conn_fill, then pluqc_conn_next until PLUQC_EMORE
 *
 * Commands are encoded into `out` (client/command.h) and leave with the next flush. Nothing blocks but pluqc_conn_wait.
 * A connection is used by one thread at a time.
 */
#ifndef PLUQC_CONN_H
#define PLUQC_CONN_H

#include <stddef.h>
#include <stdint.h>

#include "address.h"
#include "buffer.h"
#include "frame.h"

#ifdef __cplusplus
extern "C" {
#endif

enum pluqc_conn_state { PLUQC_CONN_CLOSED = 0, PLUQC_CONN_CONNECTING, PLUQC_CONN_OPEN };

struct pluqc_conn {
	int fd; /* -1 unless connecting or open; may change while connecting (the next address of the name is tried) */
	enum pluqc_conn_state state;
	int system_error;     /* errno behind the last PLUQC_ESYSTEM */
	size_t max_frame;     /* a longer frame is refused; may be set after init */
	size_t read_size;     /* most bytes asked for by one fill; may be set after init */
	struct pluqc_buf in;  /* received, not yet decoded */
	struct pluqc_buf out; /* encoded, not yet sent */
	const struct pluqc_addresses *addresses; /* borrowed until open, or closed */
	size_t next_address;
};

void pluqc_conn_init(struct pluqc_conn *);
void pluqc_conn_fini(struct pluqc_conn *); /* closes and frees; a second call does nothing */

/* Begins to connect; the protocol's magic is the first thing in `out`. `addresses` is borrowed. 0: connecting (or open
 * already). PLUQC_ESYSTEM: every address failed at once. PLUQC_ENOMEM. */
int pluqc_conn_open(struct pluqc_conn *, const struct pluqc_addresses *addresses);
void pluqc_conn_close(struct pluqc_conn *); /* what was not sent is lost; may be opened again */

/* POLLIN, POLLOUT: what to wait for. */
short pluqc_conn_events(const struct pluqc_conn *);

/* Goes on connecting, then sends what `out` holds. 0: all sent, or the socket is full or still connecting (events
 * tell). PLUQC_ESYSTEM (no address answers, connection broken), or the sticky error of `out`. */
int pluqc_conn_flush(struct pluqc_conn *);

/* Sends n bytes behind what `out` holds, directly from the caller's memory as far as the socket takes them at once; the
 * rest is copied. Results as pluqc_conn_flush. */
int pluqc_conn_write(struct pluqc_conn *, const void *bytes, size_t n);

/* Reads once what has arrived. 0: something came. PLUQC_EMORE: nothing there. PLUQC_ECLOSED: end of stream.
 * PLUQC_ESYSTEM, PLUQC_ENOMEM. Frames returned before are invalid afterwards. */
int pluqc_conn_fill(struct pluqc_conn *);

/* The next frame received, valid until the next fill or close. Results of pluqc_frame_decode. */
int pluqc_conn_next(struct pluqc_conn *, struct pluqc_frame *);

/* No more will be sent; the server, having read everything, closes. Closing without this may throw away commands
 * that the server has not read yet. */
void pluqc_conn_shutdown(struct pluqc_conn *);

/* Blocks: until connected and everything is sent (events POLLOUT) or something can be read (POLLIN).
 * 0, PLUQC_ETIMEOUT, and what pluqc_conn_flush returns. */
int pluqc_conn_wait(struct pluqc_conn *, short events, int timeout_ms);

#ifdef __cplusplus
}
#endif
#endif
