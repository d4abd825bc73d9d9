/* From the role, the file and the flags to the configuration. Called at the start, and on the pool by every reload. */
#include <stdio.h>
#include <string.h>

#include "dropin.h"
#include "flag_value.h"
#include "idle_flags.h"
#include "toml.h"

static int no_memory(struct pluq__problem *p)
{
	return pluq__problem(p, PLUQ_ENOMEM, "configuration: out of memory");
}

/* --- the role ----------------------------------------------------------------------------------------------------- */

static int add_role(struct pluq__config *c, const struct pluq__role *role, struct pluq__problem *p)
{
	static const struct pluq__origin origin;

	for (size_t i = 0; role->plugins[i]; i++) {
		struct pluq__wanted *w = pluq__config_add(c, role->plugins[i], &origin);

		if (!w)
			return no_memory(p);
		w->standard = true;
		for (const struct pluq__role_default *d = role->defaults; d->plugin; d++) {
			struct pluq__node *value = pluq__node_scalar(&c->arena, d->value, &origin);

			if (strcmp(d->plugin, w->instance) == 0 &&
			    (!value || pluq__node_put(&c->arena, w->options, d->option, value)))
				return no_memory(p);
		}
	}
	return 0;
}

static int put_plugin_dir(struct pluq__config *c, const char *dir, struct pluq__problem *p)
{
	static const struct pluq__origin origin = { .other = "environment PLUQ_PLUGIN_DIR" };
	struct pluq__node *n = pluq__node_scalar(&c->arena, dir, &origin);

	return !n || pluq__node_put(&c->arena, c->settings, "plugin_dir", n) ? no_memory(p) : 0;
}

/* --- values ------------------------------------------------------------------------------------------------------- */

static int note(struct pluq__config *c, const struct pluq__node *n, const struct pluq__flag *flag, struct pluq__problem *p)
{
	char place[400];
	char *text;

	pluq__origin_text(&n->origin, place, sizeof(place));
	text = n->origin.file ? pluq__arena_printf(&c->arena, "%s: %s: %s", place, flag->key, flag->idle->text)
	                      : pluq__arena_printf(&c->arena, "%s: %s", place, flag->idle->text);
	if (!text)
		return no_memory(p);
	c->notes[c->note_count++] = text;
	return 0;
}

/* An empty address is nobody's. */
static void drop_empty(struct pluq__node *list)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++)
		if (*list->items[i]->text)
			list->items[kept++] = list->items[i];
	list->count = kept;
}

/* NULL: the plugin is none of those that are wanted. */
static struct pluq__node *options_of(const struct pluq__config *c, const char *instance)
{
	if (!*instance)
		return c->settings;
	for (size_t i = 0; i < c->plugin_count; i++)
		if (strcmp(c->plugins[i].instance, instance) == 0)
			return c->plugins[i].options;
	return NULL;
}

static int put_option(struct pluq__config *c, const struct pluq__role *role, const struct pluq__flag_target *t,
    const struct pluq__node *value, struct pluq__problem *p)
{
	const struct pluq__role_default *d = pluq__role_default(role, t->instance, t->option);
	struct pluq__node *map = options_of(c, t->instance), *n;

	if (!map)
		return 0;
	if (!(n = pluq__node_clone(&c->arena, value))) /* each plugin has its own: a node knows its key */
		return no_memory(p);
	if (n->kind == PLUQ__NODE_LIST)
		drop_empty(n);
	else if (d && d->for_empty && !*n->text)
		n->text = d->value;
	return pluq__node_put(&c->arena, map, t->option, n) ? no_memory(p) : 0;
}

static int apply(struct pluq__config *c, const struct pluq__dropin *d, const struct pluq__flag *flag, struct pluq__node *n,
    struct pluq__problem *p)
{
	int rc = 0;

	if (flag->idle)
		rc = note(c, n, flag, p);
	for (const struct pluq__flag_target *t = flag->targets; t && !rc; t = t->next)
		rc = put_option(c, d->role, t, n, p);
	return rc;
}

/* --- what is part of the role only if it is asked for ---------------------------------------------------------------- */

static bool sets(const struct pluq__flag *flag, const struct pluq__role_extra *e)
{
	for (const struct pluq__flag_target *t = flag->targets; t; t = t->next)
		if (strcmp(t->instance, e->plugin) == 0 && strcmp(t->option, e->option) == 0)
			return true;
	return false;
}

/* An empty list or text asks for nothing; a list with an empty text in it does, and the plugin is left to find it wanting. */
static bool asks(const struct pluq__node *value)
{
	return value->kind == PLUQ__NODE_LIST ? value->count > 0 : *value->text != 0;
}

static int add_extras(struct pluq__config *c, const struct pluq__dropin *d, struct pluq__node **values, struct pluq__problem *p)
{
	for (const struct pluq__role_extra *e = d->role->extras; e->plugin; e++)
		for (size_t i = 0; i < d->flags.count; i++)
			if (values[i] && sets(&d->flags.items[i], e) && asks(values[i]) &&
			    !pluq__config_add(c, e->plugin, &values[i]->origin))
				return no_memory(p);
	return 0;
}

/* --- the file and the flags --------------------------------------------------------------------------------------- */

/* values: one place per flag, by its index. */
static int read_file(struct pluq__config *c, const struct pluq__dropin *d, struct pluq__node **values, struct pluq__problem *p)
{
	const char *name = pluq__arena_copy(&c->arena, d->config, strlen(d->config));
	struct pluq__toml *value;
	int rc;

	if (!name)
		return no_memory(p);
	if ((rc = pluq__toml_file(&c->arena, name, &value, p)))
		return rc;
	for (; value && !rc; value = value->next) {
		long i = pluq__flags_find_key(&d->flags, value->key);

		if (i >= 0)
			rc = pluq__flag_from_toml(&c->arena, &d->flags.items[i], name, value, &values[i], p);
	}
	return rc;
}

static int read_flags(struct pluq__config *c, const struct pluq__flags *f, struct pluq__node **values, struct pluq__problem *p)
{
	for (size_t i = 0; i < f->given_count; i++) {
		size_t flag = f->given[i].flag;

		if (values[flag] && values[flag]->origin.other) /* each use of it has been looked at */
			continue;
		if (!(values[flag] = pluq__flag_node(&c->arena, f, flag)))
			return no_memory(p);
	}
	return 0;
}

int pluq__dropin_read(struct pluq__config *c, const struct pluq__dropin *d, struct pluq__problem *p)
{
	const struct pluq__flags *f = &d->flags;
	struct pluq__node **values = pluq__arena_alloc(&c->arena, (f->count + 1) * sizeof(struct pluq__node *));
	int rc = 0;

	c->notes = pluq__arena_alloc(&c->arena, (f->count + 1) * sizeof(*c->notes));
	if (!values || !c->notes)
		return no_memory(p);
	if ((rc = add_role(c, d->role, p)) || (d->plugin_dir && (rc = put_plugin_dir(c, d->plugin_dir, p))) ||
	    (d->config && (rc = read_file(c, d, values, p))) || (rc = read_flags(c, f, values, p)) ||
	    (rc = add_extras(c, d, values, p)))
		return rc;
	for (size_t i = 0; i < f->count && !rc; i++)
		if (values[i])
			rc = apply(c, d, &f->items[i], values[i], p);
	return rc;
}
