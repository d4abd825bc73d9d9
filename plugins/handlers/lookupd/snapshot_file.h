/* The snapshot's file. */
#ifndef LOOKUPD_SNAPSHOT_FILE_H
#define LOOKUPD_SNAPSHOT_FILE_H

#include "db.h"
#include "text.h"

/* Main. Adds what the file says. Nothing there is no error. PLUQ_EIO, PLUQ_ECORRUPT, PLUQ_ENOMEM; why names the file. */
int snapshot_read(struct db *, const char *path, struct pluq_why *why);

/* Any thread; may block. Replaces the file as a whole: a crash leaves the old one or the new one. 0, or PLUQ_EIO with why. */
int snapshot_write(const char *path, const struct text *, struct pluq_why *why);

#endif
