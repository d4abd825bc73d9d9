#include "values.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct unit {
	const char *name;
	int64_t factor;
};

/* Longer names first where one begins another. */
static const struct unit duration_units[] = {
	{ "ns", 1 },
	{ "us", 1000 },
	{ "\xc2\xb5s", 1000 }, /* micro sign */
	{ "ms", 1000000 },
	{ "s", 1000000000 },
	{ "m", INT64_C(60) * 1000000000 },
	{ "h", INT64_C(3600) * 1000000000 },
	{ NULL, 0 },
};

static const struct unit size_units[] = {
	{ "KiB", INT64_C(1) << 10 },
	{ "MiB", INT64_C(1) << 20 },
	{ "GiB", INT64_C(1) << 30 },
	{ "TiB", INT64_C(1) << 40 },
	{ "KB", 1000 },
	{ "MB", 1000000 },
	{ "GB", 1000000000 },
	{ "TB", INT64_C(1000000000000) },
	{ "B", 1 },
	{ NULL, 0 },
};

bool pluq__parse_bool(const char *text, bool *out)
{
	static const char *const yes[] = { "true", "yes", "on", "1" }, *const no[] = { "false", "no", "off", "0" };

	for (size_t i = 0; i < sizeof(yes) / sizeof(*yes); i++)
		if (strcasecmp(text, yes[i]) == 0 || strcasecmp(text, no[i]) == 0) {
			*out = strcasecmp(text, yes[i]) == 0;
			return true;
		}
	return false;
}

bool pluq__parse_int(const char *text, int64_t *out)
{
	const char *digits = text + (*text == '-' || *text == '+');
	bool hex = digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X');
	char *end;

	if (!isxdigit((unsigned char)digits[hex ? 2 : 0]))
		return false;
	errno = 0;
	*out = strtoll(text, &end, hex ? 16 : 10);
	return !*end && errno != ERANGE;
}

/* Decimal digits with at most one point, as whole and billionths of `factor`: exact for every value that fits. Moves *text
 * behind it. */
static bool parse_scaled(const char **text, int64_t factor, int64_t *out)
{
	const char *s = *text;
	int64_t whole = 0;
	__int128 part = 0, scale = 1;
	bool digits = false;

	for (; isdigit((unsigned char)*s); s++, digits = true)
		if (__builtin_mul_overflow(whole, 10, &whole) || __builtin_add_overflow(whole, *s - '0', &whole))
			return false;
	if (*s == '.')
		for (s++; isdigit((unsigned char)*s); s++, digits = true)
			if (scale < 1000000000000) {
				part = part * 10 + (*s - '0');
				scale *= 10;
			}
	if (!digits || __builtin_mul_overflow(whole, factor, out) ||
	    __builtin_add_overflow(*out, (int64_t)(part * factor / scale), out))
		return false;
	*text = s;
	return true;
}

/* Skips a number as parse_scaled reads it. */
static const char *after_number(const char *s)
{
	while (isdigit((unsigned char)*s) || *s == '.')
		s++;
	return s;
}

static const struct unit *unit_at(const char *s, const struct unit *units, bool any_case)
{
	for (; units->name; units++) {
		size_t n = strlen(units->name);

		if (any_case ? strncasecmp(s, units->name, n) == 0 : strncmp(s, units->name, n) == 0)
			return units;
	}
	return NULL;
}

static bool sign_of(const char **text)
{
	bool negative = **text == '-';

	if (negative || **text == '+')
		++*text;
	return negative;
}

bool pluq__parse_duration(const char *text, int64_t *out)
{
	bool negative = sign_of(&text);
	int64_t sum = 0, part;

	if (!*text)
		return false;
	if (!*after_number(text)) {
		if (!parse_scaled(&text, 1000000, &sum) || *text)
			return false;
	} else {
		while (*text) {
			const struct unit *u = unit_at(after_number(text), duration_units, false);

			if (!u || !parse_scaled(&text, u->factor, &part) || strncmp(text, u->name, strlen(u->name)) != 0)
				return false;
			text += strlen(u->name);
			if (__builtin_add_overflow(sum, part, &sum))
				return false;
		}
	}
	*out = negative ? -sum : sum;
	return true;
}

bool pluq__parse_size(const char *text, int64_t *out)
{
	bool negative = sign_of(&text);
	const char *after = after_number(text);
	const struct unit *u;

	while (*after == ' ')
		after++;
	u = *after ? unit_at(after, size_units, true) : NULL;
	if (*after && (!u || after[strlen(u->name)]))
		return false;
	if (!parse_scaled(&text, u ? u->factor : 1, out))
		return false;
	while (*text == ' ')
		text++;
	if (text != after)
		return false;
	*out = negative ? -*out : *out;
	return true;
}

bool pluq__parse_float(const char *text, double *out)
{
	char *end;

	if (!*text || isspace((unsigned char)*text))
		return false;
	*out = strtod(text, &end);
	return !*end && isfinite(*out);
}

/* The word at `*words`, and the next one's place, or NULL at the end. */
static const char *next_word(const char **words, size_t *length)
{
	const char *word = *words;

	if (!word)
		return NULL;
	*length = strcspn(word, "|");
	*words = word[*length] ? word + *length + 1 : NULL;
	return word;
}

bool pluq__parse_word(const char *text, const char *words, int64_t *out)
{
	const char *word;
	size_t length;

	for (*out = 0; (word = next_word(&words, &length)); ++*out)
		if (strlen(text) == length && strncasecmp(text, word, length) == 0)
			return true;
	return false;
}

bool pluq__word_at(const char *words, int64_t index, char *buffer, size_t size)
{
	const char *word;
	size_t length;

	while ((word = next_word(&words, &length)))
		if (index-- == 0) {
			snprintf(buffer, size, "%.*s", (int)length, word);
			return true;
		}
	return false;
}

/* n / 10^digits without trailing zeros. */
static int print_fraction(char *buffer, size_t size, uint64_t n, uint64_t unit, const char *name)
{
	char part[16];
	uint64_t rest = n % unit;
	int digits = 0, used;

	for (uint64_t u = unit; u > 1; u /= 10)
		digits++;
	if (!rest)
		return snprintf(buffer, size, "%" PRIu64 "%s", n / unit, name);
	used = snprintf(part, sizeof(part), "%0*" PRIu64, digits, rest);
	while (used > 0 && part[used - 1] == '0')
		part[--used] = 0;
	return snprintf(buffer, size, "%" PRIu64 ".%s%s", n / unit, part, name);
}

const char *pluq__print_duration(int64_t ns, char *buffer, size_t size)
{
	const uint64_t minute = UINT64_C(60000000000), hour = 60 * minute;
	uint64_t n = ns < 0 ? -(uint64_t)ns : (uint64_t)ns;
	size_t used = (size_t)snprintf(buffer, size, ns < 0 ? "-" : "");

	if (!n) {
		snprintf(buffer, size, "0s");
		return buffer;
	}
	if (n >= hour)
		used += (size_t)snprintf(buffer + used, size - used, "%" PRIu64 "h", n / hour);
	n %= hour;
	if (n >= minute)
		used += (size_t)snprintf(buffer + used, size - used, "%" PRIu64 "m", n / minute);
	n %= minute;
	if (n >= 1000000000)
		print_fraction(buffer + used, size - used, n, 1000000000, "s");
	else if (n >= 1000000)
		print_fraction(buffer + used, size - used, n, 1000000, "ms");
	else if (n >= 1000)
		print_fraction(buffer + used, size - used, n, 1000, "us");
	else if (n)
		snprintf(buffer + used, size - used, "%" PRIu64 "ns", n);
	return buffer;
}

const char *pluq__print_size(int64_t bytes, char *buffer, size_t size)
{
	/* Powers of 1024 stand first in the table. */
	for (int i = 3; i >= 0; i--)
		if (bytes && bytes % size_units[i].factor == 0) {
			snprintf(buffer, size, "%" PRId64 "%s", bytes / size_units[i].factor, size_units[i].name);
			return buffer;
		}
	snprintf(buffer, size, "%" PRId64, bytes);
	return buffer;
}
