/* TLS and compression, which IDENTIFY asks for: each layer in turn, with an OK through it. */
#ifndef NSQD_UPGRADE_H
#define NSQD_UPGRADE_H

#include "conn.h"

/* Puts c->wanted in place, the answer to IDENTIFY being written. Within on_data, as the last thing before STEP_STOP. */
enum step upgrade_start(struct conn *);

/* pluq_conn_ops.on_upgraded */
void on_upgraded(struct pluq_conn *, void *user, int status, const struct pluq_why *);

#endif
