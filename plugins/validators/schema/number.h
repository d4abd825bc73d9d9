/* Numbers as they were written: no rounding, whatever their size. */
#ifndef SCHEMA_NUMBER_H
#define SCHEMA_NUMBER_H

#include "json.h"

bool number_is_integer(const struct json_node *); /* 1.0 is one */
int number_compare(const struct json_node *, const struct json_node *);
/* divisor: above 0, not a long one. */
bool number_is_multiple(const struct json_node *, const struct json_node *divisor);
/* The same for equal numbers. */
uint64_t number_hash(const struct json_node *);

#endif
