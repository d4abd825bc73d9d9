/* What the handler counts: commands, errors by code, connections by state. */
#ifndef NSQD_METRICS_H
#define NSQD_METRICS_H

#include "conn.h"

/* Numbers of the commands; dispatch.c has them in this order. */
enum { COMMAND_PUB, COMMAND_MPUB, COMMAND_FIN };

int metrics_init(struct nsqd *);

static inline void metrics_command(const struct conn *c, size_t command)
{
	c->nsqd->loops[c->loop].figures.commands[command]++;
}
/* An error frame is on its way: text begins with its code. */
void metrics_error(const struct conn *, const char *text, size_t length);
/* The connection has come to its loop (by 1), or is about to leave it (by -1), in the state that it has. */
void metrics_state(const struct conn *, int by);

/* dispatch.c. */
const char *command_name(size_t command); /* below NSQD_COMMANDS */

#endif
