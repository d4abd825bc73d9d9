/* Private to dropin: the flags of a role. */
#ifndef PLUQ__DROPIN_FLAGS_H
#define PLUQ__DROPIN_FLAGS_H

#include "dropin.h"

/* pluq__flag.own: what is for pluqd itself, or for no option. */
enum { OWN_NONE, OWN_CONFIG, OWN_VERSION, OWN_SET, OWN_CHECK, OWN_PRINT };

/* Adds the flags of the role. Loads its plugins from plugin_dir. PLUQ_E* with the problem. */
int dropin_make_flags(struct pluq__flags *, const struct pluq__role *, const char *plugin_dir, struct pluq__problem *);

#endif
