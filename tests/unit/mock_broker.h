/* A daemon for the nsqd handler to run in without one: host, net and broker tables over plain memory, one thread, a
 * clock that stands still. What would come later comes when the test says so. */
#ifndef MOCK_BROKER_H
#define MOCK_BROKER_H

#include <pluq/handler.h>
#include <pluq/validator.h>

#include "../../plugins/handlers/nsqd/options.h"
#include "../../plugins/handlers/nsqd/text.h"
#include "mock_secure.h"

struct pluq_conn {
	const struct pluq_conn_ops *ops;
	void *user;
	struct text in, out;        /* not used by the handler yet; sent by it */
	uint8_t *body;              /* conn_read_into */
	size_t body_left;
	size_t pending;             /* what conn_pending says: a test sets it to play a slow peer */
	size_t output_limit;
	int64_t write_timeout_ns;
	int paused;
	int move_to;                /* -1: none */
	uint32_t loop;
	bool held, closing, flushed, closed;
	struct text scratch;        /* reserved */
	char upgrade;               /* the layer on its way, or 0 */
	char layers[4];             /* T, S, D in the order in which they were put in place */
};

struct mock_message {
	char topic[PLUQ_NAME_MAX + 1];
	struct text body;
	int64_t defer_ns;
};

struct mock {
	struct pluq_host host;
	struct conf conf;
	struct pluq_conn *conn; /* the last one opened */
	int64_t now_ns;
	int32_t loop;           /* that runs now */

	/* how the engine behaves */
	bool topics_later;      /* topic_get answers PLUQ_ELATER */
	int topic_status;       /* what the directory says */
	int publish_status;     /* 0, PLUQ_ELATER or a refusal */
	int stale;              /* times that publish says PLUQ_ESTALE before it does as publish_status */
	int subscribe_status;
	int message_status;     /* of FIN, REQ, TOUCH */
	uint32_t home;          /* of every topic */
	bool pressed;
	const struct pluq_validators *validators; /* NULL: none */
	bool posts;             /* what is posted runs when the test says mock_turn; else posting fails */

	/* what the engine was told */
	struct mock_message *messages;
	size_t message_count, publish_calls;
	int64_t ready, delay_ns;
	char finished[17], channel[PLUQ_NAME_MAX + 1];
	bool subscribed, unblocked;
	struct pluq_sub_params params;
	int topics_held, messages_held; /* references: 0 in the end */
	struct mock_secure secure;
};

extern struct mock mock;

/* Starts the handler; mock.conf has the standard options and may be changed before. */
void mock_standard(void);
void mock_start(void);
/* The same, which may fail. */
int mock_try(struct pluq_why *);
/* SIGHUP; the configuration lives on. */
int mock_reload(const struct conf *, struct pluq_why *);
/* Ends it; every connection is closed first. */
void mock_stop(void);

struct pluq_conn *mock_open(void);
/* Bytes from the peer. */
void mock_feed(struct pluq_conn *, const void *bytes, size_t n);
void mock_eof(struct pluq_conn *);
/* Lets the handler go on where it has been resumed, moved or closed. */
void mock_pump(struct pluq_conn *);
/* The peer has taken its output. */
void mock_drain(struct pluq_conn *);
void mock_close(struct pluq_conn *);

/* Time passes; due timers fire. */
void mock_advance(int64_t ns);
/* What was posted runs, and connections go on. How much it was. */
size_t mock_turn(void);
/* The directory answers. */
void mock_topic_answer(void);
/* The open publish number n (0: the oldest) is answered. */
void mock_publish_answer(size_t n, int status, const char *why);
size_t mock_publishes_open(void);
void mock_relief(void);
/* A message for the subscriber; how many were taken. */
size_t mock_deliver(const char *id, const void *body, size_t length, uint16_t attempts);
void mock_end_subscription(void);

#endif
