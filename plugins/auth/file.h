/* Shared by the auth plugins: a file of accounts, whole into memory. */
#ifndef AUTH_FILE_H
#define AUTH_FILE_H

#include <pluq/host.h>

/* Any thread that may block. Warns of a file that everybody may write, and if `inside` says what of it is nobody else's business ("secrets";
 * NULL: nothing), of one that everybody may read; host may be NULL: without. most: bytes, whole MiB.
 * 0: *bytes is heap, terminated by a NUL that is not counted. PLUQ_EIO, PLUQ_ENOMEM with why. */
int auth_file_read(const struct pluq_host *host, const char *path, int64_t most, const char *inside, char **bytes, size_t *length,
    struct pluq_why *why);

#endif
