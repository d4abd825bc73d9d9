/* Private to the daemon. A table of named things. The name belongs to the thing. One thread. */
#ifndef PLUQ__NAMES_H
#define PLUQ__NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pluq__names;

struct pluq__names *pluq__names_new(void); /* NULL: no memory */
void pluq__names_free(struct pluq__names **); /* the things stay */
void *pluq__names_find(const struct pluq__names *, const char *name, size_t length); /* NULL: none */
/* name: terminated, lives as long as the thing is in. 0 or PLUQ_ENOMEM. The name must not be in. */
int pluq__names_add(struct pluq__names *, const char *name, void *thing);
/* The thing that was removed, or NULL. */
void *pluq__names_remove(struct pluq__names *, const char *name, size_t length);
size_t pluq__names_count(const struct pluq__names *);
/* Calls fn for everything; fn does not change the table. */
void pluq__names_each(const struct pluq__names *, void (*fn)(void *arg, void *thing), void *arg);

#endif
