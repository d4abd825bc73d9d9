/* Its option table was built with a structure that never was. */
#include "plain.h"

static const struct pluq_option options[] = {
	{ .key = "a", .type = PLUQ_OPT_BOOL, .help = "anything" },
	{ .key = NULL },
};

PLUQ_PLUGIN_ENTRY = {
	.size = sizeof(struct pluq_plugin), PLUQ_PLUGIN_ABI, .kind = PLUQ_KIND_HANDLER, .name = "small-option",
	.version = "1.0", .summary = "test data", .option_size = 8, .options = options, .conf_size = sizeof(bool),
	.init = plain_init, .fini = plain_fini, .ops = &plain_ops,
};
