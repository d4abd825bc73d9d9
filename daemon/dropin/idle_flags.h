/* Private to the daemon. Flags of the original that set no option here: they are accepted with a warning. An option whose table names
 * the flag's key takes the flag over. */
#ifndef PLUQ__IDLE_FLAGS_H
#define PLUQ__IDLE_FLAGS_H

#include "flags.h"

enum pluq__idle_kind {
	PLUQ__IDLE_ABSENT,  /* warned of unless an option has the flag */
	PLUQ__IDLE_ALWAYS   /* warned of though an option may have the flag: it has no effect */
};

struct pluq__idle_flag {
	const char *name, *key; /* as in struct pluq__flag */
	enum pluq__idle_kind kind;
	enum pluq__flag_type type;
	const char *harmless;   /* this value asks for nothing but what is the case anyway; NULL: none does. An empty list always is. */
	const char *text;       /* what is so */
};

extern const struct pluq__idle_flag pluq__idle_nsqd[], pluq__idle_lookupd[];

/* Nothing is to be said of the flag with this value. */
bool pluq__idle_is_harmless(const struct pluq__idle_flag *, const char *text, size_t list_count);

#endif
