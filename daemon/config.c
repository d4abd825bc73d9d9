#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/nearest.h"
#include "base/yaml.h"
#include "dropin/dropin.h"
#include "plugin/settings.h"

static int no_memory(struct pluq__problem *p)
{
	return pluq__problem(p, PLUQ_ENOMEM, "configuration: out of memory");
}

static int wrong(struct pluq__problem *p, const struct pluq__node *n, const char *what)
{
	char place[400];

	return pluq__problem(p, PLUQ_EINVAL, "%s: %s", pluq__origin_text(&n->origin, place, sizeof(place)), what);
}

/* --- plugins ------------------------------------------------------------------------------------------------------ */

static struct pluq__wanted *find(const struct pluq__config *c, const char *instance)
{
	for (size_t i = 0; i < c->plugin_count; i++)
		if (strcmp(c->plugins[i].instance, instance) == 0)
			return &c->plugins[i];
	return NULL;
}

const char *pluq__config_plugin_of(const struct pluq__config *c, const char *instance)
{
	const struct pluq__wanted *w = find(c, instance);

	return w ? w->plugin : instance;
}

/* "/opt/x/audit.so" is the instance "audit" unless it is given a name. */
static const char *instance_of(struct pluq__arena *a, const char *plugin)
{
	const char *base = strrchr(plugin, '/') ? strrchr(plugin, '/') + 1 : plugin;
	size_t n = strlen(base);

	if (base != plugin && n > 3 && strcmp(base + n - 3, ".so") == 0)
		n -= 3;
	return pluq__arena_copy(a, base, n);
}

static int grow(struct pluq__config *c)
{
	size_t room = c->plugin_room ? c->plugin_room * 2 : 8;
	struct pluq__wanted *plugins;

	if (c->plugin_count < c->plugin_room)
		return 0;
	if (!(plugins = pluq__arena_alloc(&c->arena, room * sizeof(*plugins))))
		return PLUQ_ENOMEM;
	if (c->plugin_count)
		memcpy(plugins, c->plugins, c->plugin_count * sizeof(*plugins));
	c->plugins = plugins;
	c->plugin_room = room;
	return 0;
}

struct pluq__wanted *pluq__config_add(struct pluq__config *c, const char *name, const struct pluq__origin *origin)
{
	struct pluq__wanted *w;

	if (grow(c))
		return NULL;
	w = &c->plugins[c->plugin_count];
	*w = (struct pluq__wanted){ .instance = instance_of(&c->arena, name), .plugin = name, .origin = *origin,
		.options = pluq__node_new(&c->arena, PLUQ__NODE_MAP, origin) };
	if (!w->instance || !w->options)
		return NULL;
	c->plugin_count++;
	return w;
}

/* The member "plugin" says which plugin the instance is; all others are its options. */
static int merge_options(struct pluq__config *c, struct pluq__wanted *w, struct pluq__node *options,
    struct pluq__problem *p)
{
	for (size_t i = 0; i < options->count; i++) {
		struct pluq__node *n = options->items[i];

		if (strcmp(n->key, "plugin") != 0) {
			if (pluq__node_put(&c->arena, w->options, n->key, n))
				return no_memory(p);
		} else if (n->kind != PLUQ__NODE_SCALAR || !*n->text) {
			return wrong(p, n, "plugin: the name or the path of a plugin is wanted");
		} else {
			w->plugin = n->text;
		}
	}
	return 0;
}

/* first: index of the first plugin that this file has added; an instance named by an earlier file is merged, one named twice
 * by the same file is a mistake. */
static int read_plugin(struct pluq__config *c, const char *name, struct pluq__node *item, struct pluq__node *options,
    size_t first, struct pluq__problem *p)
{
	const char *instance = instance_of(&c->arena, name);
	struct pluq__wanted *w;

	if (!*name || !instance)
		return *name ? no_memory(p) : wrong(p, item, "plugins: the name is empty");
	w = find(c, instance);
	if (w && (size_t)(w - c->plugins) >= first) {
		char text[300];

		snprintf(text, sizeof(text), "plugins: '%.64s' is listed twice (first in line %d): "
		    "give one another name: %.64s-2: {plugin: %.64s}", instance, w->origin.line, instance, name);
		return wrong(p, item, text);
	}
	if (!w && !(w = pluq__config_add(c, name, &item->origin)))
		return no_memory(p);
	if (!options || pluq__node_is_null(options))
		return 0;
	if (options->kind != PLUQ__NODE_MAP)
		return wrong(p, options, "plugins: a map of options is wanted behind the name");
	return merge_options(c, w, options, p);
}

static int read_item(struct pluq__config *c, struct pluq__node *item, size_t first, struct pluq__problem *p)
{
	if (item->kind == PLUQ__NODE_SCALAR)
		return read_plugin(c, item->text, item, NULL, first, p);
	if (item->kind != PLUQ__NODE_MAP || !item->count)
		return wrong(p, item, "plugins: each item is a name, or a name with options: - nsqd: {...}");
	if (item->count > 1 && pluq__node_is_null(item->items[0]))
		return wrong(p, item->items[1], "plugins: indent the options deeper than the name of their plugin");
	if (item->count > 1)
		return wrong(p, item->items[1], "plugins: one plugin per item: begin a new item with '- '");
	return read_plugin(c, item->items[0]->key, item->items[0], item->items[0], first, p);
}

static int read_plugins(struct pluq__config *c, struct pluq__node *list, struct pluq__problem *p)
{
	size_t first = c->plugin_count;
	int rc = 0;

	if (pluq__node_is_null(list))
		return 0;
	if (list->kind != PLUQ__NODE_LIST)
		return wrong(p, list, "plugins: a list is wanted: one item per plugin, each begun with '- '");
	for (size_t i = 0; i < list->count && !rc; i++)
		rc = read_item(c, list->items[i], first, p);
	return rc;
}

/* --- the daemon's own options --------------------------------------------------------------------------------------- */

/* Is there an option NAME.something? Then NAME is a map in the file. */
static bool is_group(const char *name)
{
	size_t count = pluq__table_count(&pluq__settings_table), n = strlen(name);

	for (size_t i = 0; i < count; i++) {
		const char *key = pluq__table_at(&pluq__settings_table, i)->key;

		if (strncmp(key, name, n) == 0 && key[n] == '.')
			return true;
	}
	return false;
}

/* log: {level: info} becomes log.level: info. */
static int read_group(struct pluq__config *c, struct pluq__node *group, struct pluq__problem *p)
{
	char text[100];

	if (pluq__node_is_null(group))
		return 0;
	if (group->kind != PLUQ__NODE_MAP) {
		snprintf(text, sizeof(text), "%s: a map of options is wanted: %s: {...}", group->key, group->key);
		return wrong(p, group, text);
	}
	for (size_t i = 0; i < group->count; i++) {
		char *key = pluq__arena_printf(&c->arena, "%s.%s", group->key, group->items[i]->key);

		if (!key || pluq__node_put(&c->arena, c->settings, key, group->items[i]))
			return no_memory(p);
	}
	return 0;
}

/* A key that only looks like an option of the daemon: the list of plugins misspelt, or a plugin outside of it. 0: it may be one. */
static int check_slip(const struct pluq__node *n, struct pluq__problem *p)
{
	struct pluq__nearest near = pluq__nearest(n->key);
	char text[300];

	if (pluq__table_find(&pluq__settings_table, n->key) >= 0)
		return 0;
	pluq__nearest_offer(&near, "plugins");
	if (near.best)
		snprintf(text, sizeof(text), "%.64s: there is no such option: did you mean '%s'?", n->key, near.best);
	else if (n->kind == PLUQ__NODE_MAP)
		snprintf(text, sizeof(text), "%.64s: there is no such option: if it is a plugin, it belongs in the list: "
		    "plugins: [%.64s: {...}]", n->key, n->key);
	else
		return 0;
	return wrong(p, n, text);
}

static int read_root(struct pluq__config *c, struct pluq__node *root, struct pluq__problem *p)
{
	int rc = 0;

	if (pluq__node_is_null(root))
		return 0;
	if (root->kind != PLUQ__NODE_MAP)
		return wrong(p, root, "a map of options is wanted: key: value");
	for (size_t i = 0; i < root->count && !rc; i++) {
		struct pluq__node *n = root->items[i];

		if (strcmp(n->key, "plugins") == 0)
			rc = read_plugins(c, n, p);
		else if (is_group(n->key))
			rc = read_group(c, n, p);
		else if ((rc = check_slip(n, p)))
			break;
		else if (pluq__node_put(&c->arena, c->settings, n->key, n))
			rc = no_memory(p);
	}
	return rc;
}

/* --- files -------------------------------------------------------------------------------------------------------- */

static int read_file(struct pluq__config *c, const char *path, struct pluq__problem *p)
{
	struct pluq__node *root;
	int rc = pluq__yaml_file(&c->arena, path, &root, p);

	return rc ? rc : read_root(c, root, p);
}

static int is_yaml(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return *e->d_name != '.' && n > 5 && strcmp(e->d_name + n - 5, ".yaml") == 0;
}

static int read_folder(struct pluq__config *c, const char *folder, struct pluq__problem *p)
{
	struct dirent **entries;
	int n = scandir(folder, &entries, is_yaml, alphasort), rc = 0;

	if (n < 0 && errno == ENOENT)
		return 0;
	if (n < 0)
		return pluq__problem(p, PLUQ_EINVAL, "%s: cannot be read: %s", folder, strerror(errno));
	for (int i = 0; i < n; i++) {
		char *path = rc ? NULL : pluq__arena_printf(&c->arena, "%s/%s", folder, entries[i]->d_name);

		if (!rc)
			rc = path ? read_file(c, path, p) : no_memory(p);
		free(entries[i]);
	}
	free(entries);
	return rc;
}

static int read_files(struct pluq__config *c, const char *file, struct pluq__problem *p)
{
	const char *slash = strrchr(file, '/');
	char *folder = slash ? pluq__arena_printf(&c->arena, "%.*s/conf.d", (int)(slash - file), file)
	                     : pluq__arena_printf(&c->arena, "conf.d");
	int rc = read_file(c, file, p);

	if (rc)
		return rc;
	return folder ? read_folder(c, folder, p) : no_memory(p);
}

/* --- no file ------------------------------------------------------------------------------------------------------ */

/* Where the data of somebody who has said nothing belongs; NULL: no memory. */
static const char *state_folder(struct pluq__arena *a)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

	if (geteuid() == 0)
		return "/var/lib/pluq";
	if (state && *state == '/')
		return pluq__arena_printf(a, "%s/pluq", state);
	return pluq__arena_printf(a, "%s/.local/state/pluq", home && *home == '/' ? home : "");
}

static int read_standard(struct pluq__config *c, struct pluq__problem *p)
{
	static const struct pluq__origin origin;
	const char *folder = state_folder(&c->arena);
	struct pluq__node *path = folder ? pluq__node_scalar(&c->arena, folder, &origin) : NULL;

	if (!path || !pluq__config_add(c, "nsqd", &origin) || !pluq__config_add(c, "diskqueue", &origin))
		return no_memory(p);
	for (size_t i = 0; i < c->plugin_count; i++)
		c->plugins[i].standard = true;
	c->standard_folder = path;
	return pluq__node_put(&c->arena, c->plugins[1].options, "data_path", path) ? no_memory(p) : 0;
}

/* --- --set -------------------------------------------------------------------------------------------------------- */

/* The first --set of a name replaces what files say, the next ones add to it. */
static int put_set(struct pluq__config *c, struct pluq__node *map, const char *key, const char *value, const char *set,
    struct pluq__problem *p)
{
	const struct pluq__origin origin = { .set = set };
	struct pluq__node *list = pluq__node_get(map, key), *item = pluq__node_scalar(&c->arena, value, &origin);

	if (!list || !list->alternatives) {
		list = pluq__node_new(&c->arena, PLUQ__NODE_LIST, &origin);
		if (!list || pluq__node_put(&c->arena, map, key, list))
			return no_memory(p);
		list->alternatives = true;
	}
	list->origin = origin;
	return !item || pluq__node_add(&c->arena, list, item) ? no_memory(p) : 0;
}

/* NAME.KEY=VALUE of the instance NAME, which may be the name of a plugin that no file mentions. */
static int set_of_plugin(struct pluq__config *c, const char *name, const char *key, const char *value, const char *set,
    struct pluq__problem *p)
{
	const struct pluq__origin origin = { .set = set };
	struct pluq__wanted *w = find(c, name);

	if (!w && !(w = pluq__config_add(c, name, &origin)))
		return no_memory(p);
	w->standard = false;
	if (strcmp(key, "plugin") == 0) {
		w->plugin = pluq__arena_copy(&c->arena, value, strlen(value));
		return w->plugin ? 0 : no_memory(p);
	}
	return put_set(c, w->options, key, value, set, p);
}

static int apply_set(struct pluq__config *c, const char *given, struct pluq__problem *p)
{
	/* The origin is the name alone: the value may be a secret. */
	const char *set = pluq__arena_copy(&c->arena, given, strcspn(given, "="));
	char *name = pluq__arena_copy(&c->arena, given, strcspn(given, "="));
	const char *value = strchr(given, '=') + 1;
	char *dot = name ? strchr(name, '.') : NULL;

	if (!set || !name)
		return no_memory(p);
	if (!dot || pluq__table_find(&pluq__settings_table, name) >= 0)
		return put_set(c, c->settings, name, value, set, p);
	*dot = 0;
	if (is_group(name)) { /* log.something: a slip in an option of the daemon */
		*dot = '.';
		return put_set(c, c->settings, name, value, set, p);
	}
	if (!*name || !dot[1])
		return pluq__problem(p, PLUQ_EINVAL, "--set %s: NAME=VALUE or PLUGIN.NAME=VALUE is wanted", given);
	return set_of_plugin(c, name, dot + 1, value, set, p);
}

/* --- all ---------------------------------------------------------------------------------------------------------- */

static int read_all(struct pluq__config *c, const struct pluq__args *args, struct pluq__problem *p)
{
	static const struct pluq__origin origin;
	int rc;

	if (!(c->settings = pluq__node_new(&c->arena, PLUQ__NODE_MAP, &origin)))
		return no_memory(p);
	if (args->dropin)
		rc = pluq__dropin_read(c, args->dropin, p);
	else
		rc = args->config ? read_files(c, args->config, p) : read_standard(c, p);
	for (size_t i = 0; i < args->set_count && !rc; i++)
		rc = apply_set(c, args->sets[i], p);
	return rc;
}

int pluq__config_read(struct pluq__config *c, const struct pluq__args *args, struct pluq__problem *p)
{
	int rc;

	*c = (struct pluq__config){ 0 };
	rc = read_all(c, args, p);
	if (rc)
		pluq__config_free(c);
	return rc;
}

const char *pluq__config_own_folder(const struct pluq__config *c)
{
	for (size_t i = 0; i < c->plugin_count && c->standard_folder; i++)
		if (pluq__node_get(c->plugins[i].options, c->standard_folder->key) == c->standard_folder)
			return c->standard_folder->text;
	return NULL;
}

void pluq__config_free(struct pluq__config *c)
{
	pluq__arena_free(&c->arena);
	*c = (struct pluq__config){ 0 };
}
