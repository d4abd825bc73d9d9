/* validate-json: what is JSON, what a rule says, and the plugin as the daemon sees it. */
#include "cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../plugins/validators/json/check.h"
#include "mock_host.h"

extern const struct pluq_plugin pluq_plugin_entry;

/* --- the scanner */

static enum scan_status scan_with(const char *text, size_t length, struct keys *keys, uint32_t depth, struct scan *scan)
{
	static const struct names none;
	uint8_t *copy = malloc(length ? length : 1); /* exactly as long, so that reading on is seen */

	memcpy(copy, text, length);
	*scan = (struct scan){.names = &none, .keys = keys, .depth = depth};
	enum scan_status status = json_scan(scan, copy, length);
	free(copy);
	return status;
}

struct vector {
	const char *text;
	size_t length;
};

#define V(text) {text, sizeof(text) - 1}

/* The names of the cases in public collections: y_ is to be accepted, n_ refused. */
static const struct vector good[] = {
	V("{}"), V("[]"), V("[[]]"), V("[[],[[]]]"), V("[\"\"]"), V("[\"a\"]"), V("[false]"), V("[null, 1, \"1\", {}]"), V("[null]"),
	V("[1\n]"), V(" [1]"), V("[1,null,null,null,2]"), V("[2] "), V("[123e65]"), V("[0e+1]"), V("[0e1]"), V("[ 4]"),
	V("[-0.000000000000000000000000000000000000000000000000000000000000000000000000000001]"), V("[20e1]"), V("[-0]"), V("[-123]"),
	V("[-1]"), V("[1E22]"), V("[1E-2]"), V("[1E+2]"), V("[123e45]"), V("[123.456e78]"), V("[1e-2]"), V("[1e+2]"), V("[123]"),
	V("[123.456789]"), V("{\"asd\":\"sdf\", \"dfg\":\"fgh\"}"), V("{\"asd\":\"sdf\"}"), V("{\"a\":\"b\",\"a\":\"c\"}"), V("{\"\":0}"),
	V("{\"foo\\u0000bar\": 42}"), V("{ \"min\": -1.0e+28, \"max\": 1.0e+28 }"), V("{\"a\":[]}"), V("{\n\"a\": \"b\"\n}"),
	V("[\"\\u0060\\u012a\\u12AB\"]"), V("[\"\\uD801\\udc37\"]"), V("[\"\\ud83d\\ude39\\ud83d\\udc8d\"]"),
	V("[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]"), V("[\"\\\\u0000\"]"), V("[\"\\\"\"]"), V("[\"a/*b*/c/*d//e\"]"), V("[\"\\\\a\"]"),
	V("[\"\\u0012\"]"), V("[\"\\uFFFF\"]"), V("[\"asd\"]"), V("[ \"asd\"]"), V("[\"\\uDBFF\\uDFFF\"]"),
	V("[\"new\xC2\xA0line\"]"), V("[\"\xF4\x8F\xBF\xBF\"]"), V("[\"\xEF\xBF\xBF\"]"), V("[\"\\u0000\"]"), V("[\"\\u002c\"]"),
	V("[\"\xCF\x80\"]"), V("[\"\xF0\x9B\xBF\xBF\"]"), V("\" \""), V("[\"\\uD834\\uDd1e\"]"), V("[\"\\u0821\"]"), V("[\"\xE2\x80\xA8\"]"),
	V("[\"\x7F\"]"), V("[\"\xE2\x82\xAC\xF0\x9D\x84\x9E\"]"), V("false"), V("42"), V("-0.1"), V("null"), V("\"asd\""), V("true"),
	V("\"\""), V("[true]\n"), V(" [] "), V("\t[\r\n]"), V("\"0123456789abcdef0123456789abcdef\\n0123456\""), V("1e999"), V("0"),
};

static const struct vector bad[] = {
	V(""), V(" "), V("[1 true]"), V("[\"\": 1]"), V("[\"\"],"), V("[,1]"), V("[1,,2]"), V("[\"x\",,]"), V("[\"x\"]]"), V("[\"\",]"), V("[\"x\""),
	V("[x"), V("[3[4]]"), V("[1:2]"), V("[,]"), V("[-]"), V("[   , \"\"]"), V("[\"a\",\n4\n,1,"), V("[1,]"), V("[1,,]"), V("[*]"), V("[\"\""),
	V("[1,"), V("[1,\n1\n,1"), V("[{}"), V("[fals]"), V("[nul]"), V("[tru]"), V("123\0"), V("[++1234]"), V("[+1]"), V("[+Inf]"),
	V("[-01]"), V("[-1.0.]"), V("[-2.]"), V("[-NaN]"), V("[.-1]"), V("[.2e-3]"), V("[0.1.2]"), V("[0.3e+]"), V("[0.3e]"), V("[0.e1]"),
	V("[0E+]"), V("[0E]"), V("[0e+]"), V("[0e]"), V("[1.0e+]"), V("[1.0e-]"), V("[1.0e]"), V("[1 000.0]"), V("[1eE2]"), V("[2.e+3]"),
	V("[2.e3]"), V("[9.e+]"), V("[Inf]"), V("[NaN]"), V("[\xEF\xBC\x91]"), V("[1+2]"), V("[0x1]"), V("[0x42]"), V("[Infinity]"),
	V("[0e+-1]"), V("[-123.123foo]"), V("[123\xE5]"), V("[1e1\xE5]"), V("[-Infinity]"), V("[-foo]"), V("[- 1]"), V("[-012]"), V("[-.123]"),
	V("[-1x]"), V("[1ea]"), V("[1.]"), V("[.123]"), V("[1.2a-3]"), V("[012]"), V("[\"x\", truth]"), V("{[: \"x\"}"), V("{\"x\", null}"),
	V("{\"x\"::\"b\"}"), V("{\"a\":\"a\" 123}"), V("{key: 'value'}"), V("{\"a\" b}"), V("{:\"b\"}"), V("{\"a\" \"b\"}"), V("{\"a\":"), V("{\"a\""),
	V("{1:1}"), V("{9999E9999:1}"), V("{null:null,null:null}"), V("{\"id\":0,,,,,}"), V("{'a':0}"), V("{\"id\":0,}"), V("{\"a\":\"b\"}/**/"),
	V("{\"a\":\"b\"}//"), V("{\"a\":\"b\",,\"c\":\"d\"}"), V("{a: \"b\"}"), V("{\"a\":\"a"), V("{ \"foo\" : \"bar\", \"a\" }"), V("{\"a\":\"b\"}#"),
	V("[\"\\uD800\\u\"]"), V("[\"\\uD800\\u1\"]"), V("[\"\\uD800\\u1x\"]"), V("[\"\\uD800\"]"), V("[\"\\uDC00\"]"), V("[\"\\uD800\\uD800\"]"),
	V("[\"\\ud800abc\"]"), V("[\xC3\xA9]"), V("[\"\\\0\"]"), V("[\"\\x00\"]"), V("[\"\\\\\\\"]"), V("[\"\\\t\"]"), V("[\"\\\xF0\x9F\x8C\x80\"]"),
	V("[\"\\\"]"), V("[\"\\u00A\"]"), V("[\"\\uD834\\uDd\"]"), V("[\"\\uD800\\uD800\\x\"]"), V("[\"\\a\"]"), V("[\"\\uqqqq\"]"),
	V("[\"\\\xE5\"]"), V("[\\u0020\"asd\"]"), V("[\\n]"), V("\""), V("['single quote']"), V("abc"), V("[\"\\"), V("[\"a\0a\"]"),
	V("[\"new\nline\"]"), V("[\"\t\"]"), V("\"\\UA66D\""), V("\"\"x"), V("<.>"), V("[<null>]"), V("[1]x"), V("[1]]"), V("[\"asd]"), V("aå"),
	V("[True]"), V("1]"), V("{\"x\": true,"), V("[][]"), V("]"), V("\xEF\xBB\xBF{}"), V("\xE5"), V("["), V("[\0]"), V("2@"), V("{}}"),
	V("{\"\":"), V("{\"a\":/*comment*/\"b\"}"), V("{\"a\": true} \"x\""), V("['"), V("[,"), V("[{"), V("[\"a"), V("[\"a\""), V("{"), V("{]"),
	V("{,"), V("{["), V("{\"a"), V("{'a'"), V("[\"\\{[\"\\{[\"\\{"), V("\xC3\xA9"), V("*"), V("{\"a\":\"b\"}#{}"), V("[\\u000A\"\"]"), V("[1"),
	V("[ false, nul"), V("[ true, fals"), V("[ false, tru"), V("{\"asd\":\"asd\""), V("\f[]"), V("[\x0C]"), V("\xE2\x81\xA0"), V("tru"), V("1e"),
	/* what is no UTF-8: too long a form, a surrogate, beyond the last code point, a lone continuation, cut short */
	V("[\"\xC0\xAF\"]"), V("[\"\xC1\xBF\"]"), V("[\"\xE0\x80\xAF\"]"), V("[\"\xF0\x80\x80\xAF\"]"), V("[\"\xED\xA0\x80\"]"), V("[\"\xF4\x90\x80\x80\"]"),
	V("[\"\xF5\x80\x80\x80\"]"), V("[\"\x80\"]"), V("[\"\xBF\xBF\"]"), V("[\"\xC3\"]"), V("[\"\xE2\x82\"]"), V("[\"\xF0\x9D\x84\"]"), V("\"\xE2"),
	V("[\"\xFF\"]"), V("[\"0123456\xFF\"]"), V("[\"01234567\x01\"]"), V("{\"\xC0\xAF\":1}"),
};

static void texts_that_are_json(void **state)
{
	struct scan scan;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (scan_with(good[i].text, good[i].length, NULL, 64, &scan) != SCAN_OK)
			fail_msg("refused: %s (%s at %zu)", good[i].text, scan.what, scan.where);
}

static void texts_that_are_not(void **state)
{
	struct scan scan;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (scan_with(bad[i].text, bad[i].length, NULL, 64, &scan) != SCAN_BAD)
			fail_msg("accepted: %s", bad[i].text);
		assert_non_null(scan.what);
		assert_true(scan.where <= bad[i].length);
	}
}

/* Whatever stands around it, each byte is seen, wherever it falls into eight. */
static void every_byte_at_every_place(void **state)
{
	char text[40];
	struct scan scan;

	for (int c = 0; c < 256; c++) {
		for (size_t at = 0; at < 18; at++) {
			memset(text, 'a', sizeof(text));
			text[0] = text[20] = '"';
			text[1 + at] = (char)c;
			bool ok = c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
			assert_int_equal(scan_with(text, 21, NULL, 1, &scan) == SCAN_OK, ok);
		}
	}
}

static void depth_has_its_limit(void **state)
{
	char text[3000];
	struct scan scan;

	memset(text, '[', 1000);
	memset(text + 1000, ']', 1000);
	assert_int_equal(scan_with(text, 2000, NULL, 1000, &scan), SCAN_OK);
	assert_int_equal(scan_with(text, 2000, NULL, SCAN_DEPTH_MOST, &scan), SCAN_OK);
	assert_int_equal(scan_with(text, 2000, NULL, 999, &scan), SCAN_DEEP);
	assert_int_equal(scan.where, 999);
	assert_int_equal(scan_with("[[{}]]", 6, NULL, 3, &scan), SCAN_OK);
	assert_int_equal(scan_with("[[{}]]", 6, NULL, 2, &scan), SCAN_DEEP);
	memset(text, '[', 3000);
	assert_int_equal(scan_with(text, 3000, NULL, SCAN_DEPTH_MOST, &scan), SCAN_DEEP);
	assert_int_equal(scan_with("1", 1, NULL, 1, &scan), SCAN_OK);
}

static void members_that_come_twice(void **state)
{
	static const struct {
		const char *text;
		enum scan_status status;
	} cases[] = {
		{"{\"a\":1,\"b\":2}", SCAN_OK}, {"{\"a\":1,\"a\":2}", SCAN_TWICE}, {"{\"a\":1,\"\\u0061\":2}", SCAN_TWICE},
		{"{\"a\":{\"a\":1},\"b\":{\"a\":1}}", SCAN_OK}, {"[{\"a\":1},{\"a\":1}]", SCAN_OK}, {"{\"x\":[{\"a\":1,\"a\":1}]}", SCAN_TWICE},
		{"{\"\xC3\xA9\":1,\"\\u00e9\":2}", SCAN_TWICE}, {"{\"\\ud834\\udd1e\":1,\"\xF0\x9D\x84\x9E\":2}", SCAN_TWICE},
		{"{\"\":1,\"\":1}", SCAN_TWICE}, {"{\"a\":1,\"A\":1,\"aa\":1}", SCAN_OK}, {"{\"a\":{\"b\":1},\"c\":2,\"a\":3}", SCAN_TWICE},
	};
	struct keys keys;
	struct scan scan;

	keys_init(&keys, 12345);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (scan_with(cases[i].text, strlen(cases[i].text), &keys, 10, &scan) != cases[i].status)
			fail_msg("%s", cases[i].text);
	keys.text = UINT32_MAX; /* the number of a text wraps */
	assert_int_equal(scan_with("{\"a\":1}", 7, &keys, 10, &scan), SCAN_OK);
	assert_int_equal(scan_with("{\"a\":1}", 7, &keys, 10, &scan), SCAN_OK);
	keys_fini(&keys);
}

static void many_members_are_told_apart_up_to_a_bound(void **state)
{
	size_t room = 20 * (KEYS_MOST + 10), at = 1;
	char *text = malloc(room);
	struct keys keys;
	struct scan scan;

	keys_init(&keys, 777);
	*text = '{';
	for (int i = 0; i < KEYS_MOST; i++)
		at += (size_t)sprintf(text + at, "%s\"%d\":0", i ? "," : "", i);
	text[at] = '}';
	assert_int_equal(scan_with(text, at + 1, &keys, 10, &scan), SCAN_OK);
	at += (size_t)sprintf(text + at, ",\"x\":0}");
	assert_int_equal(scan_with(text, at, &keys, 10, &scan), SCAN_TOO_MANY);
	keys_fini(&keys);
	free(text);
}

/* --- rules */

static struct pluq_strings list(const char *const *items)
{
	size_t n = 0;

	while (items[n])
		n++;
	return (struct pluq_strings){items, n};
}

#define LIST(...) list((const char *const[]){__VA_ARGS__, NULL})

static struct conf conf_of(struct pluq_strings require, struct pluq_strings accept_if)
{
	return (struct conf){.common.divert_to = "", .require = require, .accept_if = accept_if, .max_depth = 64};
}

static char reason[256];

static bool accepts(const struct conf *conf, const char *text)
{
	struct checks *checks;
	struct pluq_why why = {""};
	struct keys keys;
	size_t length = strlen(text);
	uint8_t *copy = malloc(length + 1);

	if (checks_new(&checks, conf, &why) != 0)
		fail_msg("%s", why.text);
	keys_init(&keys, 1);
	memcpy(copy, text, length);
	copy = realloc(copy, length ? length : 1);
	*reason = 0;
	int verdict = checks_judge(checks, &keys, copy, length, reason, sizeof(reason));
	free(copy);
	keys_fini(&keys);
	checks_free(&checks);
	return verdict == PLUQ_ACCEPT;
}

static void members_that_are_required(void **state)
{
	struct conf conf = conf_of(LIST("o", "user.id", "'a b'.\"c.d\""), (struct pluq_strings){0});

	assert_true(accepts(&conf, "{\"o\":1,\"user\":{\"id\":\"x\"},\"a b\":{\"c.d\":false}}"));
	assert_true(accepts(&conf, "{\"a b\":{\"c.d\":[]},\"user\":{\"x\":[{\"id\":1}],\"\\u0069d\":{}},\"\\u006f\":\"\"}"));
	assert_false(accepts(&conf, "{\"o\":1,\"user\":{\"id\":null},\"a b\":{\"c.d\":1}}"));
	assert_string_equal(reason, "the member user.id is not set");
	assert_false(accepts(&conf, "{\"o\":1,\"user\":[{\"id\":1}],\"a b\":{\"c.d\":1}}"));
	assert_false(accepts(&conf, "{\"o\":1,\"user\":{\"x\":{\"id\":1}},\"a b\":{\"c.d\":1}}"));
	assert_false(accepts(&conf, "{\"id\":1,\"o\":1}"));
	assert_false(accepts(&conf, "[]"));
	assert_string_equal(reason, "the member o is not set");
	/* the last one counts */
	assert_false(accepts(&conf, "{\"o\":1,\"user\":{\"id\":1},\"user\":{},\"a b\":{\"c.d\":1}}"));
	assert_false(accepts(&conf, "{\"o\":1,\"user\":{\"id\":1},\"user\":1,\"a b\":{\"c.d\":1}}"));
	assert_true(accepts(&conf, "{\"o\":1,\"user\":1,\"user\":{\"id\":1},\"a b\":{\"c.d\":1}}"));
}

/* The case of the classic queue reader. */
static void the_classic_case(void **state)
{
	struct conf conf = conf_of((struct pluq_strings){0}, LIST("o == \"+\" and l", "o == \"-\" and l and bl"));

	assert_true(accepts(&conf, "{\"o\":\"+\",\"l\":\"x\"}"));
	assert_true(accepts(&conf, "{\"l\":0,\"o\":\"\\u002b\",\"z\":[1,{\"o\":\"-\"}]}"));
	assert_true(accepts(&conf, "{\"o\":\"-\",\"l\":\"x\",\"bl\":\"y\"}"));
	assert_false(accepts(&conf, "{\"o\":\"-\",\"l\":\"x\"}"));
	assert_string_equal(reason, "no rule of accept_if holds: not (o == \"+\"), not (bl)");
	assert_false(accepts(&conf, "{\"o\":\"+\"}"));
	assert_string_equal(reason, "no rule of accept_if holds: not (l), not (o == \"-\")");
	assert_false(accepts(&conf, "{\"o\":\"*\",\"l\":1,\"bl\":1}"));
	assert_false(accepts(&conf, "{\"o\":[\"+\"],\"l\":1}"));
	assert_false(accepts(&conf, "[\"+\"]"));
	assert_false(accepts(&conf, "{\"o\":\"+\",\"l\":1"));
	assert_string_equal(reason, "not JSON: it ends too early at byte 14");
}

static void conditions_hold_or_not(void **state)
{
	static const struct {
		const char *rule, *yes, *no; /* values of the member a */
	} cases[] = {
		{"a", "0 false \"\" [] {}", "null"},
		{"not a", "null", "0"},
		{"a == 1", "1 1.0 10e-1 1E0", "2 \"1\" true null -1"},
		{"a == 'x'", "\"x\" \"\\u0078\"", "\"y\" \"xx\" \"\" 1"},
		{"a == \"q\\\"\\\\\"", "\"q\\\"\\\\\"", "\"q\""},
		{"a == ''", "\"\"", "\"x\" null"},
		{"a == true", "true", "false \"true\" 1"},
		{"a == false", "false", "true 0"},
		{"a == null", "null", "0"},
		{"a != 1", "2 \"1\" null", "1 1.0"},
		{"a < 5", "4 -7 4.99 1e-3", "5 6 \"4\" null"},
		{"a<=5", "5 4", "5.01"},
		{"a > -1.5", "-1 0", "-1.5 -2"},
		{"a >= 1e3", "1000 1e3", "999.9"},
		{"a in (1, 'two', true, null)", "1 \"two\" true null", "2 \"one\" false"},
		{"a is string", "\"x\"", "1"},
		{"a is number", "1 1.5", "\"1\""},
		{"a is integer", "1 -5 123456789012345678901234567890", "1.0 1e3 \"1\""},
		{"a is boolean", "true false", "null 0"},
		{"a is null", "null", "0"},
		{"a is array", "[] [1]", "{}"},
		{"a is object", "{} {\"b\":1}", "[]"},
		{"a is not string", "1 null", "\"x\""},
		{"a > 1 and a < 3 and a != 2", "1.5 2.5", "2 1 3"},
		{"  a   is\tnot   null  ", "1", "null"},
	};
	char text[200], values[200], *rest;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct conf conf = conf_of((struct pluq_strings){0}, LIST(cases[i].rule));
		for (int yes = 0; yes < 2; yes++) {
			strcpy(values, yes ? cases[i].yes : cases[i].no);
			for (char *v = strtok_r(values, " ", &rest); v; v = strtok_r(NULL, " ", &rest)) {
				snprintf(text, sizeof(text), "{\"a\":%s}", v);
				if (accepts(&conf, text) != yes)
					fail_msg("%s: %s", cases[i].rule, text);
			}
		}
		if (strcmp(cases[i].rule, "not a") != 0) /* what is not there */
			assert_false(accepts(&conf, "{\"b\":1}"));
		else
			assert_true(accepts(&conf, "{\"b\":1}"));
	}
}

static void rules_that_are_wrong(void **state)
{
	static const struct {
		const char *rule, *why;
	} cases[] = {
		{"", "accept_if: item 2, column 1: the name of a member is expected"},
		{"a and", "accept_if: item 2, column 6: the name of a member is expected"},
		{"a.", "accept_if: item 2, column 3: the name of a member is expected"},
		{".a", "accept_if: item 2, column 1: the name of a member is expected before '.a'"},
		{"a = 1", "accept_if: item 2, column 3: a comparison is written =="},
		{"a == ", "accept_if: item 2, column 6: a value is expected: a text in quotes, a number, true, false or null"},
		{"a == b", "accept_if: item 2, column 6: a value is expected: a text in quotes, a number, true, false or null"},
		{"a == 0x1", "accept_if: item 2, column 6: a value is expected: a text in quotes, a number, true, false or null"},
		{"a == 12ab", "accept_if: item 2, column 8: this is no number"},
		{"a == 'x", "accept_if: item 2, column 6: the closing ' is missing"},
		{"a < 'x'", "accept_if: item 2, column 8: only numbers can be compared by <"},
		{"a in 1", "accept_if: item 2, column 6: a list of values in parentheses is expected"},
		{"a in (1 2)", "accept_if: item 2, column 9: a , or ) is expected"},
		{"a is text", "accept_if: item 2, column 6: a type is expected: null, boolean, number, integer, string, array or object"},
		{"a b", "accept_if: item 2, column 3: 'and' or the end is expected before 'b'"},
		{"a or b", "accept_if: item 2, column 5: there is no 'or': another item of the list is an alternative"},
		{"a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q", "accept_if: item 2, column 33: more than 16 names in a row"},
	};
	struct pluq_why why;
	struct checks *checks;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct conf conf = conf_of((struct pluq_strings){0}, LIST("a", cases[i].rule));
		*why.text = 0;
		assert_int_equal(checks_new(&checks, &conf, &why), PLUQ_EINVAL);
		assert_string_equal(why.text, cases[i].why);
	}
	struct conf conf = conf_of(LIST("a", "b == 1"), (struct pluq_strings){0});
	assert_int_equal(checks_new(&checks, &conf, &why), PLUQ_EINVAL);
	assert_string_equal(why.text, "require: item 2: only the names of members stand here; conditions belong to accept_if");
}

static void members_asked_for_are_bounded(void **state)
{
	char text[2000];
	size_t at = 0;
	struct pluq_why why;
	struct checks *checks;

	for (int i = 0; i <= RULES_SLOTS_MOST; i++)
		at += (size_t)sprintf(text + at, "%sm%d", i ? " and " : "", i);
	struct conf conf = conf_of((struct pluq_strings){0}, LIST(text));
	assert_int_equal(checks_new(&checks, &conf, &why), PLUQ_EINVAL);
	assert_non_null(strstr(why.text, "these are more than 64 members"));
}

static void a_long_reason_is_cut_between_rules(void **state)
{
	struct conf conf = conf_of((struct pluq_strings){0}, LIST("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	    "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
	    "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"));

	assert_false(accepts(&conf, "{}"));
	assert_true(strlen(reason) < sizeof(reason));
	assert_int_equal(reason[strlen(reason) - 1], ')');
	assert_null(strstr(reason, "ccc"));
}

/* --- limits */

static void sizes_depths_and_roots(void **state)
{
	struct conf conf = conf_of((struct pluq_strings){0}, (struct pluq_strings){0});

	assert_true(accepts(&conf, "1"));
	conf.max_size = 5;
	assert_true(accepts(&conf, "[1,2]"));
	assert_false(accepts(&conf, "[1, 2]"));
	assert_string_equal(reason, "longer than 5 bytes");
	conf.max_size = 0;
	conf.max_depth = 2;
	assert_false(accepts(&conf, "[[[]]]"));
	assert_string_equal(reason, "nested deeper than 2 at byte 2");
	conf.root = ROOT_OBJECT;
	assert_true(accepts(&conf, " {} "));
	assert_true(accepts(&conf, "{\"a\":[1]}"));
	assert_false(accepts(&conf, "[{}]"));
	assert_string_equal(reason, "not an object");
	assert_false(accepts(&conf, "1"));
	conf.root = ROOT_ARRAY;
	assert_true(accepts(&conf, "[{}]"));
	assert_false(accepts(&conf, "{\"a\":[]}"));
	assert_string_equal(reason, "not an array");
	conf.root = ROOT_ANY;
	assert_true(accepts(&conf, "{\"a\":1,\"a\":2}"));
	conf.duplicates = DUPLICATES_REJECT;
	assert_false(accepts(&conf, "{\"a\":1,\"a\":2}"));
	assert_string_equal(reason, "a member that is there already at byte 10");
	assert_true(accepts(&conf, "{\"a\":1,\"b\":2}"));
}

/* --- the plugin */

static int judge(void *self, const char *text)
{
	const struct pluq_validator_ops *ops = pluq_plugin_entry.ops;
	struct pluq_candidate c = {.size = sizeof(c), .topic = "t", .topic_length = 1, .body = (const uint8_t *)text, .length = strlen(text)};
	struct pluq_finding f = {.reason = ""};
	int verdict = ops->judge(self, &c, &f);

	assert_int_equal(verdict == PLUQ_REJECT, *f.reason != 0);
	return verdict;
}

static void the_plugin_from_init_to_fini(void **state)
{
	struct mock_host host;
	struct conf one = conf_of(LIST("a"), (struct pluq_strings){0}), other = conf_of(LIST("b"), (struct pluq_strings){0}),
		    wrong = conf_of(LIST("a b"), (struct pluq_strings){0});
	struct pluq_why why = {""};
	void *self;

	mock_host_init(&host);
	assert_int_equal(pluq_plugin_entry.init(&host.pub, &wrong, &self, &why), PLUQ_EINVAL);
	assert_string_equal(why.text, "require: item 1, column 3: 'and' or the end is expected before 'b'");
	assert_int_equal(pluq_plugin_entry.check(&wrong, &why), PLUQ_EINVAL);
	assert_string_equal(why.text, "require: item 1, column 3: 'and' or the end is expected before 'b'");
	assert_int_equal(pluq_plugin_entry.check(&one, &why), 0);
	assert_int_equal(pluq_plugin_entry.init(&host.pub, &one, &self, &why), 0);
	assert_int_equal(judge(self, "{\"a\":1}"), PLUQ_ACCEPT);
	assert_int_equal(judge(self, "{\"b\":1}"), PLUQ_REJECT);
	assert_int_equal(pluq_plugin_entry.reload(self, &wrong, &why), PLUQ_EINVAL);
	assert_int_equal(judge(self, "{\"a\":1}"), PLUQ_ACCEPT);
	for (int i = 0; i < 3; i++)
		assert_int_equal(pluq_plugin_entry.reload(self, &other, &why), 0);
	assert_int_equal(judge(self, "{\"a\":1}"), PLUQ_REJECT);
	assert_int_equal(judge(self, "{\"b\":1}"), PLUQ_ACCEPT);
	pluq_plugin_entry.fini(self);
	mock_host_fini(&host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_that_are_json), cmocka_unit_test(texts_that_are_not), cmocka_unit_test(every_byte_at_every_place),
		cmocka_unit_test(depth_has_its_limit), cmocka_unit_test(members_that_come_twice),
		cmocka_unit_test(many_members_are_told_apart_up_to_a_bound), cmocka_unit_test(members_that_are_required),
		cmocka_unit_test(the_classic_case), cmocka_unit_test(conditions_hold_or_not), cmocka_unit_test(rules_that_are_wrong),
		cmocka_unit_test(members_asked_for_are_bounded), cmocka_unit_test(a_long_reason_is_cut_between_rules),
		cmocka_unit_test(sizes_depths_and_roots), cmocka_unit_test(the_plugin_from_init_to_fini),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
