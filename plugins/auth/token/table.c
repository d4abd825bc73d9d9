#include "table.h"

#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
	const struct secret *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : (x->entry->line > y->entry->line) - (x->entry->line < y->entry->line);
}

static int add(struct table *t, const struct rule_entry *e, struct pluq_why *why)
{
	const struct rules *r = &t->rules;
	const struct rule_word *name = rules_word(r, e, 0), *hash = name + 1;
	struct secret *s = &t->secrets[t->count++];

	if (!secret_name_good(name->text, strlen(name->text)))
		return rules_error(r, e->line, name->column, why, "a name is 1 to 64 letters, digits and ._@/+-");
	if (e->word_count < 2)
		return rules_error(r, e->line, name->column + (uint32_t)strlen(name->text), why, "the hash is missing");
	if (e->word_count > 2)
		return rules_error(r, e->line, hash[1].column, why, "there is something behind the hash");
	const char *bad = secret_parse(hash->text, &s->hash);
	if (bad)
		return rules_error(r, e->line, hash->column, why, "%s", bad);
	s->name = name->text;
	s->entry = e;
	return 0;
}

static int fill(struct table *t, struct pluq_why *why)
{
	const struct rules *r = &t->rules;
	int status = 0;

	for (size_t i = 0; i < r->entry_count && status == 0; i++)
		status = add(t, &r->entries[i], why);
	if (status < 0)
		return status;
	if (t->count)
		qsort(t->secrets, t->count, sizeof(*t->secrets), compare);
	for (size_t i = 1; i < t->count; i++)
		if (strcmp(t->secrets[i - 1].name, t->secrets[i].name) == 0)
			return rules_error(r, t->secrets[i].entry->line, rules_word(r, t->secrets[i].entry, 0)->column, why,
			    "'%s' is there already, in line %u", t->secrets[i].name, t->secrets[i - 1].entry->line);
	return 0;
}

struct table *table_new(struct rules *r, struct pluq_why *why)
{
	struct table *t = calloc(1, sizeof(*t));

	if (!t) {
		rules_free(r);
		rules_no_memory(why);
		return NULL;
	}
	t->refs = 1;
	t->rules = *r;
	*r = (struct rules){0};
	t->secrets = calloc(t->rules.entry_count + 1, sizeof(*t->secrets));
	if (!t->secrets)
		rules_no_memory(why);
	else if (fill(t, why) == 0)
		return t;
	table_unref(&t);
	return NULL;
}

struct table *table_ref(struct table *t)
{
	atomic_fetch_add(&t->refs, 1);
	return t;
}

void table_unref(struct table **t)
{
	if (*t && atomic_fetch_sub(&(*t)->refs, 1) == 1) {
		rules_free(&(*t)->rules);
		free((*t)->secrets);
		free(*t);
	}
	*t = NULL;
}

const struct secret *table_find(const struct table *t, const char *name, size_t n)
{
	size_t low = 0, high = t->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const char *there = t->secrets[middle].name;
		int order = strncmp(name, there, n);

		if (order == 0 && !there[n])
			return &t->secrets[middle];
		if (order > 0)
			low = middle + 1;
		else /* the shorter of two comes first */
			high = middle;
	}
	return NULL;
}
