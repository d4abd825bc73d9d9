#include <stdio.h>

#include "plain.h"

static int init(const struct pluq_host *host, const void *conf, void **self, struct pluq_why *why)
{
	snprintf(why->text, sizeof(why->text), "the moon is not in the right phase");
	return PLUQ_EBUSY;
}

PLUQ_PLUGIN_ENTRY = {
	.size = sizeof(struct pluq_plugin), PLUQ_PLUGIN_ABI, .kind = PLUQ_KIND_HANDLER, .name = "failing-init",
	.version = "1.0", .summary = "test data", .init = init, .fini = plain_fini, .ops = &plain_ops,
};
