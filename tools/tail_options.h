/* tools/tail_options.h: the command line of nsq_tail. */
#ifndef PLUQ_TOOLS_TAIL_OPTIONS_H
#define PLUQ_TOOLS_TAIL_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TAIL_NAME "nsq_tail"
#define TAIL_COMPATIBLE_VERSION "1.3.0"

struct strings {
	const char **list; /* the texts are the command line's */
	size_t count;
};

struct tail_options {
	struct strings topics, addresses; /* at least one each, the names valid */
	const char *channel;              /* never NULL */
	char random_channel[32];          /* where it points if none was given */
	uint64_t per_topic, total;        /* 0: endless */
	uint32_t max_in_flight;           /* at least 1 */
	bool print_topic, count_only, stats;
};

/* The exit status, or -1: go on. What is wrong was told on standard error. */
int tail_options_parse(struct tail_options *, int argc, char **argv);
void tail_options_fini(struct tail_options *);

void tail_complain(const char *text, const char *about); /* one line on standard error; about may be NULL */

#endif
