#include "descriptor.h"

#include <pluq/auth.h>
#include <pluq/handler.h>
#include <pluq/metrics.h>
#include <pluq/storage.h>
#include <pluq/validator.h>

#include <string.h>

#include "options.h"

/* What a descriptor of ABI 0.1 has at least; it never had less. */
#define LEAST_SIZE (offsetof(struct pluq_plugin, ops) + sizeof(void *))
#define LEAST_OPTION (offsetof(struct pluq_option, help) + sizeof(char *))

static const char *const kinds[] = {
	[PLUQ_KIND_HANDLER] = "handler",
	[PLUQ_KIND_AUTH] = "auth",
	[PLUQ_KIND_METRICS] = "metrics",
	[PLUQ_KIND_STORAGE] = "storage",
	[PLUQ_KIND_VALIDATOR] = "validator",
};

const char *pluq__kind_word(uint32_t kind)
{
	return kind < sizeof(kinds) / sizeof(*kinds) ? kinds[kind] : NULL;
}

/* The ABI's version stands within what every version has, so it is looked at before anything else. */
static int check_abi(const struct pluq_plugin *e, struct pluq__problem *p)
{
	if (e->abi_major != PLUQ_ABI_MAJOR)
		return pluq__problem(p, PLUQ_EINVAL, "was built for plugin ABI %u.%u, this pluqd has %d.%d: "
		    "rebuild it against this pluqd's headers", e->abi_major, e->abi_minor, PLUQ_ABI_MAJOR, PLUQ_ABI_MINOR);
	if (e->abi_minor > PLUQ_ABI_MINOR)
		return pluq__problem(p, PLUQ_EINVAL, "was built for plugin ABI %u.%u, this pluqd has %d.%d: "
		    "it needs a newer pluqd, or to be rebuilt against this one's headers", e->abi_major, e->abi_minor,
		    PLUQ_ABI_MAJOR, PLUQ_ABI_MINOR);
	if (e->size < LEAST_SIZE)
		return pluq__problem(p, PLUQ_EINVAL, "its descriptor is too short (%u bytes, ABI %u.%u has %zu): "
		    "set .size to sizeof(struct pluq_plugin)", e->size, e->abi_major, e->abi_minor, LEAST_SIZE);
	return 0;
}

static bool is_name(const char *name)
{
	return *name && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(name);
}

static int check_texts(const struct pluq_plugin *e, struct pluq__problem *p)
{
	if (!e->name || !is_name(e->name))
		return pluq__problem(p, PLUQ_EINVAL, "its name has other characters than lower case, digits and -");
	if (!e->version || !e->summary)
		return pluq__problem(p, PLUQ_EINVAL, "it has no version or no summary: set .version and .summary");
	if (!e->init || !e->fini)
		return pluq__problem(p, PLUQ_EINVAL, "it has no init or no fini: set .init and .fini");
	return 0;
}

static int check_options(const struct pluq_plugin *e, struct pluq__problem *p)
{
	const struct pluq__table table = { e->options, e->option_size, e->conf_size };

	if (e->options && e->option_size < LEAST_OPTION)
		return pluq__problem(p, PLUQ_EINVAL, "its option_size is too small (%u bytes, ABI %u.%u has %zu): "
		    "set .option_size to sizeof(struct pluq_option)", e->option_size, e->abi_major, e->abi_minor,
		    LEAST_OPTION);
	return pluq__table_check(&table, p);
}

static int missing(struct pluq__problem *p, const char *operation)
{
	return pluq__problem(p, PLUQ_EINVAL, "it lacks the operation '%s', which its kind requires", operation);
}

/* A table shorter than the member, or a null one: the operation is not there. */
#define NEED(ops, member)                                                                                              \
	do {                                                                                                           \
		if (!PLUQ_HAS(ops, member))                                                                            \
			return missing(p, #member);                                                                    \
	} while (0)

static int check_storage_ops(const struct pluq_storage_ops *ops, struct pluq__problem *p)
{
	NEED(ops, load);
	NEED(ops, save);
	if (ops->flags & PLUQ_STORAGE_REJECTS) /* keeps nothing: the others are never called */
		return 0;
	NEED(ops, open);
	NEED(ops, close);
	NEED(ops, append);
	NEED(ops, fetch);
	NEED(ops, release);
	NEED(ops, sync);
	NEED(ops, empty);
	NEED(ops, remove);
	return 0;
}

static int check_auth_ops(const struct pluq_auth_ops *ops, struct pluq__problem *p)
{
	NEED(ops, ask);
	return 0;
}

static bool is_option(const struct pluq__table *table, size_t i, const char *key, uint32_t type, size_t offset)
{
	const struct pluq_option *o = i < pluq__table_count(table) ? pluq__table_at(table, i) : NULL;

	return o && strcmp(o->key, key) == 0 && o->type == type && o->offset == offset;
}

/* The daemon looks at the first member of a validator's conf struct. */
static int check_validator(const struct pluq_plugin *e, struct pluq__problem *p)
{
	const struct pluq_validator_ops *ops = e->ops;
	const struct pluq__table table = { e->options, e->option_size, e->conf_size };

	NEED(ops, judge);
	if (!is_option(&table, 0, "topics", PLUQ_OPT_STRINGS, offsetof(struct pluq_validator_conf, topics)) ||
	    !is_option(&table, 1, "on_reject", PLUQ_OPT_ENUM, offsetof(struct pluq_validator_conf, on_reject)) ||
	    !is_option(&table, 2, "divert_to", PLUQ_OPT_STRING, offsetof(struct pluq_validator_conf, divert_to)))
		return pluq__problem(p, PLUQ_EINVAL, "its options do not begin with those of every validator: "
		    "put PLUQ_VALIDATOR_OPTIONS first, and struct pluq_validator_conf first in its conf");
	return 0;
}

static int check_metrics_ops(const struct pluq_metrics_ops *ops, struct pluq__problem *p)
{
	if (PLUQ_HAS(ops, path) && *ops->path != '/')
		return pluq__problem(p, PLUQ_EINVAL, "its path, '%.100s', does not begin with /", ops->path);
	if (!PLUQ_HAS(ops, render))
		NEED(ops, take);
	if (PLUQ_HAS(ops, take))
		NEED(ops, interval_ns);
	return 0;
}

static int check_ops(const struct pluq_plugin *e, struct pluq__problem *p)
{
	if (!pluq__kind_word(e->kind))
		return pluq__problem(p, PLUQ_EINVAL, "its kind (%u) is unknown", e->kind);
	if (!e->ops)
		return pluq__problem(p, PLUQ_EINVAL, "it has no operations: set .ops to the %s kind's table",
		    pluq__kind_word(e->kind));
	switch (e->kind) {
	case PLUQ_KIND_HANDLER: /* all its operations may be missing, but not the table's head */
		if (((const struct pluq_handler_ops *)e->ops)->size < offsetof(struct pluq_handler_ops, start))
			return missing(p, "size");
		return 0;
	case PLUQ_KIND_AUTH:
		return check_auth_ops(e->ops, p);
	case PLUQ_KIND_METRICS:
		return check_metrics_ops(e->ops, p);
	case PLUQ_KIND_STORAGE:
		return check_storage_ops(e->ops, p);
	case PLUQ_KIND_VALIDATOR:
		return check_validator(e, p);
	default:
		return pluq__problem(p, PLUQ_EINVAL, "its kind, %s, is not supported by this pluqd",
		    pluq__kind_word(e->kind));
	}
}

int pluq__descriptor_check(const struct pluq_plugin *e, struct pluq__problem *p)
{
	int rc;

	if ((rc = check_abi(e, p)) || (rc = check_texts(e, p)) || (rc = check_options(e, p)))
		return rc;
	return check_ops(e, p);
}
