/* One loop's state of Lua, with a script in it. */
#ifndef LUA_SANDBOX_H
#define LUA_SANDBOX_H

#include <pluq/validator.h>

#include "program.h"

/* Starting a script may cost this many times what a message may. */
#define SANDBOX_START_FACTOR 10

/* Why a message was rejected though the script did not say so. */
enum sandbox_fault {
	SANDBOX_FINE = 0,
	SANDBOX_ERROR,        /* the script raised an error */
	SANDBOX_INSTRUCTIONS, /* it took too long */
	SANDBOX_MEMORY,       /* it wanted more memory than it may have */
	SANDBOX_ANSWER,       /* what it returned is not an answer */
	SANDBOX_FAULTS
};

struct sandbox;

/* Any thread; used by one at a time. Runs the script, which must define validate. PLUQ_EINVAL, PLUQ_ENOMEM with why. */
int sandbox_new(struct program *, struct sandbox **out, struct pluq_why *why);
void sandbox_free(struct sandbox **); /* accepts NULL inside */

/* Asks the script. Returns an enum pluq_judgement; PLUQ_ENOMEM: the system has no memory for that. */
int sandbox_judge(struct sandbox *, const struct pluq_candidate *, struct pluq_finding *, enum sandbox_fault *);

/* After a fault of memory: collects the garbage. False: what the script keeps leaves too little for messages to come; make a new one. */
bool sandbox_is_sound(struct sandbox *);

struct program *sandbox_program(const struct sandbox *); /* borrowed */
size_t sandbox_memory(const struct sandbox *);           /* bytes it holds */

#endif
