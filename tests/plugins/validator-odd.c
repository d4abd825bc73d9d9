/* A validator whose options do not begin with those of every validator. */
#include <pluq/validator.h>

struct conf {
	int64_t other;
	struct pluq_validator_conf common;
};

static const struct pluq_option options[] = {
	{.key = "other", .type = PLUQ_OPT_INT, .offset = offsetof(struct conf, other), .help = "stands first"},
	PLUQ_VALIDATOR_OPTIONS,
	{.key = NULL},
};

static int judge(void *self, const struct pluq_candidate *c, struct pluq_finding *finding)
{
	(void)self;
	(void)c;
	(void)finding;
	return PLUQ_ACCEPT;
}

static int init(const struct pluq_host *host, const void *conf, void **self, struct pluq_why *why)
{
	(void)host;
	(void)conf;
	(void)self;
	(void)why;
	return 0;
}

static void fini(void *self)
{
	(void)self;
}

static const struct pluq_validator_ops ops = {.size = sizeof(ops), .judge = judge};

PLUQ_PLUGIN_ENTRY = {
	.size = sizeof(struct pluq_plugin), PLUQ_PLUGIN_ABI, .kind = PLUQ_KIND_VALIDATOR, .name = "validator-odd", .version = "1",
	.summary = "has its options in another order", .options = options, .option_size = sizeof(struct pluq_option),
	.conf_size = sizeof(struct conf), .init = init, .fini = fini, .ops = &ops,
};
