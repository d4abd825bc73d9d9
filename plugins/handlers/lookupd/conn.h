/* A broker's connection. From its first input on it is touched on loop 0 only. */
#ifndef LOOKUPD_CONN_H
#define LOOKUPD_CONN_H

#include "lookupd.h"

/* What is read next. */
enum conn_state { STATE_MAGIC, STATE_LINE, STATE_SIZE, STATE_BODY };

/* What a command came to. */
enum step {
	STEP_NEXT,
	STEP_CLOSE /* the connection ends; its last reply is written */
};

struct conn {
	struct lookupd *lookupd;
	struct pluq_conn *net;
	struct pluq_timer *timer; /* until the magic has come; then for `yields` */
	int64_t magic_by;         /* monotonic, ns */
	int64_t turn_ns;          /* the turn of the loop in which `turn_commands` were run */
	uint32_t turn_commands;
	struct peer *peer;        /* NULL until IDENTIFY */
	uint8_t state;            /* enum conn_state */
	bool paused;              /* the peer does not read its replies */
	bool yields;              /* others have their turn */
	bool ended;               /* the last reply was written */
	uint32_t body;            /* STATE_BODY: its length */
	uint32_t scanned;         /* STATE_LINE: bytes of the rest that hold no line end */
};

/* Longest body of IDENTIFY, the only command that has one. A real one has some hundred bytes, and what it says is shown in every
 * answer that names the broker. */
#define BODY_MAX 65536
#define CONN_REST_MAX (BODY_MAX + LINE_MAX_LENGTH)

extern const struct pluq_conn_ops conn_ops;

/* Replies: the texts of the protocol behind their length. */
void conn_reply(struct conn *, const void *bytes, size_t n);
/* An error is fatal: always STEP_CLOSE. */
enum step conn_fail(struct conn *, const char *fmt, ...) PLUQ_PRINTF(2, 3);
/* PREFIX + the peer's bytes as they are + SUFFIX */
enum step conn_fail_raw(struct conn *, const char *prefix, struct span raw, const char *suffix);

/* commands.c */
enum step command_run(struct conn *, const struct line *);
/* The body of IDENTIFY is there (proto_identify.c). */
enum step identify_body(struct conn *, const uint8_t *body, size_t length);

#endif
