/* Private to the daemon. Flags of the original that have no effect here, though an option may have them: they are accepted with a
 * warning. */
#ifndef PLUQ__IDLE_FLAGS_H
#define PLUQ__IDLE_FLAGS_H

#include "flags.h"

struct pluq__idle_flag {
	const char *name, *key; /* as in struct pluq__flag */
	enum pluq__flag_type type;
	const char *text; /* what is so */
};

extern const struct pluq__idle_flag pluq__idle_nsqd[], pluq__idle_lookupd[];

#endif
