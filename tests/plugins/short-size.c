#include "plain.h"

PLUQ_PLUGIN_ENTRY = {
	.size = 16, PLUQ_PLUGIN_ABI, .kind = PLUQ_KIND_HANDLER, .name = "short-size", .version = "1.0",
	.summary = "test data", .init = plain_init, .fini = plain_fini, .ops = &plain_ops,
};
