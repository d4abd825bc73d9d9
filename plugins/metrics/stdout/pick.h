/* Which metrics are told, by globs over their names. One thread at a time. */
#ifndef STDOUT_PICK_H
#define STDOUT_PICK_H

#include <pluq/metrics.h>

#define PICK_MEMORY 256

/* Zero-initialised but for the globs, which are borrowed. */
struct pick {
	const char *const *only;   /* none: all */
	size_t only_count;
	const char *const *except;
	size_t except_count;
	struct {
		const struct pluq_metric *metric;
		bool wanted;
	} memory[PICK_MEMORY];     /* what was found out, by address */
};

bool pick_wants(struct pick *, const struct pluq_metric *);

/* What is wrong with a glob, for people; NULL: nothing. One that no name of a metric can match is wrong too. */
const char *pick_wrong(const char *glob);

#endif
