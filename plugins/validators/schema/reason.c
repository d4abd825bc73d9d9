#include "reason.h"

#include <stdio.h>
#include <string.h>

#include "pointer.h"

static const char *const texts[] = {
	[OP_CONST] = "not the value of const", [OP_ENUM] = "none of the values of enum", [OP_MINIMUM] = "below the minimum",
	[OP_MAXIMUM] = "above the maximum", [OP_EXCLUSIVE_MINIMUM] = "not above the minimum",
	[OP_EXCLUSIVE_MAXIMUM] = "not below the maximum", [OP_MULTIPLE_OF] = "not a multiple",
	[OP_MIN_LENGTH] = "shorter than %u characters", [OP_MAX_LENGTH] = "longer than %u characters",
	[OP_FORMAT] = "not of this format", [OP_PATTERN] = "does not match the pattern", [OP_MIN_ITEMS] = "fewer than %u elements",
	[OP_MAX_ITEMS] = "more than %u elements", [OP_MIN_MEMBERS] = "fewer than %u members",
	[OP_MAX_MEMBERS] = "more than %u members", [OP_CONTAINS] = "too few or too many elements that match",
	[OP_UNIQUE] = "elements are equal", [OP_ANY] = "none of the alternatives holds",
	[OP_ONE] = "not exactly one of the alternatives holds", [OP_NOT] = "what must not hold does", [OP_NEVER] = "not allowed",
};

static void types(const struct schema *s, char *out, size_t room)
{
	static const struct {
		const char *name;
		uint8_t bits;
	} names[] = {
		{"null", APPLIES(JSON_NULL)}, {"boolean", APPLIES(JSON_TRUE)}, {"number", APPLIES(JSON_NUMBER)}, {"integer", TYPE_INTEGER},
		{"string", APPLIES(JSON_STRING)}, {"array", APPLIES(JSON_ARRAY)}, {"object", APPLIES(JSON_OBJECT)},
	};
	size_t used = (size_t)snprintf(out, room, "not of type");

	for (size_t i = 0, n = 0; i < sizeof(names) / sizeof(*names) && used < room; i++) {
		if (s->types & names[i].bits)
			used += (size_t)snprintf(out + used, room - used, "%s%s", n++ ? " or " : " ", names[i].name);
	}
}

void reason_of(const struct run *r, const struct json_node *root, char *out, size_t room)
{
	const struct failure *f = &r->failure;
	char pointer[72], what[88], name[40], place[72];
	const char *where = "";

	if (r->stopped) {
		snprintf(out, room, "%s", r->stopped);
		return;
	}
	pointer_text(root, f->node, pointer, sizeof(pointer));
	if (f->name) {
		pointer_show(f->name->text, f->name->length, name, sizeof(name));
		snprintf(what, sizeof(what), "member \"%s\" is missing", name);
	} else if (f->code == OP_TYPE) {
		types(f->schema, what, sizeof(what));
	} else {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(what, sizeof(what), texts[f->code], f->op ? f->op->count : 0);
#pragma GCC diagnostic pop
	}
	where = f->op ? f->op->where : f->code == OP_TYPE ? f->schema->where_type : f->schema->where;
	pointer_show(where, strlen(where), place, sizeof(place));
	snprintf(out, room, "%s%s: %s (schema %s)", *pointer ? "at " : "", *pointer ? pointer : "at the root", what,
	    *place ? place : "at the root");
}
