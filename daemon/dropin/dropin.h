/* Private to the daemon. Started by a name of the original's, pluqd takes that program's command line and configuration file. Which
 * flags there are follows from the option tables of the role's plugins: each option that has an original is one. */
#ifndef PLUQ__DROPIN_H
#define PLUQ__DROPIN_H

#include "../config.h"
#include "flags.h"
#include "roles.h"

/* Constant once it has been read: a reload looks at it on the pool. */
struct pluq__dropin {
	const struct pluq__role *role;
	struct pluq__flags flags;
	const char *config;     /* TOML; NULL: none */
	const char *plugin_dir; /* from the environment; NULL: the usual one */
};

/* Main, before any thread exists. Loads the role's plugins for their tables, reads the command line. -1: go on with args, which
 * points to the dropin; else the status to exit with, and all has been said. What it has made is freed by pluq__dropin_free
 * in any case. */
int pluq__dropin_args(struct pluq__dropin *, struct pluq__args *, const struct pluq__role *, int argc, char **argv);
void pluq__dropin_free(struct pluq__dropin *);

/* Fills the empty configuration as far as the role, the file and the flags say. For pluq__config_read. */
int pluq__dropin_read(struct pluq__config *, const struct pluq__dropin *, struct pluq__problem *);

#endif
