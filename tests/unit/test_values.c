#include "cmocka_all.h"

#include "../../daemon/plugin/values.h"

#define SEC INT64_C(1000000000)
#define MS INT64_C(1000000)

static void durations(void **state)
{
	static const struct {
		const char *text;
		int64_t ns;
	} good[] = {
		{ "0", 0 }, { "250", 250 * MS }, { "1.5", 1500000 }, { "250ms", 250 * MS }, { "2m", 120 * SEC },
		{ "1h2m3.5s", 3723 * SEC + 500 * MS }, { "1.5h", 5400 * SEC }, { ".5s", 500 * MS }, { "5us", 5000 },
		{ "5\xc2\xb5s", 5000 }, { "7ns", 7 }, { "-3s", -3 * SEC }, { "+3s", 3 * SEC },
		{ "9223372036854775807ns", INT64_MAX },
	};
	static const char *const bad[] = { "", "-", "s", "ms", "1x", "1 s", "1s ", "1.2.3s", ".s", "1m30", "1S", "2562048h",
		"9223372036854775808ns", "9223372036855", "1h-2m", "0x5" };
	int64_t ns;

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		assert_true(pluq__parse_duration(good[i].text, &ns));
		assert_int_equal(ns, good[i].ns);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (pluq__parse_duration(bad[i], &ns))
			fail_msg("accepted '%s' as %lld ns", bad[i], (long long)ns);
}

static void sizes(void **state)
{
	static const struct {
		const char *text;
		int64_t bytes;
	} good[] = {
		{ "0", 0 }, { "1048576", 1048576 }, { "64KiB", 65536 }, { "64 KiB", 65536 }, { "10MB", 10000000 },
		{ "1GiB", 1 << 30 }, { "1.5kb", 1500 }, { "2TiB", INT64_C(2) << 40 }, { "5B", 5 }, { "-1", -1 },
	};
	static const char *const bad[] = { "", "KiB", "1K", "1KiBs", "1 2", "1.1.1MB", "8388608TiB", "9223372036854775808",
		"1e3", "0x10" };
	int64_t bytes;

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		assert_true(pluq__parse_size(good[i].text, &bytes));
		assert_int_equal(bytes, good[i].bytes);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (pluq__parse_size(bad[i], &bytes))
			fail_msg("accepted '%s' as %lld bytes", bad[i], (long long)bytes);
}

static void integers(void **state)
{
	static const char *const bad[] = { "", "-", "x", "1x", "1 ", " 1", "0x", "0xg", "1.0", "9223372036854775808", "1e3",
		"--1" };
	int64_t n;

	assert_true(pluq__parse_int("-9223372036854775808", &n) && n == INT64_MIN);
	assert_true(pluq__parse_int("9223372036854775807", &n) && n == INT64_MAX);
	assert_true(pluq__parse_int("+7", &n) && n == 7);
	assert_true(pluq__parse_int("010", &n) && n == 10);
	assert_true(pluq__parse_int("0x1F", &n) && n == 31);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (pluq__parse_int(bad[i], &n))
			fail_msg("accepted '%s' as %lld", bad[i], (long long)n);
}

static void booleans(void **state)
{
	static const char *const yes[] = { "true", "True", "yes", "on", "ON", "1" }, *const no[] = { "false", "no", "off", "0" };
	bool b;

	for (size_t i = 0; i < sizeof(yes) / sizeof(*yes); i++)
		assert_true(pluq__parse_bool(yes[i], &b) && b);
	for (size_t i = 0; i < sizeof(no) / sizeof(*no); i++)
		assert_true(pluq__parse_bool(no[i], &b) && !b);
	assert_false(pluq__parse_bool("", &b));
	assert_false(pluq__parse_bool("2", &b));
	assert_false(pluq__parse_bool("truee", &b));
}

static void floats(void **state)
{
	double d;

	assert_true(pluq__parse_float("0.99", &d) && d == 0.99);
	assert_true(pluq__parse_float("-1e3", &d) && d == -1000);
	assert_false(pluq__parse_float("", &d));
	assert_false(pluq__parse_float(" 1", &d));
	assert_false(pluq__parse_float("1x", &d));
	assert_false(pluq__parse_float("nan", &d));
	assert_false(pluq__parse_float("1e999", &d));
}

static void words(void **state)
{
	char word[8];
	int64_t i;

	assert_true(pluq__parse_word("two", "one|two|three", &i) && i == 1);
	assert_true(pluq__parse_word("THREE", "one|two|three", &i) && i == 2);
	assert_false(pluq__parse_word("", "one|two|three", &i));
	assert_false(pluq__parse_word("tw", "one|two|three", &i));
	assert_false(pluq__parse_word("one|two", "one|two|three", &i));
	assert_true(pluq__word_at("one|two|three", 2, word, sizeof(word)));
	assert_string_equal(word, "three");
	assert_false(pluq__word_at("one|two|three", 3, word, sizeof(word)));
}

/* What is printed reads back as the same value. */
static void printing_loses_nothing(void **state)
{
	static const struct {
		int64_t n;
		const char *duration, *size;
	} rows[] = {
		{ 0, "0s", "0" },
		{ 1, "1ns", "1" },
		{ 1500, "1.5us", "1500" },
		{ 65536, "65.536us", "64KiB" },
		{ 250 * MS, "250ms", "250000000" },
		{ 90 * SEC, "1m30s", "87890625KiB" },
		{ 3600 * SEC, "1h", "3515625000KiB" },
		{ 3723 * SEC + 500 * MS, "1h2m3.5s", "3723500000000" },
		{ -90 * SEC, "-1m30s", "-87890625KiB" },
		{ INT64_C(1) << 40, "18m19.511627776s", "1TiB" },
		{ INT64_MAX, "2562047h47m16.854775807s", "9223372036854775807" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char text[64];
		int64_t back;

		assert_string_equal(pluq__print_duration(rows[i].n, text, sizeof(text)), rows[i].duration);
		if (rows[i].n)
			assert_true(pluq__parse_duration(text, &back) && back == rows[i].n);
		assert_string_equal(pluq__print_size(rows[i].n, text, sizeof(text)), rows[i].size);
		assert_true(pluq__parse_size(text, &back) && back == rows[i].n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations),
		cmocka_unit_test(sizes),
		cmocka_unit_test(integers),
		cmocka_unit_test(booleans),
		cmocka_unit_test(floats),
		cmocka_unit_test(words),
		cmocka_unit_test(printing_loses_nothing),
	};

	return cmocka_run_group_tests_name("values", tests, NULL, NULL);
}
