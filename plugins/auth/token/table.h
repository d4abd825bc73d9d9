/* The secrets of one file, found by name. Counted: a question that is open keeps the one that it was asked of. */
#ifndef TOKEN_TABLE_H
#define TOKEN_TABLE_H

#include <stdatomic.h>

#include "../common/rules.h"
#include "secret.h"

struct secret {
	const char *name;
	const struct rule_entry *entry;
	struct secret_hash hash;
};

struct table {
	_Atomic int refs; /* of the plugin while it is in force, and of each check in progress */
	struct rules rules;
	struct secret *secrets; /* by name */
	size_t count;
};

/* From what rules_read has read, which is taken: also after a failure nothing is owed. NULL with why. */
struct table *table_new(struct rules *, struct pluq_why *why);
struct table *table_ref(struct table *); /* any thread */
void table_unref(struct table **); /* accepts NULL inside */
const struct secret *table_find(const struct table *, const char *name, size_t n);

#endif
