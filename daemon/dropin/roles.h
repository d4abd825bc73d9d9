/* Private to the daemon. The programs of the original that pluqd stands in for when it is started by their names: which plugins
 * make one up, and where its defaults differ from pluqd's. */
#ifndef PLUQ__ROLES_H
#define PLUQ__ROLES_H

#include <stdbool.h>

/* What the original does with an option that is not given. */
struct pluq__role_default {
	const char *plugin, *option;
	const char *value;      /* in YAML notation, as in an option table */
	bool for_empty;         /* an empty text stands for it too */
};

/* A plugin that is part of the role once something is given to one of its options: who names an auth server wants to ask it. */
struct pluq__role_extra {
	const char *plugin, *option;
};

struct pluq__role {
	const char *name;
	const char *version;    /* the original's that this one is compatible with */
	const char *const *plugins; /* names, ends with NULL */
	const struct pluq__role_extra *extras; /* ends with a NULL plugin */
	const struct pluq__role_default *defaults; /* ends with a NULL plugin */
	const struct pluq__idle_flag *idle; /* ends with a NULL name */
};

/* By the last part of the name that a program was started by; NULL: it is pluqd. */
const struct pluq__role *pluq__role_of(const char *program);
/* NULL: none. */
const struct pluq__role_default *pluq__role_default(const struct pluq__role *, const char *plugin, const char *option);

#endif
