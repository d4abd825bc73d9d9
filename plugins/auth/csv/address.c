#include "address.h"

#include <arpa/inet.h>
#include <string.h>

/* Longest text of an address or a network. */
#define TEXT_MAX 128

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

struct parsed {
	uint8_t family;
	uint8_t bytes[16];
};

static bool parse_bytes(const char *text, struct parsed *out)
{
	*out = (struct parsed){ 0 };
	if (inet_pton(AF_INET, text, out->bytes) == 1)
		out->family = 4;
	else if (inet_pton(AF_INET6, text, out->bytes) == 1)
		out->family = 6;
	return out->family;
}

/* The IPv4 address that an IPv6 one stands for takes its place. */
static bool unmap(struct parsed *p)
{
	if (p->family != 6 || memcmp(p->bytes, mapped, sizeof(mapped)) != 0)
		return false;
	memmove(p->bytes, p->bytes + 12, 4);
	memset(p->bytes + 4, 0, 12);
	p->family = 4;
	return true;
}

bool csv_address_parse(const char *text, struct csv_address *out)
{
	struct parsed parsed;
	char plain[TEXT_MAX];
	size_t n = strcspn(text, "%"); /* the zone of a link-local address names an interface of this machine */

	*out = (struct csv_address){ .family = 0 };
	if (!*text)
		return true;
	if (n >= sizeof(plain))
		return false;
	memcpy(plain, text, n);
	plain[n] = 0;
	if (!parse_bytes(plain, &parsed))
		return false;
	unmap(&parsed);
	out->family = parsed.family;
	memcpy(out->bits, parsed.bytes, sizeof(out->bits));
	return true;
}

/* A mask of IPv4, ones first, or one of the kind that has them last. */
static bool parse_mask(const char *text, uint8_t *prefix)
{
	struct in_addr in;
	uint32_t mask, bits = 0;

	if (inet_pton(AF_INET, text, &in) != 1)
		return false;
	mask = ntohl(in.s_addr);
	if (mask && !(mask & UINT32_C(1) << 31))
		mask = ~mask;
	while (bits < 32 && mask & UINT32_C(1) << (31 - bits))
		bits++;
	*prefix = (uint8_t)bits;
	return bits == 32 || !(mask << bits);
}

static bool parse_prefix(const char *text, uint8_t family, uint8_t *prefix)
{
	unsigned value = 0, most = family == 4 ? 32 : 128;

	if (!*text || strspn(text, "0123456789") != strlen(text))
		return family == 4 && parse_mask(text, prefix);
	for (; *text; text++)
		if ((value = value * 10 + (unsigned)(*text - '0')) > most)
			return false;
	*prefix = (uint8_t)value;
	return true;
}

static void put_mask(struct csv_block *b, unsigned prefix)
{
	uint8_t mask[16] = { 0 };

	for (unsigned bit = 0; bit < prefix; bit++)
		mask[bit / 8] |= (uint8_t)(0x80u >> bit % 8);
	memcpy(b->mask, mask, sizeof(b->mask));
}

bool csv_block_parse(const char *text, struct csv_block *out)
{
	struct parsed parsed;
	char plain[TEXT_MAX];
	const char *slash = strchr(text, '/');
	size_t n = slash ? (size_t)(slash - text) : strlen(text);
	uint8_t prefix;

	*out = (struct csv_block){ .family = 0 };
	if (!*text)
		return true;
	if (n >= sizeof(plain))
		return false;
	memcpy(plain, text, n);
	plain[n] = 0;
	if (!parse_bytes(plain, &parsed))
		return false;
	prefix = parsed.family == 4 ? 32 : 128;
	if (slash && !parse_prefix(slash + 1, parsed.family, &prefix))
		return false;
	if (prefix >= 96 && unmap(&parsed))
		prefix = (uint8_t)(prefix - 96);
	out->family = parsed.family;
	memcpy(out->bits, parsed.bytes, sizeof(out->bits));
	put_mask(out, prefix);
	return true;
}
