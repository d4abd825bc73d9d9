/* Private to daemon/validate. What the options of all validators say, as of the start or of one reload. Counted: each loop goes on
 * with what it has until it takes the next. */
#ifndef PLUQ__VALIDATE_RULES_H
#define PLUQ__VALIDATE_RULES_H

#include <pluq/validator.h>

struct pluq__rule {
	const char *const *globs; /* none: every topic */
	size_t glob_count;
	int64_t on_reject; /* PLUQ_ON_REJECT ... */
	char divert_to[PLUQ_NAME_MAX + 1]; /* "": <topic>.rejected */
};

struct pluq__rules {
	_Atomic unsigned refs;
	size_t count;
	struct pluq__rule items[]; /* per validator */
};

/* conf: of each validator, one behind the other; all is copied. NULL: no memory. */
struct pluq__rules *pluq__rules_new(const struct pluq_validator_conf *const *conf, size_t count);
struct pluq__rules *pluq__rules_ref(struct pluq__rules *);
void pluq__rules_unref(struct pluq__rules *); /* accepts NULL */

bool pluq__rule_covers(const struct pluq__rule *, const char *topic, size_t length);

/* <topic>.rejected, within 64 bytes: what is too long is cut before the ".rejected", and #ephemeral stays behind it. */
void pluq__rejected_name(char out[PLUQ_NAME_MAX + 1], const char *topic, size_t length);

#endif
