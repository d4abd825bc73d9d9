/* The command line. */
#define _GNU_SOURCE /* secure_getenv */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dropin_flags.h"
#include "flag_value.h"

static int fail(const struct pluq__dropin *d, const struct pluq__problem *p)
{
	fprintf(stderr, "%s: %s\n", d->role->name, p->text);
	return 1;
}

static int wrong_usage(const struct pluq__dropin *d, const struct pluq__problem *p)
{
	fprintf(stderr, "%s\n", p->text);
	pluq__flags_usage(&d->flags, stderr);
	return 2;
}

static int add_set(struct pluq__args *args, const char *text, struct pluq__problem *p)
{
	if (!strchr(text, '=') || *text == '=')
		return pluq__problem(p, PLUQ_EINVAL, "invalid value \"%.200s\" for flag -set: NAME=VALUE is wanted", text);
	/* The tables have been read already, from the other place. */
	if (strncmp(text, "plugin_dir=", strlen("plugin_dir=")) == 0)
		return pluq__problem(p, PLUQ_EINVAL, "plugin_dir cannot be set here: set PLUQ_PLUGIN_DIR in the environment");
	args->sets[args->set_count++] = text;
	return 0;
}

/* What is asked of pluqd itself. version: the last --version says yes. */
static int take_own(struct pluq__dropin *d, struct pluq__args *args, bool *version, struct pluq__problem *p)
{
	const struct pluq__flags *f = &d->flags;
	int rc = 0;

	for (size_t i = 0; i < f->given_count && !rc; i++) {
		const char *text = f->given[i].text;
		bool yes = *text == '1' || *text == 't' || *text == 'T'; /* of a boolean, which has been checked */

		switch (f->items[f->given[i].flag].own) {
		case OWN_CONFIG:
			d->config = *text ? text : NULL;
			break;
		case OWN_VERSION:
			*version = yes;
			break;
		case OWN_SET:
			rc = add_set(args, text, p);
			break;
		case OWN_CHECK:
			args->action = yes ? PLUQ__CHECK_CONFIG : args->action;
			break;
		case OWN_PRINT:
			args->action = yes ? PLUQ__PRINT_CONFIG : args->action;
			break;
		default:
			break;
		}
	}
	return rc;
}

int pluq__dropin_args(struct pluq__dropin *d, struct pluq__args *args, const struct pluq__role *role, int argc, char **argv)
{
	struct pluq__problem p;
	bool version = false;

	*d = (struct pluq__dropin){ .role = role, .plugin_dir = secure_getenv("PLUQ_PLUGIN_DIR") };
	*args = (struct pluq__args){ .action = PLUQ__SERVE, .program = role->name, .dropin = d };
	if (d->plugin_dir && !*d->plugin_dir)
		d->plugin_dir = NULL;
	if (dropin_make_flags(&d->flags, role, d->plugin_dir ? d->plugin_dir : PLUQ_PLUGIN_DIR, &p))
		return fail(d, &p);
	switch (pluq__flags_parse(&d->flags, argc, argv, &p)) {
	case PLUQ__FLAGS_HELP:
		pluq__flags_usage(&d->flags, stderr);
		return 0;
	case PLUQ__FLAGS_WRONG:
		return wrong_usage(d, &p);
	case PLUQ__FLAGS_GOOD:
		break;
	}
	args->sets = calloc(d->flags.given_count + 1, sizeof(*args->sets));
	if (!args->sets) {
		pluq__problem(&p, PLUQ_ENOMEM, "out of memory");
		return fail(d, &p);
	}
	if (take_own(d, args, &version, &p))
		return wrong_usage(d, &p);
	if (version) {
		printf("%s v%s (built w/pluq %s)\n", role->name, role->version, PLUQ_VERSION);
		return 0;
	}
	return -1;
}

void pluq__dropin_free(struct pluq__dropin *d)
{
	pluq__flags_free(&d->flags);
}
