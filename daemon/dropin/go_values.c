#include "go_values.h"

#include <stddef.h>
#include <string.h>

#define MAX_FRACTION_DIGITS 18 /* more do not change a nanosecond */

bool pluq__go_bool(const char *text, bool *out)
{
	static const char *const yes[] = { "1", "t", "T", "true", "TRUE", "True" };
	static const char *const no[] = { "0", "f", "F", "false", "FALSE", "False" };

	for (size_t i = 0; i < sizeof(yes) / sizeof(*yes); i++)
		if (strcmp(text, yes[i]) == 0 || strcmp(text, no[i]) == 0) {
			*out = strcmp(text, yes[i]) == 0;
			return true;
		}
	return false;
}

/* --- integers ----------------------------------------------------------------------------------------------------- */

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if ((c | ' ') >= 'a' && (c | ' ') <= 'f')
		return (c | ' ') - 'a' + 10;
	return 99;
}

/* The base that a prefix names, and the prefix's length; a leading 0 alone is octal, and a digit. */
static int base_of(const char *s, size_t *prefix)
{
	*prefix = 0;
	if (s[0] != '0' || !s[1])
		return 10;
	*prefix = 2;
	switch (s[1] | ' ') {
	case 'x': return 16;
	case 'o': return 8;
	case 'b': return 2;
	default: *prefix = 0; return 8;
	}
}

/* separator: '_' may stand here, as the character before it was a digit or the prefix. Sums downwards: the least number has no
 * positive counterpart. */
static bool parse_digits(const char *s, int base, bool separator, bool underscores, int64_t *out)
{
	bool digits = false;

	for (*out = 0; *s; s++) {
		if (*s == '_' && underscores && separator) {
			separator = false;
			continue;
		}
		int value = digit_value(*s);
		if (value >= base || __builtin_mul_overflow(*out, base, out) || __builtin_sub_overflow(*out, value, out))
			return false;
		digits = separator = true;
	}
	return digits && separator;
}

static bool with_sign(bool negative, int64_t *out)
{
	if (negative)
		return true;
	return !__builtin_sub_overflow(0, *out, out);
}

static bool skip_sign(const char **text)
{
	bool negative = **text == '-';

	if (negative || **text == '+')
		++*text;
	return negative;
}

bool pluq__go_int(const char *text, int64_t *out)
{
	bool negative = skip_sign(&text);
	size_t prefix;
	int base = base_of(text, &prefix);

	return parse_digits(text + prefix, base, prefix > 0, true, out) && with_sign(negative, out);
}

bool pluq__go_decimal(const char *text, int64_t *out)
{
	bool negative = skip_sign(&text);

	return parse_digits(text, 10, false, false, out) && with_sign(negative, out);
}

/* --- durations ---------------------------------------------------------------------------------------------------- */

static const struct unit {
	const char *name;
	int64_t ns;
} units[] = {
	{ "ns", 1 },
	{ "us", 1000 },
	{ "\xc2\xb5s", 1000 }, /* micro sign */
	{ "\xce\xbcs", 1000 }, /* Greek mu */
	{ "ms", 1000000 },
	{ "s", 1000000000 },
	{ "m", INT64_C(60) * 1000000000 },
	{ "h", INT64_C(3600) * 1000000000 },
};

/* The unit at *s, which goes on to the next digit or point. 0: there is none. */
static int64_t read_unit(const char **s)
{
	size_t n = strcspn(*s, ".0123456789");

	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (strlen(units[i].name) == n && memcmp(*s, units[i].name, n) == 0) {
			*s += n;
			return units[i].ns;
		}
	return 0;
}

/* One number with its unit: "1h" or "3.5s". */
static bool read_part(const char **text, int64_t *out)
{
	const char *s = *text;
	int64_t whole = 0, unit;
	__int128 fraction = 0, scale = 1;
	bool digits = false;

	for (; *s >= '0' && *s <= '9'; s++, digits = true)
		if (__builtin_mul_overflow(whole, 10, &whole) || __builtin_add_overflow(whole, *s - '0', &whole))
			return false;
	if (*s == '.')
		for (int n = 0; *++s >= '0' && *s <= '9'; digits = true)
			if (n++ < MAX_FRACTION_DIGITS) {
				fraction = fraction * 10 + (*s - '0');
				scale *= 10;
			}
	if (!digits || !(unit = read_unit(&s)) || __builtin_mul_overflow(whole, unit, out) ||
	    __builtin_add_overflow(*out, (int64_t)(fraction * unit / scale), out))
		return false;
	*text = s;
	return true;
}

bool pluq__go_duration(const char *text, int64_t *out)
{
	bool negative = skip_sign(&text);
	int64_t sum = 0, part;

	*out = 0;
	if (strcmp(text, "0") == 0)
		return true;
	if (!*text)
		return false;
	while (*text)
		if (!read_part(&text, &part) || __builtin_add_overflow(sum, part, &sum))
			return false;
	*out = negative ? -sum : sum;
	return true;
}
