/* Conditions on the values of members, as the options `require` and `accept_if` state them.
 *
 *	rule      = condition { "and" condition }
 *	condition = [ "not" ] member                       it is set: there, and not null; or not
 *	          | member ( "==" | "!=" ) value
 *	          | member ( "<" | "<=" | ">" | ">=" ) number
 *	          | member "in" "(" value { "," value } ")"
 *	          | member "is" [ "not" ] type             null, boolean, number, integer, string, array, object
 *	member    = name { "." name }
 *	name      = letters, digits, _ - $ @, bytes beyond ASCII; or any text in double or single quotes
 *	value     = "text" | 'text' | number | true | false | null
 *
 * In quotes a backslash stands before a quote or a backslash that is meant. What is compared with a member that is not there does not hold,
 * != neither.
 */
#ifndef VALIDATE_JSON_RULES_H
#define VALIDATE_JSON_RULES_H

#include <pluq/plugin.h>
#include <pluq/host.h>

#include "scan.h"

#define RULES_SLOTS_MOST 64

enum condition_op { OP_SET, OP_NOT_SET, OP_EQUAL, OP_NOT_EQUAL, OP_LESS, OP_AT_MOST, OP_MORE, OP_AT_LEAST, OP_IN, OP_IS, OP_IS_NOT };

/* What a value is compared with. */
struct operand {
	uint8_t type; /* enum json_type */
	char *text;   /* VALUE_STRING; owned */
	size_t length;
	double number;
};

struct condition {
	uint8_t op;       /* enum condition_op */
	int16_t slot;
	uint32_t types;   /* OP_IS, OP_IS_NOT: a bit per type; TYPE_INTEGER */
	struct operand *operands;
	size_t count;
	const char *from; /* as it is written, within the rule's text */
	size_t length;
};

#define TYPE_INTEGER (1u << 30) /* a number without fraction and exponent */

struct rule {
	char *text; /* as it is written; owned */
	struct condition *conditions;
	size_t count;
};

struct rules {
	struct names names;
	struct rule *required; /* one condition each */
	size_t required_count;
	struct rule *accept; /* one of them has to hold, if there are any */
	size_t accept_count;
};

/* 0, or PLUQ_EINVAL, PLUQ_ENOMEM with why: which option, which of its items, which column. rules: zero-initialised; to be given to
 * rules_fini in any case. */
int rules_compile(struct rules *, const struct pluq_strings *require, const struct pluq_strings *accept_if, struct pluq_why *why);
void rules_fini(struct rules *);

/* Whether the values of a text are as they should be; if not, the reason. */
bool rules_hold(const struct rules *, const struct json_value *values, char *reason, size_t size);

#endif
