/* The snapshot: the names of topics and channels, in a file, so that a restart of every discovery daemon forgets none. Producers are
 * not kept: they come back by themselves. Ephemeral names are not kept either.
 *
 * It is made on loop 0 bit by bit, written on the pool, about a second after a change and at most that often, and at the
 * stop. A write that fails is tried again, at growing gaps. */
#ifndef LOOKUPD_SNAPSHOT_H
#define LOOKUPD_SNAPSHOT_H

#include "text.h"

struct lookupd;

struct snapshot {
	bool on;
	char *file;    /* a copy: the pool reads it, while a reload swaps the options */
	bool dirty;    /* the file does not say what the database says */
	bool making;   /* a walk collects it */
	bool writing;  /* `text` and `why` are the pool's */
	bool draining; /* the daemon stops */
	struct pluq_timer *timer; /* to the next one */
	struct text text;
	struct pluq_why why; /* of the write: empty if it has succeeded */
	unsigned failures;   /* one after the other */
};

/* Main, before the loops run. Reads the file if there is one. PLUQ_E* with why: it cannot be read, or is damaged. */
int snapshot_start(struct lookupd *, struct pluq_why *why);
/* Loop 0. Also completes every answer that is being made. */
void snapshot_drain(struct lookupd *);
/* Main, after the loops have ended: what has not been written yet is written now. */
void snapshot_fini(struct lookupd *);

#endif
