/* Configuration of the lookupd handler. Times in nanoseconds. */
#ifndef LOOKUPD_OPTIONS_H
#define LOOKUPD_OPTIONS_H

#include <pluq/host.h>

struct conf {
	const char *tcp_address, *http_address;
	const char *broadcast_address; /* "": the host name */
	int64_t inactive_producer_timeout, tombstone_lifetime;
	const char *snapshot_file; /* "": none */
};

extern const struct pluq_option options[];

#endif
