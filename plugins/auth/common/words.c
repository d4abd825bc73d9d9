#include "words.h"

#include <stdlib.h>

void *list_room(void *items, size_t *room, size_t count, size_t size)
{
	if (count < *room)
		return items;
	size_t more = *room ? *room * 2 : 16;
	void *grown = more > SIZE_MAX / 2 / size ? NULL : realloc(items, more * size);
	if (grown)
		*room = more;
	return grown;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static const char *wrong(struct words *w, size_t at, const char *text)
{
	w->bad_column = (uint32_t)at + 1;
	return text;
}

static const char *check_bytes(struct words *w, const char *line, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (((unsigned char)line[i] < ' ' && line[i] != '\t') || line[i] == 0x7f)
			return wrong(w, i, "a control character");
	return NULL;
}

/* Takes the word at *at out of its quotes. What is written never gets ahead of what is read. */
static const char *take(struct words *w, char *line, size_t n, size_t *at)
{
	size_t from = *at, to = *at, quote = SIZE_MAX;
	struct rule_word *items = list_room(w->items, &w->room, w->count, sizeof(*items));

	if (!items)
		return wrong(w, from, "out of memory");
	w->items = items;
	w->items[w->count++] = (struct rule_word){&line[from], (uint32_t)from + 1};
	for (; from < n && (quote != SIZE_MAX || !is_blank(line[from])); from++)
		if (line[from] == '"')
			quote = quote == SIZE_MAX ? from : SIZE_MAX;
		else
			line[to++] = line[from];
	if (quote != SIZE_MAX)
		return wrong(w, quote, "a quote that is not closed");
	line[to] = 0;
	*at = from < n ? from + 1 : n; /* the blank may have become the terminator */
	return NULL;
}

const char *words_split(struct words *w, char *line, size_t n)
{
	const char *bad = check_bytes(w, line, n);
	size_t at = 0;

	w->count = 0;
	while (!bad && at < n) {
		if (line[at] == '#')
			break;
		if (is_blank(line[at]))
			at++;
		else
			bad = take(w, line, n, &at);
	}
	return bad;
}
