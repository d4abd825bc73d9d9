#include "plain.h"

PLUQ_PLUGIN_ENTRY = {
	.size = sizeof(struct pluq_plugin), .abi_major = PLUQ_ABI_MAJOR + 1, .abi_minor = 0, .kind = PLUQ_KIND_HANDLER,
	.name = "wrong-major", .version = "1.0", .summary = "test data", .init = plain_init, .fini = plain_fini,
	.ops = &plain_ops,
};
