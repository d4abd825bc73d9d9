#include "dq_reader.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "dq_codec.h"

void dq_reader_init(struct dq_reader *r, size_t block)
{
	*r = (struct dq_reader){ .fd = -1, .block = block };
}

void dq_reader_set(struct dq_reader *r, int fd, int64_t pos, int64_t limit)
{
	r->fd = fd;
	r->pos = pos;
	r->limit = limit;
	r->buf_used = 0;
}

void dq_reader_fini(struct dq_reader *r)
{
	free(r->buf);
	r->buf = NULL;
}

static bool grow(struct dq_reader *r, size_t need)
{
	if (need <= r->capacity)
		return true;
	free(r->buf);
	r->capacity = 0;
	r->buf_used = 0;
	r->buf = malloc(need > r->block ? need : r->block);
	if (r->buf)
		r->capacity = need > r->block ? need : r->block;
	return r->buf;
}

/* Bytes pos .. pos+need are in the buffer when DQ_RECORD is returned; the caller knows that they are within the limit. */
static enum dq_read load(struct dq_reader *r, size_t need)
{
	if (r->pos >= r->buf_pos && (uint64_t)(r->pos - r->buf_pos) <= r->buf_used &&
	    r->buf_used - (size_t)(r->pos - r->buf_pos) >= need)
		return DQ_RECORD;
	if (!grow(r, need))
		return DQ_NOMEM;
	size_t want = (uint64_t)(r->limit - r->pos) < r->capacity ? (size_t)(r->limit - r->pos) : r->capacity;
	r->buf_pos = r->pos;
	r->buf_used = 0;
	while (r->buf_used < need) {
		ssize_t n = pread(r->fd, r->buf + r->buf_used, want - r->buf_used, r->pos + (int64_t)r->buf_used);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return DQ_IO;
		if (n == 0)
			return DQ_TORN; /* shorter than it was said to be */
		r->buf_used += (size_t)n;
	}
	return DQ_RECORD;
}

/* Finds out the length of the record at pos, and that all of it lies within the limit. */
static enum dq_read head(struct dq_reader *r, uint32_t *length)
{
	if (r->pos == r->limit)
		return DQ_END;
	if (r->pos > r->limit || r->limit - r->pos < DQ_LENGTH_SIZE)
		return DQ_TORN;
	enum dq_read got = load(r, DQ_LENGTH_SIZE);
	if (got != DQ_RECORD)
		return got;
	*length = dq_get32(r->buf + (r->pos - r->buf_pos));
	if (*length < DQ_HEAD_SIZE || *length > DQ_HEAD_SIZE + PLUQ_BODY_MAX) {
		r->bad_length = *length;
		return DQ_BAD;
	}
	return *length > r->limit - r->pos - DQ_LENGTH_SIZE ? DQ_TORN : DQ_RECORD;
}

enum dq_read dq_reader_next(struct dq_reader *r, const uint8_t **payload, uint32_t *length)
{
	enum dq_read got = head(r, length);
	if (got == DQ_RECORD)
		got = load(r, DQ_LENGTH_SIZE + (size_t)*length);
	if (got != DQ_RECORD)
		return got;
	*payload = r->buf + (r->pos - r->buf_pos) + DQ_LENGTH_SIZE;
	r->pos += DQ_LENGTH_SIZE + (int64_t)*length;
	return DQ_RECORD;
}

enum dq_read dq_reader_skip(struct dq_reader *r)
{
	uint32_t length;
	enum dq_read got = head(r, &length);
	if (got == DQ_RECORD)
		r->pos += DQ_LENGTH_SIZE + (int64_t)length;
	return got;
}
