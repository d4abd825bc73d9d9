#include "flags.h"

#include <stdlib.h>
#include <string.h>

#include "../base/nearest.h"
#include "flag_value.h"

/* --- the table ---------------------------------------------------------------------------------------------------- */

int pluq__flags_add(struct pluq__flags *f, const struct pluq__flag *flag)
{
	if (f->count == f->room) {
		size_t room = f->room ? f->room * 2 : 64;
		struct pluq__flag *items = pluq__arena_alloc(&f->arena, room * sizeof(*items));

		if (!items)
			return PLUQ_ENOMEM;
		if (f->count)
			memcpy(items, f->items, f->count * sizeof(*items));
		f->items = items;
		f->room = room;
	}
	f->items[f->count++] = *flag;
	return 0;
}

long pluq__flags_find(const struct pluq__flags *f, const char *name)
{
	for (size_t i = 0; i < f->count; i++)
		if (strcmp(f->items[i].name, name) == 0)
			return (long)i;
	return -1;
}

long pluq__flags_find_key(const struct pluq__flags *f, const char *key)
{
	for (size_t i = 0; i < f->count; i++)
		if (f->items[i].key && strcmp(f->items[i].key, key) == 0)
			return (long)i;
	return -1;
}

void pluq__flags_free(struct pluq__flags *f)
{
	pluq__arena_free(&f->arena);
	*f = (struct pluq__flags){ 0 };
}

/* --- arguments ---------------------------------------------------------------------------------------------------- */

static enum pluq__flags_result undefined(const struct pluq__flags *f, const char *name, struct pluq__problem *p)
{
	struct pluq__nearest near = pluq__nearest(name);

	if (strcmp(name, "help") == 0 || strcmp(name, "h") == 0)
		return PLUQ__FLAGS_HELP;
	for (size_t i = 0; i < f->count; i++)
		pluq__nearest_offer(&near, f->items[i].name);
	pluq__problem(p, PLUQ_EINVAL, "flag provided but not defined: -%.200s%s%s", name, near.best ? ": did you mean -" : "",
	    near.best ? near.best : "");
	return PLUQ__FLAGS_WRONG;
}

static enum pluq__flags_result bad_value(const struct pluq__flag *flag, const char *value, struct pluq__problem *p)
{
	char accepts[200];

	pluq__problem(p, PLUQ_EINVAL, "invalid value \"%.200s\" for flag -%s: %s is wanted", value, flag->name,
	    pluq__flag_accepts(flag, accepts, sizeof(accepts)));
	return PLUQ__FLAGS_WRONG;
}

/* *next: the argument behind this one; moved on if it is this one's value. */
static enum pluq__flags_result take(struct pluq__flags *f, char *argument, char ***next, struct pluq__problem *p)
{
	const char *text = argument + (argument[1] == '-' ? 2 : 1), *value = strchr(text, '=');
	char *name;
	long i;

	if (!*text || *text == '-' || *text == '=') {
		pluq__problem(p, PLUQ_EINVAL, "bad flag syntax: %.200s", argument);
		return PLUQ__FLAGS_WRONG;
	}
	if (!(name = pluq__arena_copy(&f->arena, text, value ? (size_t)(value - text) : strlen(text)))) {
		pluq__problem(p, PLUQ_ENOMEM, "out of memory");
		return PLUQ__FLAGS_WRONG;
	}
	if ((i = pluq__flags_find(f, name)) < 0)
		return undefined(f, name, p);
	if (value)
		value++;
	else if (pluq__flag_stands_alone(&f->items[i]))
		value = "true";
	else if (**next)
		value = *(*next)++;
	if (!value) {
		pluq__problem(p, PLUQ_EINVAL, "flag needs an argument: -%s", name);
		return PLUQ__FLAGS_WRONG;
	}
	if (!pluq__flag_takes(&f->items[i], value))
		return bad_value(&f->items[i], value, p);
	f->given[f->given_count++] = (struct pluq__given){ (size_t)i, value };
	return PLUQ__FLAGS_GOOD;
}

enum pluq__flags_result pluq__flags_parse(struct pluq__flags *f, int argc, char **argv, struct pluq__problem *p)
{
	enum pluq__flags_result result = PLUQ__FLAGS_GOOD;
	char **next = argv + (argc > 0);

	f->given_count = 0;
	if (!(f->given = pluq__arena_alloc(&f->arena, ((size_t)argc + 1) * sizeof(*f->given)))) {
		pluq__problem(p, PLUQ_ENOMEM, "out of memory");
		return PLUQ__FLAGS_WRONG;
	}
	while (*next && result == PLUQ__FLAGS_GOOD) {
		char *argument = *next++;

		if (argument[0] != '-' || !argument[1] || strcmp(argument, "--") == 0)
			break;
		result = take(f, argument, &next, p);
	}
	return result;
}

/* --- usage -------------------------------------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
	return strcmp((*(const struct pluq__flag *const *)a)->name, (*(const struct pluq__flag *const *)b)->name);
}

static void put_flag(const struct pluq__flag *flag, FILE *to)
{
	static const char *const words[] = {
		[PLUQ__FLAG_BOOL] = "", [PLUQ__FLAG_INT] = " int", [PLUQ__FLAG_DURATION] = " duration",
		[PLUQ__FLAG_STRING] = " string", [PLUQ__FLAG_WORD] = " value", [PLUQ__FLAG_STRINGS] = " value",
		[PLUQ__FLAG_FLOATS] = " value",
	};

	fprintf(to, "  -%s%s\n    \t%s", flag->name, words[flag->type], flag->help);
	if (flag->standard && *flag->standard)
		fprintf(to, " (default %s)", flag->standard);
	fputc('\n', to);
}

void pluq__flags_usage(const struct pluq__flags *f, FILE *to)
{
	const struct pluq__flag **sorted = calloc(f->count + 1, sizeof(*sorted));

	fprintf(to, "Usage of %s:\n", f->program);
	for (size_t i = 0; sorted && i < f->count; i++)
		sorted[i] = &f->items[i];
	if (sorted)
		qsort(sorted, f->count, sizeof(*sorted), by_name);
	for (size_t i = 0; i < f->count; i++)
		put_flag(sorted ? sorted[i] : &f->items[i], to);
	free(sorted);
}
