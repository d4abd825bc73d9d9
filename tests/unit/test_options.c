#include "cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include "../../daemon/base/yaml.h"
#include "../../daemon/plugin/options.h"

struct conf {
	bool flag;
	int64_t number, duration, size, word, special;
	const char *text, *secret;
	struct pluq_strings names;
	struct pluq_floats points;
};

#define AT(m) .offset = offsetof(struct conf, m), .help = "help"

static const struct pluq_option options[] = {
	{ .key = "flag", .type = PLUQ_OPT_BOOL, .standard = "on", AT(flag) },
	{ .key = "number", .type = PLUQ_OPT_INT, .standard = "5", .min = 1, .max = 10, AT(number) },
	{ .key = "duration", .type = PLUQ_OPT_DURATION, .standard = "250ms", AT(duration) },
	{ .key = "size", .type = PLUQ_OPT_SIZE, .standard = "64KiB", .max = 1 << 20, AT(size) },
	{ .key = "word", .type = PLUQ_OPT_ENUM, .standard = "two", .words = "one|two", AT(word) },
	{ .key = "special", .type = PLUQ_OPT_INT, .standard = "auto", .words = "auto", .max = 9, AT(special) },
	{ .key = "text", .type = PLUQ_OPT_STRING, AT(text) },
	{ .key = "secret", .type = PLUQ_OPT_INT, .flags = PLUQ_OPT_SECRET, AT(secret) },
	{ .key = "names", .type = PLUQ_OPT_STRINGS, .standard = "[a, b]", AT(names) },
	{ .key = "points", .type = PLUQ_OPT_FLOATS, AT(points) },
	{ .key = NULL },
};

static const struct pluq__table table = { options, sizeof(*options), sizeof(struct conf) };

static struct pluq__arena arena;
static struct pluq__problem problem;
static struct pluq__conf conf;

static int clear(void **state)
{
	pluq__arena_free(&arena);
	pluq__conf_free(&conf);
	return 0;
}

static int fill(const struct pluq__table *t, const char *yaml)
{
	struct pluq__node *map;

	assert_int_equal(pluq__yaml_text(&arena, "f.yaml", yaml, strlen(yaml), &map, &problem), 0);
	return pluq__conf_fill(&conf, t, "plug", map, &problem);
}

static const struct conf *filled(const char *yaml)
{
	if (fill(&table, yaml))
		fail_msg("%s", problem.text);
	return conf.block;
}

static void refuses(const char *yaml, const char *with)
{
	assert_int_equal(fill(&table, yaml), PLUQ_EINVAL);
	assert_string_equal(problem.text, with);
}

static void defaults(void **state)
{
	const struct conf *c = filled("");

	assert_true(c->flag);
	assert_int_equal(c->number, 5);
	assert_int_equal(c->duration, 250000000);
	assert_int_equal(c->size, 65536);
	assert_int_equal(c->word, 1);
	assert_int_equal(c->special, 0);
	assert_string_equal(c->text, "");
	assert_int_equal(c->names.count, 2);
	assert_string_equal(c->names.items[1], "b");
	assert_int_equal(c->points.count, 0);
}

static void given_values(void **state)
{
	const struct conf *c = filled("flag: no\nnumber: 10\nduration: 3\nsize: 1MB\nword: ONE\nspecial: 9\ntext: 'x y'\n"
	                              "names: only\npoints: [0.5, 1]\n");

	assert_false(c->flag);
	assert_int_equal(c->number, 10);
	assert_int_equal(c->duration, 3000000);
	assert_int_equal(c->size, 1000000);
	assert_int_equal(c->word, 0);
	assert_int_equal(c->special, 9);
	assert_string_equal(c->text, "x y");
	assert_int_equal(c->names.count, 1);
	assert_string_equal(c->names.items[0], "only");
	assert_int_equal(c->points.count, 2);
	assert_true(c->points.items[0] == 0.5 && c->points.items[1] == 1);
	assert_string_equal(conf.given[1]->origin.file, "f.yaml");
	assert_int_equal(conf.given[1]->origin.line, 2);
}

static void empty_lists_can_be_given(void **state)
{
	assert_int_equal(filled("names: []\n")->names.count, 0);
	clear(NULL);
	assert_int_equal(filled("names: ''\n")->names.count, 0);
}

static void problems_name_place_value_and_remedy(void **state)
{
	refuses("number: 11", "f.yaml:1: plug.number: '11' is not an integer from 1 to 10");
	refuses("\nnumber: x", "f.yaml:2: plug.number: 'x' is not an integer from 1 to 10");
	refuses("number: [1]", "f.yaml:1: plug.number: this list is not an integer from 1 to 10");
	refuses("number: {a: 1}", "f.yaml:1: plug.number: a map is not an integer from 1 to 10");
	refuses("number:", "f.yaml:1: plug.number: has no value: give an integer from 1 to 10, or remove the line");
	refuses("flag: 2", "f.yaml:1: plug.flag: '2' is not true or false");
	refuses("duration: -1s", "f.yaml:1: plug.duration: '-1s' is not a duration such as 250ms or 1h30m (a bare number is "
	                         "milliseconds)");
	refuses("size: 2MB", "f.yaml:1: plug.size: '2MB' is not a size from 0 to 1MiB (a bare number is bytes)");
	refuses("word: three", "f.yaml:1: plug.word: 'three' is not one of one, two");
	refuses("special: 0", "f.yaml:1: plug.special: '0' is not auto or an integer from 1 to 9");
	refuses("names: {a: b}", "f.yaml:1: plug.names: a map is not a list of strings");
	refuses("names: [a, [b]]", "f.yaml:1: plug.names: this list is not a list of strings");
	refuses("points: [0.5, x]", "f.yaml:1: plug.points: this list is not a list of numbers");
	refuses("numbr: 1", "f.yaml:1: plug.numbr: there is no such option: did you mean 'number'?");
	refuses("zzzzz: 1", "f.yaml:1: plug.zzzzz: there is no such option: pluqd --help-plugin plug lists what there is");
}

static void secrets_are_not_shown(void **state)
{
	refuses("secret: hunter2", "f.yaml:1: plug.secret: the value is not an integer");
}

static void required_options_must_be_given(void **state)
{
	static const struct pluq_option required[] = {
		{ .key = "must", .type = PLUQ_OPT_STRING, .flags = PLUQ_OPT_REQUIRED, .help = "what it is for" },
		{ .key = NULL },
	};
	static const struct pluq__table t = { required, sizeof(*required), sizeof(char *) };

	assert_int_equal(fill(&t, ""), PLUQ_EINVAL);
	assert_string_equal(problem.text, "plug.must: is required and has no default: what it is for");
	assert_int_equal(fill(&t, "must: here"), 0);
	assert_string_equal(*(const char **)conf.block, "here");
}

/* A plugin built against a later header has longer entries. */
static void stride_is_honoured(void **state)
{
	struct longer {
		struct pluq_option o;
		void *more;
	};
	static const struct longer longer[] = {
		{ .o = { .key = "a", .type = PLUQ_OPT_INT, .standard = "1", .help = "" }, .more = &conf },
		{ .o = { .key = "b", .type = PLUQ_OPT_INT, .standard = "2", .offset = 8, .help = "" }, .more = &conf },
		{ .o = { .key = NULL } },
	};
	const struct pluq__table t = { &longer[0].o, sizeof(*longer), 16 };

	assert_int_equal(pluq__table_count(&t), 2);
	assert_int_equal(pluq__table_check(&t, &problem), 0);
	assert_int_equal(fill(&t, "b: 7"), 0);
	assert_int_equal(((int64_t *)conf.block)[0], 1);
	assert_int_equal(((int64_t *)conf.block)[1], 7);
}

static void no_table_has_no_options(void **state)
{
	const struct pluq__table t = { NULL, 0, 0 };

	assert_int_equal(pluq__table_check(&t, &problem), 0);
	assert_int_equal(fill(&t, ""), 0);
	pluq__conf_free(&conf);
	assert_int_equal(fill(&t, "a: 1"), PLUQ_EINVAL);
}

static void what_is_printed_reads_back(void **state)
{
	struct pluq__conf first, second;
	struct pluq__node *map;
	char yaml[1024] = "";

	filled("flag: no\nduration: 90s\nsize: 3KiB\nspecial: auto\ntext: \"a\\\"b\\\\c\\nd: e # f\"\nnames: ['1', 'x, y', '']\n"
	       "points: [0.99, 0.1]\n");
	first = conf;
	conf = (struct pluq__conf){ 0 };
	for (size_t i = 0; i < pluq__table_count(&table); i++) {
		strcat(strcat(yaml, options[i].key), ": ");
		strcat(strcat(yaml, pluq__conf_print(&first, &table, i)), "\n");
	}
	assert_int_equal(pluq__yaml_text(&arena, "g.yaml", yaml, strlen(yaml), &map, &problem), 0);
	assert_int_equal(pluq__conf_fill(&second, &table, "plug", map, &problem), 0);
	for (size_t i = 0; i < pluq__table_count(&table); i++)
		assert_true(pluq__conf_same(&first, &second, &table, i));
	assert_non_null(strstr(yaml, "points: [0.99, 0.1]\n"));
	assert_non_null(strstr(yaml, "duration: 1m30s\n"));
	assert_non_null(strstr(yaml, "special: auto\n"));
	pluq__conf_free(&first);
	pluq__conf_free(&second);
}

static void kept_values_outlive_their_source(void **state)
{
	struct pluq__conf old, fresh;
	const struct conf *c;

	filled("names: [x, y, z]\nnumber: 9\n");
	old = conf;
	filled("names: [q]\nword: one\n");
	fresh = conf;
	conf = (struct pluq__conf){ 0 };
	assert_false(pluq__conf_same(&old, &fresh, &table, 8));
	for (size_t i = 0; i < pluq__table_count(&table); i++)
		assert_int_equal(pluq__conf_keep(&fresh, &old, &table, i), 0);
	assert_true(pluq__conf_same(&old, &fresh, &table, 8));
	pluq__conf_free(&old);
	pluq__arena_free(&arena);
	c = fresh.block;
	assert_int_equal(c->names.count, 3);
	assert_string_equal(c->names.items[2], "z");
	assert_int_equal(c->number, 9);
	assert_int_equal(c->word, 1); /* the old one's default */
	pluq__conf_free(&fresh);
}

static void faulty(const struct pluq_option *o, const char *with)
{
	const struct pluq_option both[] = { *o, { .key = NULL } };
	const struct pluq__table t = { both, sizeof(*both), 16 };

	assert_int_equal(pluq__table_check(&t, &problem), PLUQ_EINVAL);
	if (!strstr(problem.text, with))
		fail_msg("'%s' does not say '%s'", problem.text, with);
}

#define FAULTY(with, ...) faulty(&(const struct pluq_option){ __VA_ARGS__ }, with)
#define K .key = "k", .help = ""
#define INTEGER K, .type = PLUQ_OPT_INT

static void faulty_tables_are_refused(void **state)
{
	struct pluq_option endless[600];
	const struct pluq__table t = { endless, sizeof(*endless), 16 };
	const struct pluq_option twice[] = {
		{ .key = "k", .type = PLUQ_OPT_BOOL, .help = "" },
		{ .key = "k", .type = PLUQ_OPT_BOOL, .help = "" },
		{ .key = NULL },
	};
	const struct pluq__table u = { twice, sizeof(*twice), 16 };

	assert_int_equal(pluq__table_check(&table, &problem), 0);
	FAULTY("characters", .key = "Upper", .help = "", .type = PLUQ_OPT_INT);
	FAULTY("characters", .key = "", .help = "", .type = PLUQ_OPT_INT);
	FAULTY("type is unknown", K, .type = 0);
	FAULTY("type is unknown", K, .type = 99);
	FAULTY("help", .key = "k", .type = PLUQ_OPT_INT);
	FAULTY("outside", INTEGER, .offset = 9);
	FAULTY("outside", INTEGER, .offset = SIZE_MAX);
	FAULTY("outside", K, .type = PLUQ_OPT_STRINGS, .offset = 8);
	FAULTY("misaligned", INTEGER, .offset = 4);
	FAULTY("bounds", INTEGER, .min = 5, .max = 4);
	FAULTY("out of its bounds", INTEGER, .min = 5, .max = 9);
	FAULTY("at most one word", INTEGER, .words = "a|b");
	FAULTY("no words", K, .type = PLUQ_OPT_ENUM);
	FAULTY("default is not acceptable", INTEGER, .standard = "x");
	FAULTY("default is not acceptable", INTEGER, .standard = "4", .min = 5, .max = 6);
	FAULTY("default cannot be read", K, .type = PLUQ_OPT_STRINGS, .standard = "[a");
	assert_int_equal(pluq__table_check(&u, &problem), PLUQ_EINVAL);
	assert_non_null(strstr(problem.text, "twice"));
	for (size_t i = 0; i < 600; i++)
		endless[i] = twice[0];
	assert_int_equal(pluq__table_check(&t, &problem), PLUQ_EINVAL);
	assert_non_null(strstr(problem.text, "no end"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(defaults, clear),
		cmocka_unit_test_teardown(given_values, clear),
		cmocka_unit_test_teardown(empty_lists_can_be_given, clear),
		cmocka_unit_test_teardown(problems_name_place_value_and_remedy, clear),
		cmocka_unit_test_teardown(secrets_are_not_shown, clear),
		cmocka_unit_test_teardown(required_options_must_be_given, clear),
		cmocka_unit_test_teardown(stride_is_honoured, clear),
		cmocka_unit_test_teardown(no_table_has_no_options, clear),
		cmocka_unit_test_teardown(what_is_printed_reads_back, clear),
		cmocka_unit_test_teardown(kept_values_outlive_their_source, clear),
		cmocka_unit_test_teardown(faulty_tables_are_refused, clear),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
