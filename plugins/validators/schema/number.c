#include "number.h"

#include <stdio.h>
#include <string.h>

/* A number as digits without zeros around them: 0.d1d2d3... * 10^exponent. */
struct decimal {
	int sign; /* -1, 0, 1 */
	const uint8_t *digits; /* may have a '.' among them */
	uint32_t count;        /* the '.' not counted */
	int64_t exponent;
	uint8_t own[24];
};

static void small(struct decimal *d, const struct json_node *n)
{
	int64_t m = n->u.mantissa;

	d->sign = (m > 0) - (m < 0);
	d->count = (uint32_t)snprintf((char *)d->own, sizeof(d->own), "%llu", (unsigned long long)(m < 0 ? -m : m));
	d->digits = d->own;
	d->exponent = (int64_t)d->count + (int32_t)n->length;
}

static int64_t written_exponent(const uint8_t *at, const uint8_t *end)
{
	bool negative = *at == '-';
	int64_t e = 0;

	for (at += *at == '-' || *at == '+'; at < end; at++)
		e = e * 10 + (*at - '0');
	return negative ? -e : e;
}

/* As the parser has let it through: it has more than 18 significant digits. */
static void big(struct decimal *d, const struct json_node *n)
{
	const uint8_t *at = n->u.text, *end = at + n->length, *e = at, *point, *last;
	int64_t before = 0;

	d->sign = *at == '-' ? -1 : 1;
	at += *at == '-';
	while (e < end && (*e | 0x20) != 'e')
		e++;
	d->exponent = e < end ? written_exponent(e + 1, end) : 0;
	point = memchr(at, '.', (size_t)(e - at));
	if (!point)
		point = e;
	for (last = e - 1; *last == '0' || *last == '.'; last--)
		;
	while (*at == '0' || *at == '.')
		at++;
	before = at < point ? point - at : point + 1 - at; /* digits before the point; below 0: zeros behind it */
	d->exponent += before;
	d->digits = at;
	d->count = (uint32_t)(last + 1 - at) - (at < point && point < last);
}

static void decompose(struct decimal *d, const struct json_node *n)
{
	if (json_is_number_long(n))
		big(d, n);
	else
		small(d, n);
}

static int compare_digits(const struct decimal *a, const struct decimal *b)
{
	const uint8_t *x = a->digits, *y = b->digits;
	uint32_t both = a->count < b->count ? a->count : b->count;

	for (uint32_t i = 0; i < both; i++, x++, y++) {
		x += *x == '.';
		y += *y == '.';
		if (*x != *y)
			return *x < *y ? -1 : 1;
	}
	return (a->count > b->count) - (a->count < b->count);
}

static int compare_any(const struct json_node *x, const struct json_node *y)
{
	struct decimal a, b;
	int order;

	decompose(&a, x);
	decompose(&b, y);
	if (a.sign != b.sign || a.sign == 0)
		return (a.sign > b.sign) - (a.sign < b.sign);
	if (a.exponent != b.exponent)
		order = a.exponent < b.exponent ? -1 : 1;
	else
		order = compare_digits(&a, &b);
	return order * a.sign;
}

int number_compare(const struct json_node *x, const struct json_node *y)
{
	if (!((x->flags | y->flags) & JSON_LONG_NUMBER) && x->length == y->length)
		return (x->u.mantissa > y->u.mantissa) - (x->u.mantissa < y->u.mantissa);
	return compare_any(x, y);
}

bool number_is_integer(const struct json_node *n)
{
	struct decimal d;

	if (!json_is_number_long(n))
		return (int32_t)n->length >= 0;
	big(&d, n);
	return d.exponent >= (int64_t)d.count;
}

static uint64_t times(uint64_t a, uint64_t b, uint64_t m)
{
	return (uint64_t)((unsigned __int128)a * b % m);
}

static uint64_t power_of_ten(uint64_t exponent, uint64_t m)
{
	uint64_t result = 1 % m, base = 10 % m;

	for (; exponent; exponent >>= 1) {
		if (exponent & 1)
			result = times(result, base, m);
		base = times(base, base, m);
	}
	return result;
}

static uint64_t remainder_of(const struct decimal *d, uint64_t m)
{
	const uint8_t *at = d->digits;
	uint64_t r = 0;

	/* m is below 10^18, so this fits. */
	for (uint32_t i = 0; i < d->count; i++, at++) {
		at += *at == '.';
		r = (r * 10 + (uint64_t)(*at - '0')) % m;
	}
	return r;
}

/* Neither mantissa ends in 0. So if the divisor's last digit stands to the left of the number's, the quotient is not whole; otherwise the
 * number's mantissa, moved to where the divisor's last digit stands, must be a multiple of the divisor's. */
bool number_is_multiple(const struct json_node *n, const struct json_node *divisor)
{
	uint64_t m = (uint64_t)divisor->u.mantissa;
	struct decimal d;
	int64_t shift;

	decompose(&d, n);
	if (d.sign == 0)
		return true;
	shift = d.exponent - (int64_t)d.count - (int32_t)divisor->length;
	return shift >= 0 && times(remainder_of(&d, m), power_of_ten((uint64_t)shift, m), m) == 0;
}

uint64_t number_hash(const struct json_node *n)
{
	struct decimal d;
	uint64_t h;

	if (!json_is_number_long(n))
		return (uint64_t)n->u.mantissa * UINT64_C(0x9e3779b97f4a7c15) + n->length;
	big(&d, n);
	h = (uint64_t)d.exponent * 2 + (d.sign < 0);
	for (uint32_t i = 0; i < d.count; i++, d.digits++) {
		d.digits += *d.digits == '.';
		h = (h ^ *d.digits) * UINT64_C(0x100000001b3);
	}
	return h;
}
