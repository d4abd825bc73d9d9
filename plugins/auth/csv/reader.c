#include "reader.h"

#include <string.h>

static bool problem(struct csv_reader *r, uint32_t line, uint32_t column, const char *text)
{
	r->problem = text;
	r->problem_line = line;
	r->problem_column = column;
	return false;
}

static uint32_t column(const struct csv_reader *r)
{
	return (uint32_t)(r->at - r->line_start) + 1;
}

/* Takes the end of a line, if it is here. */
static bool newline(struct csv_reader *r)
{
	const char *before = r->at;

	if (r->at < r->end && *r->at == '\r')
		r->at++;
	if (r->at < r->end && *r->at == '\n')
		r->at++;
	if (r->at == before)
		return false;
	r->line++;
	r->line_start = r->at;
	return true;
}

/* Up to the comma or the end of the line. It is terminated once that has been looked at. */
static bool plain(struct csv_reader *r, struct csv_field *f)
{
	f->text = r->at;
	while (r->at < r->end && *r->at != ',' && *r->at != '\r' && *r->at != '\n') {
		if (!*r->at)
			return problem(r, r->line, column(r), "a NUL byte");
		r->at++;
	}
	f->length = (size_t)(r->at - f->text);
	return true;
}

/* What is kept moves to the front as quotes fall away. */
static bool quoted(struct csv_reader *r, struct csv_field *f)
{
	char *to = f->text = ++r->at;

	for (;;) {
		char *from = r->at;

		if (r->at == r->end)
			return problem(r, f->line, f->column, "the quote that begins here has no end");
		if (!*r->at)
			return problem(r, r->line, column(r), "a NUL byte");
		if (*r->at == '"' && (r->at + 1 == r->end || r->at[1] != '"'))
			break;
		if (!newline(r))
			r->at++;
		if (*from == '"')
			r->at++; /* the second one */
		size_t n = *from == '"' ? 1 : (size_t)(r->at - from);
		memmove(to, from, n);
		to += n;
	}
	r->at++;
	f->length = (size_t)(to - f->text);
	if (r->at < r->end && *r->at != ',' && *r->at != '\r' && *r->at != '\n')
		return problem(r, r->line, column(r), "a comma or the end of the line is wanted behind the closing quote");
	return true;
}

void csv_reader_init(struct csv_reader *r, char *text, size_t length)
{
	*r = (struct csv_reader){ .at = text, .end = text + length, .line = 1 };
	if (length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		r->at += 3;
	r->line_start = r->at;
}

bool csv_reader_next(struct csv_reader *r)
{
	r->count = 0;
	if (r->problem)
		return false;
	while (newline(r))
		;
	if (r->at == r->end)
		return false;
	for (;;) {
		struct csv_field *f = &r->fields[r->count];
		bool more;

		if (r->count == CSV_FIELDS_MAX)
			return problem(r, r->line, column(r), "too many fields");
		*f = (struct csv_field){ .line = r->line, .column = column(r) };
		if (!(r->at < r->end && *r->at == '"' ? quoted(r, f) : plain(r, f)))
			return false;
		r->count++;
		more = r->at < r->end && *r->at == ',';
		if (more)
			r->at++;
		else
			newline(r);
		f->text[f->length] = 0;
		if (!more)
			return true;
	}
}
