#include "cmocka_all.h"

#include <fcntl.h>
#include <unistd.h>

#include "../../daemon/args.h"

static struct pluq__args args;

/* Standard error is not for the test's output. */
static int parse(int argc, char **argv)
{
	int kept = dup(2), null = open("/dev/null", O_WRONLY), rc;

	dup2(null, 2);
	rc = pluq__args_parse(&args, argc, argv);
	dup2(kept, 2);
	close(kept);
	close(null);
	return rc;
}

#define PARSE(...)                                                                                                     \
	({                                                                                                             \
		char *argv[] = { "pluqd", __VA_ARGS__, NULL };                                                         \
		parse((int)(sizeof(argv) / sizeof(*argv)) - 1, argv);                                                  \
	})

static int clear(void **state)
{
	pluq__args_free(&args);
	return 0;
}

static void nothing_given_serves(void **state)
{
	char *argv[] = { "pluqd", NULL };

	assert_int_equal(parse(1, argv), 0);
	assert_int_equal(args.action, PLUQ__SERVE);
	assert_null(args.config);
	assert_int_equal(args.set_count, 0);
}

static void everything_is_understood(void **state)
{
	assert_int_equal(PARSE("--config", "a.yaml", "--set", "x=1", "--set=y.z=2=3", "--check-config"), 0);
	assert_int_equal(args.action, PLUQ__CHECK_CONFIG);
	assert_string_equal(args.config, "a.yaml");
	assert_int_equal(args.set_count, 2);
	assert_string_equal(args.sets[0], "x=1");
	assert_string_equal(args.sets[1], "y.z=2=3");
	clear(NULL);
	assert_int_equal(PARSE("--help-plugin", "nsqd"), 0);
	assert_int_equal(args.action, PLUQ__HELP_PLUGIN);
	assert_string_equal(args.plugin, "nsqd");
}

static void wrong_usage_is_refused(void **state)
{
	assert_int_equal(PARSE("--nonsense"), -1);
	assert_int_equal(PARSE("--confg=x"), -1);
	assert_int_equal(PARSE("-x"), -1);
	assert_int_equal(PARSE("file.yaml"), -1);
	assert_int_equal(PARSE("--config"), -1);
	assert_int_equal(PARSE("--set", "x"), -1);
	assert_int_equal(PARSE("--set", "=x"), -1);
	assert_int_equal(PARSE("--set", "a=1", "--set"), -1);
	assert_int_equal(PARSE("--version=3"), -1);
	assert_int_equal(PARSE("--print"), -1); /* config or reference? */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(nothing_given_serves, clear),
		cmocka_unit_test_teardown(everything_is_understood, clear),
		cmocka_unit_test(wrong_usage_is_refused),
	};

	return cmocka_run_group_tests_name("args", tests, NULL, NULL);
}
