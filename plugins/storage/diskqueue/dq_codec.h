/* Bytes of a record on disk, all integers big-endian:
 *	u32 length of what follows, i64 timestamp in ns, u16 attempts, 16 bytes id, body */
#ifndef DQ_CODEC_H
#define DQ_CODEC_H

#include <string.h>

#include <pluq/storage.h>

#define DQ_LENGTH_SIZE 4
#define DQ_HEAD_SIZE 26 /* of the payload before the body */
#define DQ_RECORD_SIZE(body) ((size_t)DQ_LENGTH_SIZE + DQ_HEAD_SIZE + (body))

/* The format does not say what the writer's limit was: a body above PLUQ_BODY_MAX is taken for damage, which bounds what one
 * fetch allocates. */

static inline uint16_t dq_get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t dq_get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint64_t dq_get64(const uint8_t *p)
{
	return (uint64_t)dq_get32(p) << 32 | dq_get32(p + 4);
}

static inline void dq_put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void dq_put32(uint8_t *p, uint32_t v)
{
	dq_put16(p, (uint16_t)(v >> 16));
	dq_put16(p + 2, (uint16_t)v);
}

static inline void dq_put64(uint8_t *p, uint64_t v)
{
	dq_put32(p, (uint32_t)(v >> 32));
	dq_put32(p + 4, (uint32_t)v);
}

/* Writes everything but the body; returns the bytes written. */
static inline size_t dq_put_head(uint8_t *p, const struct pluq_record *r)
{
	dq_put32(p, DQ_HEAD_SIZE + r->length);
	dq_put64(p + 4, (uint64_t)r->timestamp_ns);
	dq_put16(p + 12, r->attempts);
	memcpy(p + 14, r->id, PLUQ_ID_LENGTH);
	return DQ_LENGTH_SIZE + DQ_HEAD_SIZE;
}

/* payload: what follows the length; length: its bytes, at least DQ_HEAD_SIZE. */
static inline void dq_get_record(struct pluq_record *r, const uint8_t *payload, uint32_t length)
{
	*r = (struct pluq_record){
		.timestamp_ns = (int64_t)dq_get64(payload),
		.attempts = dq_get16(payload + 8),
		.body = payload + DQ_HEAD_SIZE,
		.length = length - DQ_HEAD_SIZE,
	};
	memcpy(r->id, payload + 10, PLUQ_ID_LENGTH);
}

#endif
