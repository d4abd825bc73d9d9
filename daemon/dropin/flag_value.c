#include "flag_value.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../plugin/values.h"
#include "go_values.h"

/* --- one text ----------------------------------------------------------------------------------------------------- */

bool pluq__flag_stands_alone(const struct pluq__flag *flag)
{
	int64_t index;

	return flag->type == PLUQ__FLAG_BOOL ||
	       (flag->type == PLUQ__FLAG_WORD && pluq__parse_word("true", flag->words, &index));
}

/* As the option tables write it; where the two notations agree, as it is, for messages to quote. NULL: the text is not of the
 * flag's type, or *failed: there is no memory, which a word and a float do not need. */
static const char *translate(struct pluq__arena *a, const struct pluq__flag *flag, const char *text, bool *failed)
{
	const char *out = text;
	int64_t number, twin;
	double real;
	bool yes;

	*failed = false;
	switch (flag->type) {
	case PLUQ__FLAG_BOOL:
		return pluq__go_bool(text, &yes) ? yes ? "true" : "false" : NULL;
	case PLUQ__FLAG_INT:
		if (!pluq__go_int(text, &number))
			return NULL;
		out = pluq__arena_printf(a, "%" PRId64, number);
		break;
	case PLUQ__FLAG_DURATION:
		if (!pluq__go_duration(text, &number))
			return NULL;
		if (!pluq__parse_duration(text, &twin) || twin != number)
			out = pluq__arena_printf(a, "%" PRId64 "ns", number);
		break;
	case PLUQ__FLAG_WORD:
		if (pluq__flag_stands_alone(flag) && pluq__go_bool(text, &yes))
			return yes ? "true" : "false";
		return pluq__parse_word(text, flag->words, &number) ? text : NULL;
	case PLUQ__FLAG_FLOATS:
		return pluq__parse_float(text, &real) ? text : NULL;
	case PLUQ__FLAG_STRING:
	case PLUQ__FLAG_STRINGS:
		break;
	}
	*failed = !out;
	return out;
}

static bool next_item(const char **list, char *item, size_t size)
{
	size_t n;

	if (!*list)
		return false;
	n = strcspn(*list, ",");
	snprintf(item, size, "%.*s", (int)n, *list);
	*list = (*list)[n] ? *list + n + 1 : NULL;
	return n < size;
}

static bool takes_floats(const struct pluq__flag *flag, const char *text)
{
	char item[64];
	bool failed;

	while (text)
		if (!next_item(&text, item, sizeof(item)) || !translate(NULL, flag, item, &failed))
			return false;
	return true;
}

bool pluq__flag_takes(const struct pluq__flag *flag, const char *text)
{
	struct pluq__arena scratch = { 0 };
	bool good, failed;

	if (flag->type == PLUQ__FLAG_FLOATS)
		return takes_floats(flag, text);
	good = translate(&scratch, flag, text, &failed) || failed;
	pluq__arena_free(&scratch);
	return good;
}

const char *pluq__flag_accepts(const struct pluq__flag *flag, char *buffer, size_t size)
{
	static const char *const phrases[] = {
		[PLUQ__FLAG_BOOL] = "true or false",
		[PLUQ__FLAG_INT] = "an integer",
		[PLUQ__FLAG_DURATION] = "a duration such as 250ms or 1h30m",
		[PLUQ__FLAG_STRING] = "a string",
		[PLUQ__FLAG_STRINGS] = "a list of strings",
		[PLUQ__FLAG_FLOATS] = "a list of numbers",
	};
	size_t used = 0;
	char word[64];

	if (flag->type != PLUQ__FLAG_WORD) {
		snprintf(buffer, size, "%s", phrases[flag->type]);
		return buffer;
	}
	for (int64_t i = 0; pluq__word_at(flag->words, i, word, sizeof(word)) && used < size; i++)
		if (*word) /* an empty one is the same as none */
			used += (size_t)snprintf(buffer + used, size - used, "%s%s", used ? ", " : "one of ", word);
	return buffer;
}

/* --- the command line --------------------------------------------------------------------------------------------- */

static int add_item(struct pluq__arena *a, struct pluq__node *list, const char *text)
{
	struct pluq__node *item = pluq__node_scalar(a, text, &list->origin);

	return item ? pluq__node_add(a, list, item) : PLUQ_ENOMEM;
}

static int highest_first(const void *a, const void *b)
{
	double x = strtod((*(struct pluq__node *const *)a)->text, NULL), y = strtod((*(struct pluq__node *const *)b)->text, NULL);

	return x < y ? 1 : x > y ? -1 : 0;
}

static int add_floats(struct pluq__arena *a, struct pluq__node *list, const char *text)
{
	char item[64];

	while (next_item(&text, item, sizeof(item)))
		if (add_item(a, list, item))
			return PLUQ_ENOMEM;
	qsort(list->items, list->count, sizeof(*list->items), highest_first);
	return 0;
}

static struct pluq__node *list_node(struct pluq__arena *a, const struct pluq__flags *f, size_t flag,
    const struct pluq__origin *origin)
{
	struct pluq__node *list = pluq__node_new(a, PLUQ__NODE_LIST, origin);
	bool floats = f->items[flag].type == PLUQ__FLAG_FLOATS;

	for (size_t i = 0; list && i < f->given_count; i++) {
		const char *text = f->given[i].text;

		if (f->given[i].flag == flag && (floats ? add_floats(a, list, text) : add_item(a, list, text)))
			list = NULL;
	}
	return list;
}

struct pluq__node *pluq__flag_node(struct pluq__arena *a, const struct pluq__flags *f, size_t flag)
{
	const struct pluq__flag *item = &f->items[flag];
	const struct pluq__origin origin = { .other = pluq__arena_printf(a, "flag --%s", item->name) };
	const char *text = "";
	bool failed;

	if (!origin.other)
		return NULL;
	if (item->type == PLUQ__FLAG_STRINGS || item->type == PLUQ__FLAG_FLOATS)
		return list_node(a, f, flag, &origin);
	for (size_t i = 0; i < f->given_count; i++) /* the last one counts */
		if (f->given[i].flag == flag)
			text = f->given[i].text;
	text = translate(a, item, text, &failed);
	return text ? pluq__node_scalar(a, text, &origin) : NULL;
}

/* --- the file ----------------------------------------------------------------------------------------------------- */

struct place {
	struct pluq__arena *arena;
	const struct pluq__flag *flag;
	const char *file;
	struct pluq__problem *problem;
};

static int no_memory(const struct place *at)
{
	return pluq__problem(at->problem, PLUQ_ENOMEM, "%s: out of memory", at->file);
}

static int wrong(const struct place *at, const struct pluq__toml *v, const char *what)
{
	return pluq__problem(at->problem, PLUQ_EINVAL, "%s:%d: %s: %s", at->file, v->line, at->flag->key, what);
}

static int wrong_type(const struct place *at, const struct pluq__toml *v)
{
	char accepts[200], text[300];

	snprintf(text, sizeof(text), "%s is not %s", pluq__toml_word(v->type),
	    pluq__flag_accepts(at->flag, accepts, sizeof(accepts)));
	return wrong(at, v, text);
}

static int wrong_text(const struct place *at, const struct pluq__toml *v, const char *given)
{
	char accepts[200], text[400];

	snprintf(text, sizeof(text), "'%.100s' is not %s", given, pluq__flag_accepts(at->flag, accepts, sizeof(accepts)));
	return wrong(at, v, text);
}

/* The types that a single value takes, and what is odd about each. */
static int check_type(const struct place *at, const struct pluq__toml *v)
{
	enum pluq__flag_type type = at->flag->type;
	int64_t number;

	if (v->type == PLUQ__TOML_STRING && type == PLUQ__FLAG_INT)
		return pluq__go_decimal(v->text, &number) ? 0 : wrong_text(at, v, v->text);
	if (v->type == PLUQ__TOML_STRING)
		return 0;
	if (v->type == PLUQ__TOML_INTEGER && (type == PLUQ__FLAG_INT || type == PLUQ__FLAG_DURATION))
		return 0;
	if (v->type == PLUQ__TOML_INTEGER && pluq__flag_stands_alone(at->flag))
		return wrong(at, v, "an integer is no boolean, and the original takes 0 for true: write true or false");
	if (v->type == PLUQ__TOML_BOOLEAN && pluq__flag_stands_alone(at->flag))
		return 0;
	return wrong_type(at, v);
}

static int read_single(const struct place *at, const struct pluq__toml *v, const struct pluq__origin *origin,
    struct pluq__node **out)
{
	const char *text = v->text;
	bool failed = false;
	int rc = check_type(at, v);

	if (rc)
		return rc;
	/* An integer for a duration is milliseconds, as a bare number is in an option table; a string must say its unit. An
	 * integer in a string may begin with a 0, which a flag would take for octal. */
	if (at->flag->type == PLUQ__FLAG_INT) {
		int64_t number;

		pluq__go_decimal(v->text, &number);
		text = pluq__arena_printf(at->arena, "%" PRId64, number);
		failed = !text;
	} else if (at->flag->type != PLUQ__FLAG_DURATION || v->type != PLUQ__TOML_INTEGER) {
		text = translate(at->arena, at->flag, v->text, &failed);
	}
	if (!text && !failed)
		return wrong_text(at, v, v->text);
	*out = text ? pluq__node_scalar(at->arena, text, origin) : NULL;
	return *out ? 0 : no_memory(at);
}

/* A string with commas. Numbers may have spaces around them, texts keep theirs. */
static int split(const struct place *at, const struct pluq__toml *v, struct pluq__node *list)
{
	bool floats = at->flag->type == PLUQ__FLAG_FLOATS, failed;

	for (const char *rest = v->text; rest;) {
		size_t n = strcspn(rest, ","), from = floats ? strspn(rest, " \t") : 0, to = n;
		char *item;

		while (floats && to > from && strchr(" \t", rest[to - 1]))
			to--;
		if (!(item = pluq__arena_copy(at->arena, rest + from, to > from ? to - from : 0)))
			return no_memory(at);
		if (!translate(at->arena, at->flag, item, &failed))
			return wrong_text(at, v, item);
		if (add_item(at->arena, list, item))
			return no_memory(at);
		rest = rest[n] ? rest + n + 1 : NULL;
	}
	return 0;
}

static bool fits_list(const struct pluq__flag *flag, const struct pluq__toml *item)
{
	double number;

	if (flag->type == PLUQ__FLAG_STRINGS)
		return item->type == PLUQ__TOML_STRING;
	return (item->type == PLUQ__TOML_FLOAT || item->type == PLUQ__TOML_INTEGER) && pluq__parse_float(item->text, &number);
}

static int read_list(const struct place *at, const struct pluq__toml *v, struct pluq__node *list)
{
	if (v->type == PLUQ__TOML_STRING)
		return split(at, v, list);
	if (v->type != PLUQ__TOML_LIST)
		return wrong_type(at, v);
	for (const struct pluq__toml *item = v->items; item; item = item->next) {
		if (!fits_list(at->flag, item))
			return wrong(at, item, at->flag->type == PLUQ__FLAG_STRINGS ? "the list is to have nothing but strings"
			                                                            : "the list is to have nothing but numbers");
		if (add_item(at->arena, list, item->text))
			return no_memory(at);
	}
	return 0;
}

int pluq__flag_from_toml(struct pluq__arena *a, const struct pluq__flag *flag, const char *name, const struct pluq__toml *v,
    struct pluq__node **out, struct pluq__problem *p)
{
	const struct pluq__origin origin = { .file = name, .line = v->line, .column = 1 };
	const struct place at = { a, flag, name, p };

	if (flag->type != PLUQ__FLAG_STRINGS && flag->type != PLUQ__FLAG_FLOATS)
		return read_single(&at, v, &origin, out);
	if (!(*out = pluq__node_new(a, PLUQ__NODE_LIST, &origin)))
		return no_memory(&at);
	return read_list(&at, v, *out);
}
