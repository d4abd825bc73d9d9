/* Private to the daemon. The plugins of the process: found, loaded, checked, configured. */
#ifndef PLUQ__LOADER_H
#define PLUQ__LOADER_H

#include <pluq/plugin.h>

#include "../base/host.h"
#include "../base/problem.h"
#include "options.h"

/* One configured instance. */
struct pluq__plugin {
	struct pluq__host host; /* what this instance is given */
	const char *instance;
	const char *plugin;     /* as configured: a name or a path */
	const char *path;       /* of the shared object */
	const struct pluq_plugin *entry;
	struct pluq__table table;
	struct pluq__conf conf;
	struct pluq__conf before; /* what conf was until the last reload: the plugin may still be looking at it */
	void *self;
	bool inited;
};

struct pluq__plugins {
	struct pluq__arena arena; /* names and paths */
	struct pluq__plugin *items;
	size_t count, room;
	const struct pluq__table *core_table; /* the daemon's own settings, which option_get offers too */
	struct pluq__conf *core_conf;
};

/* Main, before any thread exists. The list must not move: hosts point to it. */
int pluq__plugins_init(struct pluq__plugins *, size_t room, struct pluq__problem *);

/* Loads what `plugin` names (a name in plugin_dir, or a path if it has a '/') as one more instance. Its options are not
 * looked at yet. PLUQ_EINVAL with the problem. */
int pluq__plugins_add(struct pluq__plugins *, const char *plugin_dir, const char *plugin, const char *instance,
    struct pluq__problem *);
void pluq__plugins_drop_last(struct pluq__plugins *);

struct pluq__plugin *pluq__plugins_find(const struct pluq__plugins *, const char *instance);
size_t pluq__plugins_of_kind(const struct pluq__plugins *, enum pluq_kind);

/* Main, after fini of every instance. Shared objects stay loaded. */
void pluq__plugins_free(struct pluq__plugins *);

/* Names (without ".so") of what lies in plugin_dir, sorted, in the arena. */
int pluq__plugins_available(struct pluq__arena *, const char *plugin_dir, struct pluq_strings *names,
    struct pluq__problem *);

#endif
