#include "number.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Whole below this, a double is exact, and so is what it becomes as an integer. */
#define EXACT 9007199254740992.0

size_t number_put_whole(char *to, uint64_t value)
{
	char digits[20];
	size_t n = 0;

	do
		digits[n++] = (char)('0' + value % 10);
	while (value /= 10);
	for (size_t i = 0; i < n; i++)
		to[i] = digits[n - 1 - i];
	return n;
}

/* Times are counted in nanoseconds and told in seconds: most have an exact decimal of nine digits, found without printf. 0: not this one. */
static size_t put_nanoseconds(char *to, double value)
{
	uint64_t ns, part;
	size_t n;

	if (!(value * 1e9 < EXACT))
		return 0;
	ns = (uint64_t)(value * 1e9 + 0.5);
	if ((double)ns / 1e9 != value)
		return 0;
	n = number_put_whole(to, ns / 1000000000);
	part = ns % 1000000000;
	to[n++] = '.';
	for (uint64_t unit = 100000000; part; unit /= 10) {
		to[n++] = (char)('0' + part / unit);
		part %= unit;
	}
	return n;
}

static size_t put_shortest(char *to, double value)
{
	int n = 0;

	for (int digits = 15; digits <= 17; digits++) {
		n = snprintf(to, NUMBER_ROOM, "%.*g", digits, value);
		if (strtod(to, NULL) == value)
			break;
	}
	return (size_t)n;
}

static size_t put_text(char *to, const char *text)
{
	size_t n = strlen(text);

	memcpy(to, text, n);
	return n;
}

size_t number_put(char *to, double value)
{
	size_t sign = 0, n;

	if (isnan(value))
		return put_text(to, "NaN");
	if (isinf(value))
		return put_text(to, value > 0 ? "+Inf" : "-Inf");
	if (value < 0) {
		*to++ = '-';
		value = -value;
		sign = 1;
	}
	if (value < EXACT && value == (double)(uint64_t)value)
		return sign + number_put_whole(to, (uint64_t)value);
	n = put_nanoseconds(to, value);
	return sign + (n ? n : put_shortest(to, value));
}
