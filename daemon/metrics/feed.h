/* Private to daemon/metrics. One metrics plugin, and what goes to it. Loop 0's. */
#ifndef PLUQ__METRICS_FEED_H
#define PLUQ__METRICS_FEED_H

#include "state.h"

enum pluq__feed_state {
	PLUQ__FEED_IDLE,
	PLUQ__FEED_ASKED,  /* waits for a snapshot */
	PLUQ__FEED_WORKS,  /* take or step runs on the pool */
	PLUQ__FEED_STEPS   /* waits for the time of its next step */
};

struct pluq__feed {
	struct pluq__feed *next;
	struct pluq__metrics *metrics;
	const char *instance;
	const struct pluq_metrics_ops *ops;
	void *const *self;
	struct pluq__lane *lane;

	/* takes */
	struct pluq__timer due, step;
	int64_t interval_ns;        /* 0: none */
	int64_t due_ns;             /* of the timer: a multiple of the interval behind the first one, however long takes last */
	enum pluq__feed_state state;
	struct pluq__wanting wanting;
	struct pluq__job job;       /* first take, then steps */
	struct pluq__snapshot *snapshot; /* to be taken, one reference, which the job drops */
	bool takes;                 /* the job is a take; else a step */
	struct pluq__snapshot *last;     /* the stop's, until the job takes it */
	_Atomic bool at_once;       /* the stop: steps do not wait. The pool looks at it too */
	bool ended;
	bool hurry;                 /* the job at work may not know of the new interval: its next step comes at once */
	int status;                 /* of the job */
	struct pluq_why why;
	int64_t again_ns;           /* of the job: as `step` answered */
	int64_t resume_ns;          /* after failures: nothing is taken before */
	int failures;               /* in a row */
	struct pluq__complaint complaint;
	uint64_t taken, failed, missed;

	/* renders */
	const char *path; /* NULL: it is not served */
	uint64_t rendered, render_failed, refused;
	int rendering;              /* asked for, and not yet read by who asked */
	struct pluq__complaint render_complaint;
};

#endif
