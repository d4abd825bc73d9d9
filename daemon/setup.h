/* Private to the daemon. From the command line to checked and filled options: all that --check-config does. */
#ifndef PLUQ__SETUP_H
#define PLUQ__SETUP_H

#include "config.h"
#include "plugin/loader.h"
#include "plugin/settings.h"

struct pluq__setup {
	struct pluq__config config;
	struct pluq__conf settings;    /* of pluq__settings_table */
	struct pluq__plugins plugins;  /* loaded, filled, not initialised */
};

/* Main, before any thread exists. Reads the configuration and the daemon's own options, no plugin. The structure must not move
 * afterwards. PLUQ_E* with the problem; nothing is owed after a failure. */
int pluq__setup_read(struct pluq__setup *, const struct pluq__args *, struct pluq__problem *);
/* Then loads the plugins and fills their options. After a failure pluq__setup_free is still owed. */
int pluq__setup_load(struct pluq__setup *, struct pluq__problem *);
void pluq__setup_free(struct pluq__setup *);

static inline const struct pluq__settings *pluq__setup_settings(const struct pluq__setup *s)
{
	return (const struct pluq__settings *)s->settings.block;
}

#endif
