/* The plugin: descriptor, start, reload, end.
 *
 * The data file of pynsqauthd, answered in the process: who has which secret, from where, and what it may do. It never refuses for
 * others; a client that no row is about is left to the plugins behind. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "table.h"

struct conf {
	const char *data_file;
	int64_t ttl;
};

/* What questions are answered from; held by the plugin and by every answer in the making. */
struct data {
	atomic_uint refs;
	int64_t ttl_ns;
	struct csv_table table;
};

struct csv {
	const struct pluq_host *host;
	pthread_mutex_t lock; /* of `data`, the pointer */
	struct data *data;
};

static struct data *data_get(struct csv *c)
{
	pthread_mutex_lock(&c->lock);
	struct data *d = c->data;
	atomic_fetch_add_explicit(&d->refs, 1, memory_order_relaxed);
	pthread_mutex_unlock(&c->lock);
	return d;
}

static void data_put(struct data *d)
{
	if (atomic_fetch_sub_explicit(&d->refs, 1, memory_order_acq_rel) != 1)
		return;
	csv_table_fini(&d->table);
	free(d);
}

static int data_load(const struct pluq_host *host, const struct conf *conf, struct data **out, struct pluq_why *why)
{
	struct data *d = calloc(1, sizeof(*d));
	int rc;

	if (!d) {
		snprintf(why->text, sizeof(why->text), "out of memory");
		return PLUQ_ENOMEM;
	}
	atomic_init(&d->refs, 1);
	d->ttl_ns = conf->ttl;
	if ((rc = csv_table_load(&d->table, host, conf->data_file, why))) {
		free(d);
		return rc;
	}
	host->log(host, PLUQ_INFO, "%s: %u rows, %u logins", conf->data_file, d->table.count, d->table.login_count);
	*out = d;
	return 0;
}

/* pluq_auth_ops.ask */
static int ask(void *self, const struct pluq_auth_query *query, struct pluq_auth_call *call, struct pluq_why *why)
{
	struct csv *c = self;
	struct data *d = data_get(c);
	int verdict = csv_answer(&d->table, d->ttl_ns, c->host->auth, query, call, why);

	data_put(d);
	return verdict;
}

/* pluq_plugin.reload. Files are read here on the pool; the loops see the old data until the new ones are whole. */
static int reload(void *self, const void *conf, struct pluq_why *why)
{
	struct csv *c = self;
	struct data *fresh, *old;
	int rc = data_load(c->host, conf, &fresh, why);

	if (rc)
		return rc;
	pthread_mutex_lock(&c->lock);
	old = c->data;
	c->data = fresh;
	pthread_mutex_unlock(&c->lock);
	data_put(old);
	return 0;
}

/* pluq_plugin.fini */
static void fini(void *self)
{
	struct csv *c = self;

	data_put(c->data);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

/* pluq_plugin.init */
static int init(const struct pluq_host *host, const void *conf, void **self, struct pluq_why *why)
{
	struct csv *c = calloc(1, sizeof(*c));
	int rc;

	if (!c) {
		snprintf(why->text, sizeof(why->text), "out of memory");
		return PLUQ_ENOMEM;
	}
	c->host = host;
	if ((rc = data_load(host, conf, &c->data, why))) {
		free(c);
		return rc;
	}
	pthread_mutex_init(&c->lock, NULL);
	*self = c;
	return 0;
}

/* pluq_plugin.check */
static int check(const void *conf, struct pluq_why *why)
{
	const struct conf *c = conf;
	struct csv_table table;
	int rc = csv_table_load(&table, NULL, c->data_file, why);

	if (rc == 0)
		csv_table_fini(&table);
	return rc;
}

static const struct pluq_option options[] = {
	{ .key = "data_file", .type = PLUQ_OPT_STRING, .flags = PLUQ_OPT_REQUIRED | PLUQ_OPT_RELOAD,
	    .offset = offsetof(struct conf, data_file),
	    .help = "CSV file of logins, addresses and what they may do, as pynsqauthd has it; read again on SIGHUP" },
	{ .key = "ttl", .type = PLUQ_OPT_DURATION, .flags = PLUQ_OPT_RELOAD, .standard = "3600s", .offset = offsetof(struct conf, ttl),
	    .min = INT64_C(1000000), .max = INT64_MAX / 4, .help = "time to live of an answer: after it the daemon asks again" },
	{ .key = NULL },
};

static const struct pluq_auth_ops ops = { .size = sizeof(ops), .ask = ask };

PLUQ_PLUGIN_ENTRY = {
	.size = sizeof(struct pluq_plugin),
	PLUQ_PLUGIN_ABI,
	.kind = PLUQ_KIND_AUTH,
	.option_size = sizeof(struct pluq_option),
	.name = "auth-csv",
	.version = "0.1.0",
	.summary = "who may do what, by the data file of pynsqauthd",
	.options = options,
	.conf_size = sizeof(struct conf),
	.init = init,
	.fini = fini,
	.reload = reload,
	.ops = &ops,
	.check = check,
};
