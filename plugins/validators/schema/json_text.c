/* Strings and numbers of JSON text. */
#include "json_text.h"

#include <stdlib.h>
#include <string.h>

#define DIGITS_MOST 18            /* of a mantissa: 10^18 < 2^63 */
#define EXPONENT_MOST 100000000   /* so that sums of exponents and lengths of numbers stay within 32 bits */

unsigned json_utf8(const uint8_t *at, const uint8_t *end)
{
	size_t left = (size_t)(end - at);
	uint8_t c = at[0];

	if (c < 0x80)
		return 1;
	if (c < 0xc2 || c > 0xf4 || left < 2 || (at[1] & 0xc0) != 0x80)
		return 0;
	if (c < 0xe0)
		return 2;
	if (left < 3 || (at[2] & 0xc0) != 0x80 || (c == 0xe0 && at[1] < 0xa0) || (c == 0xed && at[1] > 0x9f))
		return 0;
	if (c < 0xf0)
		return 3;
	if (left < 4 || (at[3] & 0xc0) != 0x80 || (c == 0xf0 && at[1] < 0x90) || (c == 0xf4 && at[1] > 0x8f))
		return 0;
	return 4;
}

/* Moves over what needs no decoding: to a quote, a backslash, trouble or the end. */
static const uint8_t *plain(const uint8_t *at, const uint8_t *end)
{
	while (at < end && *at != '"' && *at != '\\' && *at >= 0x20) {
		unsigned n = json_utf8(at, end);

		if (!n)
			break;
		at += n;
	}
	return at;
}

static bool hex4(struct json_parser *p, uint32_t *out)
{
	if (p->end - p->at < 4)
		return json_trouble(p, p->at, "four hexadecimal digits are wanted");
	*out = 0;
	for (int i = 0; i < 4; i++) {
		uint8_t c = *p->at++, low = c | 0x20;

		if (c >= '0' && c <= '9')
			*out = *out << 4 | (uint32_t)(c - '0');
		else if (low >= 'a' && low <= 'f')
			*out = *out << 4 | (uint32_t)(low - 'a' + 10);
		else
			return json_trouble(p, p->at - 1, "four hexadecimal digits are wanted");
	}
	return true;
}

static uint8_t *put(uint8_t *out, uint32_t rune)
{
	if (rune < 0x80) {
		*out++ = (uint8_t)rune;
	} else if (rune < 0x800) {
		*out++ = (uint8_t)(0xc0 | rune >> 6);
		*out++ = (uint8_t)(0x80 | (rune & 0x3f));
	} else if (rune < 0x10000) {
		*out++ = (uint8_t)(0xe0 | rune >> 12);
		*out++ = (uint8_t)(0x80 | (rune >> 6 & 0x3f));
		*out++ = (uint8_t)(0x80 | (rune & 0x3f));
	} else {
		*out++ = (uint8_t)(0xf0 | rune >> 18);
		*out++ = (uint8_t)(0x80 | (rune >> 12 & 0x3f));
		*out++ = (uint8_t)(0x80 | (rune >> 6 & 0x3f));
		*out++ = (uint8_t)(0x80 | (rune & 0x3f));
	}
	return out;
}

/* Behind "\u". */
static bool unicode(struct json_parser *p, uint32_t *rune)
{
	const uint8_t *begin = p->at;
	uint32_t low;

	if (!hex4(p, rune))
		return false;
	if (*rune < 0xd800 || *rune > 0xdfff)
		return true;
	if (*rune > 0xdbff || p->end - p->at < 2 || p->at[0] != '\\' || p->at[1] != 'u')
		return json_trouble(p, begin, "half of a surrogate pair");
	p->at += 2;
	if (!hex4(p, &low))
		return false;
	if (low < 0xdc00 || low > 0xdfff)
		return json_trouble(p, begin, "half of a surrogate pair");
	*rune = 0x10000 + ((*rune - 0xd800) << 10) + (low - 0xdc00);
	return true;
}

/* Behind the backslash. */
static bool escape(struct json_parser *p, uint32_t *rune)
{
	static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
	const char *found;

	if (p->at == p->end)
		return json_trouble(p, p->at, "a string has no end");
	if (*p->at == 'u') {
		p->at++;
		return unicode(p, rune);
	}
	found = *p->at ? strchr(names, *p->at) : NULL;
	if (!found)
		return json_trouble(p, p->at, "no escape that JSON has");
	*rune = (uint32_t)values[found - names];
	p->at++;
	return true;
}

/* Room for what is left of the text, once: nothing decodes to more than it was, and what was handed out must not move. */
static uint8_t *decoded(struct json_parser *p)
{
	struct json_doc *d = p->doc;

	if (d->bytes_used == 0) {
		size_t need = (size_t)(p->end - p->begin);

		if (d->bytes_room < need) {
			free(d->bytes);
			d->bytes = malloc(need);
			d->bytes_room = d->bytes ? need : 0;
		}
	}
	return d->bytes ? d->bytes + d->bytes_used : NULL;
}

static bool with_escapes(struct json_parser *p, const uint8_t *begin, const uint8_t **text, size_t *length)
{
	uint8_t *out = decoded(p), *first = out;

	if (!out)
		return json_trouble(p, p->at, NULL);
	memcpy(out, begin, (size_t)(p->at - begin));
	out += p->at - begin;
	while (p->at < p->end && *p->at == '\\') {
		const uint8_t *run;
		uint32_t rune = 0;

		p->at++;
		if (!escape(p, &rune))
			return false;
		out = put(out, rune);
		run = plain(p->at, p->end);
		memcpy(out, p->at, (size_t)(run - p->at));
		out += run - p->at;
		p->at = run;
	}
	*text = first;
	*length = (size_t)(out - first);
	p->doc->bytes_used += *length;
	return true;
}

bool json_text_string(struct json_parser *p, const uint8_t **text, size_t *length)
{
	const uint8_t *begin = ++p->at;

	p->at = plain(begin, p->end);
	if (p->at < p->end && *p->at == '\\') {
		if (!with_escapes(p, begin, text, length))
			return false;
	} else {
		*text = begin;
		*length = (size_t)(p->at - begin);
	}
	if (p->at == p->end)
		return json_trouble(p, p->at, "a string has no end");
	if (*p->at != '"')
		return json_trouble(p, p->at, *p->at < 0x20 ? "a control character in a string" : "not UTF-8");
	p->at++;
	return true;
}

/* --- numbers */

struct digits {
	int64_t mantissa; /* of the significant digits up to the last one that is not 0 */
	uint32_t count;   /* of those */
	uint32_t zeros;   /* behind them so far */
};

static void digit(struct digits *d, uint8_t c)
{
	if (c == '0') {
		d->zeros += d->count > 0;
		return;
	}
	if (d->count + d->zeros < DIGITS_MOST) {
		for (uint32_t i = 0; i <= d->zeros; i++)
			d->mantissa *= 10;
		d->mantissa += c - '0';
	}
	d->count += d->zeros + 1;
	d->zeros = 0;
}

static uint32_t run_of_digits(struct json_parser *p, struct digits *d)
{
	const uint8_t *begin = p->at;

	while (p->at < p->end && *p->at >= '0' && *p->at <= '9')
		digit(d, *p->at++);
	return (uint32_t)(p->at - begin);
}

static bool exponent(struct json_parser *p, int32_t *out)
{
	bool negative = false;
	const uint8_t *begin;
	int32_t e = 0;

	if (p->at < p->end && (*p->at == '+' || *p->at == '-'))
		negative = *p->at++ == '-';
	begin = p->at;
	while (p->at < p->end && *p->at >= '0' && *p->at <= '9') {
		if (e < EXPONENT_MOST)
			e = e * 10 + (*p->at - '0');
		p->at++;
	}
	if (p->at == begin)
		return json_trouble(p, p->at, "a digit is wanted");
	if (e >= EXPONENT_MOST)
		return json_trouble(p, begin, "the exponent is too large");
	*out = negative ? -e : e;
	return true;
}

bool json_text_number(struct json_parser *p, struct json_node *n)
{
	const uint8_t *begin = p->at;
	struct digits d = {0};
	uint32_t fraction = 0;
	int32_t e = 0;
	bool negative = *p->at == '-', leading_zero;

	p->at += negative;
	leading_zero = p->at < p->end && *p->at == '0';
	if (leading_zero)
		p->at++;
	else if (!run_of_digits(p, &d))
		return json_trouble(p, p->at, negative ? "a digit is wanted" : "a value is wanted");
	if (p->at < p->end && *p->at == '.') {
		p->at++;
		if (!(fraction = run_of_digits(p, &d)))
			return json_trouble(p, p->at, "a digit is wanted");
	}
	if (p->at < p->end && (*p->at | 0x20) == 'e') {
		p->at++;
		if (!exponent(p, &e))
			return false;
	}
	if (d.count > DIGITS_MOST) {
		n->flags = JSON_LONG_NUMBER;
		n->u.text = begin;
		n->length = (uint32_t)(p->at - begin);
		return true;
	}
	n->u.mantissa = negative ? -d.mantissa : d.mantissa;
	/* Digits of a text below 4 GiB, but what the plugin takes has at most 64 MiB. */
	n->length = d.mantissa ? (uint32_t)(e - (int32_t)fraction + (int32_t)d.zeros) : 0;
	return true;
}
