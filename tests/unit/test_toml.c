#include "cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../daemon/dropin/toml.h"

static struct pluq__arena arena;
static struct pluq__problem problem;
static struct pluq__toml *first;

static int read_text(const char *text)
{
	*problem.text = 0;
	return pluq__toml_text(&arena, "f.toml", text, strlen(text), &first, &problem);
}

static void reads(const char *text)
{
	if (read_text(text))
		fail_msg("'%s': %s", text, problem.text);
}

static void refuses(const char *text, const char *with)
{
	assert_int_equal(read_text(text), PLUQ_EINVAL);
	if (!strstr(problem.text, with))
		fail_msg("'%s' is refused with '%s', not with '%s'", text, problem.text, with);
}

static const struct pluq__toml *get(const char *key)
{
	for (const struct pluq__toml *v = first; v; v = v->next)
		if (strcmp(v->key, key) == 0)
			return v;
	fail_msg("there is no %s", key);
	return NULL;
}

static void is(const char *key, enum pluq__toml_type type, const char *text)
{
	const struct pluq__toml *v = get(key);

	assert_string_equal(pluq__toml_word(v->type), pluq__toml_word(type));
	assert_string_equal(v->text, text);
}

static int clear(void **state)
{
	pluq__arena_free(&arena);
	return 0;
}

static void a_file_of_the_original(void **state)
{
	reads("## log verbosity level\nlog_level = \"info\"\n\n## addresses # two\r\ntcp_address = '0.0.0.0:4150'\r\n"
	      "nsqlookupd_tcp_addresses = [\n    \"127.0.0.1:4160\", # one\n    # none here\n    \"b:4160\",\n]\n\n"
	      "mem_queue_size = 10000\ne2e_processing_latency_percentiles = [ 1.0, 0.99 ]\ndeflate = true # yes\n"
	      "sync_timeout\t=\t\"2s\"");
	is("log_level", PLUQ__TOML_STRING, "info");
	is("tcp_address", PLUQ__TOML_STRING, "0.0.0.0:4150");
	is("mem_queue_size", PLUQ__TOML_INTEGER, "10000");
	is("deflate", PLUQ__TOML_BOOLEAN, "true");
	is("sync_timeout", PLUQ__TOML_STRING, "2s");
	assert_int_equal(get("tcp_address")->line, 5);
	assert_int_equal(get("mem_queue_size")->line, 12);
	assert_int_equal(get("nsqlookupd_tcp_addresses")->type, PLUQ__TOML_LIST);
	assert_string_equal(get("nsqlookupd_tcp_addresses")->items->text, "127.0.0.1:4160");
	assert_string_equal(get("nsqlookupd_tcp_addresses")->items->next->text, "b:4160");
	assert_int_equal(get("nsqlookupd_tcp_addresses")->items->next->line, 9);
	assert_null(get("nsqlookupd_tcp_addresses")->items->next->next);
	assert_int_equal(get("e2e_processing_latency_percentiles")->items->type, PLUQ__TOML_FLOAT);
}

static void nothing_is_nothing(void **state)
{
	reads("");
	assert_null(first);
	reads("\xef\xbb\xbf# only a comment");
	assert_null(first);
	reads("a = []\nb = {}\nc = ''\nd = [ # x\n]");
	assert_null(get("a")->items);
	assert_null(get("d")->items);
	is("c", PLUQ__TOML_STRING, "");
}

static void values_without_quotes(void **state)
{
	reads("a = 1_000\nb = 0xdead_BEEF\nc = 0o17\nd = 0b101\ne = -9223372036854775808\nf = +7\ng = 0\n"
	      "h = 1.5\ni = -1e3\nj = 6.6_26E-3_4\nk = inf\nl = -nan\nm = 0.0\nn = false\n"
	      "o = 1979-05-27T07:32:00.5-07:00\np = 1979-05-27 07:32:00\nq = 1979-05-27\nr = 07:32:00 # x\n");
	is("a", PLUQ__TOML_INTEGER, "1000");
	is("b", PLUQ__TOML_INTEGER, "3735928559");
	is("c", PLUQ__TOML_INTEGER, "15");
	is("d", PLUQ__TOML_INTEGER, "5");
	is("e", PLUQ__TOML_INTEGER, "-9223372036854775808");
	is("f", PLUQ__TOML_INTEGER, "7");
	is("g", PLUQ__TOML_INTEGER, "0");
	is("h", PLUQ__TOML_FLOAT, "1.5");
	is("i", PLUQ__TOML_FLOAT, "-1e3");
	is("j", PLUQ__TOML_FLOAT, "6.626E-34");
	is("k", PLUQ__TOML_FLOAT, "inf");
	is("l", PLUQ__TOML_FLOAT, "-nan");
	is("m", PLUQ__TOML_FLOAT, "0.0");
	is("n", PLUQ__TOML_BOOLEAN, "false");
	is("o", PLUQ__TOML_TIME, "1979-05-27T07:32:00.5-07:00");
	is("p", PLUQ__TOML_TIME, "1979-05-27 07:32:00");
	is("q", PLUQ__TOML_TIME, "1979-05-27");
	is("r", PLUQ__TOML_TIME, "07:32:00");
}

static void strings(void **state)
{
	reads("a = \"q\\\" \\\\ \\t\\n \\u00e9 \\U0001F600\"\nb = 'c:\\x \"y\"'\nc = \"\"\"\nline\r\n  two \\\n\n   joined \"\"q\"\"\"\"\"\n"
	      "d = '''\nit's \\ raw''''\ne = \"\"\"\"\"\"\nf = \"# no comment\"\n\"g h\" = 1\n'' = 2\n");
	is("a", PLUQ__TOML_STRING, "q\" \\ \t\n \xc3\xa9 \xf0\x9f\x98\x80");
	is("b", PLUQ__TOML_STRING, "c:\\x \"y\"");
	is("c", PLUQ__TOML_STRING, "line\n  two joined \"\"q\"\"");
	is("d", PLUQ__TOML_STRING, "it's \\ raw'");
	is("e", PLUQ__TOML_STRING, "");
	is("f", PLUQ__TOML_STRING, "# no comment");
	is("g h", PLUQ__TOML_INTEGER, "1");
	is("", PLUQ__TOML_INTEGER, "2");
	assert_int_equal(get("e")->line, 10);
}

static void what_is_nested_is_left_out(void **state)
{
	reads("a = 1\nx.y = 2\nx . \"z\" = 3\nt = { a = 5, b = [1, {c = 'd'}], e.f = 1 }\n\n[section]\na = 6\nb = 7\n[[more.'x']] # y\na = 8\n");
	is("a", PLUQ__TOML_INTEGER, "1");
	assert_int_equal(get("t")->type, PLUQ__TOML_TABLE);
	for (const struct pluq__toml *v = first; v; v = v->next)
		assert_true(strcmp(v->key, "a") == 0 || strcmp(v->key, "t") == 0);
}

static void mistakes_have_their_place(void **state)
{
	char text[200] = "a = ";

	refuses("a = 1\n  b 2\n", "f.toml:2:5: a '=' is wanted");
	refuses("a = 1\n\na = 2\n", "f.toml:3:1: 'a' is given twice (first in line 1)");
	refuses("a = \"x\ny = 1", "f.toml:1:6: a quote is not closed");
	refuses("a = '''x\n", "a quote is not closed");
	refuses("a = 'x' y\n", "f.toml:1:9: the line should end here");
	refuses("a =\n", "f.toml:1:4: a value is missing");
	refuses("a", "a '=' is wanted");
	refuses("= 1", "a key is wanted");
	refuses("a. = 1", "a key is wanted");
	refuses("a = [1 2]", "a ',' or a ']' is wanted");
	refuses("a = [1,\n", "a value is missing");
	refuses("a = [\n1,,]", "f.toml:2:3: a value is missing");
	refuses("a = {b = 1", "a ',' or a '}' is wanted");
	refuses("a = {b = 1,}", "a key is wanted");
	refuses("a = {\nb = 1}", "a key is wanted");
	refuses("[a\n", "a ']' is wanted");
	refuses("[[a]\n", "a ']' is wanted");
	refuses("[a] b = 1\n", "the line should end here");
	refuses("[section]\nb 1\n", "f.toml:2:3: a '=' is wanted");
	refuses("a = yes", "f.toml:1:5: this is no value: a text stands in quotes");
	refuses("a = 127.0.0.1:4160", "a text stands in quotes");
	refuses("a = 01", "needless 0");
	refuses("a = +0x1", "needless 0");
	refuses("a = 1__0", "needless 0 or _");
	refuses("a = _1", "needless 0 or _");
	refuses("a = 9223372036854775808", "64 bits");
	refuses("a = 1.", "this is no value");
	refuses("a = .5", "this is no value");
	refuses("a = TRUE", "this is no value");
	refuses("a = \"\\x\"", "f.toml:1:6: there is no such escape");
	refuses("a = \"\\\nb\"", "there is no such escape");
	refuses("a = \"\\u12\"", "hexadecimal digits are missing");
	refuses("a = \"\\u0000\"", "no character that a text can have");
	refuses("a = \"\\ud800\"", "no character that a text can have");
	refuses("a = \"\\U00110000\"", "no character that a text can have");
	refuses("a = \"\x01\"", "a control character");
	refuses("a = 1\rb = 2", "the line should end here");
	refuses("a = '\xff'", "byte 5: the file must be UTF-8");
	refuses("a = '\xc0\x80'", "must be UTF-8");
	refuses("a = '\xed\xa0\x80'", "must be UTF-8");
	memset(text + 4, '[', 100);
	refuses(text, "nested too deeply");
}

static void a_zero_byte_is_refused(void **state)
{
	assert_int_equal(pluq__toml_text(&arena, "f.toml", "a = 1\0b", 7, &first, &problem), PLUQ_EINVAL);
	assert_non_null(strstr(problem.text, "byte 5"));
}

static void too_many_keys_are_refused(void **state)
{
	char *text = malloc(20 * (PLUQ__TOML_MAX_KEYS + 1)), *to = text;

	for (int i = 0; i <= PLUQ__TOML_MAX_KEYS; i++)
		to += sprintf(to, "k%d = 1\n", i);
	refuses(text, "too many keys");
	free(text);
}

static void files_that_cannot_be_read(void **state)
{
	char path[] = "/tmp/pluq-toml-XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "a = 1\n", 6), 6);
	assert_int_equal(pluq__toml_file(&arena, path, &first, &problem), 0);
	is("a", PLUQ__TOML_INTEGER, "1");
	assert_int_equal(ftruncate(fd, PLUQ__TOML_MAX_BYTES + 1), 0);
	assert_int_equal(pluq__toml_file(&arena, path, &first, &problem), PLUQ_EINVAL);
	assert_non_null(strstr(problem.text, "larger than 1 MiB"));
	close(fd);
	remove(path);
	assert_int_equal(pluq__toml_file(&arena, path, &first, &problem), PLUQ_EINVAL);
	assert_non_null(strstr(problem.text, "cannot be opened"));
	assert_int_equal(pluq__toml_file(&arena, "/tmp", &first, &problem), PLUQ_EINVAL);
	assert_non_null(strstr(problem.text, "cannot be read"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_file_of_the_original, clear),
		cmocka_unit_test_teardown(nothing_is_nothing, clear),
		cmocka_unit_test_teardown(values_without_quotes, clear),
		cmocka_unit_test_teardown(strings, clear),
		cmocka_unit_test_teardown(what_is_nested_is_left_out, clear),
		cmocka_unit_test_teardown(mistakes_have_their_place, clear),
		cmocka_unit_test_teardown(a_zero_byte_is_refused, clear),
		cmocka_unit_test_teardown(too_many_keys_are_refused, clear),
		cmocka_unit_test_teardown(files_that_cannot_be_read, clear),
	};

	return cmocka_run_group_tests_name("toml", tests, NULL, NULL);
}
