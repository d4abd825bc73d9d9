#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../daemon/auth/pattern.h"
#include "cmocka_all.h"

static struct pluq__matcher matcher;

static int up(void **state)
{
	return pluq__matcher_init(&matcher);
}

static int down(void **state)
{
	pluq__matcher_fini(&matcher);
	return 0;
}

static int match_bytes(const char *text, const char *name, size_t length, bool *is_literal)
{
	struct pluq__pattern p;
	char copy[256], why[200];
	int rc;

	snprintf(copy, sizeof(copy), "%s", text);
	assert_true(pluq__pattern_init(&p, copy, why, sizeof(why)));
	rc = pluq__pattern_match(&p, &matcher, name, length);
	if (is_literal)
		*is_literal = !p.code;
	pluq__pattern_fini(&p);
	return rc;
}

static int match(const char *text, const char *name)
{
	return match_bytes(text, name, strlen(name), NULL);
}

static void matching_is_not_anchored_and_goes_by_the_end_of_the_name(void **state)
{
	static const struct {
		const char *pattern, *name;
		int want;
	} cases[] = {
		{"test", "xtesty", 1}, {"", "", 1}, {"", "anything", 1}, {"^test$", "test", 1}, {"^test$", "xtest", 0},
		{"^test$", "testy", 0}, {"^test$", "test\n", 0}, {"^test", "testy", 1}, {"test$", "xtest", 1}, {"test$", "testy", 0},
		{"ch", "", 0}, {"^ch$", "", 0}, {".*", "", 1}, {"^$", "", 1}, {"^$", "d", 0}, {"^a.c$", "abc", 1}, {"^a\\.c$", "abc", 0},
		{"^a\\.c$", "a.c", 1}, {"^(a|b)$", "b", 1}, {"^(a|b)$", "c", 0}, {"#ephemeral$", "t#ephemeral", 1}, {"T", "t", 0},
		{"(?i)T", "t", 1}, {"^t[0-9]+$", "t12", 1}, {"a$b", "a$b", 0}, {"a\\$b", "a$b", 1}, {"ab*", "a", 1}, {"a+", "b", 0},
		{"^[^.]+$", "a.b", 0}, {".", "", 0}, {"^.*$", "", 1}, {"(?!x)a", "xa", 1}, {"^(a)\\1$", "aa", 1}, {"^\\x61$", "a", 1},
		{"^\\Qa.b\\E$", "a.b", 1}, {"^\\Qa.b\\E$", "axb", 0}, {"\xc3\xa4", "x\xc3\xa4y", 1}, {"^.$", "\xc3\xa4", 1},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (match(cases[i].pattern, cases[i].name) != cases[i].want)
			fail_msg("%s, %s: not %d", cases[i].pattern, cases[i].name, cases[i].want);
}

/* What is taken for a plain name is just what the engine takes it for. */
static void plain_names_match_as_the_engine_would(void **state)
{
	static const char *const pieces[] = {"", "a", "ab", "\\.", ".", "-", "_", "\\-", "#", "^", "$", "b", "A1", "\\$", "*", " ", "\\_"};
	static const char *const names[] = {"", "a", "b", "ab", "a.", ".", "a-b", "-", "#", "a#", "$", "a$b", "A1", "abab", "\n", "a\n",
		"^", "_", " "};
	const size_t n = sizeof(pieces) / sizeof(*pieces);
	size_t literals = 0;

	for (size_t i = 0; i < n * n * n * n; i++) {
		char text[64];
		PCRE2_SIZE at;
		pcre2_code *code;
		int error;

		snprintf(text, sizeof(text), "%s%s%s%s", pieces[i % n], pieces[i / n % n], pieces[i / n / n % n], pieces[i / n / n / n]);
		code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, PCRE2_UTF | PCRE2_DOLLAR_ENDONLY, &error, &at, NULL);
		if (!code)
			continue;
		for (size_t j = 0; j < sizeof(names) / sizeof(*names); j++) {
			bool is_literal;
			int rc = match_bytes(text, names[j], strlen(names[j]), &is_literal);
			int want = pcre2_match(code, (PCRE2_SPTR)names[j], strlen(names[j]), 0, 0, matcher.data, NULL) >= 0;

			if (rc != want)
				fail_msg("\"%s\", \"%s\": %d, not %d", text, names[j], rc, want);
			literals += is_literal;
			if (!is_literal)
				break;
		}
		pcre2_code_free(code);
	}
	assert_true(literals > 10000);
}

static void what_does_not_compile_says_why(void **state)
{
	static const char *const wrong[] = {"(", "[", "a{2,1}", "*", "\\C", "\\", "(?<n", "\xff", "a\xc3"};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		struct pluq__pattern p;
		char copy[64], why[200] = "";

		snprintf(copy, sizeof(copy), "%s", wrong[i]);
		if (pluq__pattern_init(&p, copy, why, sizeof(why)))
			fail_msg("%s compiles", wrong[i]);
		assert_string_equal(copy, wrong[i]);
		assert_non_null(strstr(why, "(at offset "));
	}
}

/* The table of differences in operators.md. */
static void what_is_read_differently_from_go_is_as_documented(void **state)
{
	static const char *const accepted[] = {"(?=x)", "(?!x)", "(?<=x)", "(?<!x)", "(a)\\1", "(?P<n>a)(?P=n)", "(?>x)", "a++", "(a)(?1)",
		"(x)(?(1)x)", "(?|x)", "(?#x)", "(?x)", "(*UCP)", "\\Z", "\\G", "a\\Kb", "\\N", "\\R", "\\X", "\\h", "\\H", "\\V", "\\e", "\\cA",
		"[\\b]", "\\o{141}", "\\x4", "a{1001}"};
	static const char *const wrong[] = {"^*", "$+", "\\b*", "[:alpha:]", "[[=a=]]", "[[.a.]]"};
	struct pluq__pattern p;
	char copy[64], why[200], deep[2 * 251 + 1];

	for (size_t i = 0; i < sizeof(accepted) / sizeof(*accepted); i++) {
		snprintf(copy, sizeof(copy), "%s", accepted[i]);
		if (!pluq__pattern_init(&p, copy, why, sizeof(why)))
			fail_msg("%s: %s", copy, why);
		pluq__pattern_fini(&p);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		snprintf(copy, sizeof(copy), "%s", wrong[i]);
		if (pluq__pattern_init(&p, copy, why, sizeof(why)))
			fail_msg("%s compiles", copy);
	}
	memset(deep, '(', 251);
	memset(deep + 251, ')', 251);
	deep[2 * 251] = 0;
	assert_false(pluq__pattern_init(&p, deep, why, sizeof(why)));
	deep[2 * 251 - 1] = 0;
	assert_true(pluq__pattern_init(&p, deep + 1, why, sizeof(why)));
	pluq__pattern_fini(&p);
	assert_int_equal(match("^\\v$", "\n"), 1);
	assert_int_equal(match("^\\s$", "\v"), 1);
	for (const char *const *t = (const char *const[]){"\\d", "\\w", NULL}; *t; t++)
		assert_int_equal(match(*t, "\xd9\xa3"), 0); /* a digit, but not of ASCII */
}

static void a_catastrophic_one_does_not_match(void **state)
{
	char name[65];

	memset(name, 'a', 63);
	name[63] = '!';
	name[64] = 0;
	assert_int_equal(match("^(a+)+$", name), PLUQ__MATCH_LIMIT);
	assert_int_equal(match("(a|aa)+$", name), PLUQ__MATCH_LIMIT);
	name[63] = 'a';
	assert_int_equal(match("^(a+)+$", name), PLUQ__MATCH);
}

static void any_bytes_may_be_matched(void **state)
{
	assert_int_equal(match("^a", "a\xff"), 1);
	assert_int_equal(match("^[a-z]+$", "a\xff"), 0);
	assert_int_equal(match_bytes("^a.c$", "a\0c", 3, NULL), 1);
	assert_int_equal(match_bytes(".*", "\xff\xfe", 2, NULL), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matching_is_not_anchored_and_goes_by_the_end_of_the_name),
		cmocka_unit_test(plain_names_match_as_the_engine_would),
		cmocka_unit_test(what_does_not_compile_says_why),
		cmocka_unit_test(what_is_read_differently_from_go_is_as_documented),
		cmocka_unit_test(a_catastrophic_one_does_not_match),
		cmocka_unit_test(any_bytes_may_be_matched),
	};
	return cmocka_run_group_tests(tests, up, down);
}
