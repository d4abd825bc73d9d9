/* A client's connection. Everything of it is touched on its loop only. */
#ifndef NSQD_CONN_H
#define NSQD_CONN_H

#include "answers.h"
#include "line.h"
#include "nsqd.h"
#include "pub_counts.h"
#include "step.h"
#include "text.h"

/* Values as /stats shows them. */
enum conn_state { STATE_INIT = 0, STATE_SUBSCRIBED = 3, STATE_CLOSING = 4 };

/* Why reading is stopped; several reasons may hold at once. */
enum {
	PAUSE_TOPIC = 1u << 0,   /* the directory is asked */
	PAUSE_ANSWERS = 1u << 1, /* no slot is free, or a command needs all to be answered */
	PAUSE_RELIEF = 1u << 2,  /* memory pressure */
	PAUSE_OUTPUT = 1u << 3,  /* the peer does not read its answers */
	PAUSE_END = 1u << 4,     /* a fatal error waits for its turn */
	PAUSE_AUTH = 1u << 5,    /* the auth plugins are asked */
	PAUSE_TURN = 1u << 6     /* others have their turn, while much is to be judged */
};

/* What stands between the connection and its socket. */
enum { LAYER_TLS = 1u << 0, LAYER_SNAPPY = 1u << 1, LAYER_DEFLATE = 1u << 2 };

/* Which part of a body is being waited for: names the error frame if it never comes. */
enum missing {
	MISSING_NONE,
	MISSING_IDENTIFY_SIZE,
	MISSING_IDENTIFY_BODY,
	MISSING_AUTH_SIZE,
	MISSING_AUTH_BODY,
	MISSING_PUB_SIZE,
	MISSING_PUB_BODY,
	MISSING_DPUB_SIZE,
	MISSING_DPUB_BODY,
	MISSING_MPUB_SIZE,
	MISSING_MPUB_COUNT,
	MISSING_MPUB_MESSAGE_SIZE, /* of message number missing_index */
	MISSING_MPUB_MESSAGE
};

/* Received bytes; `at` moves on as they are used. */
struct input {
	const uint8_t *at, *end;
};

/* What IDENTIFY tells, for /stats. */
struct identity {
	char *client_id, *hostname, *user_agent, *region, *zone; /* owned; NULL: "" */
};

void identity_free(struct identity *);

struct intake;
struct sieve;

struct conn {
	struct nsqd *nsqd;
	struct pluq_conn *net;
	struct member here;  /* in its loop's list */
	struct link pressed; /* in its loop's list of those that wait for relief */
	uint32_t loop;
	uint32_t refs;       /* the connection itself, and each callback that is to come */

	/* flags */
	uint8_t state;       /* enum conn_state */
	uint8_t paused;      /* PAUSE_* */
	bool magic;          /* has been received */
	bool identified;     /* the first IDENTIFY has fixed the delivery side */
	bool in_data;        /* on_data is running, so that the connection may be moved */
	bool moved;          /* to the home of its first topic, which happens once */
	bool want_quiet;     /* PAUSE_ANSWERS is for the last answer, not for a free slot */
	bool eof;            /* the peer sends no more; closes after the last answer */
	bool ending;         /* a fatal error was written or queued: no later command is looked at */
	bool ended;          /* it was written: no later answer is */
	bool closed;         /* on_close has run; net is dead */
	bool guarded;        /* what it wants to do needs authorization */
	bool authed;         /* AUTH has succeeded */
	bool auth_known;     /* auth_status is a late verdict that the command, parsed again, is to find */
	bool clear;          /* TLS is required, and not there yet */

	/* input */
	uint8_t missing;        /* enum missing */
	uint32_t missing_index;
	uint32_t need;          /* bytes of the rest below which parsing it again finds nothing new */
	uint32_t scanned;       /* bytes of the rest that hold no line end */
	struct intake *intake;  /* a body that arrives in pieces, or NULL */

	/* publishing */
	struct pluq_topic *topic; /* the last one used, or NULL */
	const char *topic_name;   /* of it */
	uint32_t topic_length;
	int32_t topic_status;     /* answer of the directory that the command, parsed again, is to find */
	uint32_t stale;           /* times the command at hand found its topic deleted */
	struct pub_counts counts;
	struct pub_count *count;  /* of topic */
	const struct pluq_validation *validation; /* of topic, on this loop; NULL: nothing judges it */
	uint64_t validation_epoch;                /* as of which; 0: not asked */
	struct sieve *sieve;      /* what was judged of the command at hand, which is parsed again; or NULL */
	struct answers answers;
	uint32_t owed;            /* OK frames not written yet */

	/* authorization */
	struct pluq_auth_session *session; /* NULL before AUTH */
	struct answer *auth_answer;        /* the slot of AUTH, while it is asked about */
	int32_t auth_status;

	/* layers */
	uint8_t layers;       /* LAYER_*: those in place */
	uint8_t wanted;       /* LAYER_*: those to come; nothing is read or written meanwhile */
	uint8_t deflate_level;
	uint16_t tls_version, tls_suite; /* as agreed */

	/* the subscription */
	struct pluq_sub *sub;
	struct pluq_topic *sub_topic;
	char *sub_channel;

	/* times, ns */
	struct pluq_timer *timer;
	int64_t magic_by;       /* monotonic */
	int64_t heartbeat_at;   /* monotonic */
	int64_t waiting_since;  /* monotonic: when the wait for a command line began; not before the last late answer */
	int64_t cadence;        /* between heartbeats; <= 0: none */
	int64_t interval;       /* for deadlines; <= 0: none */
	int64_t connected_real; /* UNIX time */

	/* as negotiated */
	int64_t deliver_timeout, touch_timeout; /* ns */
	int64_t output_timeout;                 /* ns, reported only */
	int32_t output_size;                    /* bytes */
	int32_t deliver_sample_rate, sample_rate;
	struct identity identity; /* until `identified` client_id and hostname are the peer's address */
};

extern const struct pluq_conn_ops conn_ops;

/* Longest unused rest of input: a whole line, a length, and a body short enough to be waited for. */
#define BODY_WAIT_MAX 16384
#define CONN_REST_MAX (COMMAND_LINE_MAX + 4 + BODY_WAIT_MAX)

void conn_unref(struct conn *);
/* Stops and starts reading for one reason. Resuming begins a new wait for a command. */
void conn_pause(struct conn *, unsigned reason);
void conn_resume(struct conn *, unsigned reason);
/* Lets others have their turn: the command at hand is parsed, or the intake continued, again in the next one. false: no memory. */
bool conn_yield(struct conn *);
/* Goes on outside on_data: with the intake if one is complete, and with what `step` says. */
void conn_settle(struct conn *, enum step step);
/* Closes once what is buffered is sent. */
void conn_end(struct conn *);
/* The rest of its life happens on another loop. Within on_data, as the last thing before STEP_STOP. */
void conn_move_to(struct conn *, uint32_t loop);
/* Closes at once: no memory, or the peer is past helping. */
void conn_abort(struct conn *);
/* The body part `what` is not there yet; parsing again makes sense with `need` bytes. */
enum step conn_more(struct conn *, enum missing what, size_t need);
/* The body part that conn_more named will never come: its error frame. */
enum step conn_body_failed(struct conn *);

#endif
