/* The body of IDENTIFY. */
#ifndef LOOKUPD_IDENTIFY_H
#define LOOKUPD_IDENTIFY_H

#include <jansson.h>

#include "line.h"

struct identify {
	struct span broadcast_address, hostname, version, topology_zone, topology_region; /* in `root`; at "" if absent */
	int64_t tcp_port, http_port; /* 0: absent */
	json_t *root;
};

/* Keys are matched without regard to case; null is as absent, unknown keys are ignored. PLUQ_EINVAL: not JSON, or not of these
 * types. 0: `out` is to be freed. */
int identify_parse(const uint8_t *body, size_t length, struct identify *out);
/* Is all there that must be? */
bool identify_complete(const struct identify *);
void identify_free(struct identify *);

#endif
