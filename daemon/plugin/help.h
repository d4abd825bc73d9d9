/* Private to the daemon. What option tables say, for people. */
#ifndef PLUQ__HELP_H
#define PLUQ__HELP_H

#include <stdio.h>

#include "loader.h"

/* --list-plugins. A plugin that cannot be used is listed with the reason. */
int pluq__help_list(FILE *, const char *plugin_dir, struct pluq__problem *);
/* --help-plugin: a name in plugin_dir, a path, or "core" for the daemon's own options. */
int pluq__help_plugin(FILE *, const char *plugin_dir, const char *plugin, struct pluq__problem *);
/* The reference in docs/options.md: the daemon's options and those of every plugin in plugin_dir, as Markdown. */
int pluq__help_reference(FILE *, const char *plugin_dir, struct pluq__problem *);
/* --print-config: YAML that can be read again, each value with the place it comes from. */
int pluq__help_config(FILE *, struct pluq__plugins *, struct pluq__problem *);

#endif
