/* The reader of the snappy framing format, as a layer, however its input is cut and its output asked for.
 *
 * Checksums would keep most inputs out: before the reader sees them they are made right, unless the input says that they stay. */
#undef NDEBUG
#include <assert.h>
#include <snappy-c.h>
#include <stdlib.h>
#include <string.h>

#include "../../daemon/net/crc32c.h"
#include "../../daemon/net/layer.h"
#include "../../daemon/net/snappy_frame.h"
#include "layer_feed.h"

/* As deep as what the input says and no deeper than the reader goes. */
static void set_checksums(uint8_t *in, size_t n)
{
	static char plain[PLUQ__SNAPPY_PLAIN_MAX];
	for (size_t at = 0, size; at < n && n - at >= 4; at += size) {
		size_t length = in[at + 1] | (size_t)in[at + 2] << 8 | (size_t)in[at + 3] << 16, made = 0;
		size = 4 + length;
		if (in[at] > 1 || length < 4 || length > PLUQ__SNAPPY_LENGTH_MAX || n - at < size)
			continue;
		const uint8_t *from = in + at + 8;
		made = length - 4;
		if (in[at] == 0) {
			if (snappy_uncompressed_length((const char *)from, length - 4, &made) != SNAPPY_OK || made > sizeof plain ||
			    snappy_uncompress((const char *)from, length - 4, plain, &made) != SNAPPY_OK)
				continue;
			from = (const uint8_t *)plain;
		}
		uint32_t crc = pluq__crc32c(from, made);
		crc = (crc >> 15 | crc << 17) + UINT32_C(0xa282ead8);
		for (int i = 0; i < 4; i++)
			in[at + 4 + (size_t)i] = (uint8_t)(crc >> 8 * i);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 3)
		return 0;
	bool as_they_are = data[2] & 1;
	uint8_t *copy = malloc(size - 1); /* the first two bytes stay in front */
	assert(copy);
	memcpy(copy, data, 2);
	memcpy(copy + 2, data + 3, size - 3);
	if (!as_they_are)
		set_checksums(copy + 2, size - 3);
	feed_twice(pluq__snappy_layer_new, copy, size - 1);
	free(copy);
	return 0;
}
