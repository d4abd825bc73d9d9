/* A kind that this daemon does not serve. */
#include "plain.h"

static const uint32_t ops[2] = { sizeof(ops), 0 };

PLUQ_PLUGIN_ENTRY = {
	.size = sizeof(struct pluq_plugin), PLUQ_PLUGIN_ABI, .kind = PLUQ_KIND_METRICS, .name = "other-kind",
	.version = "1.0", .summary = "test data", .init = plain_init, .fini = plain_fini, .ops = ops,
};
