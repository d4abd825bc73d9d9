/* Calls what nobody defines, and was linked so that this shows only when it is called. */
#include "plain.h"

int pluq_nobody_defines_this(void);

static int init(const struct pluq_host *host, const void *conf, void **self, struct pluq_why *why)
{
	return pluq_nobody_defines_this();
}

PLUQ_PLUGIN_ENTRY = {
	.size = sizeof(struct pluq_plugin), PLUQ_PLUGIN_ABI, .kind = PLUQ_KIND_HANDLER, .name = "unbound",
	.version = "1.0", .summary = "test data", .init = init, .fini = plain_fini, .ops = &plain_ops,
};
