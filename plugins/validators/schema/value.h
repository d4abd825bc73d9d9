/* Equality as JSON Schema has it: numbers by value, objects whatever the order of their members. */
#ifndef SCHEMA_VALUE_H
#define SCHEMA_VALUE_H

#include "json.h"

/* What a message may cost, in steps of some ten nanoseconds; below 0: it has cost too much. */
struct value_cost {
	int64_t left;
};

/* Both: false, or any hash, once the cost is above what was left. */
bool value_equal(const struct json_node *, const struct json_node *, struct value_cost *);
/* The same for equal values. key: unknown to those who send messages. */
uint64_t value_hash(const struct json_node *, uint64_t key, struct value_cost *);

#endif
