#include "pattern_ecma.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ECMA-262's white space and line ends, for \s. */
#define SPACES "\\x09-\\x0d\\x20\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff"
#define NOT_SPACES "\\x00-\\x08\\x0e-\\x1f\\x21-\\x9f\\xa1-\\u167f\\u1681-\\u1fff\\u200b-\\u2027\\u202a-\\u202e\\u2030-\\u205e\\u2060-\\u2fff" \
	"\\u3001-\\ufefe\\uff00-\\u{10ffff}"
#define GROWTH 128 /* at most half of what two bytes become */

struct translation {
	const uint8_t *at, *end;
	uint8_t *out;
	size_t used;
	char *why;
	size_t room;
	bool in_class;
	bool quantified; /* the last item was a quantifier */
	uint32_t repeats; /* the most that a {n} has asked for */
};

/* General categories by the long names that people write; PCRE2 has the short ones. */
static const struct {
	const char *name, *shortened;
} categories[] = {
	{"Letter", "L"}, {"Cased_Letter", "L&"}, {"Uppercase_Letter", "Lu"}, {"Lowercase_Letter", "Ll"}, {"Titlecase_Letter", "Lt"},
	{"Modifier_Letter", "Lm"}, {"Other_Letter", "Lo"}, {"Mark", "M"}, {"Nonspacing_Mark", "Mn"}, {"Spacing_Mark", "Mc"},
	{"Enclosing_Mark", "Me"}, {"Number", "N"}, {"Decimal_Number", "Nd"}, {"digit", "Nd"}, {"Letter_Number", "Nl"},
	{"Other_Number", "No"}, {"Punctuation", "P"}, {"punct", "P"}, {"Connector_Punctuation", "Pc"}, {"Dash_Punctuation", "Pd"},
	{"Open_Punctuation", "Ps"}, {"Close_Punctuation", "Pe"}, {"Initial_Punctuation", "Pi"}, {"Final_Punctuation", "Pf"},
	{"Other_Punctuation", "Po"}, {"Symbol", "S"}, {"Math_Symbol", "Sm"}, {"Currency_Symbol", "Sc"}, {"Modifier_Symbol", "Sk"},
	{"Other_Symbol", "So"}, {"Separator", "Z"}, {"Space_Separator", "Zs"}, {"Line_Separator", "Zl"},
	{"Paragraph_Separator", "Zp"}, {"Other", "C"}, {"Control", "Cc"}, {"cntrl", "Cc"}, {"Format", "Cf"}, {"Surrogate", "Cs"},
	{"Private_Use", "Co"}, {"Unassigned", "Cn"},
};

static void put(struct translation *t, const char *text)
{
	size_t n = strlen(text);

	memcpy(t->out + t->used, text, n);
	t->used += n;
}

static bool fail(struct translation *t, const char *what)
{
	snprintf(t->why, t->room, "%s", what);
	return false;
}

/* Behind \p or \P: {Name}, {General_Category=Name}, {Script=Name}. */
static bool property(struct translation *t, char letter)
{
	static const struct {
		const char *name, *shortened;
	} prefixes[] = {{"General_Category=", ""}, {"gc=", ""}, {"Script=", "sc:"}, {"sc=", "sc:"}, {"Script_Extensions=", "scx:"}, {"scx=", "scx:"}};
	const uint8_t *end = t->at < t->end && *t->at == '{' ? memchr(t->at, '}', (size_t)(t->end - t->at)) : NULL;
	char name[48], piece[64];
	const char *value = name, *kind = "";
	size_t n;

	if (!end || (n = (size_t)(end - t->at - 1)) >= sizeof(name))
		return fail(t, "\\p without a property in braces");
	memcpy(name, t->at + 1, n);
	name[n] = 0;
	t->at = end + 1;
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(*prefixes); i++) {
		if (strncmp(name, prefixes[i].name, strlen(prefixes[i].name)) == 0) {
			value = name + strlen(prefixes[i].name);
			kind = prefixes[i].shortened;
		}
	}
	for (size_t i = 0; i < sizeof(categories) / sizeof(*categories) && !*kind; i++) {
		if (strcmp(value, categories[i].name) == 0)
			value = categories[i].shortened;
	}
	if (*value == '^')
		return fail(t, "no such property");
	snprintf(piece, sizeof(piece), "\\%c{%s%s}", letter, kind, value);
	put(t, piece);
	return true;
}

static bool not_ours(struct translation *t, char letter)
{
	snprintf(t->why, t->room, "\\%c is not in ECMA-262", letter);
	return false;
}

static bool is_hex(uint8_t c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

/* Four hexadecimal digits, or UINT32_MAX. */
static uint32_t hex4(const uint8_t *at, const uint8_t *end)
{
	uint32_t value = 0;

	if (end - at < 4)
		return UINT32_MAX;
	for (int i = 0; i < 4; i++) {
		if (!is_hex(at[i]))
			return UINT32_MAX;
		value = value << 4 | (at[i] <= '9' ? at[i] - (uint32_t)'0' : (at[i] | 0x20u) - 'a' + 10);
	}
	return value;
}

/* Behind \u: XXXX, {X...}; two of them that are a surrogate pair are one character, which PCRE2 does not know. */
static bool unicode(struct translation *t)
{
	uint32_t high = hex4(t->at, t->end), low;
	const uint8_t *end = t->at + 1;
	char piece[24];

	if (t->at < t->end && *t->at == '{') {
		while (end < t->end && is_hex(*end))
			end++;
		if (end == t->end || *end != '}' || end - t->at < 2 || end - t->at > 9)
			return fail(t, "\\u{ without hexadecimal digits and a brace");
		snprintf(piece, sizeof(piece), "\\u%.*s", (int)(end + 1 - t->at), (const char *)t->at);
		put(t, piece);
		t->at = end + 1;
	} else if (high >= 0xd800 && high <= 0xdbff && t->end - t->at >= 10 && t->at[4] == '\\' && t->at[5] == 'u' &&
	    (low = hex4(t->at + 6, t->end)) >= 0xdc00 && low <= 0xdfff) {
		snprintf(piece, sizeof(piece), "\\u{%x}", 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00));
		put(t, piece);
		t->at += 10;
	} else {
		put(t, "\\u");
	}
	return true;
}

/* Behind a backslash. */
static bool escape(struct translation *t)
{
	char c, plain[3] = "\\";

	if (t->at == t->end)
		return fail(t, "it ends in a backslash");
	c = (char)*t->at++;
	switch (c) {
	case 0:
		put(t, "\\x00");
		return true;
	case 's':
		put(t, t->in_class ? SPACES : "[" SPACES "]");
		return true;
	case 'S':
		put(t, t->in_class ? NOT_SPACES : "[^" SPACES "]");
		return true;
	case 'v':
		put(t, "\\x0b");
		return true;
	case 'p':
	case 'P':
		return property(t, c);
	case 'u':
		return unicode(t);
	case 'c':
		if (t->at == t->end || !((*t->at | 0x20) >= 'a' && (*t->at | 0x20) <= 'z'))
			return fail(t, "\\c without a letter");
		break;
	case 'k':
		if (t->at == t->end || *t->at != '<')
			return fail(t, "\\k without a name");
		break;
	default:
		/* What of letters and digits means something; ECMA-262 without its u flag takes others for themselves, with it for an error. */
		if (((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) && !strchr("bBdDfnrtwWx", c))
			return not_ours(t, c);
	}
	plain[1] = c;
	put(t, plain);
	return true;
}

/* Behind "(". */
static bool group(struct translation *t)
{
	size_t left = (size_t)(t->end - t->at);

	if (left && *t->at == '*')
		return fail(t, "(* is not in ECMA-262");
	if (!left || *t->at != '?')
		return true;
	if (left >= 2 && (t->at[1] == ':' || t->at[1] == '=' || t->at[1] == '!'))
		return true;
	if (left >= 3 && t->at[1] == '<')
		return true;
	return fail(t, "this kind of (? is not in ECMA-262");
}

/* Bytes of {2}, {2,} or {2,3}; 0: the brace stands for itself. least: the first of the numbers. */
static size_t braces(const uint8_t *at, const uint8_t *end, uint32_t *least)
{
	const uint8_t *from = at++;

	*least = 0;
	for (const uint8_t *digit = at; digit < end && *digit >= '0' && *digit <= '9' && *least < UINT16_MAX; digit++)
		*least = *least * 10 + (uint32_t)(*digit - '0');
	if (at == end || *at < '0' || *at > '9')
		return 0;
	while (at < end && ((*at >= '0' && *at <= '9') || *at == ','))
		at++;
	return at < end && *at == '}' ? (size_t)(at + 1 - from) : 0;
}

/* To PCRE2 a '+' behind a quantifier makes it possessive; ECMA-262 has no such thing. */
static bool quantifier(struct translation *t, size_t length)
{
	bool again = t->quantified;

	if (again && *t->at == '+')
		return fail(t, "a '+' behind a quantifier is not in ECMA-262");
	memcpy(t->out + t->used, t->at, length);
	t->used += length;
	t->at += length;
	t->quantified = !again;
	return true;
}

/* Behind "[". */
static void begin_class(struct translation *t)
{
	t->in_class = true;
	put(t, "[");
	if (t->at < t->end && *t->at == '^') {
		put(t, "^");
		t->at++;
	}
}

static bool is_set(char letter)
{
	return letter && strchr("dDwWsSpP", letter);
}

/* In brackets a '-' behind \d and its kind stands for itself. */
static bool behind_set(struct translation *t, char letter)
{
	if (t->in_class && is_set(letter) && t->at < t->end && *t->at == '-') {
		put(t, "\\-");
		t->at++;
	}
	return true;
}

/* What means more to PCRE2, or something else, than to ECMA-262; t->at: what follows. */
static const char *plain_character(const struct translation *t, char c)
{
	if (c == 0)
		return "\\x00";
	if (c == '[')
		return t->in_class ? "\\[" : NULL;
	if (t->in_class) /* a '-' before one of them too: \s would begin with the end of a range */
		return c == '-' && t->end - t->at > 1 && t->at[0] == '\\' && is_set((char)t->at[1]) ? "\\-" : NULL;
	return c == '{' ? "\\{" : c == '.' ? "[^\\n\\r\\u2028\\u2029]" : NULL;
}

static bool next(struct translation *t)
{
	char c = (char)*t->at, letter = t->end - t->at > 1 ? (char)t->at[1] : 0, plain[2] = {c, 0};
	const char *special;
	uint32_t least = 0;
	size_t length = t->in_class ? 0 : c == '{' ? braces(t->at, t->end, &least) : strchr("*+?", c) && c;

	if (length) {
		t->repeats = least > t->repeats ? least : t->repeats;
		return quantifier(t, length);
	}
	t->quantified = false;
	t->at++;
	if (c == '\\')
		return escape(t) && behind_set(t, letter);
	if (c == '[' && !t->in_class) {
		begin_class(t);
		return true;
	}
	if (c == ']')
		t->in_class = false;
	special = plain_character(t, c);
	put(t, special ? special : plain);
	if (c != '(' || t->in_class)
		return true;
	if (!group(t))
		return false;
	if (t->at < t->end && *t->at == '?') { /* no quantifier here */
		put(t, "?");
		t->at++;
	}
	return true;
}

uint8_t *pattern_translate(const uint8_t *text, size_t length, size_t *out_length, uint32_t *repeats, char *why, size_t room)
{
	struct translation t = {.at = text, .end = text + length, .why = why, .room = room};

	if (!(t.out = malloc(length * GROWTH + 1))) {
		fail(&t, "out of memory");
		return NULL;
	}
	while (t.at < t.end) {
		if (!next(&t)) {
			free(t.out);
			return NULL;
		}
	}
	*out_length = t.used;
	*repeats = t.repeats;
	return t.out;
}
