/* Addresses and networks, IPv4 and IPv6. What is mapped into IPv6 (::ffff:10.0.0.1) is the IPv4 address it stands for. */
#ifndef CSV_ADDRESS_H
#define CSV_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

struct csv_address {
	uint8_t family; /* 4, 6; 0: none, a unix socket */
	uint8_t bytes[16];
};

struct csv_block {
	uint8_t family; /* 4, 6; 0: any address, or none */
	uint8_t prefix; /* bits that count */
	uint8_t bytes[16];
};

/* "": family 0. false: it is no address. */
bool csv_address_parse(const char *text, struct csv_address *out);
/* "10.0.0.1", "10.0.0.0/8", "10.0.0.0/255.0.0.0", "::1", "fe80::/10"; bits beyond the network's do not count; "": any. false: none of these. */
bool csv_block_parse(const char *text, struct csv_block *out);
bool csv_block_has(const struct csv_block *, const struct csv_address *);

#endif
