#include "options.h"

/* Longest time an option takes, 73 years: sums of two of them and a clock do not overflow. */
#define LONGEST (INT64_MAX / 4)

/* Keys are the original's, but for the last. */
#define SAME(member, kind, standard_, low, high, help_)                                                                \
	{.key = #member, .type = PLUQ_OPT_##kind, .standard = standard_, .offset = offsetof(struct conf, member),      \
	    .min = low, .max = high, .original = #member, .help = help_}

const struct pluq_option options[] = {
	SAME(tcp_address, STRING, "127.0.0.1:4160", 0, 0,
	    "where brokers connect: host:port, or the path of a unix socket; empty is off"),
	SAME(http_address, STRING, "127.0.0.1:4161", 0, 0,
	    "where the HTTP API is served: host:port, or the path of a unix socket; empty is off"),
	SAME(broadcast_address, STRING, NULL, 0, 0, "name announced to brokers; empty means the host name"),
	SAME(inactive_producer_timeout, DURATION, "5m", 0, LONGEST,
	    "a broker that has not pinged for longer is left out of /lookup and /nodes"),
	SAME(tombstone_lifetime, DURATION, "45s", 0, LONGEST,
	    "how long a broker stays out of /lookup for a topic that was tombstoned there"),
	{.key = "snapshot_file", .type = PLUQ_OPT_STRING, .offset = offsetof(struct conf, snapshot_file),
	    .help = "file that keeps the names of topics and channels, not their producers, across a restart; empty is off"},
	{.key = NULL},
};
