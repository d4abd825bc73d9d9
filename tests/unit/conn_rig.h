/* A handler over real sockets and real loops, which speaks a protocol of lines made for tests of connections. */
#ifndef CONN_RIG_H
#define CONN_RIG_H

#include "net_rig.h"

#define SERVED_MAX_REST 1000 /* the longest line */

struct served {
	struct rig rig;
	struct pluq_listener *listener;
	_Atomic int opened, closed, attach_count, released, drained, ended, resumed; /* since it was started */
	_Atomic int unread, late; /* set by a test: reading has ended everywhere; calls of on_data after that */
	char attached[100000];    /* what "attach" answers with */
	struct client *dozing;    /* who has said "doze" last */
};

extern struct served served;

void serve_on(const char *address, int loops, int64_t max_connections);
int serve_on_one_loop(void **state); /* these for cmocka */
int serve_on_two_loops(void **state);
int stop_serving(void **state);

int dial(void);           /* a new connection to it */
void wait_for_loop(void); /* with one loop: what was sent before has been dealt with */
void resume_dozing(void); /* with one loop: who dozes goes on, in a while */

#endif
