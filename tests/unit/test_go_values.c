#include "cmocka_all.h"

#include <stdbool.h>

#include "../../daemon/dropin/go_values.h"

static const int64_t second = 1000000000;

static void is_int(const char *text, int64_t wanted)
{
	int64_t n;

	if (!pluq__go_int(text, &n))
		fail_msg("'%s' is refused", text);
	assert_int_equal(n, wanted);
}

static void is_duration(const char *text, int64_t wanted)
{
	int64_t n;

	if (!pluq__go_duration(text, &n))
		fail_msg("'%s' is refused", text);
	if (n != wanted)
		fail_msg("'%s' is %lld", text, (long long)n);
}

static void booleans(void **state)
{
	static const char *const good[] = { "1", "t", "T", "true", "TRUE", "True", "0", "f", "F", "false", "FALSE", "False" };
	static const char *const bad[] = { "", "yes", "on", "tRue", "2", "true ", "01" };
	bool yes;

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		assert_true(pluq__go_bool(good[i], &yes));
		assert_int_equal(yes, i < 6);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(pluq__go_bool(bad[i], &yes));
}

static void integers(void **state)
{
	static const char *const bad[] = { "", "-", "+", "_1", "1_", "1__0", "0x", "0b2", "0o8", "08", "1.5", "1e3", " 1", "1 ", "--1",
		"0x_", "x1", "9223372036854775808", "-9223372036854775809", "0x8000000000000000", "ten", "1k" };
	int64_t n;

	is_int("0", 0);
	is_int("-0", 0);
	is_int("+5", 5);
	is_int("10000", 10000);
	is_int("1_000_000", 1000000);
	is_int("0x1F", 31);
	is_int("0X1f", 31);
	is_int("0x_1f", 31);
	is_int("-0x10", -16);
	is_int("0b101", 5);
	is_int("0o17", 15);
	is_int("017", 15);
	is_int("0_17", 15);
	is_int("9223372036854775807", INT64_MAX);
	is_int("-9223372036854775808", INT64_MIN);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (pluq__go_int(bad[i], &n))
			fail_msg("'%s' is taken for %lld", bad[i], (long long)n);
}

static void decimals(void **state)
{
	int64_t n;

	assert_true(pluq__go_decimal("0100", &n));
	assert_int_equal(n, 100);
	assert_true(pluq__go_decimal("-7", &n));
	assert_int_equal(n, -7);
	assert_false(pluq__go_decimal("0x10", &n));
	assert_false(pluq__go_decimal("1_0", &n));
	assert_false(pluq__go_decimal("", &n));
	assert_false(pluq__go_decimal("1.0", &n));
}

static void durations(void **state)
{
	static const char *const bad[] = { "", "-", "5", "1.5", "s", ".s", "1", "1h2", "1 h", "1H", "1d", "1hs", "1..5s", "0.5", "00",
		"9223372036854775808ns", "2562048h", "1s-1s", "1µ", "1,5s" };
	int64_t n;

	is_duration("0", 0);
	is_duration("-0", 0);
	is_duration("0s", 0);
	is_duration("1h2m3.5s", 3723 * second + second / 2);
	is_duration("1h2m3s4ms", 3723 * second + 4000000);
	is_duration("1.5h", 5400 * second);
	is_duration("250ms", second / 4);
	is_duration("1us", 1000);
	is_duration("1\xc2\xb5s", 1000);
	is_duration("1\xce\xbcs", 1000);
	is_duration("7ns", 7);
	is_duration("0.3ns", 0);
	is_duration(".5s", second / 2);
	is_duration("1.s", second);
	is_duration("-1m", -60 * second);
	is_duration("+1m", 60 * second);
	is_duration("1s1s", 2 * second);
	is_duration("0.123456789123456789123s", 123456789);
	is_duration("2562047h47m16.854775807s", INT64_MAX);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (pluq__go_duration(bad[i], &n))
			fail_msg("'%s' is taken for %lld", bad[i], (long long)n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(booleans),
		cmocka_unit_test(integers),
		cmocka_unit_test(decimals),
		cmocka_unit_test(durations),
	};

	return cmocka_run_group_tests_name("go_values", tests, NULL, NULL);
}
