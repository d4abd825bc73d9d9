#include "loader.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <ltdl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../base/nearest.h"
#include "descriptor.h"

#define SYMBOL "pluq_plugin_entry"

/* --- the folder --------------------------------------------------------------------------------------------------- */

static int is_module(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return n > 3 && strcmp(e->d_name + n - 3, ".so") == 0;
}

int pluq__plugins_available(struct pluq__arena *a, const char *dir, struct pluq_strings *names, struct pluq__problem *p)
{
	struct dirent **entries;
	const char **items;
	int n = scandir(dir, &entries, is_module, alphasort);

	if (n < 0)
		return pluq__problem(p, PLUQ_EINVAL, "plugin_dir %s: %s", dir, strerror(errno));
	items = pluq__arena_alloc(a, ((size_t)n + 1) * sizeof(*items));
	for (int i = 0; i < n; i++) {
		if (items)
			items[i] = pluq__arena_copy(a, entries[i]->d_name, strlen(entries[i]->d_name) - 3);
		if (items && !items[i])
			items = NULL;
		free(entries[i]);
	}
	free(entries);
	if (!items)
		return pluq__problem(p, PLUQ_ENOMEM, "out of memory");
	*names = (struct pluq_strings){ .items = items, .count = (size_t)n };
	return 0;
}

static int not_there(const char *dir, const char *plugin, const char *path, struct pluq__problem *p)
{
	struct pluq__arena scratch = { 0 };
	struct pluq__nearest near = pluq__nearest(plugin);
	struct pluq_strings names = { 0 };
	int rc;

	if (strchr(plugin, '/'))
		return pluq__problem(p, PLUQ_EINVAL, "there is no %s", path);
	if ((rc = pluq__plugins_available(&scratch, dir, &names, p))) {
		pluq__arena_free(&scratch);
		return rc;
	}
	for (size_t i = 0; i < names.count; i++)
		pluq__nearest_offer(&near, names.items[i]);
	if (near.best)
		pluq__problem(p, PLUQ_EINVAL, "there is no %s: did you mean '%s'?", path, near.best);
	else
		pluq__problem(p, PLUQ_EINVAL, "there is no %s: pluqd --list-plugins lists what there is", path);
	pluq__arena_free(&scratch);
	return PLUQ_EINVAL;
}

/* --- loading ------------------------------------------------------------------------------------------------------ */

static const char *module_path(struct pluq__arena *a, const char *dir, const char *plugin)
{
	return strchr(plugin, '/') ? pluq__arena_printf(a, "%s", plugin) : pluq__arena_printf(a, "%s/%s.so", dir, plugin);
}

static int cannot_load(const char *cause, struct pluq__problem *p)
{
	return pluq__problem(p, PLUQ_EINVAL, "cannot be loaded: %s", cause ? cause : "unknown cause");
}

/* Whatever has been opened stays: code of a plugin may be pointed to from anywhere until the process ends. */
static int open_module(const char *path, const struct pluq_plugin **entry, struct pluq__problem *p)
{
	lt_dlhandle module;

	/* libltdl binds lazily, so that a symbol that nobody defines would end the process when it is called; and it answers "file
	 * not found" for most causes. */
	if (!dlopen(path, RTLD_NOW | RTLD_LOCAL))
		return cannot_load(dlerror(), p);
	if (!(module = lt_dlopen(path)))
		return cannot_load(lt_dlerror(), p);
	lt_dlmakeresident(module);
	*entry = lt_dlsym(module, SYMBOL);
	if (!*entry)
		return pluq__problem(p, PLUQ_EINVAL, "exports no " SYMBOL ": it is not a plugin of pluq");
	return pluq__descriptor_check(*entry, p);
}

static int check_name(const struct pluq_plugin *entry, const char *plugin, struct pluq__problem *p)
{
	if (strchr(plugin, '/') || strcmp(entry->name, plugin) == 0)
		return 0;
	return pluq__problem(p, PLUQ_EINVAL, "calls itself '%s': rename the file to %s.so", entry->name, entry->name);
}

static int load(struct pluq__plugins *all, struct pluq__plugin *one, const char *dir, const char *plugin,
    struct pluq__problem *p)
{
	struct pluq__problem cause;
	int rc;

	one->path = module_path(&all->arena, dir, plugin);
	one->plugin = pluq__arena_copy(&all->arena, plugin, strlen(plugin));
	if (!one->path || !one->plugin || !one->instance)
		return pluq__problem(p, PLUQ_ENOMEM, "plugin '%s': out of memory", plugin);
	if (access(one->path, F_OK))
		rc = not_there(dir, plugin, one->path, &cause);
	else if ((rc = open_module(one->path, &one->entry, &cause)) || (rc = check_name(one->entry, plugin, &cause)))
		return pluq__problem(p, rc, "plugin %s: %.600s", one->path, cause.text);
	return rc ? pluq__problem(p, rc, "plugin '%s': %.600s", plugin, cause.text) : 0;
}

/* --- the list ----------------------------------------------------------------------------------------------------- */

int pluq__plugins_init(struct pluq__plugins *all, size_t room, struct pluq__problem *p)
{
	*all = (struct pluq__plugins){ .room = room };
	all->items = calloc(room ? room : 1, sizeof(*all->items));
	if (!all->items)
		return pluq__problem(p, PLUQ_ENOMEM, "out of memory");
	if (lt_dlinit()) {
		free(all->items);
		return pluq__problem(p, PLUQ_EINVAL, "libltdl does not work: %s", lt_dlerror());
	}
	return 0;
}

int pluq__plugins_add(struct pluq__plugins *all, const char *dir, const char *plugin, const char *instance,
    struct pluq__problem *p)
{
	struct pluq__plugin *one = &all->items[all->count];
	int rc;

	if (all->count == all->room)
		return pluq__problem(p, PLUQ_ELIMIT, "plugin '%s': too many plugins", plugin);
	one->instance = pluq__arena_copy(&all->arena, instance, strlen(instance));
	if ((rc = load(all, one, dir, plugin, p)))
		return rc;
	one->table = (struct pluq__table){ one->entry->options, one->entry->option_size, one->entry->conf_size };
	all->count++;
	return 0;
}

void pluq__plugins_drop_last(struct pluq__plugins *all)
{
	struct pluq__plugin *last = &all->items[--all->count];

	pluq__conf_free(&last->conf);
	*last = (struct pluq__plugin){ 0 };
}

struct pluq__plugin *pluq__plugins_find(const struct pluq__plugins *all, const char *instance)
{
	for (size_t i = 0; i < all->count; i++)
		if (strcmp(all->items[i].instance, instance) == 0)
			return &all->items[i];
	return NULL;
}

size_t pluq__plugins_of_kind(const struct pluq__plugins *all, enum pluq_kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < all->count; i++)
		n += all->items[i].entry->kind == kind;
	return n;
}

void pluq__plugins_free(struct pluq__plugins *all)
{
	for (size_t i = 0; i < all->count; i++) {
		pluq__conf_free(&all->items[i].conf);
		pluq__conf_free(&all->items[i].before);
	}
	/* No lt_dlexit: it would forget what it keeps of the modules that stay, and leak it. */
	free(all->items);
	pluq__arena_free(&all->arena);
	*all = (struct pluq__plugins){ 0 };
}
