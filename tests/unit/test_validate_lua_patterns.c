/* validate-lua: patterns match as Lua's own do. */
#include "cmocka_all.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lua_same.h"

static struct lua_same *same;
static char text[8192];

static void is_same(const char *subject, const char *pattern, const char *other)
{
	if (!lua_same(same, subject, strlen(subject), pattern, strlen(pattern), other, strlen(other), text, sizeof(text)))
		fail_msg("%s", text);
}

static void known_patterns(void **state)
{
	static const char *const subjects[] = { "", "a", "aaab", "hello world from Lua", "key = value", "  trim  ", "(a(b)c)(d", "THE (quick) fox",
		"2024-01-31T10:00:00", "a.b.c", "\"x\\\"y\" z", "%d%%", "abab1212", "x^2", "\xc3\xa4\xff\x80", "a,b,,c,", "[]]-^" };
	static const char *const patterns[] = { "", "a", "a*", "a-", "a+", "a?", ".", ".*", ".-", "^a", "a$", "^a*$", "$", "^", "^$", "$a", "a^", "%a+",
		"%s*(.-)%s*$", "^%s*(.-)%s*$", "(%w+)%s*=%s*(%w+)", "%b()", "%bxy", "%b", "%b(", "%f[%w]%w+", "%f[%W]", "%f", "%fa", "(a*)%1",
		"(%w)(%w)%1%2", "%1", "(()a)", "()", "()()", "(a", "a)", "(a))", "[abc]", "[^abc]+", "[a-c]", "[%a-z]", "[a-]", "[-a]", "[]]", "[^]]",
		"[]", "[", "[^", "[a", "[%", "[%]]", "%", "a%", "%%", "%d%d%d%d%-%d%d", "(%d+)-(%d+)-(%d+)", "[%s%p]", "%x+", "%X", "%g", "%c", "%u", "%L",
		"%S+", "%z", "((((a))))", "(.)(.)(.)", "(.-),", "([^,]*)", "a.-b", "[\x80-\xff]", "%.", ".a", "%w*%W", "x*y*z*", "[[]", "[a-z0-9_]+",
		"(((", "%0", "%9", "a**", "a*?", "-", "*", "?", "+", "^*", "%a%", "[^%s]", "[%]", "[a%]", "[%-x]" };
	static const char *const others[] = { "", "x", "%0%0", "<%1>", "%2", "%", "%x", "%%", "%9", "[%0]%1" };

	for (size_t s = 0; s < sizeof(subjects) / sizeof(*subjects); s++)
		for (size_t p = 0; p < sizeof(patterns) / sizeof(*patterns); p++)
			is_same(subjects[s], patterns[p], others[(s + p) % (sizeof(others) / sizeof(*others))]);
}

static uint32_t random_next(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 16;
}

/* So few different bytes that they often match. */
static size_t random_text(uint32_t *seed, const char *bytes, size_t most, char *out)
{
	size_t n = random_next(seed) % (most + 1), kinds = strlen(bytes) + 1; /* with NUL */

	for (size_t i = 0; i < n; i++)
		out[i] = bytes[random_next(seed) % kinds];
	out[n] = 0;
	return n;
}

static void random_patterns(void **state)
{
	uint32_t seed = 20;

	for (int i = 0; i < 20000; i++) {
		char s[20], p[14], r[6];
		size_t ls = random_text(&seed, "aab1 ()]", 16, s), lp = random_text(&seed, "ab.%%()[]^$*+-?1dfbws", 11, p),
		       lr = random_text(&seed, "%%01a", 4, r);

		if (!lua_same(same, s, ls, p, lp, r, lr, text, sizeof(text)))
			fail_msg("round %d: %s", i, text);
	}
}

static int set_up(void **state)
{
	same = lua_same_new();
	return 0;
}

static int tear_down(void **state)
{
	lua_same_free(same);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_patterns),
		cmocka_unit_test(random_patterns),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
