#include "options.h"

#include "scan.h"

#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)

const struct pluq_option options[] = {
	PLUQ_VALIDATOR_OPTIONS,
	{.key = "require", .type = PLUQ_OPT_STRINGS, .flags = PLUQ_OPT_RELOAD, .offset = offsetof(struct conf, require),
	    .help = "members that must be set, that is there with another value than null; a dot leads into an object: user.id"},
	{.key = "accept_if", .type = PLUQ_OPT_STRINGS, .flags = PLUQ_OPT_RELOAD, .offset = offsetof(struct conf, accept_if),
	    .help = "rules, one of which must hold: conditions on members, joined by and; none: no rule"},
	{.key = "root", .type = PLUQ_OPT_ENUM, .flags = PLUQ_OPT_RELOAD, .standard = "any", .words = "any|object|array",
	    .offset = offsetof(struct conf, root), .help = "what a message must be as a whole"},
	{.key = "max_size", .type = PLUQ_OPT_SIZE, .flags = PLUQ_OPT_RELOAD, .standard = "none", .words = "none", .min = 0,
	    .max = PLUQ_BODY_MAX, .offset = offsetof(struct conf, max_size), .help = "longest message"},
	{.key = "max_depth", .type = PLUQ_OPT_INT, .flags = PLUQ_OPT_RELOAD, .standard = "64", .min = 1, .max = SCAN_DEPTH_MOST,
	    .offset = offsetof(struct conf, max_depth), .help = "objects and arrays within each other"},
	{.key = "duplicates", .type = PLUQ_OPT_ENUM, .flags = PLUQ_OPT_RELOAD, .standard = "accept", .words = "accept|reject",
	    .offset = offsetof(struct conf, duplicates),
	    .help = "members of one object with the same name: accept, and the last one counts; or reject, which takes up to " TEXT(KEYS_MOST)
		    " members in a message"},
	{.key = NULL},
};
