/* The plugin: descriptor, start, reload, end. */
#include <pluq/validator.h>

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "check.h"

struct json {
	const struct pluq_host *host;
	/* Swapped by a reload. Who reads it is done with it at the end of its step of a loop, and a reload comes only when all who began
	 * before the last one are: so the one before the current one may go. */
	struct checks *_Atomic checks;
	struct checks *before;
	struct keys *keys; /* per loop */
};

/* pluq_validator_ops.judge */
static int judge(void *self, const struct pluq_candidate *candidate, struct pluq_finding *finding)
{
	struct json *j = self;
	const struct checks *checks = atomic_load_explicit(&j->checks, memory_order_acquire);

	return checks_judge(checks, &j->keys[candidate->loop], candidate->body, candidate->length, finding->reason,
	    sizeof(finding->reason));
}

/* pluq_plugin.reload */
static int reload(void *self, const void *conf, struct pluq_why *why)
{
	struct json *j = self;
	struct checks *fresh;
	int status = checks_new(&fresh, conf, why);

	if (status < 0)
		return status;
	checks_free(&j->before);
	j->before = atomic_exchange_explicit(&j->checks, fresh, memory_order_acq_rel);
	return 0;
}

/* pluq_plugin.fini */
static void fini(void *self)
{
	struct json *j = self;
	struct checks *checks = j->checks;

	checks_free(&checks);
	checks_free(&j->before);
	for (uint32_t i = 0; i < j->host->loops; i++)
		keys_fini(&j->keys[i]);
	free(j->keys);
	free(j);
}

static struct json *make(const struct pluq_host *host)
{
	struct json *j = calloc(1, sizeof(*j));
	uint64_t secret = 0;

	if (!j || !(j->keys = calloc(host->loops, sizeof(*j->keys)))) {
		free(j);
		return NULL;
	}
	if (getrandom(&secret, sizeof(secret), 0) != (ssize_t)sizeof(secret))
		secret = (uint64_t)host->real_ns(host) ^ (uintptr_t)j;
	for (uint32_t i = 0; i < host->loops; i++)
		keys_init(&j->keys[i], secret);
	j->host = host;
	return j;
}

/* pluq_plugin.init */
static int init(const struct pluq_host *host, const void *conf, void **self, struct pluq_why *why)
{
	struct json *j = make(host);
	struct checks *checks;

	if (!j) {
		snprintf(why->text, sizeof(why->text), "out of memory");
		return PLUQ_ENOMEM;
	}
	int status = checks_new(&checks, conf, why);
	atomic_init(&j->checks, checks);
	if (status < 0) {
		fini(j);
		return status;
	}
	*self = j;
	return 0;
}

/* pluq_plugin.check */
static int check(const void *conf, struct pluq_why *why)
{
	struct checks *checks;
	int status = checks_new(&checks, conf, why);

	checks_free(&checks);
	return status;
}

static const struct pluq_validator_ops ops = {.size = sizeof(ops), .judge = judge};

PLUQ_PLUGIN_ENTRY = {
	.size = sizeof(struct pluq_plugin),
	PLUQ_PLUGIN_ABI,
	.kind = PLUQ_KIND_VALIDATOR,
	.option_size = sizeof(struct pluq_option),
	.name = "validate-json",
	.version = "0.1.0",
	.summary = "lets JSON in, with the members that it should have",
	.options = options,
	.conf_size = sizeof(struct conf),
	.init = init,
	.fini = fini,
	.reload = reload,
	.ops = &ops,
	.check = check,
};
