/* The options, read. Constant once it is made; held by the plugin until a reload, and by each round. */
#ifndef STATSD_SETTINGS_H
#define STATSD_SETTINGS_H

#include <pluq/metrics.h>
#include <stdatomic.h>

#include "../common/text.h"
#include "target.h"

struct conf {
	const char *address, *prefix;
	int64_t interval, udp_packet_size;
	bool exclude_ephemeral, mem_stats, dogstatsd, all;
};

struct settings {
	atomic_uint refs;
	struct address address;
	char *prefix; /* with its %s */
	int64_t interval_ns;
	size_t packet_size;
	bool exclude_ephemeral, mem_stats, dogstatsd, all;
};

extern const struct pluq_option settings_options[];

/* PLUQ_EINVAL, PLUQ_ENOMEM, with why. */
int settings_new(const struct conf *, struct settings **out, struct pluq_why *why);
struct settings *settings_ref(struct settings *);
void settings_unref(struct settings *); /* accepts NULL */

/* Puts the prefix of all names, with what stands for this node in the place of each %s. host: "" is this machine's name. */
void settings_put_prefix(const struct settings *, const char *host, int32_t port, struct text *);

#endif
