/* The member of its second option lies behind the end of the conf struct. */
#include "plain.h"

static const struct pluq_option options[] = {
	{ .key = "good", .type = PLUQ_OPT_BOOL, .help = "anything" },
	{ .key = "outside", .type = PLUQ_OPT_INT, .offset = 4096, .help = "anything" },
	{ .key = NULL },
};

PLUQ_PLUGIN_ENTRY = { PLAIN("bad-table"), .options = options, .conf_size = 16 };
