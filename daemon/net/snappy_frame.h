/* Private to daemon/net. The framing format of snappy, apart from any connection: reads and writes chunks in memory. libsnappy
 * does the blocks in them.
 *
 * A chunk: 1 byte kind, 3 bytes length of what follows (little-endian); a chunk of data then 4 bytes masked CRC-32C of the uncompressed
 * data (little-endian) and the data, compressed (kind 0x00) or stored (0x01). A stream begins with its identifier, which may come
 * again between any two chunks. Kinds 0x80 .. 0xfe mean nothing to us and are skipped, 0x02 .. 0x7f end the stream.
 */
#ifndef PLUQ__SNAPPY_FRAME_H
#define PLUQ__SNAPPY_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	PLUQ__SNAPPY_PLAIN_MAX = 65536,                    /* uncompressed bytes of a chunk */
	PLUQ__SNAPPY_LENGTH_MAX = 76494,                   /* what a chunk may say for its length: checksum and longest block */
	PLUQ__SNAPPY_CHUNK_MAX = 4 + PLUQ__SNAPPY_LENGTH_MAX, /* a whole chunk */
	PLUQ__SNAPPY_IDENTIFIER = 10                       /* bytes of the identifier */
};

extern const uint8_t pluq__snappy_identifier[PLUQ__SNAPPY_IDENTIFIER];

struct pluq__snappy_reader {
	bool begun;      /* the identifier was there */
	uint32_t skip;   /* bytes still to come of a chunk that means nothing */
	const char *why; /* PLUQ__SNAPPY_BAD: what is wrong; constant text */
};

enum pluq__snappy_found {
	PLUQ__SNAPPY_MORE,    /* input ends before it says anything: `size` bytes of it are needed at once */
	PLUQ__SNAPPY_NOTHING, /* the first `size` bytes carry no data and are done with */
	PLUQ__SNAPPY_DATA,    /* the first `size` bytes are a whole chunk of data */
	PLUQ__SNAPPY_BAD      /* the stream cannot be read any further */
};

struct pluq__snappy_chunk {
	size_t size;
	/* DATA: */
	size_t plain;         /* uncompressed bytes: 0 .. PLUQ__SNAPPY_PLAIN_MAX */
	const uint8_t *block; /* in the input */
	size_t length;        /* of the block */
	uint32_t crc;         /* masked */
	bool stored;
};

/* What the input begins with. A chunk of data may be looked at again. */
enum pluq__snappy_found pluq__snappy_next(struct pluq__snappy_reader *, const uint8_t *in, size_t n, struct pluq__snappy_chunk *);

/* Writes chunk->plain bytes to `to`. false: damaged (reader->why). */
bool pluq__snappy_unpack(struct pluq__snappy_reader *, const struct pluq__snappy_chunk *, uint8_t *to);

/* Makes a chunk of data from `n` bytes (1 .. PLUQ__SNAPPY_PLAIN_MAX), compressed only when that saves at least an eighth. `to` has room
 * for PLUQ__SNAPPY_CHUNK_MAX bytes. Returns its size. */
size_t pluq__snappy_pack(const uint8_t *plain, size_t n, uint8_t *to);

#endif
