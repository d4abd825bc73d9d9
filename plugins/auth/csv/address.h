/* Addresses and networks, IPv4 and IPv6. What is mapped into IPv6 (::ffff:10.0.0.1) is the IPv4 address it stands for. */
#ifndef CSV_ADDRESS_H
#define CSV_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

/* Bits are in the order of the wire, as they lie in memory. */
struct csv_address {
	uint64_t bits[2];
	uint8_t family; /* 4, 6; 0: none, a unix socket */
};

struct csv_block {
	uint64_t bits[2], mask[2]; /* of the network; of what counts */
	uint8_t family; /* 4, 6; 0: any address, or none */
};

/* "": family 0. false: it is no address. */
bool csv_address_parse(const char *text, struct csv_address *out);
/* "10.0.0.1", "10.0.0.0/8", "10.0.0.0/255.0.0.0", "::1", "fe80::/10"; bits beyond the network's do not count; "": any. false: none of these. */
bool csv_block_parse(const char *text, struct csv_block *out);

static inline bool csv_block_has(const struct csv_block *b, const struct csv_address *a)
{
	return !b->family || (b->family == a->family && !((a->bits[0] ^ b->bits[0]) & b->mask[0]) && !((a->bits[1] ^ b->bits[1]) & b->mask[1]));
}

#endif
