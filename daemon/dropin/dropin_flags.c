#include "dropin_flags.h"

#include <string.h>

#include "../plugin/loader.h"
#include "../plugin/settings.h"
#include "idle_flags.h"

static const struct pluq__flag own[] = {
	{ .name = "config", .type = PLUQ__FLAG_STRING, .own = OWN_CONFIG, .help = "path of a TOML configuration file" },
	{ .name = "version", .type = PLUQ__FLAG_BOOL, .own = OWN_VERSION, .help = "print the version" },
	{ .name = "set", .type = PLUQ__FLAG_STRINGS, .own = OWN_SET,
	    .help = "pluqd's: NAME=VALUE sets an option of the daemon or of a plugin that no flag sets; may be repeated" },
	{ .name = "check-config", .type = PLUQ__FLAG_BOOL, .own = OWN_CHECK,
	    .help = "pluqd's: check the configuration, start nothing" },
	{ .name = "print-config", .type = PLUQ__FLAG_BOOL, .own = OWN_PRINT,
	    .help = "pluqd's: print what is in force, and where each value comes from" },
};

static int no_memory(struct pluq__problem *p)
{
	return pluq__problem(p, PLUQ_ENOMEM, "out of memory");
}

/* Most flags are the key of the file with '-' for '_'. NULL: no memory. */
static const char *name_of(struct pluq__arena *a, const char *key)
{
	static const char *const others[][2] = {
		{ "id", "node-id" },
		{ "nsqlookupd_tcp_addresses", "lookupd-tcp-address" },
		{ "auth_http_addresses", "auth-http-address" },
		{ "e2e_processing_latency_percentiles", "e2e-processing-latency-percentile" },
	};
	char *name;

	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (strcmp(key, others[i][0]) == 0)
			return others[i][1];
	if ((name = pluq__arena_copy(a, key, strlen(key))))
		for (char *c = name; *c; c++)
			*c = *c == '_' ? '-' : *c;
	return name;
}

static enum pluq__flag_type type_of(const struct pluq_option *o)
{
	switch (o->type) {
	case PLUQ_OPT_BOOL: return PLUQ__FLAG_BOOL;
	case PLUQ_OPT_INT:
	case PLUQ_OPT_SIZE: return PLUQ__FLAG_INT;
	case PLUQ_OPT_DURATION: return PLUQ__FLAG_DURATION;
	case PLUQ_OPT_ENUM: return PLUQ__FLAG_WORD;
	case PLUQ_OPT_STRINGS: return PLUQ__FLAG_STRINGS;
	case PLUQ_OPT_FLOATS: return PLUQ__FLAG_FLOATS;
	default: return PLUQ__FLAG_STRING;
	}
}

/* What the original has once several plugins may have: the flag is made for the first, and sets the option of each. */
static int add_target(struct pluq__flags *f, struct pluq__flag *flag, const char *instance, const char *option)
{
	struct pluq__flag_target **at = &flag->targets;

	while (*at)
		at = &(*at)->next;
	if (!(*at = pluq__arena_alloc(&f->arena, sizeof(**at))))
		return PLUQ_ENOMEM;
	**at = (struct pluq__flag_target){ .instance = instance, .option = option };
	return 0;
}

/* instance: as in struct pluq__flag_target. The table's strings are constant for the life of the process. */
static int add_table(struct pluq__flags *f, const struct pluq__table *t, const struct pluq__role *role, const char *instance,
    struct pluq__problem *p)
{
	size_t count = pluq__table_count(t);

	for (size_t i = 0; i < count; i++) {
		const struct pluq_option *o = pluq__table_at(t, i);
		const struct pluq__role_default *d = pluq__role_default(role, instance, o->key);
		struct pluq__flag flag = { .key = o->original, .type = type_of(o), .words = o->words, .help = o->help,
			.standard = d ? d->value : o->standard };
		long known;

		if (!o->original)
			continue;
		if ((known = pluq__flags_find_key(f, o->original)) < 0) {
			if (!(flag.name = name_of(&f->arena, o->original)) || pluq__flags_add(f, &flag))
				return no_memory(p);
			known = (long)f->count - 1;
		}
		if (add_target(f, &f->items[known], instance, o->key))
			return no_memory(p);
	}
	return 0;
}

static int add_plugin(struct pluq__flags *f, struct pluq__plugins *list, const struct pluq__role *role, const char *plugin_dir,
    const char *name, struct pluq__problem *p)
{
	int rc = pluq__plugins_add(list, plugin_dir, name, name, p);

	if (rc)
		return rc;
	rc = add_table(f, &list->items[0].table, role, name, p);
	pluq__plugins_drop_last(list);
	return rc;
}

static int add_plugins(struct pluq__flags *f, const struct pluq__role *role, const char *plugin_dir, struct pluq__problem *p)
{
	struct pluq__plugins list;
	int rc = pluq__plugins_init(&list, 1, p);

	for (size_t i = 0; role->plugins[i] && !rc; i++)
		rc = add_plugin(f, &list, role, plugin_dir, role->plugins[i], p);
	for (const struct pluq__role_extra *e = role->extras; e->plugin && !rc; e++)
		rc = add_plugin(f, &list, role, plugin_dir, e->plugin, p);
	pluq__plugins_free(&list);
	return rc;
}

static int add_idle(struct pluq__flags *f, const struct pluq__idle_flag *idle, struct pluq__problem *p)
{
	long i = pluq__flags_find(f, idle->name);
	struct pluq__flag flag = { .name = idle->name, .key = idle->key, .type = idle->type, .idle = idle };

	if (i >= 0) {
		f->items[i].idle = idle;
		return 0;
	}
	flag.help = pluq__arena_printf(&f->arena, "accepted with a warning: %s", idle->text);
	return !flag.help || pluq__flags_add(f, &flag) ? no_memory(p) : 0;
}

int dropin_make_flags(struct pluq__flags *f, const struct pluq__role *role, const char *plugin_dir, struct pluq__problem *p)
{
	int rc;

	f->program = role->name;
	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++)
		if (pluq__flags_add(f, &own[i]))
			return no_memory(p);
	if ((rc = add_table(f, &pluq__settings_table, role, "", p)) || (rc = add_plugins(f, role, plugin_dir, p)))
		return rc;
	for (const struct pluq__idle_flag *idle = role->idle; idle->name; idle++)
		if ((rc = add_idle(f, idle, p)))
			return rc;
	return 0;
}
