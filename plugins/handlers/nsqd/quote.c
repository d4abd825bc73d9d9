#include "quote.h"

#include "utf8.h"

/* The letter after the backslash, or 0. */
static char short_escape(uint32_t rune)
{
	switch (rune) {
	case '"': return '"';
	case '\\': return '\\';
	case '\a': return 'a';
	case '\b': return 'b';
	case '\f': return 'f';
	case '\n': return 'n';
	case '\r': return 'r';
	case '\t': return 't';
	case '\v': return 'v';
	default: return 0;
	}
}

static void quote_rune(struct text *t, const uint8_t *at, size_t length, uint32_t rune)
{
	char letter = short_escape(rune);

	if (letter) {
		text_byte(t, '\\');
		text_byte(t, letter);
	} else if (rune_printable(rune)) {
		text_add(t, at, length);
	} else if (rune < ' ' || rune == 0x7f) {
		text_printf(t, "\\x%02x", rune);
	} else if (rune < 0x10000) {
		text_printf(t, "\\u%04x", rune);
	} else {
		text_printf(t, "\\U%08x", rune);
	}
}

void text_quote(struct text *t, const void *bytes, size_t n)
{
	const uint8_t *at = bytes, *end = at + n;
	uint32_t rune;

	text_byte(t, '"');
	while (at < end) {
		size_t length = utf8_get(at, (size_t)(end - at), &rune);
		if (length == 0) {
			text_printf(t, "\\x%02x", *at++);
			continue;
		}
		quote_rune(t, at, length, rune);
		at += length;
	}
	text_byte(t, '"');
}
