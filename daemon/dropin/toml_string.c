/* Strings: basic and literal, of one line or of several. */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "toml_reader.h"

struct string {
	char quote;
	bool multi;
	const char *close; /* its closing quotes */
};

static bool at_triple(const char *s, const char *end, char quote)
{
	return end - s >= 3 && s[0] == quote && s[1] == quote && s[2] == quote;
}

/* From the first character of the contents. */
static int find_close(struct toml_reader *r, struct string *s)
{
	const char *at = r->at;

	for (; at < r->end; at++) {
		if (*at == '\\' && s->quote == '"' && at + 1 < r->end)
			at++;
		else if (*at == '\n' && !s->multi)
			break;
		else if (s->multi ? at_triple(at, r->end, s->quote) : *at == s->quote) {
			/* Up to two quotes may stand before the three that close. */
			for (int more = 0; s->multi && more < 2 && at_triple(at + 1, r->end, s->quote); more++)
				at++;
			s->close = at;
			return 0;
		}
	}
	return toml_fail(r, r->at, "a quote is not closed");
}

static char *put_utf8(char *to, uint32_t c)
{
	if (c < 0x80) {
		*to++ = (char)c;
	} else if (c < 0x800) {
		*to++ = (char)(0xc0 | c >> 6);
		*to++ = (char)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		*to++ = (char)(0xe0 | c >> 12);
		*to++ = (char)(0x80 | (c >> 6 & 0x3f));
		*to++ = (char)(0x80 | (c & 0x3f));
	} else {
		*to++ = (char)(0xf0 | c >> 18);
		*to++ = (char)(0x80 | (c >> 12 & 0x3f));
		*to++ = (char)(0x80 | (c >> 6 & 0x3f));
		*to++ = (char)(0x80 | (c & 0x3f));
	}
	return to;
}

/* \uXXXX and \UXXXXXXXX, behind the letter. Its text is never longer than it is itself. */
static int read_code(struct toml_reader *r, const struct string *s, int digits, char **to)
{
	uint32_t c = 0;

	for (int i = 0; i < digits; i++) {
		char x = r->at < s->close ? *r->at : 0;
		int value = x >= '0' && x <= '9' ? x - '0' : (x | ' ') >= 'a' && (x | ' ') <= 'f' ? (x | ' ') - 'a' + 10 : -1;

		if (value < 0)
			return toml_fail(r, r->at, "hexadecimal digits are missing here: \\u takes four, \\U eight");
		c = c << 4 | (uint32_t)value;
		r->at++;
	}
	if (!c || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return toml_fail(r, r->at - digits, "this is no character that a text can have");
	*to = put_utf8(*to, c);
	return 0;
}

/* A backslash at the end of a line: the line goes on with the next text. false: it is none. */
static bool skip_line_end(struct toml_reader *r, const struct string *s)
{
	const char *at = r->at;

	at += strspn(at, " \t");
	at += *at == '\r';
	if (!s->multi || *at != '\n')
		return false;
	for (r->at = at; r->at < s->close && strchr(" \t\r\n", *r->at);)
		if (*r->at == '\n')
			toml_next_line(r);
		else
			r->at++;
	return true;
}

/* Behind the backslash. */
static int read_escape(struct toml_reader *r, const struct string *s, char **to)
{
	static const char letters[] = "btnfr\"\\", meanings[] = "\b\t\n\f\r\"\\";
	const char *letter;

	if (skip_line_end(r, s))
		return 0;
	if (*r->at == 'u' || *r->at == 'U')
		return read_code(r, s, *r->at++ == 'u' ? 4 : 8, to);
	if (!*r->at || !(letter = strchr(letters, *r->at)))
		return toml_fail(r, r->at - 1, "there is no such escape: write \\\\ for a backslash, or the text in single quotes");
	*(*to)++ = meanings[letter - letters];
	r->at++;
	return 0;
}

static int read_char(struct toml_reader *r, const struct string *s, char **to)
{
	unsigned char c = (unsigned char)*r->at;
	int rc;

	if (c == '\\' && s->quote == '"') {
		r->at++;
		rc = read_escape(r, s, to);
		return rc;
	}
	if (s->multi && (c == '\n' || (c == '\r' && r->at[1] == '\n'))) {
		r->at += c == '\r';
		*(*to)++ = '\n';
		toml_next_line(r);
		return 0;
	}
	if ((c < ' ' && c != '\t') || c == 0x7f)
		return toml_fail(r, r->at, "a control character must not stand in a text");
	*(*to)++ = *r->at++;
	return 0;
}

int toml_read_string(struct toml_reader *r, bool plain, const char **out)
{
	struct string s = { .quote = *r->at, .multi = !plain && at_triple(r->at, r->end, *r->at) };
	char *text, *to;
	int rc;

	r->at += s.multi ? 3 : 1;
	if (s.multi && *r->at == '\r' && r->at[1] == '\n')
		r->at++;
	if (s.multi && *r->at == '\n') /* right behind the quotes it does not count */
		toml_next_line(r);
	if ((rc = find_close(r, &s)))
		return rc;
	if (!(text = to = pluq__arena_alloc(r->arena, (size_t)(s.close - r->at) + 1)))
		return toml_no_memory(r);
	while (r->at < s.close)
		if ((rc = read_char(r, &s, &to)))
			return rc;
	*out = text;
	r->at = s.close + (s.multi ? 3 : 1);
	return 0;
}
