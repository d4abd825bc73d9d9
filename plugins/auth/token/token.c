/* The plugin: static secrets in a file, as salted hashes. */
#include "token.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct pluq_option options[] = {
	{.key = "data_file", .type = PLUQ_OPT_STRING, .flags = PLUQ_OPT_RELOAD | PLUQ_OPT_REQUIRED, .offset = offsetof(struct conf, data_file),
	    .help = "file of secrets and what they may do; pluq_token makes its lines. It is read again on SIGHUP"},
	{.key = "ttl", .type = PLUQ_OPT_DURATION, .flags = PLUQ_OPT_RELOAD, .standard = "1h", .offset = offsetof(struct conf, ttl),
	    .min = 1000000, .max = INT64_C(31536000000000000),
	    .help = "how long an answer is good: a secret that was taken out is refused after it"},
	{.key = NULL},
};

void token_allow(struct token *t, const struct table *table, const struct secret *s, int64_t ttl, struct pluq_auth_call *call)
{
	const struct pluq_auth *auth = t->host->auth;

	auth->identify(call, s->name, "");
	auth->live(call, ttl);
	rules_grant(&table->rules, s->entry, auth, call);
}

/* Takes *table only with LATER. */
static int judge(struct token *t, struct table **table, int64_t ttl, const struct pluq_auth_query *q, struct pluq_auth_call *call,
    struct pluq_why *why)
{
	const uint8_t *colon = memchr(q->secret, ':', q->secret_length);
	size_t name = colon ? (size_t)(colon - q->secret) : 0, rest = colon ? q->secret_length - name - 1 : 0;
	const struct secret *s;
	bool same;

	/* A name as it may stand in the file has no NUL in it. */
	if (!secret_name_good((const char *)q->secret, name) || rest > SECRET_REST_MOST)
		return PLUQ_AUTH_SILENT;
	if (!(s = table_find(*table, (const char *)q->secret, name)))
		return PLUQ_AUTH_SILENT;
	if (s->hash.rounds)
		return password_ask(t, table, s, colon + 1, rest, ttl, call, why);
	if (!secret_check(&s->hash, colon + 1, rest, &same)) {
		snprintf(why->text, sizeof(why->text), "the secret cannot be hashed");
		return PLUQ_AUTH_ERROR;
	}
	if (!same)
		return PLUQ_AUTH_SILENT;
	token_allow(t, *table, s, ttl, call);
	return PLUQ_AUTH_ALLOW;
}

/* pluq_auth_ops.ask */
static int ask(void *self, const struct pluq_auth_query *q, struct pluq_auth_call *call, struct pluq_why *why)
{
	struct token *t = self;

	pthread_mutex_lock(&t->lock);
	struct table *table = table_ref(t->table);
	int64_t ttl = t->ttl;
	pthread_mutex_unlock(&t->lock);
	int verdict = judge(t, &table, ttl, q, call, why);
	table_unref(&table);
	return verdict;
}

static struct table *read_table(const struct pluq_host *host, const char *path, struct pluq_why *why)
{
	struct rules rules;

	return rules_read(&rules, host, path, "hashes", why) == 0 ? table_new(&rules, why) : NULL;
}

/* pluq_plugin.init */
static int init(const struct pluq_host *host, const void *conf, void **self, struct pluq_why *why)
{
	const struct conf *c = conf;
	struct token *t = calloc(1, sizeof(*t));

	if (!t)
		return rules_no_memory(why);
	*t = (struct token){.host = host, .ttl = c->ttl, .table = read_table(host, c->data_file, why)};
	if (!t->table) {
		free(t);
		return PLUQ_EINVAL;
	}
	pthread_mutex_init(&t->lock, NULL);
	host->log(host, PLUQ_INFO, "%zu names in %s", t->table->count, c->data_file);
	*self = t;
	return 0;
}

/* pluq_plugin.reload */
static int reload(void *self, const void *conf, struct pluq_why *why)
{
	const struct conf *c = conf;
	struct token *t = self;
	struct table *fresh = read_table(t->host, c->data_file, why), *old;

	if (!fresh)
		return PLUQ_EINVAL;
	t->host->log(t->host, PLUQ_INFO, "%zu names in %s", fresh->count, c->data_file);
	pthread_mutex_lock(&t->lock);
	old = t->table;
	t->table = fresh;
	t->ttl = c->ttl;
	pthread_mutex_unlock(&t->lock);
	table_unref(&old);
	return 0;
}

/* pluq_plugin.fini */
static void fini(void *self)
{
	struct token *t = self;

	password_fini(t);
	table_unref(&t->table);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

/* pluq_plugin.check */
static int check(const void *conf, struct pluq_why *why)
{
	const struct conf *c = conf;
	struct table *table = read_table(NULL, c->data_file, why);
	int status = table ? 0 : PLUQ_EINVAL;

	table_unref(&table);
	return status;
}

static const struct pluq_auth_ops ops = {.size = sizeof(ops), .ask = ask, .cancel = password_cancel};

PLUQ_PLUGIN_ENTRY = {
	.size = sizeof(struct pluq_plugin),
	PLUQ_PLUGIN_ABI,
	.kind = PLUQ_KIND_AUTH,
	.option_size = sizeof(struct pluq_option),
	.name = "auth-token",
	.version = "0.1.0",
	.summary = "secrets in a file, as salted hashes, and what each may do",
	.options = options,
	.conf_size = sizeof(struct conf),
	.init = init,
	.fini = fini,
	.reload = reload,
	.ops = &ops,
	.check = check,
};
