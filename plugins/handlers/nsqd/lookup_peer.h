/* One lookup daemon, as its client sees it. Loop 0. */
#ifndef NSQD_LOOKUP_PEER_H
#define NSQD_LOOKUP_PEER_H

#include "lookup_json.h"
#include "nsqd.h"

enum lookup_state {
	LOOKUP_WAITING,     /* for the next try; no connection */
	LOOKUP_CONNECTING,
	LOOKUP_IDENTIFYING, /* IDENTIFY is sent */
	LOOKUP_SERVING,
	LOOKUP_LEAVING      /* not in the list any more: freed once the connection has ended */
};

struct lookup_peer {
	struct lookup_peer *next; /* of the list */
	struct nsqd *nsqd;
	struct pluq_conn *conn;   /* NULL: none */
	struct pluq_timer *timer; /* next try, PING, or answers that are overdue */
	enum lookup_state state;
	uint32_t unanswered;      /* commands sent */
	uint32_t failures;        /* tries in a row that came to nothing, or did not last */
	int64_t ping_at, answer_by, serving_since; /* monotonic */
	const char *trouble;      /* why the connection is being closed; constant text; NULL: its own end */
	bool tls;                 /* it is spoken to under TLS */
	/* "host:port" of its HTTP side, in the clear and under TLS, as it said last; "": not known */
	char http[LOOKUP_HTTP_MAX], https[LOOKUP_HTTP_MAX];
	const char *where;        /* the address in `address` */
	char address[];           /* as in the list */
};

/* Begins to connect in a moment. NULL: no memory. */
struct lookup_peer *lookup_peer_new(struct nsqd *, const char *address);
/* Ends it: the caller forgets it. */
void lookup_peer_leave(struct lookup_peer *);
/* REGISTER or UNREGISTER, if it is connected; else the full state will say it. channel: NULL for the topic itself. */
void lookup_peer_tell(struct lookup_peer *, enum pluq_change, const char *topic, const char *channel);

#endif
