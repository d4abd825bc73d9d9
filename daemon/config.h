/* Private to the daemon. The configuration as a whole: the file, conf.d beside it, --set, or the default without a file; or, for
 * a program of the original's, what its command line says (dropin/). */
#ifndef PLUQ__CONFIG_H
#define PLUQ__CONFIG_H

#include "args.h"
#include "base/config_node.h"
#include "base/problem.h"

/* A plugin that is wanted. */
struct pluq__wanted {
	const char *instance;
	const char *plugin;         /* name or path */
	struct pluq__origin origin; /* of its mention */
	struct pluq__node *options; /* map */
	bool standard;              /* nobody has mentioned it: it is part of the default configuration */
};

struct pluq__config {
	struct pluq__arena arena; /* holds everything below */
	struct pluq__node *settings; /* map: the daemon's own options */
	struct pluq__wanted *plugins;
	struct pluq__node *standard_folder; /* without a file: where the data goes unless --set says otherwise */
	size_t plugin_count, plugin_room;
	const char **notes; /* warnings for whoever has written the configuration */
	size_t note_count;
};

/* Reads and merges; knows no option table, so nothing is checked but the form. PLUQ_EINVAL, PLUQ_ENOMEM with the
 * problem; nothing is owed after a failure. */
int pluq__config_read(struct pluq__config *, const struct pluq__args *, struct pluq__problem *);
/* Adds a plugin as its list names it, in the arena. NULL: no memory. */
struct pluq__wanted *pluq__config_add(struct pluq__config *, const char *name, const struct pluq__origin *);
/* The plugin, by name or path, that this instance is; a name that nobody has mentioned stands for itself. */
const char *pluq__config_plugin_of(const struct pluq__config *, const char *instance);
/* The data folder that nobody but we has chosen, so that we make it if it is missing; NULL: there is none. */
const char *pluq__config_own_folder(const struct pluq__config *);
void pluq__config_free(struct pluq__config *);

#endif
