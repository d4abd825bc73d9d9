/* Walks the records of one data file in large reads. */
#ifndef DQ_READER_H
#define DQ_READER_H

#include <stddef.h>
#include <stdint.h>

enum dq_read {
	DQ_RECORD, /* one was read */
	DQ_END,    /* the limit is exactly the end of a record */
	DQ_TORN,   /* the file or the limit ends inside a record */
	DQ_BAD,    /* no such length can be */
	DQ_IO,     /* see errno; nothing is known about the data */
	DQ_NOMEM
};

struct dq_reader {
	int fd;        /* borrowed */
	int64_t pos;   /* of the next record */
	int64_t limit; /* end of what may be read */
	size_t block;  /* bytes to read at once, if a record needs no more */
	uint8_t *buf;
	size_t capacity;
	int64_t buf_pos; /* offset in the file of what buf holds */
	size_t buf_used;
	uint32_t bad_length; /* after DQ_BAD */
};

void dq_reader_init(struct dq_reader *, size_t block);
/* Another file or place. The buffer's memory is kept, its content not. */
void dq_reader_set(struct dq_reader *, int fd, int64_t pos, int64_t limit);
/* Reads the next record and steps over it. *payload: in the buffer, valid until the next call; not DQ_RECORD: pos has not
 * moved. */
enum dq_read dq_reader_next(struct dq_reader *, const uint8_t **payload, uint32_t *length);
/* The same without looking at, or loading, the payload. */
enum dq_read dq_reader_skip(struct dq_reader *);
void dq_reader_fini(struct dq_reader *);

#endif
