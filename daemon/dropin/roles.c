#include "roles.h"

#include <stddef.h>
#include <string.h>

#include "idle_flags.h"

#define VERSION "1.3.0"

static const struct pluq__role_default nsqd_defaults[] = {
	{ "nsqd", "tcp_address", "0.0.0.0:4150", false },
	{ "nsqd", "http_address", "0.0.0.0:4151", false },
	{ "nsqd", "https_address", "0.0.0.0:4152", false },
	{ "diskqueue", "data_path", ".", true },
	{ NULL, NULL, NULL, false },
};

static const struct pluq__role_default lookupd_defaults[] = {
	{ "lookupd", "tcp_address", "0.0.0.0:4160", false },
	{ "lookupd", "http_address", "0.0.0.0:4161", false },
	{ NULL, NULL, NULL, false },
};

static const struct pluq__role_extra nsqd_extras[] = {
	{ "auth-http", "address" },
	{ "statsd", "address" },
	{ NULL, NULL },
};
static const struct pluq__role_extra no_extras[] = { { NULL, NULL } };

static const struct pluq__role roles[] = {
	{ "nsqd", VERSION, (const char *const[]){ "nsqd", "diskqueue", NULL }, nsqd_extras, nsqd_defaults, pluq__idle_nsqd },
	{ "nsqlookupd", VERSION, (const char *const[]){ "lookupd", NULL }, no_extras, lookupd_defaults, pluq__idle_lookupd },
};

const struct pluq__role *pluq__role_of(const char *program)
{
	const char *slash = program ? strrchr(program, '/') : NULL;
	const char *name = slash ? slash + 1 : program;

	for (size_t i = 0; name && i < sizeof(roles) / sizeof(*roles); i++)
		if (strcmp(roles[i].name, name) == 0)
			return &roles[i];
	return NULL;
}

const struct pluq__role_default *pluq__role_default(const struct pluq__role *role, const char *plugin, const char *option)
{
	for (const struct pluq__role_default *d = role->defaults; d->plugin; d++)
		if (strcmp(d->plugin, plugin) == 0 && strcmp(d->option, option) == 0)
			return d;
	return NULL;
}
