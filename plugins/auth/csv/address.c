#include "address.h"

#include <arpa/inet.h>
#include <string.h>

/* Longest text of an address or a network. */
#define TEXT_MAX 128

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

static bool parse_bytes(const char *text, struct csv_address *out)
{
	*out = (struct csv_address){ 0 };
	if (inet_pton(AF_INET, text, out->bytes) == 1)
		out->family = 4;
	else if (inet_pton(AF_INET6, text, out->bytes) == 1)
		out->family = 6;
	return out->family;
}

bool csv_address_parse(const char *text, struct csv_address *out)
{
	char plain[TEXT_MAX];
	size_t n = strcspn(text, "%"); /* the zone of a link-local address names an interface of this machine */

	*out = (struct csv_address){ 0 };
	if (!*text)
		return true;
	if (n >= sizeof(plain))
		return false;
	memcpy(plain, text, n);
	plain[n] = 0;
	if (!parse_bytes(plain, out))
		return false;
	if (out->family == 6 && memcmp(out->bytes, mapped, sizeof(mapped)) == 0) {
		memmove(out->bytes, out->bytes + 12, 4);
		memset(out->bytes + 4, 0, 12);
		out->family = 4;
	}
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

static void clear_behind(uint8_t *bytes, unsigned prefix)
{
	for (unsigned bit = prefix; bit < 128; bit++)
		bytes[bit / 8] &= (uint8_t)~(0x80u >> bit % 8);
}

bool csv_block_parse(const char *text, struct csv_block *out)
{
	char plain[TEXT_MAX];
	const char *slash = strchr(text, '/');
	size_t n = slash ? (size_t)(slash - text) : strlen(text);
	struct csv_address address;

	*out = (struct csv_block){ 0 };
	if (!*text)
		return true;
	if (n >= sizeof(plain))
		return false;
	memcpy(plain, text, n);
	plain[n] = 0;
	if (!parse_bytes(plain, &address))
		return false;
	out->family = address.family;
	out->prefix = address.family == 4 ? 32 : 128;
	if (slash && !parse_prefix(slash + 1, address.family, &out->prefix))
		return false;
	memcpy(out->bytes, address.bytes, sizeof(out->bytes));
	if (out->family == 6 && out->prefix >= 96 && memcmp(out->bytes, mapped, sizeof(mapped)) == 0) {
		memmove(out->bytes, out->bytes + 12, 4);
		out->family = 4;
		out->prefix = (uint8_t)(out->prefix - 96);
	}
	clear_behind(out->bytes, out->prefix);
	return true;
}

bool csv_block_has(const struct csv_block *b, const struct csv_address *a)
{
	unsigned whole = b->prefix / 8, rest = b->prefix % 8;

	if (!b->family)
		return true;
	if (b->family != a->family || memcmp(a->bytes, b->bytes, whole) != 0)
		return false;
	return !rest || !((a->bytes[whole] ^ b->bytes[whole]) >> (8 - rest));
}
