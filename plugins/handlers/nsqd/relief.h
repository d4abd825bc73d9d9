/* Publishers wait while the daemon holds more bytes than its limit. */
#ifndef NSQD_RELIEF_H
#define NSQD_RELIEF_H

struct conn;

/* After a publish: stops reading this connection if it only publishes and memory is short. */
void relief_wait(struct conn *);

#endif
