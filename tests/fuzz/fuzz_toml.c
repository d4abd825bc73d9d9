/* The original's configuration files: any bytes are read or refused with a reason, and what is read has the form that is promised.
 * Every value is also given to a flag of each type. */
#undef NDEBUG
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "../../daemon/dropin/flag_value.h"
#include "../../daemon/dropin/go_values.h"

static const struct pluq__flag flags[] = {
	{ .name = "b", .key = "b", .type = PLUQ__FLAG_BOOL },
	{ .name = "i", .key = "i", .type = PLUQ__FLAG_INT },
	{ .name = "d", .key = "d", .type = PLUQ__FLAG_DURATION },
	{ .name = "s", .key = "s", .type = PLUQ__FLAG_STRING },
	{ .name = "w", .key = "w", .type = PLUQ__FLAG_WORD, .words = "false|true|some" },
	{ .name = "l", .key = "l", .type = PLUQ__FLAG_STRINGS },
	{ .name = "f", .key = "f", .type = PLUQ__FLAG_FLOATS },
};

static void check_value(const struct pluq__toml *v, int line)
{
	int64_t number;

	assert(v->line >= line);
	if (v->type == PLUQ__TOML_LIST) {
		assert(!v->text);
		for (const struct pluq__toml *item = v->items; item; item = item->next)
			check_value(item, line);
		return;
	}
	assert(!v->items && (v->text != NULL) == (v->type != PLUQ__TOML_TABLE));
	if (v->type == PLUQ__TOML_INTEGER)
		assert(pluq__go_decimal(v->text, &number));
	if (v->type == PLUQ__TOML_BOOLEAN)
		assert(strcmp(v->text, "true") == 0 || strcmp(v->text, "false") == 0);
}

static void give_to_flags(struct pluq__arena *arena, const struct pluq__toml *v)
{
	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
		struct pluq__problem problem = { "" };
		struct pluq__node *n = NULL;
		int rc = pluq__flag_from_toml(arena, &flags[i], "f", v, &n, &problem);

		assert(rc == 0 ? n && (n->kind == PLUQ__NODE_LIST || n->text) : rc == PLUQ_EINVAL && *problem.text);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pluq__arena arena = { 0 };
	struct pluq__problem problem = { "" };
	struct pluq__toml *first;
	int rc = pluq__toml_text(&arena, "f", (const char *)data, size, &first, &problem), line = 1;

	assert(rc == 0 || (rc == PLUQ_EINVAL && *problem.text));
	for (const struct pluq__toml *v = rc ? NULL : first; v; v = v->next) {
		assert(v->key && v->line >= line);
		line = v->line;
		check_value(v, line);
		give_to_flags(&arena, v);
	}
	pluq__arena_free(&arena);
	return 0;
}
