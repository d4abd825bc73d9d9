/* Private to daemon/. From root to the user of the configuration. */
#ifndef PLUQ__PRIVILEGES_H
#define PLUQ__PRIVILEGES_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/problem.h"

struct pluq__user {
	char name[64];
	uid_t uid;
	gid_t gid;
	bool drop; /* we are root and are to become that user */
};

/* Main. Looks the user up before anything is bound. name "": nobody is to be become. PLUQ_EINVAL. */
int pluq__user_find(struct pluq__user *, const char *name, struct pluq__problem *);
/* Main, while it is the only thread: identities belong to threads. For good; does nothing unless `drop`. */
int pluq__user_become(const struct pluq__user *, struct pluq__problem *);
/* Makes the folder, parents too, as the user's own if it is missing. */
int pluq__user_make_folder(const struct pluq__user *, const char *path, struct pluq__problem *);

#endif
