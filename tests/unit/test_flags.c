#include "cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include "../../daemon/dropin/flag_value.h"
#include "../../daemon/dropin/roles.h"

static struct pluq__flags flags;
static struct pluq__problem problem;

static const struct pluq__flag table[] = {
	{ .name = "flag", .key = "flag", .type = PLUQ__FLAG_BOOL, .help = "x" },
	{ .name = "count", .key = "count", .type = PLUQ__FLAG_INT, .help = "x", .standard = "5" },
	{ .name = "time", .key = "time", .type = PLUQ__FLAG_DURATION, .help = "x" },
	{ .name = "text", .key = "text", .type = PLUQ__FLAG_STRING, .help = "x" },
	{ .name = "level", .key = "level", .type = PLUQ__FLAG_WORD, .words = "low|high", .help = "x" },
	{ .name = "must", .key = "must", .type = PLUQ__FLAG_WORD, .words = "false|true|some", .help = "x" },
	{ .name = "names", .key = "all_names", .type = PLUQ__FLAG_STRINGS, .help = "x" },
	{ .name = "points", .key = "points", .type = PLUQ__FLAG_FLOATS, .help = "x" },
};

static int make(void **state)
{
	flags = (struct pluq__flags){ .program = "test" };
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (pluq__flags_add(&flags, &table[i]))
			return -1;
	return 0;
}

static int clear(void **state)
{
	pluq__flags_free(&flags);
	return 0;
}

#define PARSE(...)                                                                                                     \
	({                                                                                                             \
		char *argv[] = { "test", __VA_ARGS__, NULL };                                                          \
		*problem.text = 0;                                                                                     \
		pluq__flags_parse(&flags, (int)(sizeof(argv) / sizeof(*argv)) - 1, argv, &problem);                    \
	})

/* What the command line says of a flag, lists with '|' behind each item. */
static const char *value(const char *name)
{
	static char text[200];
	struct pluq__node *n = pluq__flag_node(&flags.arena, &flags, (size_t)pluq__flags_find(&flags, name));

	assert_non_null(n);
	if (n->kind == PLUQ__NODE_SCALAR)
		return n->text;
	*text = 0;
	for (size_t i = 0; i < n->count; i++) {
		strcat(text, n->items[i]->text);
		strcat(text, "|");
	}
	return text;
}

static void all_ways_to_write_a_flag(void **state)
{
	assert_int_equal(PARSE("-count=1", "--time", "1s", "-text", "a=b", "--level=HIGH"), PLUQ__FLAGS_GOOD);
	assert_int_equal(flags.given_count, 4);
	assert_string_equal(value("count"), "1");
	assert_string_equal(value("time"), "1s");
	assert_string_equal(value("text"), "a=b");
	assert_string_equal(value("level"), "HIGH");
	assert_int_equal(PARSE("--text=", "--text", "-x"), PLUQ__FLAGS_GOOD); /* a value may look like a flag; the last one counts */
	assert_string_equal(value("text"), "-x");
	assert_int_equal(PARSE("--text="), PLUQ__FLAGS_GOOD);
	assert_string_equal(value("text"), "");
}

static void booleans_take_no_word(void **state)
{
	assert_int_equal(PARSE("--flag", "-must"), PLUQ__FLAGS_GOOD);
	assert_string_equal(value("flag"), "true");
	assert_string_equal(value("must"), "true");
	assert_int_equal(PARSE("--flag=F", "-must=Some"), PLUQ__FLAGS_GOOD);
	assert_string_equal(value("flag"), "false");
	assert_string_equal(value("must"), "Some");
	assert_int_equal(PARSE("--must=0"), PLUQ__FLAGS_GOOD);
	assert_string_equal(value("must"), "false");
	assert_int_equal(PARSE("--flag", "false", "--nonsense"), PLUQ__FLAGS_GOOD); /* "false" is an argument, and the end */
	assert_string_equal(value("flag"), "true");
	assert_int_equal(flags.given_count, 1);
}

static void reading_ends_at_the_first_argument(void **state)
{
	assert_int_equal(PARSE("-count=1", "--", "--nonsense"), PLUQ__FLAGS_GOOD);
	assert_int_equal(flags.given_count, 1);
	assert_int_equal(PARSE("-", "--nonsense"), PLUQ__FLAGS_GOOD);
	assert_int_equal(PARSE("", "--nonsense"), PLUQ__FLAGS_GOOD);
	assert_int_equal(PARSE("file", "--nonsense"), PLUQ__FLAGS_GOOD);
	assert_int_equal(flags.given_count, 0);
}

static void values_become_what_options_read(void **state)
{
	assert_int_equal(PARSE("--count=0x_10", "--time=1h2m3.5s"), PLUQ__FLAGS_GOOD);
	assert_string_equal(value("count"), "16");
	assert_string_equal(value("time"), "1h2m3.5s");
	assert_int_equal(PARSE("--count=-017", "--time", "2\xce\xbcs"), PLUQ__FLAGS_GOOD); /* a Greek mu is not in their notation */
	assert_string_equal(value("count"), "-15");
	assert_string_equal(value("time"), "2000ns");
}

static void lists_are_collected(void **state)
{
	assert_int_equal(PARSE("--names=a,b", "--names", "c", "--points=0.5,0.99", "--count=1", "--points=1"), PLUQ__FLAGS_GOOD);
	assert_string_equal(value("names"), "a,b|c|");
	assert_string_equal(value("points"), "1|0.99|0.5|");
}

static void where_a_value_comes_from_is_told(void **state)
{
	char place[64];
	struct pluq__node *n;

	assert_int_equal(PARSE("-count=1", "--names=x"), PLUQ__FLAGS_GOOD);
	n = pluq__flag_node(&flags.arena, &flags, (size_t)pluq__flags_find(&flags, "count"));
	assert_string_equal(pluq__origin_text(&n->origin, place, sizeof(place)), "flag --count");
	n = pluq__node_clone(&flags.arena, pluq__flag_node(&flags.arena, &flags, (size_t)pluq__flags_find(&flags, "names")));
	assert_string_equal(pluq__origin_text(&n->origin, place, sizeof(place)), "flag --names");
}

static void wrong(enum pluq__flags_result result, const char *said)
{
	assert_int_equal(result, PLUQ__FLAGS_WRONG);
	if (!strstr(problem.text, said))
		fail_msg("'%s' does not say '%s'", problem.text, said);
}

static void wrong_usage_is_told(void **state)
{
	wrong(PARSE("--nonsense"), "flag provided but not defined: -nonsense");
	wrong(PARSE("-cuont=1"), "flag provided but not defined: -cuont: did you mean -count");
	wrong(PARSE("--count"), "flag needs an argument: -count");
	wrong(PARSE("---count=1"), "bad flag syntax: ---count=1");
	wrong(PARSE("-=1"), "bad flag syntax: -=1");
	wrong(PARSE("--=1"), "bad flag syntax: --=1");
	wrong(PARSE("--flag=yes"), "invalid value \"yes\" for flag -flag: true or false is wanted");
	wrong(PARSE("--flag="), "invalid value \"\" for flag -flag");
	wrong(PARSE("--count=1.5"), "invalid value \"1.5\" for flag -count: an integer is wanted");
	wrong(PARSE("--count", "--flag"), "invalid value \"--flag\" for flag -count");
	wrong(PARSE("--time=5"), "invalid value \"5\" for flag -time: a duration such as");
	wrong(PARSE("--level=middle"), "invalid value \"middle\" for flag -level: one of low, high is wanted");
	wrong(PARSE("--must=maybe"), "for flag -must: one of false, true, some");
	wrong(PARSE("--points=0.5,x"), "for flag -points: a list of numbers is wanted");
	wrong(PARSE("--points="), "for flag -points");
	wrong(PARSE("--points=0.5, 0.6"), "for flag -points");
}

static void help_is_help(void **state)
{
	assert_int_equal(PARSE("-h"), PLUQ__FLAGS_HELP);
	assert_int_equal(PARSE("--help"), PLUQ__FLAGS_HELP);
	assert_int_equal(PARSE("--count=1", "-help", "--nonsense"), PLUQ__FLAGS_HELP);
	wrong(PARSE("--nonsense", "--help"), "nonsense");
}

/* --- the file ----------------------------------------------------------------------------------------------------- */

static struct pluq__node *from_file(const char *text, int *rc)
{
	struct pluq__node *n = NULL;
	struct pluq__toml *v;

	if (pluq__toml_text(&flags.arena, "f.toml", text, strlen(text), &v, &problem))
		fail_msg("%s", problem.text);
	*rc = pluq__flag_from_toml(&flags.arena, &flags.items[pluq__flags_find_key(&flags, v->key)], "f.toml", v, &n, &problem);
	return n;
}

static void file_says(const char *text, const char *wanted)
{
	char have[200] = "", place[64];
	struct pluq__node *n;
	int rc;

	n = from_file(text, &rc);
	if (rc)
		fail_msg("%s", problem.text);
	if (n->kind == PLUQ__NODE_SCALAR)
		strcpy(have, n->text);
	for (size_t i = 0; i < n->count; i++) {
		strcat(have, n->items[i]->text);
		strcat(have, "|");
	}
	assert_string_equal(have, wanted);
	assert_string_equal(pluq__origin_text(&n->origin, place, sizeof(place)), "f.toml:2");
}

static void file_is_refused(const char *text, const char *said)
{
	int rc;

	from_file(text, &rc);
	assert_int_equal(rc, PLUQ_EINVAL);
	if (!strstr(problem.text, said))
		fail_msg("'%s' does not say '%s'", problem.text, said);
}

static void types_that_a_file_may_give(void **state)
{
	file_says("\ntime = \"1.5s\"", "1.5s");
	file_says("\ntime = 250", "250"); /* which an option table reads as milliseconds */
	file_says("\ncount = 0x10", "16");
	file_says("\ncount = \"010\"", "10");
	file_says("\nflag = true", "true");
	file_says("\nflag = \"F\"", "false");
	file_says("\nmust = true", "true");
	file_says("\nmust = \"some\"", "some");
	file_says("\nlevel = \"Low\"", "Low");
	file_says("\ntext = \"\"", "");
	file_says("\nall_names = [\"a\", \"b,c\"]", "a|b,c|");
	file_says("\nall_names = \"a, b\"", "a| b|");
	file_says("\nall_names = []", "");
	file_says("\npoints = [0.5, 1, 0.9]", "0.5|1|0.9|");
	file_says("\npoints = \"0.5, 0.9\"", "0.5|0.9|");
}

static void types_that_it_may_not(void **state)
{
	file_is_refused("\ntime = \"5\"", "f.toml:2: time: '5' is not a duration such as 250ms");
	file_is_refused("time = 1.5", "f.toml:1: time: a float is not a duration");
	file_is_refused("count = 1.0", "f.toml:1: count: a float is not an integer");
	file_is_refused("count = \"0x10\"", "'0x10' is not an integer");
	file_is_refused("count = true", "a boolean is not an integer");
	file_is_refused("flag = 1", "f.toml:1: flag: an integer is no boolean");
	file_is_refused("must = 0", "must: an integer is no boolean");
	file_is_refused("flag = \"yes\"", "'yes' is not true or false");
	file_is_refused("must = \"maybe\"", "'maybe' is not one of false, true, some");
	file_is_refused("level = false", "a boolean is not one of low, high");
	file_is_refused("text = 1", "an integer is not a string");
	file_is_refused("text = [\"a\"]", "a list is not a string");
	file_is_refused("text = {}", "a table is not a string");
	file_is_refused("text = 07:32:00", "a time is not a string");
	file_is_refused("all_names = [\"a\",\n1]", "f.toml:2: all_names: the list is to have nothing but strings");
	file_is_refused("all_names = [[\"a\"]]", "nothing but strings");
	file_is_refused("all_names = 1", "an integer is not a list of strings");
	file_is_refused("points = [\"0.5\"]", "nothing but numbers");
	file_is_refused("points = [nan]", "nothing but numbers");
	file_is_refused("points = \"0.5,,1\"", "'' is not a list of numbers");
	file_is_refused("points = 0.5", "a float is not a list of numbers");
}

static void programs_are_known_by_their_names(void **state)
{
	assert_string_equal(pluq__role_of("nsqd")->name, "nsqd");
	assert_string_equal(pluq__role_of("/usr/libexec/pluq/nsqlookupd")->name, "nsqlookupd");
	assert_null(pluq__role_of("pluqd"));
	assert_null(pluq__role_of("nsqd/pluqd"));
	assert_null(pluq__role_of("/opt/nsqd.old"));
	assert_null(pluq__role_of(""));
	assert_null(pluq__role_of(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(all_ways_to_write_a_flag, make, clear),
		cmocka_unit_test_setup_teardown(booleans_take_no_word, make, clear),
		cmocka_unit_test_setup_teardown(reading_ends_at_the_first_argument, make, clear),
		cmocka_unit_test_setup_teardown(values_become_what_options_read, make, clear),
		cmocka_unit_test_setup_teardown(lists_are_collected, make, clear),
		cmocka_unit_test_setup_teardown(where_a_value_comes_from_is_told, make, clear),
		cmocka_unit_test_setup_teardown(wrong_usage_is_told, make, clear),
		cmocka_unit_test_setup_teardown(help_is_help, make, clear),
		cmocka_unit_test_setup_teardown(types_that_a_file_may_give, make, clear),
		cmocka_unit_test_setup_teardown(types_that_it_may_not, make, clear),
		cmocka_unit_test(programs_are_known_by_their_names),
	};

	return cmocka_run_group_tests_name("flags", tests, NULL, NULL);
}
