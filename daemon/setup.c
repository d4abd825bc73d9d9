#include "setup.h"

#include <string.h>

#include "validate/validate.h"

int pluq__setup_read(struct pluq__setup *s, const struct pluq__args *args, struct pluq__problem *p)
{
	int rc;

	*s = (struct pluq__setup){ 0 };
	if ((rc = pluq__config_read(&s->config, args, p)))
		return rc;
	if ((rc = pluq__conf_fill(&s->settings, &pluq__settings_table, "", s->config.settings, p)))
		goto config;
	if ((rc = pluq__settings_check(&s->settings, p)))
		goto settings;
	if ((rc = pluq__plugins_init(&s->plugins, s->config.plugin_count, p)))
		goto settings;
	s->plugins.core_table = &pluq__settings_table;
	s->plugins.core_conf = &s->settings;
	return 0;

settings:
	pluq__conf_free(&s->settings);
config:
	pluq__config_free(&s->config);
	return rc;
}

static int load_one(struct pluq__setup *s, const struct pluq__wanted *w, struct pluq__problem *p)
{
	struct pluq__problem cause;
	struct pluq__plugin *plugin;
	char place[400];
	int rc;

	rc = pluq__plugins_add(&s->plugins, pluq__setup_settings(s)->plugin_dir, w->plugin, w->instance, &cause);
	if (rc && w->standard)
		return pluq__problem(p, rc, "%s", cause.text);
	if (rc)
		return pluq__problem(p, rc, "%s: %.900s", pluq__origin_text(&w->origin, place, sizeof(place)), cause.text);
	plugin = &s->plugins.items[s->plugins.count - 1];
	if ((rc = pluq__conf_fill(&plugin->conf, &plugin->table, w->instance, w->options, p)))
		return rc;
	if (plugin->entry->kind == PLUQ_KIND_VALIDATOR && (rc = pluq__validate_check(plugin->conf.block, w->instance, &cause)))
		return pluq__problem(p, rc, "%s: %.900s", pluq__origin_text(&w->origin, place, sizeof(place)), cause.text);
	return 0;
}

static bool brings_storage(const struct pluq__plugins *all, const struct pluq__wanted *w)
{
	const struct pluq__plugin *one = pluq__plugins_find(all, w->instance);

	return one && one->entry->kind == PLUQ_KIND_STORAGE;
}

/* `pluqd --set memory.x=y` means that storage, not it beside the default one. So the mentioned come first. */
int pluq__setup_load(struct pluq__setup *s, struct pluq__problem *p)
{
	const struct pluq__config *c = &s->config;
	bool has_storage = false;
	int rc = 0;

	for (size_t i = 0; i < c->plugin_count && !rc; i++)
		if (!c->plugins[i].standard && !(rc = load_one(s, &c->plugins[i], p)))
			has_storage |= brings_storage(&s->plugins, &c->plugins[i]);
	for (size_t i = 0; i < c->plugin_count && !rc; i++) {
		if (!c->plugins[i].standard || (rc = load_one(s, &c->plugins[i], p)))
			continue;
		if (has_storage && brings_storage(&s->plugins, &c->plugins[i]))
			pluq__plugins_drop_last(&s->plugins);
	}
	return rc;
}

void pluq__setup_free(struct pluq__setup *s)
{
	pluq__plugins_free(&s->plugins);
	pluq__conf_free(&s->settings);
	pluq__config_free(&s->config);
}
