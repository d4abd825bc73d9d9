/* The plugin: descriptor, start, reload, rendering. */
#include <pluq/metrics.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "accept.h"
#include "exposition.h"
#include "options.h"

struct prometheus {
	const struct pluq_host *host;
	char *path; /* NULL: nowhere */
	pthread_mutex_t lock;
	struct limits limits; /* under the lock: a reload may come while something is rendered */
};

static struct limits limits_of(const struct conf *c)
{
	return (struct limits){.topics = c->max_topics, .channels = c->max_channels, .exclude_ephemeral = c->exclude_ephemeral,
	    .compress = c->compress};
}

static struct limits current(struct prometheus *p)
{
	struct limits limits;

	pthread_mutex_lock(&p->lock);
	limits = p->limits;
	pthread_mutex_unlock(&p->lock);
	return limits;
}

static int no_memory(struct pluq_why *why)
{
	snprintf(why->text, sizeof(why->text), "out of memory");
	return PLUQ_ENOMEM;
}

/* pluq_render.release */
static void release(void *arg)
{
	struct out *out = arg;

	out_fini(out);
	free(out);
}

/* pluq_metrics_ops.render */
static int render(void *self, const struct pluq_snapshot *snapshot, struct pluq_render *r, struct pluq_why *why)
{
	struct prometheus *p = self;
	struct limits limits = current(p);
	bool open = accept_openmetrics(r->accept), gzip = limits.compress && accept_gzip(r->accept_encoding), good;
	struct out *out = malloc(sizeof(*out));
	struct families families;

	if (!out)
		return no_memory(why);
	out_init(out, gzip);
	good = families_init(&families, snapshot, &limits, p->host->instance);
	if (good)
		exposition_write(out, &families, open);
	families_fini(&families);
	if (!good || !out_finish(out, &r->body, &r->length)) {
		release(out);
		return no_memory(why);
	}
	r->own = out;
	r->release = release;
	r->status = 200;
	r->type = open ? EXPOSITION_OPENMETRICS : EXPOSITION_TEXT;
	r->encoding = gzip ? "gzip" : NULL;
	return 0;
}

/* pluq_metrics_ops.path_of */
static const char *path_of(void *self)
{
	return ((struct prometheus *)self)->path;
}

/* pluq_plugin.reload */
static int reload(void *self, const void *conf, struct pluq_why *why)
{
	struct prometheus *p = self;

	(void)why;
	pthread_mutex_lock(&p->lock);
	p->limits = limits_of(conf);
	pthread_mutex_unlock(&p->lock);
	return 0;
}

/* pluq_plugin.check */
static int check(const void *conf, struct pluq_why *why)
{
	const char *path = ((const struct conf *)conf)->path;

	for (const char *c = path; *c; c++) {
		bool good = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') || strchr("/-._~", *c);

		if (good && path[0] == '/')
			continue;
		snprintf(why->text, sizeof(why->text), "path: '%s' is no path: it begins with / and is made of letters, digits and / - . _ ~",
		    path);
		return PLUQ_EINVAL;
	}
	return 0;
}

/* pluq_plugin.fini */
static void fini(void *self)
{
	struct prometheus *p = self;

	pthread_mutex_destroy(&p->lock);
	free(p->path);
	free(p);
}

/* pluq_plugin.init */
static int init(const struct pluq_host *host, const void *conf, void **self, struct pluq_why *why)
{
	const struct conf *c = conf;
	struct prometheus *p;
	int status = check(conf, why);

	if (status < 0)
		return status;
	p = calloc(1, sizeof(*p));
	if (!p)
		return no_memory(why);
	p->host = host;
	p->limits = limits_of(c);
	p->path = *c->path ? strdup(c->path) : NULL;
	if ((*c->path && !p->path) || pthread_mutex_init(&p->lock, NULL) != 0) {
		free(p->path);
		free(p);
		return no_memory(why);
	}
	*self = p;
	return 0;
}

static const struct pluq_metrics_ops ops = {.size = sizeof(ops), .path_of = path_of, .render = render};

PLUQ_PLUGIN_ENTRY = {
	.size = sizeof(struct pluq_plugin),
	PLUQ_PLUGIN_ABI,
	.kind = PLUQ_KIND_METRICS,
	.option_size = sizeof(struct pluq_option),
	.name = "prometheus",
	.version = "0.1.0",
	.summary = "what is measured, for Prometheus to scrape",
	.options = options,
	.conf_size = sizeof(struct conf),
	.init = init,
	.fini = fini,
	.reload = reload,
	.check = check,
	.ops = &ops,
};
