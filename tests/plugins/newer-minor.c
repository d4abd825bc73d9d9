#include "plain.h"

PLUQ_PLUGIN_ENTRY = {
	.size = sizeof(struct pluq_plugin), .abi_major = PLUQ_ABI_MAJOR, .abi_minor = PLUQ_ABI_MINOR + 1,
	.kind = PLUQ_KIND_HANDLER, .name = "newer-minor", .version = "1.0", .summary = "test data",
	.init = plain_init, .fini = plain_fini, .ops = &plain_ops,
};
