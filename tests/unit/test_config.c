#include "cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../daemon/config.h"

static char folder[64], file[96];
static struct pluq__config config;
static struct pluq__problem problem;

static void write_file(const char *name, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int make_folder(void **state)
{
	char path[96];

	strcpy(folder, "/tmp/pluq-config-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(file, sizeof(file), "%s/main.yaml", folder);
	snprintf(path, sizeof(path), "%s/conf.d", folder);
	return mkdir(path, 0700);
}

static int remove_folder(void **state)
{
	static const char *const names[] = { "main.yaml", "conf.d/10.yaml", "conf.d/20.yaml", "conf.d/x.yaml~", "conf.d", "." };
	char path[128];

	pluq__config_free(&config);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		remove(path);
	}
	rmdir(folder);
	return 0;
}

static int read_with(const char *main_file, const char **sets, size_t n)
{
	struct pluq__args args = { .config = main_file, .sets = sets, .set_count = n };

	return pluq__config_read(&config, &args, &problem);
}

static void must_read(const char **sets, size_t n)
{
	if (read_with(file, sets, n))
		fail_msg("%s", problem.text);
}

static void refuses(const char *text, const char *with)
{
	write_file("main.yaml", text);
	assert_int_equal(read_with(file, NULL, 0), PLUQ_EINVAL);
	if (!strstr(problem.text, with))
		fail_msg("'%s' does not say '%s'", problem.text, with);
}

static const char *option(size_t plugin, const char *key)
{
	const struct pluq__node *n = pluq__node_get(config.plugins[plugin].options, key);

	return n ? n->text : NULL;
}

static void plugins_are_listed_in_three_forms(void **state)
{
	write_file("main.yaml", "threads: 2\nlog: {level: debug}\nplugins:\n  - nsqd: {a: 1}\n  - memory\n  - memory-2:\n"
	                        "      plugin: memory\n      b: 2\n  - /opt/x/audit.so: {}\n  - disk:\n");
	must_read(NULL, 0);
	assert_int_equal(config.plugin_count, 5);
	assert_string_equal(config.plugins[0].instance, "nsqd");
	assert_string_equal(config.plugins[0].plugin, "nsqd");
	assert_string_equal(option(0, "a"), "1");
	assert_string_equal(config.plugins[1].instance, "memory");
	assert_string_equal(config.plugins[2].instance, "memory-2");
	assert_string_equal(config.plugins[2].plugin, "memory");
	assert_string_equal(option(2, "b"), "2");
	assert_null(option(2, "plugin"));
	assert_string_equal(config.plugins[3].instance, "audit");
	assert_string_equal(config.plugins[3].plugin, "/opt/x/audit.so");
	assert_string_equal(config.plugins[4].instance, "disk");
	assert_string_equal(pluq__node_get(config.settings, "log.level")->text, "debug");
	assert_string_equal(pluq__node_get(config.settings, "threads")->text, "2");
}

static void mistakes_in_the_list_are_explained(void **state)
{
	refuses("plugins:\n  - nsqd:\n    a: 1\n", "main.yaml:3: plugins: indent the options deeper");
	refuses("plugins:\n  - nsqd: {}\n    memory: {}\n", "main.yaml:3: plugins: one plugin per item");
	refuses("plugins: {nsqd: {}}\n", "main.yaml:1: plugins: a list is wanted");
	refuses("plugins:\n  - nsqd\n  - nsqd\n", "main.yaml:3: plugins: 'nsqd' is listed twice (first in line 2)");
	refuses("plugins: [[a]]\n", "main.yaml:1: plugins: each item is a name");
	refuses("plugins: [nsqd: 3]\n", "main.yaml:1: plugins: a map of options is wanted");
	refuses("plugins: [nsqd: {plugin: [x]}]\n", "main.yaml:1: plugin: the name or the path");
	refuses("- a\n", "main.yaml:1: a map of options is wanted");
}

static void folder_is_merged_in_name_order(void **state)
{
	write_file("main.yaml", "threads: 1\nplugins: [nsqd: {a: 1, b: 1, c: 1}]\n");
	write_file("conf.d/20.yaml", "threads: 3\nplugins: [nsqd: {c: 3}, late]\n");
	write_file("conf.d/10.yaml", "threads: 2\nplugins: [nsqd: {b: 2, c: 2}, early]\n");
	write_file("conf.d/x.yaml~", "nonsense: [\n");
	must_read(NULL, 0);
	assert_string_equal(pluq__node_get(config.settings, "threads")->text, "3");
	assert_int_equal(config.plugin_count, 3);
	assert_string_equal(option(0, "a"), "1");
	assert_string_equal(option(0, "b"), "2");
	assert_string_equal(option(0, "c"), "3");
	assert_non_null(strstr(pluq__node_get(config.plugins[0].options, "b")->origin.file, "conf.d/10.yaml"));
	assert_string_equal(config.plugins[1].instance, "early");
	assert_string_equal(config.plugins[2].instance, "late");
}

static void problems_in_the_folder_name_their_file(void **state)
{
	write_file("main.yaml", "");
	write_file("conf.d/10.yaml", "a: [\n");
	assert_int_equal(read_with(file, NULL, 0), PLUQ_EINVAL);
	assert_non_null(strstr(problem.text, "conf.d/10.yaml:2:1"));
}

static void sets_win_and_add_plugins(void **state)
{
	const char *sets[] = { "threads=4", "nsqd.a=5", "log.level=warn", "extra.x=1", "nsqd.list=p", "nsqd.list=q",
		"other.plugin=memory", "threads=6", "nsqd.empty=" };
	const struct pluq__node *n;

	write_file("main.yaml", "threads: 1\nplugins: [nsqd: {a: 1, list: [x, y, z]}]\n");
	must_read(sets, sizeof(sets) / sizeof(*sets));
	n = pluq__node_get(config.settings, "threads");
	assert_true(n->alternatives);
	assert_string_equal(n->items[n->count - 1]->text, "6");
	assert_string_equal(n->origin.set, "threads"); /* without the value: it may be a secret */
	n = pluq__node_get(config.plugins[0].options, "list");
	assert_int_equal(n->count, 2); /* the file's list is replaced */
	assert_string_equal(n->items[1]->text, "q");
	assert_int_equal(config.plugin_count, 3);
	assert_string_equal(config.plugins[1].instance, "extra");
	assert_string_equal(config.plugins[2].plugin, "memory");
	assert_non_null(pluq__node_get(config.settings, "log.level"));
}

static void a_bad_set_is_explained(void **state)
{
	const char *sets[] = { "nsqd.=1" };

	write_file("main.yaml", "");
	assert_int_equal(read_with(file, sets, 1), PLUQ_EINVAL);
	assert_non_null(strstr(problem.text, "--set nsqd.=1: NAME=VALUE or PLUGIN.NAME=VALUE is wanted"));
}

static void without_a_file_it_is_nsqd_with_diskqueue(void **state)
{
	const char *sets[] = { "diskqueue.data_path=/elsewhere" };

	assert_int_equal(read_with(NULL, NULL, 0), 0);
	assert_int_equal(config.plugin_count, 2);
	assert_string_equal(config.plugins[0].plugin, "nsqd");
	assert_string_equal(config.plugins[1].plugin, "diskqueue");
	assert_true(config.plugins[1].standard);
	assert_string_equal(option(1, "data_path"), pluq__config_own_folder(&config));
	pluq__config_free(&config);
	assert_int_equal(read_with(NULL, sets, 1), 0);
	assert_null(pluq__config_own_folder(&config)); /* somebody else's choice is not made by us */
	assert_false(config.plugins[1].standard);
}

static void the_data_of_nobody_in_particular(void **state)
{
	if (geteuid() == 0) {
		assert_int_equal(read_with(NULL, NULL, 0), 0);
		assert_string_equal(option(1, "data_path"), "/var/lib/pluq");
		return;
	}
	setenv("XDG_STATE_HOME", "/x/state", 1);
	assert_int_equal(read_with(NULL, NULL, 0), 0);
	assert_string_equal(option(1, "data_path"), "/x/state/pluq");
	pluq__config_free(&config);
	unsetenv("XDG_STATE_HOME");
	setenv("HOME", "/x/home", 1);
	assert_int_equal(read_with(NULL, NULL, 0), 0);
	assert_string_equal(option(1, "data_path"), "/x/home/.local/state/pluq");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(plugins_are_listed_in_three_forms),
		TEST(mistakes_in_the_list_are_explained),
		TEST(folder_is_merged_in_name_order),
		TEST(problems_in_the_folder_name_their_file),
		TEST(sets_win_and_add_plugins),
		TEST(a_bad_set_is_explained),
		TEST(without_a_file_it_is_nsqd_with_diskqueue),
		TEST(the_data_of_nobody_in_particular),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
