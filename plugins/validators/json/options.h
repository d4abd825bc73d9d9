#ifndef VALIDATE_JSON_OPTIONS_H
#define VALIDATE_JSON_OPTIONS_H

#include <pluq/validator.h>

enum { DUPLICATES_ACCEPT, DUPLICATES_REJECT };
enum { ROOT_ANY, ROOT_OBJECT, ROOT_ARRAY };

struct conf {
	struct pluq_validator_conf common; /* first */
	struct pluq_strings require, accept_if;
	int64_t max_size, max_depth;
	int64_t duplicates; /* DUPLICATES_* */
	int64_t root;       /* ROOT_* */
};

extern const struct pluq_option options[];

#endif
