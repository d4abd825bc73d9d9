/* Private to the daemon. The command line. */
#ifndef PLUQ__ARGS_H
#define PLUQ__ARGS_H

#include <stddef.h>
#include <stdio.h>

enum pluq__action {
	PLUQ__SERVE,
	PLUQ__CHECK_CONFIG,
	PLUQ__PRINT_CONFIG,
	PLUQ__LIST_PLUGINS,
	PLUQ__HELP_PLUGIN,
	PLUQ__PRINT_REFERENCE,
	PLUQ__VERSION,
	PLUQ__HELP
};

struct pluq__dropin;

/* Strings are borrowed from argv. */
struct pluq__args {
	enum pluq__action action;
	const char *program; /* the name that errors are said by */
	const struct pluq__dropin *dropin; /* it was started as a program of the original's, and this is its command line; or NULL */
	const char *config;  /* YAML; NULL: none */
	const char *plugin;  /* PLUQ__HELP_PLUGIN */
	const char **sets;   /* arguments of --set, each with a '=' */
	size_t set_count;
};

/* 0, or -1: wrong usage, which has been explained on standard error. */
int pluq__args_parse(struct pluq__args *, int argc, char **argv);
void pluq__args_free(struct pluq__args *);
void pluq__args_help(FILE *);

#endif
