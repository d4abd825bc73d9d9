/* The plugin: who a peer is by its verified certificate, and what a file grants to that name. */
#include <pthread.h>
#include <stdlib.h>

#include "names.h"

struct conf {
	const char *data_file;
	int64_t ttl; /* ns */
};

/* What is in force. Asking is over within the call, so the loops only read; a reload waits for them. */
struct cert {
	const struct pluq_host *host;
	pthread_rwlock_t lock;
	/* under the lock */
	struct rules rules;
	int64_t ttl;
};

static const struct pluq_option options[] = {
	{.key = "data_file", .type = PLUQ_OPT_STRING, .flags = PLUQ_OPT_RELOAD | PLUQ_OPT_REQUIRED, .offset = offsetof(struct conf, data_file),
	    .help = "file of names in client certificates and what they may do. It is read again on SIGHUP"},
	{.key = "ttl", .type = PLUQ_OPT_DURATION, .flags = PLUQ_OPT_RELOAD, .standard = "1h", .offset = offsetof(struct conf, ttl),
	    .min = 1000000, .max = INT64_C(31536000000000000),
	    .help = "how long an answer is good: a name that was taken out is refused after it"},
	{.key = NULL},
};

static const char *match(const struct rules *r, const struct rule_entry *e, const struct pluq_auth_query *q)
{
	const char *who = NULL;

	for (uint32_t i = 0; i < e->word_count && !who; i++)
		who = names_match(rules_word(r, e, i)->text, q);
	return who;
}

/* All entries that fit count. Who it is: the common name; without one, the name that fitted first. */
static int judge(const struct cert *c, const struct pluq_auth_query *q, struct pluq_auth_call *call)
{
	const struct pluq_auth *auth = c->host->auth;
	bool known = false;

	for (size_t i = 0; i < c->rules.entry_count; i++) {
		const struct rule_entry *e = &c->rules.entries[i];
		const char *who = match(&c->rules, e, q);

		if (!who)
			continue;
		if (!known)
			auth->identify(call, *q->common_name ? q->common_name : who, "");
		known = true;
		rules_grant(&c->rules, e, auth, call);
	}
	if (!known)
		return PLUQ_AUTH_SILENT;
	auth->live(call, c->ttl);
	return PLUQ_AUTH_ALLOW;
}

/* pluq_auth_ops.ask. What is not verified is the peer's own claim. */
static int ask(void *self, const struct pluq_auth_query *q, struct pluq_auth_call *call, struct pluq_why *why)
{
	struct cert *c = self;
	int verdict;

	(void)why;
	if (!q->verified)
		return PLUQ_AUTH_SILENT;
	pthread_rwlock_rdlock(&c->lock);
	verdict = judge(c, q, call);
	pthread_rwlock_unlock(&c->lock);
	return verdict;
}

static int read_rules(struct rules *r, const struct pluq_host *host, const char *path, struct pluq_why *why)
{
	int status = rules_read(r, host, path, NULL, why);

	for (size_t i = 0; status == 0 && i < r->entry_count; i++)
		for (uint32_t j = 0; status == 0 && j < r->entries[i].word_count; j++) {
			const struct rule_word *w = rules_word(r, &r->entries[i], j);
			const char *bad = names_check(w->text);

			if (bad) {
				status = rules_error(r, r->entries[i].line, w->column, why, "%s", bad);
				rules_free(r);
			}
		}
	return status;
}

/* pluq_plugin.init */
static int init(const struct pluq_host *host, const void *conf, void **self, struct pluq_why *why)
{
	const struct conf *o = conf;
	struct cert *c = calloc(1, sizeof(*c));

	if (!c)
		return rules_no_memory(why);
	c->host = host;
	c->ttl = o->ttl;
	int status = read_rules(&c->rules, host, o->data_file, why);
	if (status < 0) {
		free(c);
		return status;
	}
	pthread_rwlock_init(&c->lock, NULL);
	host->log(host, PLUQ_INFO, "%zu entries in %s", c->rules.entry_count, o->data_file);
	*self = c;
	return 0;
}

/* pluq_plugin.reload */
static int reload(void *self, const void *conf, struct pluq_why *why)
{
	const struct conf *o = conf;
	struct cert *c = self;
	struct rules fresh, old;
	int status = read_rules(&fresh, c->host, o->data_file, why);

	if (status < 0)
		return status;
	c->host->log(c->host, PLUQ_INFO, "%zu entries in %s", fresh.entry_count, o->data_file);
	pthread_rwlock_wrlock(&c->lock);
	old = c->rules;
	c->rules = fresh;
	c->ttl = o->ttl;
	pthread_rwlock_unlock(&c->lock);
	rules_free(&old);
	return 0;
}

/* pluq_plugin.fini */
static void fini(void *self)
{
	struct cert *c = self;

	rules_free(&c->rules);
	pthread_rwlock_destroy(&c->lock);
	free(c);
}

/* pluq_plugin.check */
static int check(const void *conf, struct pluq_why *why)
{
	const struct conf *c = conf;
	struct rules rules;
	int status = read_rules(&rules, NULL, c->data_file, why);

	if (status == 0)
		rules_free(&rules);
	return status;
}

static const struct pluq_auth_ops ops = {.size = sizeof(ops), .ask = ask};

PLUQ_PLUGIN_ENTRY = {
	.size = sizeof(struct pluq_plugin),
	PLUQ_PLUGIN_ABI,
	.kind = PLUQ_KIND_AUTH,
	.option_size = sizeof(struct pluq_option),
	.name = "auth-cert",
	.version = "0.1.0",
	.summary = "names in verified client certificates, and what each may do",
	.options = options,
	.conf_size = sizeof(struct conf),
	.init = init,
	.fini = fini,
	.reload = reload,
	.ops = &ops,
	.check = check,
};
