/* SIGHUP. The configuration is read and the plugins' reload is called on the pool, as files and directories may hang; what
 * has been accepted is taken into force on loop 0. A configuration that does not hold together changes nothing. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "daemon.h"
#include "notify.h"

struct fresh {
	struct pluq__conf conf;
	bool filled, taken; /* taken: the plugin looks at it now */
};

struct pluq__reload {
	struct pluq__job job; /* first */
	struct pluq__daemon *daemon;
	struct pluq__mail round;
	int at; /* the loop where the round is */
	struct pluq__conf settings;
	bool good;
	struct fresh fresh[]; /* per plugin of the daemon */
};

/* --- on the pool ---------------------------------------------------------------------------------------------------- */

static const struct pluq__wanted *wanted_of(const struct pluq__config *c, const char *instance)
{
	for (size_t i = 0; i < c->plugin_count; i++)
		if (strcmp(c->plugins[i].instance, instance) == 0)
			return &c->plugins[i];
	return NULL;
}

/* Values that need a restart stay as they are, and say so. mutable: reload is there to take changes. */
static int keep_constants(struct pluq__conf *fresh, const struct pluq__conf *old, const struct pluq__table *t,
    const char *instance, bool mutable)
{
	size_t count = pluq__table_count(t);

	for (size_t i = 0; i < count; i++) {
		const struct pluq_option *o = pluq__table_at(t, i);

		if ((mutable && o->flags & PLUQ_OPT_RELOAD) || pluq__conf_same(fresh, old, t, i))
			continue;
		pluq__log(PLUQ_WARN, *instance ? instance : "core", "%s has changed: this needs a restart", o->key);
		if (pluq__conf_keep(fresh, old, t, i))
			return PLUQ_ENOMEM;
	}
	return 0;
}

static int fill_plugin(struct pluq__plugin *one, struct fresh *fresh, const struct pluq__config *config,
    struct pluq__problem *p)
{
	const struct pluq__wanted *w = wanted_of(config, one->instance);
	struct pluq__problem cause;
	char place[400];
	int rc;

	if (!w) {
		pluq__log(PLUQ_WARN, one->instance, "is no longer in the configuration: this needs a restart");
		return 0;
	}
	if (strcmp(w->plugin, one->plugin) != 0) {
		pluq__log(PLUQ_WARN, one->instance, "is another plugin now, '%s': this needs a restart", w->plugin);
		return 0;
	}
	if ((rc = pluq__conf_fill(&fresh->conf, &one->table, one->instance, w->options, p)))
		return rc;
	if (one->entry->kind == PLUQ_KIND_VALIDATOR && (rc = pluq__validate_check(fresh->conf.block, one->instance, &cause)))
		return pluq__problem(p, rc, "%s: %.900s", pluq__origin_text(&w->origin, place, sizeof(place)), cause.text);
	fresh->filled = true;
	if (keep_constants(&fresh->conf, &one->conf, &one->table, one->instance, one->entry->reload != NULL))
		return pluq__problem(p, PLUQ_ENOMEM, "out of memory");
	return 0;
}

static int fill_all(struct pluq__reload *r, const struct pluq__config *config, struct pluq__problem *p)
{
	struct pluq__plugins *all = &r->daemon->setup->plugins;
	int rc;

	if ((rc = pluq__conf_fill(&r->settings, &pluq__settings_table, "", config->settings, p)) ||
	    (rc = pluq__settings_check(&r->settings, p)))
		return rc;
	for (size_t i = 0; i < all->count; i++)
		if ((rc = fill_plugin(&all->items[i], &r->fresh[i], config, p)))
			return rc;
	for (size_t i = 0; i < config->plugin_count; i++)
		if (!config->plugins[i].standard && !pluq__plugins_find(all, config->plugins[i].instance))
			pluq__log(PLUQ_WARN, config->plugins[i].instance, "is new in the configuration: this needs a restart");
	return 0;
}

/* Also without a changed option: what an option names, a file of certificates, may have changed. */
static void offer(struct pluq__plugin *one, struct fresh *fresh)
{
	struct pluq_why why = { "" };

	if (!fresh->filled || !one->entry->reload)
		return;
	if (one->entry->reload(one->self, fresh->conf.block, &why) == 0)
		fresh->taken = true;
	else
		pluq__log(PLUQ_ERROR, one->instance, "reload failed, the old options stay: %s", why.text);
}

/* What is to be warned of is said once, by the start or by the reload that brings it. */
static void warn_of_new(const struct pluq__config *config, const struct pluq__config *first)
{
	for (size_t i = 0; i < config->note_count; i++) {
		bool known = false;

		for (size_t j = 0; j < first->note_count && !known; j++)
			known = strcmp(config->notes[i], first->notes[j]) == 0;
		if (!known)
			pluq__log(PLUQ_WARN, "core", "%s", config->notes[i]);
	}
}

static void work(struct pluq__job *job)
{
	struct pluq__reload *r = (struct pluq__reload *)job;
	struct pluq__plugins *all = &r->daemon->setup->plugins;
	struct pluq__config config;
	struct pluq__problem p;

	if (pluq__config_read(&config, r->daemon->args, &p)) {
		pluq__log(PLUQ_ERROR, "core", "reload failed, the old configuration stays: %s", p.text);
		return;
	}
	if (fill_all(r, &config, &p)) {
		pluq__log(PLUQ_ERROR, "core", "reload failed, the old configuration stays: %s", p.text);
	} else {
		r->good = true;
		warn_of_new(&config, &r->daemon->setup->config);
		for (size_t i = 0; i < all->count; i++)
			offer(&all->items[i], &r->fresh[i]);
	}
	pluq__config_free(&config);
}

/* --- on loop 0 ------------------------------------------------------------------------------------------------------ */

static void replace(struct pluq__conf *current, struct pluq__conf *before, struct pluq__conf *fresh)
{
	pluq__conf_free(before);
	*before = *current;
	*current = *fresh;
	*fresh = (struct pluq__conf){ 0 };
}

/* Also if no setting has changed: plugins may have new data. */
static void reload_auth(struct pluq__daemon *d)
{
	const struct pluq__auth_config config = pluq__settings_auth(pluq__setup_settings(d->setup));

	pluq__auth_reload(d->auth, &config);
}

static void take_settings(struct pluq__daemon *d, struct pluq__conf *fresh)
{
	if (keep_constants(fresh, &d->setup->settings, &pluq__settings_table, "", true))
		return;
	replace(&d->setup->settings, &d->settings_before, fresh);
	pluq__log_set_level(pluq__settings_level(pluq__setup_settings(d->setup)));
}

static void done(struct pluq__job *job)
{
	struct pluq__reload *r = (struct pluq__reload *)job;
	struct pluq__daemon *d = r->daemon;
	struct pluq__plugins *all = &d->setup->plugins;

	if (r->good)
		take_settings(d, &r->settings);
	for (size_t i = 0; i < all->count; i++)
		if (r->fresh[i].taken)
			replace(&all->items[i].conf, &all->items[i].before, &r->fresh[i].conf);
	if (r->good) {
		reload_auth(d);
		if (pluq__validate_reload(d->validate))
			pluq__log(PLUQ_ERROR, "core", "out of memory: which validators judge what stays as it was");
		pluq__metrics_reload(d->metrics);
		pluq__log(PLUQ_INFO, "core", "reloaded");
	}
	pluq__reload_free(d);
	if (!d->stop.begun) /* the stop was the last thing the manager was told */
		pluq__notify_ready();
	if (d->reload_again) {
		d->reload_again = false;
		pluq__daemon_reload(d);
	}
}

void pluq__reload_free(struct pluq__daemon *d)
{
	if (!d->reload)
		return;
	pluq__conf_free(&d->reload->settings);
	for (size_t i = 0; i < d->setup->plugins.count; i++)
		pluq__conf_free(&d->reload->fresh[i].conf);
	free(d->reload);
	d->reload = NULL;
}

/* The options that this reload will free were replaced by the one before. A letter that has been on every loop since then tells that
 * nobody is in the middle of a step that began with them. */
static void on_round(struct pluq__mail *mail)
{
	struct pluq__reload *r = (struct pluq__reload *)((char *)mail - offsetof(struct pluq__reload, round));
	struct pluq__daemon *d = r->daemon;

	if (++r->at < d->loops.count)
		pluq__loop_post(&d->loops.loop[r->at], mail);
	else if (r->at == d->loops.count)
		pluq__loop_post(&d->loops.loop[0], mail);
	else if (!d->stop.begun)
		pluq__pool_submit(d->core_lane, &r->job);
}

void pluq__daemon_reload(struct pluq__daemon *d)
{
	size_t count = d->setup->plugins.count;

	if (d->stop.begun)
		return;
	pluq__log_reopen();
	if (d->reload) {
		d->reload_again = true;
		return;
	}
	d->reload = calloc(1, sizeof(*d->reload) + count * sizeof(struct fresh));
	if (!d->reload) {
		pluq__log(PLUQ_ERROR, "core", "reload failed: out of memory");
		return;
	}
	pluq__notify_reloading();
	d->reload->daemon = d;
	d->reload->job = (struct pluq__job){ .back = &d->loops.loop[0], .work = work, .done = done, .what = "reload" };
	d->reload->round.fn = on_round;
	pluq__loop_post(&d->loops.loop[0], &d->reload->round);
}
