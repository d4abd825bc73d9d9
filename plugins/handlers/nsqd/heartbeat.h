/* The clock of a connection: heartbeats, and the deadlines of the client's silence. */
#ifndef NSQD_HEARTBEAT_H
#define NSQD_HEARTBEAT_H

#include <stdint.h>

struct conn;

/* Until IDENTIFY says otherwise. */
#define HEARTBEAT_STANDARD INT64_C(30000000000)

/* A timer on the loop the connection is on now; set by what the connection waits for. -1: no memory. */
int heartbeat_open(struct conn *);
void heartbeat_close(struct conn *);
/* Deadlines or cadence have changed. */
void heartbeat_arm(struct conn *);
/* The free-running clock starts (again) now. */
void heartbeat_restart(struct conn *);

#endif
