/* Private to the daemon. What stops a start: one line for the person who wrote the configuration. Longer than struct pluq_why, as
 * it names a file before it names the remedy. */
#ifndef PLUQ__PROBLEM_H
#define PLUQ__PROBLEM_H

#include <pluq/host.h>

struct pluq__problem {
	char text[1024]; /* terminated, no line break */
};

/* Writes the line and returns `code`, so that a failure is one statement: return pluq__problem(p, PLUQ_EINVAL, "..."). */
int pluq__problem(struct pluq__problem *, int code, const char *fmt, ...) PLUQ_PRINTF(3, 4);

#endif
