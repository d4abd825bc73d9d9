/* Files of the data directory: names relative to its descriptor, failures told as one line "verb file: cause". */
#ifndef DQ_FILE_H
#define DQ_FILE_H

#include <sys/uio.h>

#include <stddef.h>

#include <pluq/error.h>

#include "dq_place.h"

#define DQ_FILE_NAME 256 /* room for any file name */
#define DQ_TMP ".pluq.tmp"

/* Both fill why and return the code for errno: PLUQ_ENOMEM or PLUQ_EIO. errno is kept. */
int dq_fail(struct pluq_why *, const char *verb, const char *file);
int dq_no_memory(struct pluq_why *);
/* Fills why (cut short if need be) and returns code. */
int dq_say(struct pluq_why *, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Writes the vectors at offset `at` until all is written or a write fails; *written: bytes that are in the file. The
 * vectors are used up. false: failed, see errno. */
bool dq_write_at(int fd, struct iovec *iov, int count, int64_t at, size_t *written);

/* Replaces a file atomically (mode 0600): writes name.pluq.tmp, fsyncs it, renames it. The temporary file has one name only
 * and is removed on failure, so that a full disk collects none. */
int dq_replace(int dir_fd, const char *name, const void *data, size_t length, struct pluq_why *);

/* Reads a whole file of up to `most` bytes. *data: malloc'ed, the caller's, one byte larger than *length.
 * PLUQ_EUNKNOWN: no such file (why not filled). PLUQ_ECORRUPT: larger than `most`. */
int dq_slurp(int dir_fd, const char *name, size_t most, char **data, size_t *length, struct pluq_why *);

/* Size of a file. PLUQ_EUNKNOWN: no such file (why not filled). */
int dq_size(int dir_fd, const char *name, int64_t *size, struct pluq_why *);

/* 0 too if there is no such file. */
int dq_unlink(int dir_fd, const char *name, struct pluq_why *);

#endif
