#include "help.h"

#include <assert.h>
#include <string.h>

#include "descriptor.h"
#include "settings.h"

/* A list of one, for looking at a plugin that is not configured. */
static int open_one(struct pluq__plugins *list, const char *dir, const char *plugin, struct pluq__problem *p)
{
	int rc = pluq__plugins_init(list, 1, p);

	if (rc)
		return rc;
	if ((rc = pluq__plugins_add(list, dir, plugin, plugin, p)))
		pluq__plugins_free(list);
	return rc;
}

/* Calls show for every plugin in the folder; problem not NULL: it cannot be used. */
static int for_each(FILE *f, const char *dir, struct pluq__problem *p,
    void (*show)(FILE *, const char *name, const struct pluq__plugin *, const struct pluq__problem *))
{
	struct pluq__arena scratch = { 0 };
	struct pluq_strings names;
	int rc = pluq__plugins_available(&scratch, dir, &names, p);

	for (size_t i = 0; !rc && i < names.count; i++) {
		struct pluq__plugins list;
		struct pluq__problem problem;

		if (open_one(&list, dir, names.items[i], &problem)) {
			show(f, names.items[i], NULL, &problem);
			continue;
		}
		show(f, names.items[i], &list.items[0], NULL);
		pluq__plugins_free(&list);
	}
	pluq__arena_free(&scratch);
	return rc;
}

/* --- list --------------------------------------------------------------------------------------------------------- */

static void list_one(FILE *f, const char *name, const struct pluq__plugin *one, const struct pluq__problem *problem)
{
	if (one)
		fprintf(f, "%-16s %-10s %-8s %s\n", name, pluq__kind_word(one->entry->kind), one->entry->version,
		    one->entry->summary);
	else
		fprintf(f, "%-16s unusable: %s\n", name, problem->text);
}

int pluq__help_list(FILE *f, const char *dir, struct pluq__problem *p)
{
	return for_each(f, dir, p, list_one);
}

/* --- one plugin --------------------------------------------------------------------------------------------------- */

static const char *default_text(const struct pluq_option *o, const char *none)
{
	if (o->flags & PLUQ_OPT_REQUIRED)
		return "required";
	if (o->standard && *o->standard)
		return o->standard;
	switch (o->type) {
	case PLUQ_OPT_BOOL:
		return "false";
	case PLUQ_OPT_INT:
	case PLUQ_OPT_DURATION:
	case PLUQ_OPT_SIZE:
		return "0";
	default:
		return none;
	}
}

static void describe_options(FILE *f, const struct pluq__table *t)
{
	size_t count = pluq__table_count(t);

	if (!count)
		fputs("\n  It has no options.\n", f);
	for (size_t i = 0; i < count; i++) {
		const struct pluq_option *o = pluq__table_at(t, i);
		char accepts[300];

		fprintf(f, "\n  %s: %s%s%s\n", o->key, default_text(o, "\"\""),
		    o->flags & PLUQ_OPT_RELOAD ? "  (taken anew on SIGHUP)" : "",
		    o->flags & PLUQ_OPT_SECRET ? "  (secret)" : "");
		fprintf(f, "      %s\n      accepts %s\n", o->help, pluq__option_accepts(o, accepts, sizeof(accepts)));
	}
}

int pluq__help_plugin(FILE *f, const char *dir, const char *plugin, struct pluq__problem *p)
{
	struct pluq__plugins list;
	const struct pluq_plugin *e;
	int rc;

	if (strcmp(plugin, "core") == 0) {
		fprintf(f, "core: the options of the daemon itself\n");
		describe_options(f, &pluq__settings_table);
		return 0;
	}
	if ((rc = open_one(&list, dir, plugin, p)))
		return rc;
	e = list.items[0].entry;
	fprintf(f, "%s %s (%s): %s\n", e->name, e->version, pluq__kind_word(e->kind), e->summary);
	describe_options(f, &list.items[0].table);
	pluq__plugins_free(&list);
	return 0;
}

/* --- reference ---------------------------------------------------------------------------------------------------- */

/* A cell of a table: its '|' must not end it. */
static void put_cell(FILE *f, const char *text)
{
	for (; *text; text++) {
		if (*text == '|')
			fputc('\\', f);
		fputc(*text, f);
	}
}

static void put_rows(FILE *f, const struct pluq__table *t)
{
	size_t count = pluq__table_count(t);

	if (!count) {
		fputs("\nIt has no options.\n", f);
		return;
	}
	fputs("\n| option | default | accepts | meaning |\n| --- | --- | --- | --- |\n", f);
	for (size_t i = 0; i < count; i++) {
		const struct pluq_option *o = pluq__table_at(t, i);
		char accepts[300];

		fprintf(f, "| `%s` | ", o->key);
		if (o->flags & PLUQ_OPT_REQUIRED)
			fputs("required", f);
		else if (*default_text(o, ""))
			fprintf(f, "`%s`", default_text(o, ""));
		fputs(" | ", f);
		put_cell(f, pluq__option_accepts(o, accepts, sizeof(accepts)));
		fputs(" | ", f);
		put_cell(f, o->help);
		if (o->original && strcmp(o->original, o->key) != 0)
			fprintf(f, " (the original's `%s`)", o->original);
		fputs(o->flags & PLUQ_OPT_RELOAD ? " (SIGHUP)" : "", f);
		fputs(o->flags & PLUQ_OPT_SECRET ? " (never printed)" : "", f);
		fputs(" |\n", f);
	}
}

static void reference_one(FILE *f, const char *name, const struct pluq__plugin *one, const struct pluq__problem *problem)
{
	(void)problem;
	if (!one)
		return;
	fprintf(f, "\n## %s (%s)\n\n", name, pluq__kind_word(one->entry->kind));
	put_cell(f, one->entry->summary);
	fputs("\n", f);
	put_rows(f, &one->table);
}

/* The default folder depends on where the installation went. */
static void put_core_rows(FILE *f)
{
	struct pluq_option options[32];
	struct pluq__table table = pluq__settings_table;
	size_t count = pluq__table_count(&table);

	assert(count < sizeof(options) / sizeof(*options));
	for (size_t i = 0; i <= count; i++) {
		options[i] = *pluq__table_at(&pluq__settings_table, i);
		if (options[i].key && strcmp(options[i].key, "plugin_dir") == 0)
			options[i].standard = "LIBDIR/pluq";
	}
	table.options = options;
	put_rows(f, &table);
}

int pluq__help_reference(FILE *f, const char *dir, struct pluq__problem *p)
{
	fputs("# Options\n\nGenerated from the option tables: `make options-doc`. (SIGHUP) marks what a reload takes "
	      "anew; everything\nelse needs a restart. `log.level` is written `log: {level: ...}` in YAML.\n\n"
	      "## The daemon\n", f);
	put_core_rows(f);
	return for_each(f, dir, p, reference_one);
}

/* --- what is in force --------------------------------------------------------------------------------------------- */

static void put_value(FILE *f, int indent, const char *key, struct pluq__conf *conf, const struct pluq__table *t, size_t i)
{
	static const struct pluq__origin standard;
	const struct pluq_option *o = pluq__table_at(t, i);
	const char *value = o->flags & PLUQ_OPT_SECRET ? "\"(hidden)\"" : pluq__conf_print(conf, t, i);
	char place[400];

	fprintf(f, "%*s%s: %-*s  # %s\n", indent, "", key, 36 - indent - (int)strlen(key), value ? value : "?",
	    pluq__origin_text(conf->given[i] ? &conf->given[i]->origin : &standard, place, sizeof(place)));
}

/* The keys of a group stand together in the table. */
static void put_settings(FILE *f, struct pluq__conf *conf)
{
	const struct pluq__table *t = &pluq__settings_table;
	size_t count = pluq__table_count(t), group = 0;

	for (size_t i = 0; i < count; i++) {
		const char *key = pluq__table_at(t, i)->key, *dot = strchr(key, '.');
		size_t n = dot ? (size_t)(dot - key) : 0;

		if (n && n != group)
			fprintf(f, "%.*s:\n", (int)n, key);
		group = n;
		put_value(f, n ? 2 : 0, n ? dot + 1 : key, conf, t, i);
	}
}

static void put_plugin(FILE *f, struct pluq__plugin *one)
{
	size_t count = pluq__table_count(&one->table);
	bool by_name = strcmp(one->instance, one->plugin) == 0;

	fprintf(f, "  - %s:%s\n", one->instance, count || !by_name ? "" : " {}");
	if (!by_name)
		fprintf(f, "      plugin: \"%s\"\n", one->plugin);
	for (size_t i = 0; i < count; i++)
		put_value(f, 6, pluq__table_at(&one->table, i)->key, &one->conf, &one->table, i);
}

int pluq__help_config(FILE *f, struct pluq__plugins *all, struct pluq__problem *p)
{
	(void)p;
	put_settings(f, all->core_conf);
	fputs(all->count ? "plugins:\n" : "plugins: []\n", f);
	for (size_t i = 0; i < all->count; i++)
		put_plugin(f, &all->items[i]);
	return 0;
}
