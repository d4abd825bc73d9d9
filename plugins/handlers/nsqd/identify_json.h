/* The body of IDENTIFY, decoded as Go decodes it into a struct: keys match in any case, unknown ones are skipped, null
 * leaves a field alone, invalid UTF-8 becomes U+FFFD, a number for an integer has neither fraction nor exponent. */
#ifndef NSQD_IDENTIFY_JSON_H
#define NSQD_IDENTIFY_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct identify {
	/* owned, NULL: ""; whole, however long the body allows; a NUL character is kept as U+FFFD */
	char *client_id, *hostname, *user_agent, *topology_region, *topology_zone;
	int64_t heartbeat_interval, output_buffer_timeout, msg_timeout; /* ms */
	int64_t output_buffer_size;
	int64_t deflate_level;
	int32_t sample_rate;
	bool feature_negotiation, tls_v1, snappy, deflate;
};

/* 0, PLUQ_EINVAL, PLUQ_ENOMEM. Fills *out, which is to be freed in any case. */
int identify_parse(const uint8_t *body, size_t length, struct identify *out);
void identify_free(struct identify *);

#endif
