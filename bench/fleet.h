/* bench/fleet.h: many brokers, as a discovery daemon sees them. Their sockets block: a broker says little, and what it is answered waits
 * in its socket until it is its turn. */
#ifndef PLUQ_BENCH_FLEET_H
#define PLUQ_BENCH_FLEET_H

#include "bench.h"

struct broker {
	int fd;
	uint64_t owed; /* answers that have not come */
};

struct fleet {
	const struct bench *bench; /* opt.connections brokers, each of opt.count topics with opt.channels channels */
	struct broker *list;
	size_t count;
	char topics[BENCH_NAME_ROOM]; /* they are named so, "-" and a number; all brokers have the same */
};

void fleet_init(struct fleet *, const struct bench *); /* the bench is borrowed until fini */
void fleet_fini(struct fleet *);

/* Of each broker. */
static inline uint64_t fleet_registrations(const struct fleet *f)
{
	return f->bench->opt.count * f->bench->opt.channels;
}

/* Connects, identifies and registers all of them, and waits for every answer. */
void fleet_register(struct fleet *);
void fleet_ping(struct fleet *, size_t i); /* sends it, having waited for what is owed to that broker */
void fleet_await(struct fleet *);          /* for every answer */

#endif
