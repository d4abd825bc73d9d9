/* An auth plugin that cannot be asked. */
#include <pluq/auth.h>

#include "plain.h"

static const struct pluq_auth_ops ops = { .size = sizeof(ops) };

PLUQ_PLUGIN_ENTRY = {
	.size = sizeof(struct pluq_plugin), PLUQ_PLUGIN_ABI, .kind = PLUQ_KIND_AUTH, .name = "no-ask", .version = "1.0",
	.summary = "test data", .init = plain_init, .fini = plain_fini, .ops = &ops,
};
