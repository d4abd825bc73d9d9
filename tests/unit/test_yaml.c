#include "cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../daemon/base/yaml.h"

static struct pluq__arena arena;
static struct pluq__problem problem;

static int read_text(const char *text, struct pluq__node **root)
{
	*problem.text = 0;
	return pluq__yaml_text(&arena, "f.yaml", text, strlen(text), root, &problem);
}

static void refuses(const char *text, const char *with)
{
	struct pluq__node *root;

	assert_int_equal(read_text(text, &root), PLUQ_EINVAL);
	if (!strstr(problem.text, with))
		fail_msg("'%s' is refused with '%s', not with '%s'", text, problem.text, with);
}

static int clear(void **state)
{
	pluq__arena_free(&arena);
	return 0;
}

static void values_have_their_place(void **state)
{
	struct pluq__node *root, *n;
	char place[64];

	assert_int_equal(read_text("a: 1\nb:\n  - x\n  - 'y z'\nc: {d: 250ms, e: \"q\\\"\"}\n", &root), 0);
	assert_int_equal(root->kind, PLUQ__NODE_MAP);
	assert_int_equal(root->count, 3);
	assert_string_equal(pluq__node_get(root, "a")->text, "1");
	n = pluq__node_get(root, "b");
	assert_int_equal(n->kind, PLUQ__NODE_LIST);
	assert_string_equal(n->items[1]->text, "y z");
	assert_true(n->items[1]->quoted);
	assert_int_equal(n->items[1]->origin.line, 4);
	assert_int_equal(n->items[1]->origin.column, 5);
	assert_int_equal(n->origin.line, 2); /* where its key stands */
	n = pluq__node_get(pluq__node_get(root, "c"), "e");
	assert_string_equal(n->text, "q\"");
	assert_string_equal(pluq__origin_text(&n->origin, place, sizeof(place)), "f.yaml:5");
	assert_null(pluq__node_get(root, "z"));
}

static void nothing_is_an_empty_map(void **state)
{
	struct pluq__node *root;

	assert_int_equal(read_text("", &root), 0);
	assert_int_equal(root->kind, PLUQ__NODE_MAP);
	assert_int_equal(root->count, 0);
	assert_int_equal(read_text("# only a comment\n", &root), 0);
	assert_int_equal(root->count, 0);
}

static void absent_values_differ_from_empty_ones(void **state)
{
	struct pluq__node *root;

	assert_int_equal(read_text("a:\nb: ''\nc: ~\nd: null\ne: nullx\n", &root), 0);
	assert_true(pluq__node_is_null(pluq__node_get(root, "a")));
	assert_false(pluq__node_is_null(pluq__node_get(root, "b")));
	assert_true(pluq__node_is_null(pluq__node_get(root, "c")));
	assert_true(pluq__node_is_null(pluq__node_get(root, "d")));
	assert_false(pluq__node_is_null(pluq__node_get(root, "e")));
}

static void what_is_not_supported_is_named(void **state)
{
	refuses("a: 1\nb: 2\na: 3\n", "f.yaml:3:1: 'a' is given twice (first in line 1)");
	refuses("a: &x 1\n", "f.yaml:1:4: anchors (&name) are not supported");
	refuses("a: 1\nb: *x\n", "f.yaml:2:4: aliases (*name) are not supported");
	refuses("a: !int 1\n", "f.yaml:1:4: tags (!name) are not supported");
	refuses("a: !!str 1\n", "tags (!name) are not supported");
	refuses("a: &x [1]\n", "anchors (&name) are not supported");
	refuses("a: !!map {}\n", "tags (!name) are not supported");
	refuses("a: 1\n---\nb: 2\n", "f.yaml:2:1: a second document");
	refuses("[a, b]: 1\n", "a key must be a single word");
	refuses("*x : 1\n", "aliases (*name) are not supported");
	refuses("a: \"x\\0y\"\n", "zero byte");
}

static void syntax_errors_have_their_place(void **state)
{
	refuses("a: [1, 2\n", "f.yaml:2:1: ");
	refuses("a: 1\n b: 2\n", "f.yaml:2:");
	refuses("a: 'x\n", "f.yaml:2:1: ");
	refuses("a:\n\t- x\n", "f.yaml:2:1: ");
	refuses("a: \xff\n", "the file must be UTF-8 text");
}

static void depth_is_bounded(void **state)
{
	char text[64] = "";

	for (int i = 0; i < 16; i++)
		strcat(text, "[");
	refuses(strcat(text, "["), "nested too deeply");
}

static void files_are_read(void **state)
{
	char path[] = "/tmp/pluq-yaml-XXXXXX", *large;
	struct pluq__node *root;
	FILE *f = fdopen(mkstemp(path), "w");

	fputs("threads: 3\n", f);
	fclose(f);
	assert_int_equal(pluq__yaml_file(&arena, path, &root, &problem), 0);
	assert_string_equal(pluq__node_get(root, "threads")->text, "3");
	assert_string_equal(root->origin.file, path);

	large = malloc(2 << 20);
	memset(large, '#', 2 << 20);
	f = fopen(path, "w");
	fwrite(large, 1, 2 << 20, f);
	fclose(f);
	free(large);
	assert_int_equal(pluq__yaml_file(&arena, path, &root, &problem), PLUQ_EINVAL);
	assert_non_null(strstr(problem.text, "larger than 1 MiB"));

	unlink(path);
	assert_int_equal(pluq__yaml_file(&arena, path, &root, &problem), PLUQ_EINVAL);
	assert_non_null(strstr(problem.text, "No such file"));
	assert_int_equal(pluq__yaml_file(&arena, "/", &root, &problem), PLUQ_EINVAL);
	assert_non_null(strstr(problem.text, "cannot be"));
}

static void clones_stand_alone(void **state)
{
	struct pluq__arena other = { 0 };
	struct pluq__node *root, *copy;

	assert_int_equal(read_text("a: [x, {b: y}]\n", &root), 0);
	copy = pluq__node_clone(&other, root);
	pluq__arena_free(&arena);
	assert_string_equal(pluq__node_get(pluq__node_get(copy, "a")->items[1], "b")->text, "y");
	assert_string_equal(copy->origin.file, "f.yaml");
	pluq__arena_free(&other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(values_have_their_place, clear),
		cmocka_unit_test_teardown(nothing_is_an_empty_map, clear),
		cmocka_unit_test_teardown(absent_values_differ_from_empty_ones, clear),
		cmocka_unit_test_teardown(what_is_not_supported_is_named, clear),
		cmocka_unit_test_teardown(syntax_errors_have_their_place, clear),
		cmocka_unit_test_teardown(depth_is_bounded, clear),
		cmocka_unit_test_teardown(files_are_read, clear),
		cmocka_unit_test_teardown(clones_stand_alone, clear),
	};

	return cmocka_run_group_tests_name("yaml", tests, NULL, NULL);
}
