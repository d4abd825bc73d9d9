#include "accept.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

/* A piece of a field, without white space around it. */
struct piece {
	const char *at;
	size_t length;
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t';
}

static struct piece trimmed(const char *at, size_t length)
{
	while (length && is_space(*at)) {
		at++;
		length--;
	}
	while (length && is_space(at[length - 1]))
		length--;
	return (struct piece){at, length};
}

/* The next piece of *from .. end, up to `stop`, quotes respected; *from is set behind it, or to NULL at the end. */
static struct piece next(const char **from, const char *end, char stop)
{
	const char *at = *from, *p = at;

	for (bool quoted = false; p < end && (quoted || *p != stop); p++) {
		if (*p == '"')
			quoted = !quoted;
		else if (quoted && *p == '\\' && p + 1 < end)
			p++;
	}
	*from = p < end ? p + 1 : NULL;
	return trimmed(at, (size_t)(p - at));
}

static bool is(struct piece p, const char *word)
{
	return p.length == strlen(word) && strncasecmp(p.at, word, p.length) == 0;
}

/* A weight in thousandths, 0 to 1 with up to three decimals; -1: it is none. */
static int weight_of(struct piece p)
{
	int value = 0, scale = 1000;

	if (!p.length || p.length > 5 || (p.at[0] != '0' && p.at[0] != '1') || (p.length > 1 && p.at[1] != '.'))
		return -1;
	value = (p.at[0] - '0') * 1000;
	for (size_t i = 2; i < p.length; i++) {
		if (p.at[i] < '0' || p.at[i] > '9')
			return -1;
		scale /= 10;
		value += (p.at[i] - '0') * scale;
	}
	return value > 1000 ? -1 : value;
}

/* One element of a list: what it names, its weight, the version if it tells one. */
struct element {
	struct piece name, version;
	int weight;
};

static struct piece unquoted(struct piece p)
{
	if (p.length >= 2 && p.at[0] == '"' && p.at[p.length - 1] == '"')
		return (struct piece){p.at + 1, p.length - 2};
	return p;
}

static void take_parameter(struct element *e, struct piece p)
{
	const char *equals = memchr(p.at, '=', p.length);
	struct piece key, value;

	if (!equals)
		return;
	key = trimmed(p.at, (size_t)(equals - p.at));
	value = unquoted(trimmed(equals + 1, (size_t)(p.at + p.length - equals - 1)));
	if (is(key, "q"))
		e->weight = weight_of(value);
	else if (is(key, "version"))
		e->version = value;
}

/* false: there is none left. One whose weight is no number weighs nothing. */
static bool next_element(const char **list, struct element *e)
{
	struct piece whole;
	const char *at, *end;

	if (!*list)
		return false;
	whole = next(list, *list + strlen(*list), ',');
	end = whole.at + whole.length;
	*e = (struct element){.weight = 1000};
	at = whole.at;
	for (bool first = true; at && at < end; first = false) {
		struct piece p = next(&at, end, ';');

		if (first)
			e->name = p;
		else
			take_parameter(e, p);
	}
	if (e->weight < 0)
		e->weight = 0;
	return true;
}

static void raise_to(int *weight, int other)
{
	if (other > *weight)
		*weight = other;
}

bool accept_openmetrics(const char *accept)
{
	int open = 0, text = 0, some_text = 0;
	bool named = false;
	struct element e;

	while (next_element(&accept, &e)) {
		if (is(e.name, "application/openmetrics-text")) {
			if (!e.version.length || (e.version.length >= 2 && strncmp(e.version.at, "1.", 2) == 0))
				raise_to(&open, e.weight);
		} else if (is(e.name, "text/plain")) {
			named = true;
			if (!e.version.length || is(e.version, "0.0.4"))
				raise_to(&text, e.weight);
		} else if (is(e.name, "text/*") || is(e.name, "*/*")) {
			raise_to(&some_text, e.weight);
		}
	}
	return open > 0 && open >= (named ? text : some_text);
}

bool accept_gzip(const char *accept_encoding)
{
	int gzip = -1, identity = -1, others = -1;
	struct element e;

	while (next_element(&accept_encoding, &e)) {
		if (is(e.name, "gzip") || is(e.name, "x-gzip"))
			raise_to(&gzip, e.weight);
		else if (is(e.name, "identity"))
			raise_to(&identity, e.weight);
		else if (is(e.name, "*"))
			raise_to(&others, e.weight);
	}
	if (gzip < 0)
		gzip = others;
	return gzip > 0 && gzip >= identity;
}
