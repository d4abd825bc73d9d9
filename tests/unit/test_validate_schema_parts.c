/* validate-schema's parts: JSON text, exact numbers, equality, references, pointers, patterns, globs. */
#include "cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../plugins/validators/schema/format.h"
#include "../../plugins/validators/schema/number.h"
#include "../../plugins/validators/schema/pattern.h"
#include "../../plugins/validators/schema/pointer.h"
#include "../../plugins/validators/schema/uri.h"
#include "../../plugins/validators/schema/value.h"

/* A document over a block of exactly its size, so that a sanitizer sees any read past it. */
struct text {
	uint8_t *bytes;
	struct json_doc doc;
	struct json_error error;
	bool good;
};

static struct text parse_bytes(const void *bytes, size_t n, uint32_t depth)
{
	const struct json_limits limits = {.depth = depth};
	struct text t = {.bytes = malloc(n ? n : 1)};

	memcpy(t.bytes, bytes, n);
	t.good = json_parse(&t.doc, t.bytes, n, &limits, &t.error);
	return t;
}

static struct text parse(const char *text)
{
	return parse_bytes(text, strlen(text), 100);
}

static void drop(struct text *t)
{
	json_doc_fini(&t->doc);
	free(t->bytes);
}

static void texts_that_are_json(void **state)
{
	static const char *const good[] = {"0", "-0", "-0.0e-0", " \t\r\n1 ", "\"\"", "[]", "{}", "[ ]", "{ }", "[[],{}]", "{\"\":{\"\":0}}",
	    "1e99999999", "0.000000000000000000000000000001", "\"\\u0000\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\xf4\x8f\xbf\xbf\"",
	    "\"\\ud83d\\ude00\"", "true", "[true,false,null]"};

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		struct text t = parse(good[i]);

		if (!t.good)
			fail_msg("%s: byte %zu: %s", good[i], t.error.at, t.error.what);
		assert_int_equal(t.doc.nodes[0].span, t.doc.count);
		drop(&t);
	}
}

static void texts_that_are_not(void **state)
{
	static const struct {
		const char *text;
		size_t at;
	} bad[] = {
		{"", 0}, {" ", 1}, {"tru", 0}, {"truex", 4}, {"nul", 0}, {"01", 1}, {"-", 1}, {"+1", 0}, {".5", 0}, {"1.", 2}, {"1e", 2}, {"1e+", 3},
		{"1 2", 2}, {"[1,]", 3}, {"[1", 2}, {"[", 1}, {"{", 1}, {"{\"a\"", 4}, {"{\"a\":", 5}, {"{\"a\":1", 6}, {"{\"a\":1,}", 7},
		{"{a:1}", 1}, {"{\"a\" 1}", 5}, {"\"", 1}, {"\"\\", 2}, {"\"\\x\"", 2}, {"\"\\u12\"", 3}, {"\"\\u12g4\"", 5},
		{"\"\\ud800\"", 3}, {"\"\\ud800\\u0041\"", 3}, {"\"\\udc00\"", 3}, {"\"\n\"", 1}, {"\"\xff\"", 1}, {"\"\xc0\x80\"", 1},
		{"\"\xed\xa0\x80\"", 1}, {"\"\xf4\x90\x80\x80\"", 1}, {"\"\xe2\x82\"", 1}, {"{\"a\":1,\"b\":2,\"a\":3}", 13},
		{"{\"a\":1,\"\\u0061\":2}", 7}, {"NaN", 0}, {"1e100000000", 2}, {"\xef\xbb\xbf{}", 0}, {"[1]]", 3},
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct text t = parse(bad[i].text);

		if (t.good || t.error.at != bad[i].at)
			fail_msg("%s: %s at %zu", bad[i].text, t.good ? "is good" : t.error.what, t.error.at);
		drop(&t);
	}
	struct text deep = parse_bytes("[[[1]]]", 7, 2), fits = parse_bytes("[[[1]]]", 7, 3);
	assert_false(deep.good);
	assert_int_equal(deep.error.at, 2);
	assert_true(fits.good);
	drop(&deep);
	drop(&fits);
}

/* Two names are equal among many, where they are found by sorting. */
static void equal_names_among_many(void **state)
{
	for (int twice = 0; twice < 2; twice++) {
		char text[20000] = "{";
		size_t used = 1;

		for (int i = 0; i < 1000; i++)
			used += (size_t)snprintf(text + used, sizeof(text) - used, "%s\"n%d\":%d", i ? "," : "", i, i);
		snprintf(text + used, sizeof(text) - used, ",\"%s\":0}", twice ? "n500" : "m");
		struct text t = parse(text);
		assert_int_equal(t.good, !twice);
		if (t.good)
			assert_int_equal(json_get(t.doc.nodes, "n777")->u.mantissa, 777);
		drop(&t);
	}
}

static void numbers_in_order(void **state)
{
	/* In rising order; what stands in one line is equal. */
	static const char *const rows[][4] = {
		{"-1e400", "-10e399"}, {"-12345678901234567890123", "-1.2345678901234567890123e22"}, {"-9223372036854775808"},
		{"-1.5", "-15e-1"}, {"-0.0000000000000000000001"}, {"0", "-0", "0.0e50", "0e-50"}, {"1e-400"}, {"0.1", "1e-1", "100e-3"},
		{"0.12345678901234567890123"}, {"0.12345678901234567890124"}, {"1", "1.0", "10e-1", "1.00000000000000000000000"},
		{"1.00000000000000000000001"}, {"9007199254740992"}, {"9007199254740993"}, {"9223372036854775807"}, {"9223372036854775808"},
		{"18446744073709551616", "18446744073709551616.0"}, {"123456789012345678901234567890"}, {"1e30", "1000000000000000000000000000000"},
		{"1e308"}, {"1e309"}, {"1e99999999"},
	};
	size_t n = sizeof(rows) / sizeof(*rows);

	for (size_t i = 0; i < n * 4; i++) {
		for (size_t j = 0; j < n * 4; j++) {
			const char *a = rows[i / 4][i % 4], *b = rows[j / 4][j % 4];
			struct value_cost cost = {1000};
			struct text x, y;

			if (!a || !b)
				continue;
			x = parse(a);
			y = parse(b);
			assert_true(x.good && y.good);
			int wanted = (i / 4 > j / 4) - (i / 4 < j / 4), got = number_compare(x.doc.nodes, y.doc.nodes);
			if (got != wanted)
				fail_msg("%s and %s: %d", a, b, got);
			bool same = value_hash(x.doc.nodes, 7, &cost) == value_hash(y.doc.nodes, 7, &cost);
			if (same != (wanted == 0))
				fail_msg("hashes of %s and %s", a, b);
			drop(&x);
			drop(&y);
		}
	}
}

static void multiples(void **state)
{
	static const struct {
		const char *number, *of;
		bool is;
	} cases[] = {
		{"0", "7", true}, {"0.0", "0.1", true}, {"10", "2.5", true}, {"10", "3", false}, {"0.3", "0.1", true}, {"4.35", "0.01", true},
		{"1.1", "0.01", true}, {"0.0075", "0.0001", true}, {"0.00751", "0.0001", false}, {"1e308", "0.5", true}, {"1e308", "0.123456789", false},
		{"-21", "7", true}, {"123456789012345678901234567890", "10", true}, {"123456789012345678901234567891", "10", false},
		{"111111111111111111111111111111", "3", true}, {"111111111111111111111111111111.5", "0.5", true},
		{"111111111111111111111111111111.5", "1", false}, {"1e99999999", "7", false}, {"7e99999999", "7", true}, {"5", "100", false},
		{"1e-5", "1e-6", true}, {"1e-6", "1e-5", false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct text n = parse(cases[i].number), d = parse(cases[i].of);

		assert_true(n.good && d.good);
		if (number_is_multiple(n.doc.nodes, d.doc.nodes) != cases[i].is)
			fail_msg("%s of %s", cases[i].number, cases[i].of);
		drop(&n);
		drop(&d);
	}
}

static void integers(void **state)
{
	static const char *const are[] = {"1.0", "1e0", "10e-1", "12345678901234567890.0", "1234567890123456789010e-1", "-0.0", "1.5e1"};
	static const char *const are_not[] = {"1.5", "1e-1", "12345678901234567890.5", "0.12345678901234567890", "1234567890123456789012e-3"};

	for (size_t i = 0; i < sizeof(are) / sizeof(*are); i++) {
		struct text n = parse(are[i]);

		if (!number_is_integer(n.doc.nodes))
			fail_msg("%s", are[i]);
		drop(&n);
	}
	for (size_t i = 0; i < sizeof(are_not) / sizeof(*are_not); i++) {
		struct text n = parse(are_not[i]);

		if (number_is_integer(n.doc.nodes))
			fail_msg("%s", are_not[i]);
		drop(&n);
	}
}

static void equality(void **state)
{
	static const struct {
		const char *a, *b;
		bool equal;
	} cases[] = {
		{"{\"a\":1,\"b\":[2,{}]}", "{\"b\":[2.0,{}],\"a\":1}", true}, {"{\"a\":1}", "{\"a\":2}", false}, {"{\"a\":1}", "{\"b\":1}", false},
		{"{\"a\":1}", "{\"a\":1,\"b\":1}", false}, {"[1,2]", "[2,1]", false}, {"[1]", "[1,1]", false}, {"0", "false", false},
		{"1", "true", false}, {"\"1\"", "1", false}, {"null", "false", false}, {"\"\\u0061\"", "\"a\"", true}, {"[]", "{}", false},
		{"[[]]", "[[],[]]", false}, {"\"\"", "\"\\u0000\"", false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct text a = parse(cases[i].a), b = parse(cases[i].b);
		struct value_cost cost = {1000};

		if (value_equal(a.doc.nodes, b.doc.nodes, &cost) != cases[i].equal)
			fail_msg("%s %s", cases[i].a, cases[i].b);
		if ((value_hash(a.doc.nodes, 7, &cost) == value_hash(b.doc.nodes, 7, &cost)) != cases[i].equal)
			fail_msg("hashes of %s %s", cases[i].a, cases[i].b);
		drop(&a);
		drop(&b);
	}
}

/* RFC 3986, 5.4, and what schemas have besides. */
static void references(void **state)
{
	static const struct {
		const char *base, *reference, *wanted;
	} cases[] = {
		{"http://a/b/c/d;p?q", "g:h", "g:h"}, {"http://a/b/c/d;p?q", "g", "http://a/b/c/g"}, {"http://a/b/c/d;p?q", "./g", "http://a/b/c/g"},
		{"http://a/b/c/d;p?q", "g/", "http://a/b/c/g/"}, {"http://a/b/c/d;p?q", "/g", "http://a/g"}, {"http://a/b/c/d;p?q", "//g", "http://g"},
		{"http://a/b/c/d;p?q", "?y", "http://a/b/c/d;p?y"}, {"http://a/b/c/d;p?q", "g?y#s", "http://a/b/c/g?y#s"},
		{"http://a/b/c/d;p?q", "", "http://a/b/c/d;p?q"}, {"http://a/b/c/d;p?q", "..", "http://a/b/"}, {"http://a/b/c/d;p?q", "../..", "http://a/"},
		{"http://a/b/c/d;p?q", "../../../g", "http://a/g"}, {"http://a/b/c/d;p?q", "/./g/../h", "http://a/h"},
		{"http://a/b/c/d;p?q", ";x=1/../y", "http://a/b/c/y"}, {"http://a", "g", "http://a/g"}, {"http://a/b#", "#", "http://a/b"},
		{"urn:uuid:1-2", "#/a/b", "urn:uuid:1-2#/a/b"}, {"urn:x:y", "urn:z:w#f", "urn:z:w#f"}, {"", "a/b", "a/b"},
		{"file:///x/y.json", "z.json#/a", "file:///x/z.json#/a"}, {"tag:example.com,2024:a", "#b", "tag:example.com,2024:a#b"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *got = uri_resolve(cases[i].base, cases[i].reference, strlen(cases[i].reference));

		assert_non_null(got);
		if (strcmp(got, cases[i].wanted) != 0)
			fail_msg("%s + %s: %s", cases[i].base, cases[i].reference, got);
		free(got);
	}
}

static void pointers(void **state)
{
	struct text t = parse("{\"a\":[1,{\"b/c~d\":[null,2]}],\"\":3,\"x\\n\\u2028\":4}");
	const struct json_node *a = json_get(t.doc.nodes, "a"), *second = json_next(a + 1), *inner = second + 2;
	char out[64];

	pointer_text(t.doc.nodes, t.doc.nodes, out, sizeof(out));
	assert_string_equal(out, "");
	pointer_text(t.doc.nodes, inner + 2, out, sizeof(out));
	assert_string_equal(out, "/a/1/b~1c~0d/1");
	pointer_text(t.doc.nodes, second + 1, out, sizeof(out));
	assert_string_equal(out, "/a/1/b~1c~0d");
	pointer_text(t.doc.nodes, json_get(t.doc.nodes, ""), out, sizeof(out));
	assert_string_equal(out, "/");
	pointer_text(t.doc.nodes, t.doc.nodes + t.doc.count - 1, out, sizeof(out));
	assert_string_equal(out, "/x\\u000a\\u2028");
	assert_int_equal(pointer_text(t.doc.nodes, inner + 2, out, 10), 9);
	assert_string_equal(out, "/a/1/b...");
	drop(&t);
	assert_int_equal(pointer_show("\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4", 8, out, 8), 7);
	assert_string_equal(out, "\xc3\xa4\xc3\xb6...");
}

static int match(const char *pattern, const char *text, int64_t steps)
{
	struct pattern_space *space = pattern_space_new();
	struct value_cost cost = {steps};
	char why[120];
	struct pattern *p = pattern_new((const uint8_t *)pattern, strlen(pattern), why, sizeof(why));
	int rc = p ? pattern_match(p, space, (const uint8_t *)text, strlen(text), &cost) : -9;

	pattern_free(&p);
	pattern_space_free(&space);
	return rc;
}

static void patterns(void **state)
{
	static const struct {
		const char *pattern, *text;
		int wanted; /* -9: refused */
	} cases[] = {
		{"^\\d+$", "12", 1}, {"^\\d+$", "\xd9\xa1", 0}, {"^a$", "a\n", 0}, {"\\w", "\xc3\xa9", 0}, {"^.$", "\xf0\x9f\x98\x80", 1},
		{"\\s", "\xc2\xa0", 1}, {"\\S", "\xc2\xa0", 0}, {"[\\s]", "\xe2\x80\x83", 1}, {"^\\p{Letter}+$", "\xc3\xa9", 1},
		{"^\\p{Lu}$", "a", 0}, {"\\u0041", "A", 1}, {"\\u{1f600}", "\xf0\x9f\x98\x80", 1}, {"^[^]$", "x", 1}, {"[]", "x", 0},
		{"[[:alpha:]]", "a]", 1}, {"[[:alpha:]]", "z", 0}, {"a{2}", "aa", 1}, {"^a{,2}$", "a{,2}", 1}, {"(?<n>a)\\k<n>", "aa", 1},
		{"(?=a)a(?!b)", "ac", 1}, {"(?<=a)b", "ab", 1}, {"a+?b", "aab", 1}, {"\\v", "\v", 1}, {"\\cA", "\x01", 1}, {"\\/", "/", 1},
		{"a++", "a", -9}, {"a{2}+", "a", -9}, {"(?i)a", "A", -9}, {"(?>a)", "a", -9}, {"(*COMMIT)a", "a", -9}, {"\\Qa\\E", "a", -9},
		{"\\Aa", "a", -9}, {"a\\Z", "a", -9}, {"\\a", "\a", -9}, {"\\K", "a", -9}, {"\\R", "\n", -9}, {"\\X", "a", -9}, {"(", "a", -9},
		{"[", "a", -9}, {"\\", "a", -9}, {"*", "a", -9}, {"\\p{Nonsense}", "a", -9}, {"\\pL", "a", -9},
		{"^[\\s\\S]$", "\n", 1}, {"^[^\\S]$", "a", 0}, {"^[\\S]$", "\xe2\x80\xa8", 0}, {"^[\\S]$", "\xf4\x8f\xbf\xbf", 1}, {"^[\\w-.]+$", "a-.", 1},
		{"^[!-\\d]+$", "!-7", 1}, {"^[!-\\d]$", "#", 0}, {"^[\\x01-\\s]+$", "\x01- \v", 1}, {"^[\\x01-\\s]$", "\x02", 0},
		{"^[+--\\W]+$", ",-!", 1}, {"^[+--\\W]+$", "a", 0}, {"^[a-\\p{Lu}]+$", "aA-", 1}, {"^!-\\d$", "!-7", 1},
		{"^[\\s-\\uffff]$", "\xef\xbf\x80", 0}, {"^[\\d-z]$", "y", 0}, {"^\\ud83d\\ude00$", "\xf0\x9f\x98\x80", 1}, {"^[\\ud83d\\ude00-\\u{1f601}]$",
		"\xf0\x9f\x98\x80", 1}, {"\\ud83d", "a", -9}, {"\\u{110000}", "a", -9}, {"\\u{", "a", -9}, {"\\u{61", "a", -9}, {"^\\p{Script=Greek}$", "\xce\xb1", 1},
		{"^\\p{Script=Greek}$", "\xcd\x82", 0}, {"^\\p{scx=Greek}$", "\xcd\x82", 1}, {"^.$", "\xe2\x80\xa8", 0}, {"^.$", "\r", 0},
		{"^[.]$", ".", 1}, {"^[.]$", "a", 0}, {"^\\.$", "a", 0}, {"^.{2}$", "ab", 1}, {"(?<=.)b", "ab", 1},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int got = match(cases[i].pattern, cases[i].text, 10000);

		if (got != cases[i].wanted)
			fail_msg("%s on %s: %d", cases[i].pattern, cases[i].text, got);
	}
}

/* What no limit of PCRE2's own bounds: one item that runs over the whole text from every place; and the exponential ones. */
static void patterns_that_never_end(void **state)
{
	static const char *const bad[] = {"\\d+x", "(a+)+$", "(a|aa)+$", "^(\\w+\\s?)*$", "(.*)(.*)(.*)(.*)[^\\u0000-\\uffff]", "(\\d*)*\\d*\\d*\\d*x"};
	enum { N = 200000 };
	char *text = malloc(N + 1);

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		memset(text, i == 0 || i == 5 ? '1' : 'a', N);
		text[N] = 0;
		text[N - 1] = '!';
		int got = match(bad[i], text, 1000000);
		if (got == PATTERN_YES || (i == 0 && got != PATTERN_COST && got != PATTERN_NO))
			fail_msg("%s: %d", bad[i], got);
	}
	text[N - 2] = 'x'; /* so that it may match at all */
	text[N - 3] = 'y';
	memset(text, '1', N - 4);
	assert_int_equal(match("\\d+x", text, 100000), PATTERN_COST);
	/* What a back reference compares before it fails; what \d{1000} runs over. */
	memset(text, 'a', N);
	text[N / 2] = 'b';
	assert_int_equal(match("^(a*)b?\\1$", text, 1000), PATTERN_COST);
	for (int i = 0; i < N; i++)
		text[i] = i % 1000 == 0 ? 'a' : '1';
	assert_int_equal(match("\\d{1000}", text, 10000), PATTERN_COST);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_that_are_json), cmocka_unit_test(texts_that_are_not), cmocka_unit_test(equal_names_among_many),
		cmocka_unit_test(numbers_in_order), cmocka_unit_test(multiples), cmocka_unit_test(integers), cmocka_unit_test(equality),
		cmocka_unit_test(references), cmocka_unit_test(pointers), cmocka_unit_test(patterns),
		cmocka_unit_test(patterns_that_never_end),
	};

	return cmocka_run_group_tests_name("validate_schema_parts", tests, NULL, NULL);
}
