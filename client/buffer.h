/* client/buffer.h: a growing run of bytes, appended at the end and consumed from the front.
 *
 * Appending never fails visibly: the first failure is kept in `error` and everything appended after it is dropped, so
 * that a series of commands is checked once, where it is sent. A failed append leaves no part of itself behind.
 */
#ifndef PLUQC_BUFFER_H
#define PLUQC_BUFFER_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* {0} is an empty buffer. The content is bytes[start .. end-1]. */
struct pluqc_buf {
	uint8_t *bytes;
	size_t start, end;
	size_t room; /* bytes allocated */
	int error;   /* sticky: 0 or PLUQC_E* */
};

void pluqc_buf_fini(struct pluqc_buf *); /* frees; the buffer is empty again, without error */

static inline size_t pluqc_buf_length(const struct pluqc_buf *b)
{
	return b->end - b->start;
}

static inline const uint8_t *pluqc_buf_data(const struct pluqc_buf *b)
{
	return b->bytes + b->start;
}

/* Room for n bytes behind the content, to be filled and then committed; moves the content. NULL: no memory, or an
 * earlier error. */
uint8_t *pluqc_buf_reserve(struct pluqc_buf *, size_t n);

/* Makes n of the reserved bytes content. */
static inline void pluqc_buf_commit(struct pluqc_buf *b, size_t n)
{
	b->end += n;
}

void pluqc_buf_append(struct pluqc_buf *, const void *bytes, size_t n); /* copied */

/* Drops the first n bytes, at most what there is. */
void pluqc_buf_consume(struct pluqc_buf *, size_t n);

#ifdef __cplusplus
}
#endif
#endif
