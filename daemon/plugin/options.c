/* Option tables. One row per type says how it is read, printed and described; the rest knows no type. */
#include "options.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/nearest.h"
#include "../base/yaml.h"
#include "values.h"

/* No table is that long: one without its end is noticed here. */
#define MAX_OPTIONS 512

typedef const struct pluq_option *option;

/* Readers return 0, PLUQ_EINVAL (not acceptable) or PLUQ_ENOMEM. */
struct type {
	const char *word, *phrase;
	size_t size, align;
	int (*read)(option, const struct pluq__node *, void *member, struct pluq__arena *);
	const char *(*print)(option, const void *member, struct pluq__arena *);
};

static const struct type *type_of(option o);

/* --- tables ------------------------------------------------------------------------------------------------------- */

const struct pluq_option *pluq__table_at(const struct pluq__table *t, size_t i)
{
	return (option)(const void *)((const char *)t->options + i * t->stride);
}

size_t pluq__table_count(const struct pluq__table *t)
{
	size_t n = 0;

	if (!t->options)
		return 0;
	while (n < MAX_OPTIONS && pluq__table_at(t, n)->key)
		n++;
	return n;
}

long pluq__table_find(const struct pluq__table *t, const char *key)
{
	size_t n = pluq__table_count(t);

	for (size_t i = 0; i < n; i++)
		if (strcmp(pluq__table_at(t, i)->key, key) == 0)
			return (long)i;
	return -1;
}

/* --- bounds ------------------------------------------------------------------------------------------------------- */

static bool has_bounds(option o)
{
	return o->min || o->max;
}

static bool in_bounds(option o, int64_t value)
{
	if (has_bounds(o))
		return value >= o->min && value <= o->max;
	return o->type == PLUQ_OPT_INT || value >= 0;
}

/* A number's `words` is one word that stands for min; then no number does. */
static bool is_special(option o, int64_t value)
{
	return o->words && value == o->min;
}

static const char *print_number(option o, int64_t value, char *buffer, size_t size)
{
	if (o->type == PLUQ_OPT_DURATION)
		return pluq__print_duration(value, buffer, size);
	if (o->type == PLUQ_OPT_SIZE)
		return pluq__print_size(value, buffer, size);
	snprintf(buffer, size, "%" PRId64, value);
	return buffer;
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

/* The text where one value is wanted, or NULL: a list, a map. */
static const char *text_of(const struct pluq__node *n)
{
	if (n->kind == PLUQ__NODE_LIST && n->alternatives)
		n = n->items[n->count - 1];
	return n->kind == PLUQ__NODE_SCALAR ? n->text : NULL;
}

static int read_bool(option o, const struct pluq__node *n, void *member, struct pluq__arena *a)
{
	const char *text = text_of(n);

	(void)o;
	(void)a;
	return text && pluq__parse_bool(text, member) ? 0 : PLUQ_EINVAL;
}

static int read_number(option o, const struct pluq__node *n, void *member, struct pluq__arena *a)
{
	const char *text = text_of(n);
	int64_t value;
	bool ok;

	(void)a;
	if (!text)
		return PLUQ_EINVAL;
	if (o->words && pluq__parse_word(text, o->words, &value)) {
		*(int64_t *)member = o->min;
		return 0;
	}
	if (o->type == PLUQ_OPT_DURATION)
		ok = pluq__parse_duration(text, &value);
	else if (o->type == PLUQ_OPT_SIZE)
		ok = pluq__parse_size(text, &value);
	else
		ok = pluq__parse_int(text, &value);
	if (!ok || !in_bounds(o, value) || is_special(o, value))
		return PLUQ_EINVAL;
	*(int64_t *)member = value;
	return 0;
}

static int read_enum(option o, const struct pluq__node *n, void *member, struct pluq__arena *a)
{
	const char *text = text_of(n);

	(void)a;
	return text && pluq__parse_word(text, o->words, member) ? 0 : PLUQ_EINVAL;
}

static int read_string(option o, const struct pluq__node *n, void *member, struct pluq__arena *a)
{
	const char *text = text_of(n);

	(void)o;
	if (!text)
		return PLUQ_EINVAL;
	*(const char **)member = pluq__arena_copy(a, text, strlen(text));
	return *(const char **)member ? 0 : PLUQ_ENOMEM;
}

/* A single value is a list of one; an empty one is the empty list. */
static size_t item_count(const struct pluq__node *n)
{
	if (n->kind == PLUQ__NODE_SCALAR)
		return *n->text != 0;
	if (n->kind == PLUQ__NODE_LIST && n->alternatives && n->count == 1 && !*n->items[0]->text)
		return 0;
	return n->count;
}

static const char *item_text(const struct pluq__node *n, size_t i)
{
	const struct pluq__node *item = n->kind == PLUQ__NODE_SCALAR ? n : n->items[i];

	return item->kind == PLUQ__NODE_SCALAR ? item->text : NULL;
}

static int read_strings(option o, const struct pluq__node *n, void *member, struct pluq__arena *a)
{
	struct pluq_strings *list = member;
	size_t count = item_count(n);
	const char **items = pluq__arena_alloc(a, (count + 1) * sizeof(*items));

	(void)o;
	if (!items)
		return PLUQ_ENOMEM;
	if (n->kind == PLUQ__NODE_MAP)
		return PLUQ_EINVAL;
	for (size_t i = 0; i < count; i++) {
		const char *text = item_text(n, i);

		if (!text)
			return PLUQ_EINVAL;
		if (!(items[i] = pluq__arena_copy(a, text, strlen(text))))
			return PLUQ_ENOMEM;
	}
	*list = (struct pluq_strings){ .items = items, .count = count };
	return 0;
}

static int read_floats(option o, const struct pluq__node *n, void *member, struct pluq__arena *a)
{
	struct pluq_floats *list = member;
	size_t count = item_count(n);
	double *items = pluq__arena_alloc(a, (count + 1) * sizeof(*items));

	(void)o;
	if (!items)
		return PLUQ_ENOMEM;
	if (n->kind == PLUQ__NODE_MAP)
		return PLUQ_EINVAL;
	for (size_t i = 0; i < count; i++) {
		const char *text = item_text(n, i);

		if (!text || !pluq__parse_float(text, &items[i]))
			return PLUQ_EINVAL;
	}
	*list = (struct pluq_floats){ .items = items, .count = count };
	return 0;
}

/* --- printing ----------------------------------------------------------------------------------------------------- */

static const char *print_bool(option o, const void *member, struct pluq__arena *a)
{
	(void)o;
	(void)a;
	return *(const bool *)member ? "true" : "false";
}

static const char *print_numeric(option o, const void *member, struct pluq__arena *a)
{
	int64_t value = *(const int64_t *)member;
	char buffer[64];

	if (is_special(o, value))
		return o->words;
	return pluq__arena_printf(a, "%s", print_number(o, value, buffer, sizeof(buffer)));
}

static const char *print_enum(option o, const void *member, struct pluq__arena *a)
{
	char word[64] = "";

	pluq__word_at(o->words, *(const int64_t *)member, word, sizeof(word));
	return pluq__arena_printf(a, "%s", word);
}

/* In double quotes, as JSON does it. */
static const char *quote(const char *text, struct pluq__arena *a)
{
	char *quoted = pluq__arena_alloc(a, strlen(text) * 6 + 3), *to = quoted;

	if (!quoted)
		return NULL;
	*to++ = '"';
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			to += sprintf(to, "\\%c", *text);
		else if ((unsigned char)*text < ' ')
			to += sprintf(to, "\\u%04x", (unsigned char)*text);
		else
			*to++ = *text;
	}
	*to = '"';
	return quoted;
}

static const char *print_string(option o, const void *member, struct pluq__arena *a)
{
	(void)o;
	return quote(*(const char *const *)member, a);
}

static const char *print_strings(option o, const void *member, struct pluq__arena *a)
{
	const struct pluq_strings *list = member;
	const char *text = "[";

	(void)o;
	for (size_t i = 0; i < list->count && text; i++) {
		const char *item = quote(list->items[i], a);

		text = item ? pluq__arena_printf(a, "%s%s%s", text, i ? ", " : "", item) : NULL;
	}
	return text ? pluq__arena_printf(a, "%s]", text) : NULL;
}

/* The shortest text that reads back as the same number. */
static const char *print_float(double value, struct pluq__arena *a)
{
	char text[40];

	for (int digits = 6; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, value);
		if (strtod(text, NULL) == value)
			break;
	}
	return pluq__arena_copy(a, text, strlen(text));
}

static const char *print_floats(option o, const void *member, struct pluq__arena *a)
{
	const struct pluq_floats *list = member;
	const char *text = "[";

	(void)o;
	for (size_t i = 0; i < list->count && text; i++) {
		const char *item = print_float(list->items[i], a);

		text = item ? pluq__arena_printf(a, "%s%s%s", text, i ? ", " : "", item) : NULL;
	}
	return text ? pluq__arena_printf(a, "%s]", text) : NULL;
}

/* --- types -------------------------------------------------------------------------------------------------------- */

#define MEMBER(t) sizeof(t), _Alignof(t)

static const struct type types[] = {
	[PLUQ_OPT_BOOL] = { "boolean", "true or false", MEMBER(bool), read_bool, print_bool },
	[PLUQ_OPT_INT] = { "integer", "an integer", MEMBER(int64_t), read_number, print_numeric },
	[PLUQ_OPT_STRING] = { "string", "a string", MEMBER(const char *), read_string, print_string },
	[PLUQ_OPT_DURATION] = { "duration", "a duration such as 250ms or 1h30m (a bare number is milliseconds)",
	    MEMBER(int64_t), read_number, print_numeric },
	[PLUQ_OPT_SIZE] = { "size", "a size such as 64KiB or 10MB (a bare number is bytes)", MEMBER(int64_t),
	    read_number, print_numeric },
	[PLUQ_OPT_ENUM] = { "word", "one of", MEMBER(int64_t), read_enum, print_enum },
	[PLUQ_OPT_STRINGS] = { "list of strings", "a list of strings", MEMBER(struct pluq_strings), read_strings,
	    print_strings },
	[PLUQ_OPT_FLOATS] = { "list of numbers", "a list of numbers", MEMBER(struct pluq_floats), read_floats,
	    print_floats },
};

static const struct type *type_of(option o)
{
	if (o->type >= sizeof(types) / sizeof(*types) || !types[o->type].word)
		return NULL;
	return &types[o->type];
}

static bool is_number(option o)
{
	return o->type == PLUQ_OPT_INT || o->type == PLUQ_OPT_DURATION || o->type == PLUQ_OPT_SIZE;
}

const char *pluq__option_type_word(option o)
{
	return type_of(o)->word;
}

static void describe_bounds(option o, char *buffer, size_t size)
{
	char low[64], high[64];
	/* The least number: min itself belongs to the word. */
	int64_t min = o->words && o->min < INT64_MAX ? o->min + 1 : o->min;

	print_number(o, min, low, sizeof(low));
	print_number(o, o->max, high, sizeof(high));
	if (o->max >= INT64_MAX / 4) /* a table keeps its sums from overflowing: no bound anybody meets */
		snprintf(buffer, size, " of at least %s", low);
	else
		snprintf(buffer, size, " from %s to %s", low, high);
}

static void describe_words(const char *words, char *buffer, size_t size)
{
	char word[64];
	size_t used = (size_t)snprintf(buffer, size, "one of");

	for (int64_t i = 0; pluq__word_at(words, i, word, sizeof(word)) && used < size; i++)
		if (*word) /* an empty one, at the end, is the same as none */
			used += (size_t)snprintf(buffer + used, size - used, "%s %s", i ? "," : "", word);
}

const char *pluq__option_accepts(option o, char *buffer, size_t size)
{
	const char *phrase = type_of(o)->phrase, *note = strchr(phrase, '(');
	char bounds[160] = "";

	if (o->type == PLUQ_OPT_ENUM) {
		describe_words(o->words, buffer, size);
		return buffer;
	}
	if (is_number(o) && has_bounds(o))
		describe_bounds(o, bounds, sizeof(bounds));
	if (note && *bounds) /* "a duration from ... (a bare number is ...)": the bounds serve as examples */
		snprintf(buffer, size, "%s%sa %s%s %s", o->words && is_number(o) ? o->words : "",
		    o->words && is_number(o) ? " or " : "", type_of(o)->word, bounds, note);
	else
		snprintf(buffer, size, "%s%s%s%s", o->words && is_number(o) ? o->words : "",
		    o->words && is_number(o) ? " or " : "", phrase, bounds);
	return buffer;
}

/* --- filling ------------------------------------------------------------------------------------------------------ */

static void *member_of(const struct pluq__conf *c, option o)
{
	return (char *)c->block + o->offset;
}

/* The default as a node: lists are written in YAML, everything else as it is. NULL: there is none. */
static int default_node(struct pluq__arena *a, option o, struct pluq__node **out, struct pluq__problem *p)
{
	static const struct pluq__origin origin;

	*out = NULL;
	if (!o->standard)
		return 0;
	if (o->type == PLUQ_OPT_STRINGS || o->type == PLUQ_OPT_FLOATS)
		return pluq__yaml_text(a, NULL, o->standard, strlen(o->standard), out, p);
	*out = pluq__node_scalar(a, o->standard, &origin);
	return *out ? 0 : PLUQ_ENOMEM;
}

static const char *shown_value(option o, const struct pluq__node *n)
{
	if (o->flags & PLUQ_OPT_SECRET)
		return "the value";
	if (text_of(n))
		return text_of(n);
	return n->kind == PLUQ__NODE_MAP ? "a map" : "this list";
}

/* Where the option is named: "nsqd.tcp_address", or "threads" of the daemon itself. */
static void full_name(char *buffer, size_t size, const char *instance, const char *key)
{
	snprintf(buffer, size, "%.100s%s%.100s", instance, *instance ? "." : "", key);
}

static int bad_value(option o, const struct pluq__node *n, const char *instance, struct pluq__problem *p)
{
	char name[256], accepts[300], place[400];
	const char *mark = text_of(n) && !(o->flags & PLUQ_OPT_SECRET) ? "'" : "";

	full_name(name, sizeof(name), instance, o->key);
	pluq__origin_text(&n->origin, place, sizeof(place));
	return pluq__problem(p, PLUQ_EINVAL, "%s: %s: %s%.100s%s is not %s", place, name, mark, shown_value(o, n), mark,
	    pluq__option_accepts(o, accepts, sizeof(accepts)));
}

static int no_memory(const char *instance, struct pluq__problem *p)
{
	return pluq__problem(p, PLUQ_ENOMEM, "%s: out of memory", instance);
}

static int read_given(struct pluq__conf *c, option o, size_t i, const struct pluq__node *n, const char *instance,
    struct pluq__problem *p)
{
	struct pluq__node *copy = pluq__node_clone(&c->arena, n);
	char name[256], place[400], accepts[300];
	int rc;

	if (!copy)
		return no_memory(instance, p);
	if (pluq__node_is_null(n)) {
		full_name(name, sizeof(name), instance, o->key);
		return pluq__problem(p, PLUQ_EINVAL, "%s: %s: has no value: give %s, or remove the line",
		    pluq__origin_text(&n->origin, place, sizeof(place)), name,
		    pluq__option_accepts(o, accepts, sizeof(accepts)));
	}
	c->given[i] = copy;
	rc = type_of(o)->read(o, copy, member_of(c, o), &c->arena);
	return rc == PLUQ_EINVAL ? bad_value(o, n, instance, p) : rc ? no_memory(instance, p) : 0;
}

static int read_default(struct pluq__conf *c, option o, const char *instance, struct pluq__problem *p)
{
	struct pluq__node *n;
	char name[256];
	int rc;

	if (o->flags & PLUQ_OPT_REQUIRED) {
		full_name(name, sizeof(name), instance, o->key);
		return pluq__problem(p, PLUQ_EINVAL, "%s: is required and has no default: %s", name, o->help);
	}
	if (o->type == PLUQ_OPT_STRING)
		*(const char **)member_of(c, o) = "";
	if ((rc = default_node(&c->arena, o, &n, p)) || !n)
		return rc;
	rc = type_of(o)->read(o, n, member_of(c, o), &c->arena);
	return rc == PLUQ_EINVAL ? bad_value(o, n, instance, p) : rc ? no_memory(instance, p) : 0;
}

static int unknown_key(const struct pluq__table *t, const struct pluq__node *n, const char *instance,
    struct pluq__problem *p)
{
	struct pluq__nearest near = pluq__nearest(n->key);
	size_t count = pluq__table_count(t);
	char name[256], place[400];

	for (size_t i = 0; i < count; i++)
		pluq__nearest_offer(&near, pluq__table_at(t, i)->key);
	full_name(name, sizeof(name), instance, n->key);
	pluq__origin_text(&n->origin, place, sizeof(place));
	if (near.best)
		return pluq__problem(p, PLUQ_EINVAL, "%s: %s: there is no such option: did you mean '%s'?", place, name,
		    near.best);
	return pluq__problem(p, PLUQ_EINVAL, "%s: %s: there is no such option: pluqd --help-plugin %s lists what there is",
	    place, name, *instance ? instance : "core");
}

static int check_keys(const struct pluq__table *t, const char *instance, const struct pluq__node *map,
    struct pluq__problem *p)
{
	for (size_t i = 0; i < map->count; i++)
		if (pluq__table_find(t, map->items[i]->key) < 0)
			return unknown_key(t, map->items[i], instance, p);
	return 0;
}

static int fill(struct pluq__conf *c, const struct pluq__table *t, const char *instance, const struct pluq__node *map,
    struct pluq__problem *p)
{
	size_t count = pluq__table_count(t);
	int rc;

	c->block = pluq__arena_alloc(&c->arena, t->conf_size ? t->conf_size : 1);
	c->given = pluq__arena_alloc(&c->arena, (count + 1) * sizeof(*c->given));
	if (!c->block || !c->given)
		return no_memory(instance, p);
	if (map && (rc = check_keys(t, instance, map, p)))
		return rc;
	for (size_t i = 0; i < count; i++) {
		option o = pluq__table_at(t, i);
		const struct pluq__node *n = map ? pluq__node_get(map, o->key) : NULL;

		rc = n ? read_given(c, o, i, n, instance, p) : read_default(c, o, instance, p);
		if (rc)
			return rc;
	}
	return 0;
}

int pluq__conf_fill(struct pluq__conf *c, const struct pluq__table *t, const char *instance, const struct pluq__node *map,
    struct pluq__problem *p)
{
	int rc;

	*c = (struct pluq__conf){ 0 };
	rc = fill(c, t, instance, map, p);
	if (rc)
		pluq__conf_free(c);
	return rc;
}

void pluq__conf_free(struct pluq__conf *c)
{
	pluq__arena_free(&c->arena);
	c->block = NULL;
	c->given = NULL;
}

int pluq__conf_keep(struct pluq__conf *to, const struct pluq__conf *from, const struct pluq__table *t, size_t i)
{
	option o = pluq__table_at(t, i);
	struct pluq__problem ignored; /* the value was good before */

	to->given[i] = NULL;
	memset(member_of(to, o), 0, type_of(o)->size);
	if (from->given[i])
		return read_given(to, o, i, from->given[i], "", &ignored);
	return read_default(to, o, "", &ignored);
}

const char *pluq__conf_print(struct pluq__conf *c, const struct pluq__table *t, size_t i)
{
	option o = pluq__table_at(t, i);

	return type_of(o)->print(o, member_of(c, o), &c->arena);
}

/* Two values are the same if they print alike. */
bool pluq__conf_same(const struct pluq__conf *a, const struct pluq__conf *b, const struct pluq__table *t, size_t i)
{
	option o = pluq__table_at(t, i);
	struct pluq__arena scratch = { 0 };
	const char *x = type_of(o)->print(o, member_of(a, o), &scratch);
	const char *y = type_of(o)->print(o, member_of(b, o), &scratch);
	bool same = x && y && strcmp(x, y) == 0;

	pluq__arena_free(&scratch);
	return same;
}

/* --- checking a table --------------------------------------------------------------------------------------------- */

/* The daemon's own table has keys with a dot (log.level): a map in the file. */
static bool is_key(const char *key)
{
	return *key && strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789_.") == strlen(key);
}

static const char *check_bounds(option o)
{
	if (o->min > o->max)
		return "its bounds exclude everything";
	if (o->words && strchr(o->words, '|'))
		return "a number has at most one word";
	if (!o->standard && !(o->flags & PLUQ_OPT_REQUIRED) && !in_bounds(o, 0))
		return "its default, 0, is out of its bounds";
	return NULL;
}

static const char *check_member(const struct pluq__table *t, option o)
{
	const struct type *type = type_of(o);

	if (o->offset > t->conf_size || type->size > t->conf_size - o->offset)
		return "its member lies outside the conf struct";
	if (o->offset % type->align)
		return "its member is misaligned";
	return NULL;
}

static const char *check_default(option o, struct pluq__arena *a)
{
	struct pluq__problem ignored;
	struct pluq__node *n;
	/* as large and as aligned as the largest member */
	union { int64_t i; double d; void *p; struct pluq_strings s; } member;

	if (default_node(a, o, &n, &ignored))
		return "its default cannot be read";
	if (n && type_of(o)->read(o, n, &member, a))
		return "its default is not acceptable";
	return NULL;
}

static const char *check_option(const struct pluq__table *t, size_t i, struct pluq__arena *a)
{
	option o = pluq__table_at(t, i);
	const char *fault;

	if (!is_key(o->key))
		return "its key has other characters than lower case, digits and _";
	if (pluq__table_find(t, o->key) != (long)i)
		return "its key stands in the table twice";
	if (!type_of(o))
		return "its type is unknown";
	if (!o->help)
		return "it has no help text";
	if (o->type == PLUQ_OPT_ENUM && (!o->words || !*o->words))
		return "it has no words";
	if ((fault = check_member(t, o)) || (is_number(o) && (fault = check_bounds(o))))
		return fault;
	return check_default(o, a);
}

int pluq__table_check(const struct pluq__table *t, struct pluq__problem *p)
{
	size_t count = pluq__table_count(t);
	struct pluq__arena scratch = { 0 };
	const char *fault = NULL;

	if (count == MAX_OPTIONS)
		return pluq__problem(p, PLUQ_EINVAL, "its option table has no end");
	for (size_t i = 0; i < count && !fault; i++)
		if ((fault = check_option(t, i, &scratch)))
			pluq__problem(p, PLUQ_EINVAL, "its option table is faulty: %.64s: %s", pluq__table_at(t, i)->key,
			    fault);
	pluq__arena_free(&scratch);
	return fault ? PLUQ_EINVAL : 0;
}
