/* The framing format of snappy. Lengths are judged before anything is done by them. */
#include <snappy-c.h>
#include <string.h>

#include "crc32c.h"
#include "snappy_frame.h"

enum { HEADER = 4, CHECKSUM = 4 };
enum { KIND_COMPRESSED = 0x00, KIND_STORED = 0x01, KIND_SKIPPED = 0x80, KIND_IDENTIFIER = 0xff };

const uint8_t pluq__snappy_identifier[PLUQ__SNAPPY_IDENTIFIER] = {KIND_IDENTIFIER, 6, 0, 0, 's', 'N', 'a', 'P', 'p', 'Y'};

static uint32_t get(const uint8_t *p, int bytes)
{
	uint32_t v = 0;
	for (int i = 0; i < bytes; i++)
		v |= (uint32_t)p[i] << 8 * i;
	return v;
}

static void put(uint8_t *p, uint32_t v, int bytes)
{
	for (int i = 0; i < bytes; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

static uint32_t masked_crc(const uint8_t *bytes, size_t n)
{
	uint32_t crc = pluq__crc32c(bytes, n);
	return (crc >> 15 | crc << 17) + UINT32_C(0xa282ead8);
}

static enum pluq__snappy_found bad(struct pluq__snappy_reader *r, const char *why)
{
	r->why = why;
	return PLUQ__SNAPPY_BAD;
}

static enum pluq__snappy_found skip(struct pluq__snappy_reader *r, size_t n, struct pluq__snappy_chunk *k)
{
	k->size = n < r->skip ? n : r->skip;
	r->skip -= (uint32_t)k->size;
	return PLUQ__SNAPPY_NOTHING;
}

static enum pluq__snappy_found identifier(struct pluq__snappy_reader *r, const uint8_t *in, size_t n, size_t length,
    struct pluq__snappy_chunk *k)
{
	k->size = PLUQ__SNAPPY_IDENTIFIER;
	if (length != PLUQ__SNAPPY_IDENTIFIER - HEADER)
		return bad(r, "identifier of a snappy stream has the wrong length");
	if (n < k->size)
		return PLUQ__SNAPPY_MORE;
	if (memcmp(in, pluq__snappy_identifier, k->size) != 0)
		return bad(r, "identifier of a snappy stream is not snappy's");
	r->begun = true;
	return PLUQ__SNAPPY_NOTHING;
}

static enum pluq__snappy_found data(struct pluq__snappy_reader *r, const uint8_t *in, size_t n, size_t length,
    struct pluq__snappy_chunk *k)
{
	k->size = HEADER + length;
	k->stored = in[0] == KIND_STORED;
	if (length < CHECKSUM)
		return bad(r, "snappy chunk is too short for its checksum");
	k->length = k->plain = length - CHECKSUM;
	if (k->stored && k->plain > PLUQ__SNAPPY_PLAIN_MAX)
		return bad(r, "snappy chunk holds more than 65536 bytes");
	if (n < k->size)
		return PLUQ__SNAPPY_MORE;
	k->crc = get(in + HEADER, CHECKSUM);
	k->block = in + HEADER + CHECKSUM;
	if (k->stored)
		return PLUQ__SNAPPY_DATA;
	if (snappy_uncompressed_length((const char *)k->block, k->length, &k->plain) != SNAPPY_OK)
		return bad(r, "snappy chunk is damaged: no length at its beginning");
	if (k->plain > PLUQ__SNAPPY_PLAIN_MAX)
		return bad(r, "snappy chunk holds more than 65536 bytes");
	return PLUQ__SNAPPY_DATA;
}

enum pluq__snappy_found pluq__snappy_next(struct pluq__snappy_reader *r, const uint8_t *in, size_t n,
    struct pluq__snappy_chunk *k)
{
	k->size = HEADER;
	if (n == 0)
		return PLUQ__SNAPPY_MORE;
	if (r->skip > 0)
		return skip(r, n, k);
	if (!r->begun && in[0] != KIND_IDENTIFIER)
		return bad(r, "snappy stream does not begin with its identifier");
	if (in[0] > KIND_STORED && in[0] < KIND_SKIPPED)
		return bad(r, "snappy chunk is of an unknown kind");
	if (n < HEADER)
		return PLUQ__SNAPPY_MORE;
	size_t length = get(in + 1, 3);
	if (length > PLUQ__SNAPPY_LENGTH_MAX)
		return bad(r, "snappy chunk is longer than allowed");
	if (in[0] == KIND_IDENTIFIER)
		return identifier(r, in, n, length, k);
	if (in[0] <= KIND_STORED)
		return data(r, in, n, length, k);
	r->skip = (uint32_t)(HEADER + length);
	return skip(r, n, k);
}

bool pluq__snappy_unpack(struct pluq__snappy_reader *r, const struct pluq__snappy_chunk *k, uint8_t *to)
{
	size_t plain = k->plain;
	if (k->stored) {
		memcpy(to, k->block, plain);
	} else if (snappy_uncompress((const char *)k->block, k->length, (char *)to, &plain) != SNAPPY_OK) {
		r->why = "snappy chunk is damaged: it cannot be uncompressed";
		return false;
	}
	if (masked_crc(to, plain) != k->crc) {
		r->why = "snappy chunk is damaged: its checksum is wrong";
		return false;
	}
	return true;
}

size_t pluq__snappy_pack(const uint8_t *plain, size_t n, uint8_t *to)
{
	uint8_t *block = to + HEADER + CHECKSUM;
	size_t length = PLUQ__SNAPPY_LENGTH_MAX - CHECKSUM;
	bool good = snappy_compress((const char *)plain, n, (char *)block, &length) == SNAPPY_OK && length <= n - n / 8;
	if (!good) {
		memcpy(block, plain, n);
		length = n;
	}
	to[0] = good ? KIND_COMPRESSED : KIND_STORED;
	put(to + 1, (uint32_t)(CHECKSUM + length), 3);
	put(to + HEADER, masked_crc(plain, n), CHECKSUM);
	return HEADER + CHECKSUM + length;
}
