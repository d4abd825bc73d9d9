/* client/identify.h: who we are, and what the server answers. */
#ifndef PLUQC_IDENTIFY_H
#define PLUQC_IDENTIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "buffer.h"
#include "frame.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Members that are 0 or NULL are not sent and leave the server's default. */
struct pluqc_identity {
	const char *user_agent;
	const char *client_id; /* NULL: the host name up to its first dot */
	const char *hostname;  /* NULL: the host name */
	int32_t heartbeat_interval_ms;
	int32_t msg_timeout_ms;
	bool tls, snappy, deflate; /* asked for; whether they are given, the answer tells */
};

struct pluqc_features {
	uint32_t max_rdy_count;
	bool auth_required;
	bool tls, snappy, deflate; /* given: each in turn begins right behind the answer, and says OK once it stands */
};

/* Appends IDENTIFY with feature negotiation. Sticky errors of client/command.h. */
void pluqc_identify_encode(struct pluqc_buf *, const struct pluqc_identity *);

/* The answer to IDENTIFY. A server too old to negotiate answers OK, and gets the defaults. PLUQC_EFRAME: no
 * answer at all. */
int pluqc_identify_decode(const struct pluqc_frame *, struct pluqc_features *out);

#ifdef __cplusplus
}
#endif
#endif
