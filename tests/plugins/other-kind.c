/* A kind that no daemon knows. */
#include "plain.h"

static const uint32_t ops[2] = { sizeof(ops), 0 };

PLUQ_PLUGIN_ENTRY = {
	.size = sizeof(struct pluq_plugin), PLUQ_PLUGIN_ABI, .kind = 99, .name = "other-kind",
	.version = "1.0", .summary = "test data", .init = plain_init, .fini = plain_fini, .ops = ops,
};
