/* Values without quotes: booleans, integers, floats, times. */
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "go_values.h"
#include "toml_reader.h"

#define BARE "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-.:"
#define DIGITS "0123456789"

/* The text has the pattern's shape: 0 stands for a digit; what follows in the text does not matter. */
static bool begins(const char *text, const char *pattern)
{
	for (; *pattern; pattern++, text++)
		if (*pattern == '0' ? *text < '0' || *text > '9' : *text != *pattern)
			return false;
	return true;
}

/* A date and a time may have a space between them. */
static size_t length_of(const char *s)
{
	size_t n = strspn(s, BARE);

	if (n == 10 && begins(s, "0000-00-00 00:"))
		n += 1 + strspn(s + n + 1, BARE);
	return n;
}

static bool is_time(const char *text)
{
	return (begins(text, "0000-00-00") || begins(text, "00:00")) && strspn(text, DIGITS "-+:.TtZz ") == strlen(text);
}

/* Each '_' stands between two digits; then it is taken out. */
static bool drop_separators(char *text)
{
	char *to = text;

	for (const char *s = text; *s; s++) {
		if (*s != '_')
			*to++ = *s;
		else if (s == text || !strchr(DIGITS "abcdefABCDEF", s[-1]) || !s[1] || !strchr(DIGITS "abcdefABCDEF", s[1]))
			return false;
	}
	*to = 0;
	return true;
}

/* TOML has no octal numbers by a leading 0, and no sign before 0x. */
static bool has_idle_zero(const char *text)
{
	bool sign = *text == '-' || *text == '+';

	text += sign;
	if (text[0] != '0' || !text[1])
		return false;
	return strchr(DIGITS, text[1]) || (sign && strchr("xob", text[1])) || strchr("XOB", text[1]);
}

/* [sign] digits [. digits] [e [sign] digits], with one of the last two at least; inf; nan. */
static bool is_float(const char *s)
{
	bool more = false;
	size_t n;

	s += *s == '-' || *s == '+';
	if (strcmp(s, "inf") == 0 || strcmp(s, "nan") == 0)
		return true;
	if (!(n = strspn(s, DIGITS)))
		return false;
	s += n;
	if (*s == '.') {
		if (!(n = strspn(++s, DIGITS)))
			return false;
		s += n;
		more = true;
	}
	if (*s == 'e' || *s == 'E') {
		s++;
		s += *s == '-' || *s == '+';
		if (!(n = strspn(s, DIGITS)))
			return false;
		s += n;
		more = true;
	}
	return more && !*s;
}

static int read_number(struct toml_reader *r, const char *at, char *text, struct pluq__toml *value)
{
	int64_t number;

	if (!drop_separators(text) || has_idle_zero(text))
		return toml_fail(r, at, "this is no value: a text stands in quotes, a number has no needless 0 or _");
	value->text = text;
	if (is_float(text)) {
		value->type = PLUQ__TOML_FLOAT;
		return 0;
	}
	if (!pluq__go_int(text, &number))
		return toml_fail(r, at, "this is no value: a text stands in quotes, an integer has 64 bits");
	value->type = PLUQ__TOML_INTEGER;
	value->text = pluq__arena_printf(r->arena, "%" PRId64, number);
	return value->text ? 0 : toml_no_memory(r);
}

int toml_read_bare(struct toml_reader *r, struct pluq__toml *value)
{
	const char *at = r->at;
	size_t n = length_of(at);
	char *text;

	if (!n)
		return toml_fail(r, at, "a value is missing");
	if (!(text = pluq__arena_copy(r->arena, at, n)))
		return toml_no_memory(r);
	r->at += n;
	value->text = text;
	if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
		value->type = PLUQ__TOML_BOOLEAN;
	else if (is_time(text))
		value->type = PLUQ__TOML_TIME;
	else
		return read_number(r, at, text, value);
	return 0;
}
