/* Where lines go: standard output, standard error, a file, a pipe with a name. One thread at a time. */
#ifndef STDOUT_OUTPUT_H
#define STDOUT_OUTPUT_H

#include <pluq/metrics.h>
#include <sys/stat.h>

#include "../common/text.h"

struct output {
	int fd;            /* -1: none */
	bool own;          /* it is to be closed */
	mode_t type;       /* S_IFREG ... */
	dev_t device;
	ino_t inode;
	char *name;        /* for people */
	struct text rest;  /* of a line that was cut off: it comes before anything else */
};

/* to: "stdout", "stderr", or a path. PLUQ_EIO, PLUQ_ENOMEM with why; nothing is owed then. */
int output_open(struct output *, const char *to, struct pluq_why *why);
/* Whether output_open may be expected to succeed. PLUQ_EIO with why. */
int output_check(const char *to, struct pluq_why *why);
/* The earlier one's cut line goes on here, if both are the same file; else there, if there is room for it by now. */
void output_follow(struct output *, struct output *earlier);
/* Whole lines. Waits for a reader no longer than a second. PLUQ_EIO: not all of them went out, why says what is wrong; *some: a part did. */
int output_write(struct output *, const struct text *lines, bool *some, struct pluq_why *why);
void output_close(struct output *);

#endif
