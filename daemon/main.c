#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <pluq/plugin.h>

#include "args.h"
#include "daemon.h"
#include "dropin/dropin.h"
#include "plugin/help.h"
#include "setup.h"

static int fail(const struct pluq__args *args, const struct pluq__problem *p)
{
	fprintf(stderr, "%s: %s\n", args->program, p->text);
	return 1;
}

/* What only the whole shows: two storages would each claim every queue. */
static int check(const struct pluq__setup *s, struct pluq__problem *p)
{
	struct pluq__user user;

	if (pluq__plugins_of_kind(&s->plugins, PLUQ_KIND_STORAGE) > 1)
		return pluq__problem(p, PLUQ_EINVAL, "plugins: more than one storage plugin: keep one");
	return pluq__user_find(&user, pluq__setup_settings(s)->user, p);
}

/* What the files say that plugins have been told of. */
static int check_plugins(const struct pluq__plugins *all, struct pluq__problem *p)
{
	for (size_t i = 0; i < all->count; i++) {
		const struct pluq__plugin *one = &all->items[i];
		struct pluq_why why = { "" };
		int rc = PLUQ_HAS(one->entry, check) ? one->entry->check(one->conf.block, &why) : 0;

		if (rc)
			return pluq__problem(p, rc, "%s: %s", one->instance, *why.text ? why.text : "its check failed");
	}
	return 0;
}

static int with_plugins(struct pluq__setup *s, const struct pluq__args *args)
{
	struct pluq__problem p;

	if (pluq__setup_load(s, &p) || check(s, &p))
		return fail(args, &p);
	if (args->action == PLUQ__CHECK_CONFIG) {
		if (check_plugins(&s->plugins, &p))
			return fail(args, &p);
		for (size_t i = 0; i < s->config.note_count; i++)
			fprintf(stderr, "%s: %s\n", args->program, s->config.notes[i]);
		puts("the configuration is good");
		return 0;
	}
	if (args->action == PLUQ__PRINT_CONFIG)
		return pluq__help_config(stdout, &s->plugins, &p) ? fail(args, &p) : 0;
	return pluq__daemon_run(s, args);
}

/* What looks at plugins without using them. */
static int show(const struct pluq__setup *s, const struct pluq__args *args)
{
	const char *plugin_dir = pluq__setup_settings(s)->plugin_dir;
	struct pluq__problem p;
	int rc;

	if (args->action == PLUQ__LIST_PLUGINS)
		rc = pluq__help_list(stdout, plugin_dir, &p);
	else if (args->action == PLUQ__HELP_PLUGIN)
		rc = pluq__help_plugin(stdout, plugin_dir, pluq__config_plugin_of(&s->config, args->plugin), &p);
	else
		rc = pluq__help_reference(stdout, plugin_dir, &p);
	return rc ? fail(args, &p) : 0;
}

static int with_settings(const struct pluq__args *args)
{
	struct pluq__setup setup;
	struct pluq__problem p;
	int status;

	if (pluq__setup_read(&setup, args, &p))
		return fail(args, &p);
	switch (args->action) {
	case PLUQ__LIST_PLUGINS:
	case PLUQ__HELP_PLUGIN:
	case PLUQ__PRINT_REFERENCE:
		status = show(&setup, args);
		break;
	default:
		status = with_plugins(&setup, args);
	}
	pluq__setup_free(&setup);
	return status;
}

/* If they come closed, the next file or socket would get such a number, and what is meant for standard error would go there. */
static void fill_standard_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

/* The status to exit with; an answer that nobody gets is a failure. */
static int finish(const char *program, int status)
{
	if (!fflush(stdout) && !ferror(stdout))
		return status;
	fprintf(stderr, "%s: standard output cannot be written\n", program);
	return 1;
}

/* Started by a name of the original's. */
static int dropin_main(const struct pluq__role *role, int argc, char **argv)
{
	struct pluq__dropin dropin;
	struct pluq__args args;
	int status = pluq__dropin_args(&dropin, &args, role, argc, argv);

	if (status < 0)
		status = with_settings(&args);
	pluq__args_free(&args);
	pluq__dropin_free(&dropin);
	return finish(role->name, status);
}

int main(int argc, char **argv)
{
	const struct pluq__role *role = pluq__role_of(argv[0]);
	struct pluq__args args;
	int status = 0;

	fill_standard_descriptors();
	if (role)
		return dropin_main(role, argc, argv);
	if (pluq__args_parse(&args, argc, argv))
		return 2;
	if (args.action == PLUQ__HELP)
		pluq__args_help(stdout);
	else if (args.action == PLUQ__VERSION)
		printf("pluqd " PLUQ_VERSION " (plugin ABI %d.%d)\n", PLUQ_ABI_MAJOR, PLUQ_ABI_MINOR);
	else
		status = with_settings(&args);
	pluq__args_free(&args);
	return finish("pluqd", status);
}
