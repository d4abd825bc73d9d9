#include "options.h"

#define MOST INT64_C(10000000)

const struct pluq_option options[] = {
	{.key = "path", .type = PLUQ_OPT_STRING, .standard = "/metrics", .offset = offsetof(struct conf, path),
	    .help = "where it is served, on every HTTP listener of the process"},
	{.key = "max_topics", .type = PLUQ_OPT_INT, .flags = PLUQ_OPT_RELOAD, .standard = "10000", .words = "none", .min = NO_LIMIT,
	    .max = MOST, .offset = offsetof(struct conf, max_topics),
	    .help = "topics that are told of, the first ones by name, or none: no limit; what is left out is counted"},
	{.key = "max_channels", .type = PLUQ_OPT_INT, .flags = PLUQ_OPT_RELOAD, .standard = "20000", .words = "none", .min = NO_LIMIT,
	    .max = MOST, .offset = offsetof(struct conf, max_channels), .help = "channels that are told of, of all these topics together"},
	{.key = "exclude_ephemeral", .type = PLUQ_OPT_BOOL, .flags = PLUQ_OPT_RELOAD, .offset = offsetof(struct conf, exclude_ephemeral),
	    .help = "leave ephemeral topics and channels out"},
	{.key = "compress", .type = PLUQ_OPT_BOOL, .flags = PLUQ_OPT_RELOAD, .standard = "true", .offset = offsetof(struct conf, compress),
	    .help = "answer in gzip who says that it understands that"},
	{.key = NULL},
};
