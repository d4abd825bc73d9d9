/* bench/scraper.h: asks for metrics now and then, beside what else is measured. It never blocks, and has the kernel throw the answer away
 * rather than copy it: what is measured beside it is the server's work, not the scraper's. */
#ifndef PLUQ_BENCH_SCRAPER_H
#define PLUQ_BENCH_SCRAPER_H

#include "bench.h"
#include "histogram.h"

struct scraper {
	int fd;
	bool gzip;           /* asked for */
	int64_t interval_ns; /* from one request to the next, but after its answer; 0: none by itself */
	int64_t asked_ns;    /* 0: no request is under way */
	int64_t next_ns;
	char head[2048];
	size_t head_used;
	uint64_t left;       /* bytes of the body to come */
	bool in_body;
	/* of those that are through */
	struct histogram times; /* ns from the request to the last byte */
	uint64_t count, bytes;  /* answers; length of the last body */
};

void scraper_init(struct scraper *, const struct bench *, bool gzip);
void scraper_fini(struct scraper *);

void scraper_ask(struct scraper *);
/* Takes what has come; asks when it is time. True: an answer has become whole with this. */
bool scraper_turn(struct scraper *);

#endif
