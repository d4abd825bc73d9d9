#include "args.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"

enum effect { ACTION, CONFIG, SET, PLUGIN };

struct argument {
	const char *name, *value; /* value NULL: takes none */
	enum effect effect;
	enum pluq__action action; /* ACTION, PLUGIN */
	const char *help;         /* NULL: not shown, for the makefile */
};

static const struct argument arguments[] = {
	{ "config", "FILE", CONFIG, 0, "read this configuration, and conf.d/*.yaml beside it" },
	{ "set", "NAME=VALUE", SET, 0, "set an option of the daemon (threads=2) or of a plugin (nsqd.mem_queue_size=0); "
	                               "may be repeated, a list is given by repeating" },
	{ "check-config", NULL, ACTION, PLUQ__CHECK_CONFIG, "check the configuration, start nothing" },
	{ "print-config", NULL, ACTION, PLUQ__PRINT_CONFIG, "print what is in force, and where each value comes from" },
	{ "list-plugins", NULL, ACTION, PLUQ__LIST_PLUGINS, "list the plugins in plugin_dir" },
	{ "help-plugin", "NAME", PLUGIN, PLUQ__HELP_PLUGIN, "describe a plugin's options; core: the daemon's own" },
	{ "print-reference", NULL, ACTION, PLUQ__PRINT_REFERENCE, NULL },
	{ "version", NULL, ACTION, PLUQ__VERSION, "print the version" },
	{ "help", NULL, ACTION, PLUQ__HELP, "print this" },
};

#define COUNT (sizeof(arguments) / sizeof(*arguments))
/* getopt's value of the first one, beyond those of characters. Each has its own: those with the same would not be ambiguous. */
#define FIRST 256

void pluq__args_help(FILE *to)
{
	fputs("Usage: pluqd [--config FILE] [--set NAME=VALUE]...\n"
	      "Without a file it serves the nsqd role on loopback, with its data in the user's state directory.\n\n", to);
	for (size_t i = 0; i < COUNT; i++) {
		const struct argument *a = &arguments[i];
		char left[64];

		if (!a->help)
			continue;
		snprintf(left, sizeof(left), "--%s%s%s", a->name, a->value ? " " : "", a->value ? a->value : "");
		fprintf(to, "  %-22s %s\n", left, a->help);
	}
	fputs("\nExit status: 0, 1 could not start or lost messages, 2 wrong usage.\n"
	      "Signals: TERM and INT stop, a second one at once; HUP reloads.\n", to);
}

static int usage(const char *what, const char *which, const char *near)
{
	fprintf(stderr, "pluqd: %s '%s'", what, which);
	if (near)
		fprintf(stderr, ": did you mean '--%s'?\n", near);
	else
		fputs(": pluqd --help says what there is\n", stderr);
	return -1;
}

static int unknown(const char *argument)
{
	char word[64];
	struct pluq__nearest near;

	snprintf(word, sizeof(word), "%.*s", (int)strcspn(argument + 2, "="), argument + 2);
	near = pluq__nearest(word);
	for (size_t i = 0; i < COUNT; i++)
		if (arguments[i].help)
			pluq__nearest_offer(&near, arguments[i].name);
	return usage("unknown option", argument, near.best);
}

static int add_set(struct pluq__args *args, const char *value)
{
	const char **sets;

	if (!strchr(value, '=') || *value == '=')
		return usage("--set needs NAME=VALUE, not", value, NULL);
	sets = realloc(args->sets, (args->set_count + 1) * sizeof(*sets));
	if (!sets)
		return usage("out of memory at", value, NULL);
	args->sets = sets;
	args->sets[args->set_count++] = value;
	return 0;
}

static int apply(struct pluq__args *args, const struct argument *a, const char *value)
{
	switch (a->effect) {
	case CONFIG:
		args->config = value;
		return 0;
	case SET:
		return add_set(args, value);
	case PLUGIN:
		args->plugin = value;
		break;
	case ACTION:
		break;
	}
	args->action = a->action;
	return 0;
}

static int parse(struct pluq__args *args, int argc, char **argv)
{
	struct option options[COUNT + 1] = { 0 };
	int c, rc = 0;

	for (size_t i = 0; i < COUNT; i++)
		options[i] = (struct option){ .name = arguments[i].name, .has_arg = arguments[i].value ? 1 : 0,
			.val = FIRST + (int)i };
	optind = 0; /* from the beginning, whoever has parsed before */
	opterr = 0;
	while (!rc) {
		int at = optind ? optind : 1; /* what is looked at; optind afterwards does not say it of -xy */

		if ((c = getopt_long(argc, argv, "+:", options, NULL)) == -1)
			break;
		if (c == ':')
			rc = usage("a value is missing after", argv[at], NULL);
		else if (c == '?' && optopt && optopt < FIRST)
			rc = usage("unknown option", argv[at], NULL);
		else if (c == '?')
			rc = unknown(argv[at]);
		else
			rc = apply(args, &arguments[c - FIRST], optarg);
	}
	if (!rc && optind < argc)
		rc = usage("unexpected argument", argv[optind], NULL);
	return rc;
}

int pluq__args_parse(struct pluq__args *args, int argc, char **argv)
{
	int rc;

	*args = (struct pluq__args){ .action = PLUQ__SERVE, .program = "pluqd" };
	rc = parse(args, argc, argv);
	if (rc)
		pluq__args_free(args);
	return rc;
}

void pluq__args_free(struct pluq__args *args)
{
	free(args->sets);
	args->sets = NULL;
}
