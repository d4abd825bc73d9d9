/* What a client may do: the daemon's auth chain, in the protocol's words. */
#ifndef NSQD_AUTH_H
#define NSQD_AUTH_H

#include <pluq/auth.h>

#include "conn.h"

/* Any thread. Whether clients need authorization. */
bool auth_required(const struct nsqd *);

/* It needs authorization, and has not said AUTH. */
static inline bool auth_missing(const struct conn *c) { return c->guarded && !c->authed; }

/* AUTH with this secret: the answer comes in its turn. STEP_STOP: nothing behind it is looked at before. */
enum step auth_open(struct conn *, const uint8_t *secret, size_t length);

/* Whether the command may be done, on a connection that is `guarded`. permission: PLUQ_MAY_*. The names are valid ones. STEP_NEXT: it
 * may; STEP_STOP: the plugins are asked again, and the same command is parsed, or the intake continued, again; else it was refused. */
enum step auth_check(
    struct conn *, const char *command, uint32_t permission, struct span topic, struct span channel);

/* The subscription is asked about again when its time is over, and the connection ends with it. STEP_NEXT, STEP_CLOSE. */
enum step auth_watch(struct conn *);

/* Around a move to another loop. -1: no memory. */
void auth_leave(struct conn *);
int auth_arrive(struct conn *);
void auth_close(struct conn *);

#endif
