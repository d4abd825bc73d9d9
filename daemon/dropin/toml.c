#include "toml.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "toml_reader.h"

#define BARE_KEY "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"

static int read_value(struct toml_reader *r, struct pluq__toml *value);

int toml_fail(const struct toml_reader *r, const char *at, const char *text)
{
	return pluq__problem(r->problem, PLUQ_EINVAL, "%s:%d:%d: %s", r->name, r->line, (int)(at - r->line_start) + 1, text);
}

int toml_no_memory(const struct toml_reader *r)
{
	return pluq__problem(r->problem, PLUQ_ENOMEM, "%s: out of memory", r->name);
}

void toml_next_line(struct toml_reader *r)
{
	r->line_start = ++r->at;
	r->line++;
}

const char *pluq__toml_word(enum pluq__toml_type type)
{
	static const char *const words[] = {
		[PLUQ__TOML_STRING] = "a string", [PLUQ__TOML_INTEGER] = "an integer", [PLUQ__TOML_FLOAT] = "a float",
		[PLUQ__TOML_BOOLEAN] = "a boolean", [PLUQ__TOML_TIME] = "a time", [PLUQ__TOML_LIST] = "a list",
		[PLUQ__TOML_TABLE] = "a table",
	};

	return words[type];
}

/* --- space -------------------------------------------------------------------------------------------------------- */

static void skip_space(struct toml_reader *r)
{
	r->at += strspn(r->at, " \t");
}

static void skip_comment(struct toml_reader *r)
{
	if (*r->at == '#')
		while (r->at < r->end && *r->at != '\n')
			r->at++;
}

static bool at_line_end(const struct toml_reader *r)
{
	return *r->at == '\n' || (*r->at == '\r' && r->at[1] == '\n');
}

/* Over spaces, comments and line ends. */
static void skip_lines(struct toml_reader *r)
{
	for (;;) {
		skip_space(r);
		skip_comment(r);
		if (!at_line_end(r))
			return;
		r->at += *r->at == '\r';
		toml_next_line(r);
	}
}

/* What ends a line of the file's own. */
static int end_line(struct toml_reader *r)
{
	skip_space(r);
	skip_comment(r);
	if (r->at < r->end && !at_line_end(r))
		return toml_fail(r, r->at, "the line should end here");
	return 0;
}

/* --- values ------------------------------------------------------------------------------------------------------- */

static struct pluq__toml *new_value(struct toml_reader *r)
{
	struct pluq__toml *v = pluq__arena_alloc(r->arena, sizeof(*v));

	if (v)
		v->line = r->line;
	return v;
}

static int read_name(struct toml_reader *r, const char **out)
{
	size_t n;

	if (*r->at == '"' || *r->at == '\'')
		return toml_read_string(r, true, out);
	if (!(n = strspn(r->at, BARE_KEY)))
		return toml_fail(r, r->at, "a key is wanted here: key = value");
	if (!(*out = pluq__arena_copy(r->arena, r->at, n)))
		return toml_no_memory(r);
	r->at += n;
	return 0;
}

/* a.b.c; flat: there is but one name, which *out is. */
static int read_key(struct toml_reader *r, const char **out, bool *flat)
{
	const char *more;
	int rc = read_name(r, out);

	*flat = true;
	for (skip_space(r); !rc && *r->at == '.'; skip_space(r)) {
		r->at++;
		skip_space(r);
		*flat = false;
		rc = read_name(r, &more);
	}
	return rc;
}

static int read_pair(struct toml_reader *r, struct pluq__toml *value, const char **key, bool *flat)
{
	int rc = read_key(r, key, flat);

	if (rc)
		return rc;
	if (*r->at != '=')
		return toml_fail(r, r->at, "a '=' is wanted between a key and its value");
	r->at++;
	skip_space(r);
	return read_value(r, value);
}

static int read_list(struct toml_reader *r, struct pluq__toml *list)
{
	struct pluq__toml **tail = &list->items;
	int rc;

	list->type = PLUQ__TOML_LIST;
	for (r->at++;; r->at++) {
		skip_lines(r);
		if (*r->at == ']')
			break;
		if (!(*tail = new_value(r)))
			return toml_no_memory(r);
		if ((rc = read_value(r, *tail)))
			return rc;
		tail = &(*tail)->next;
		skip_lines(r);
		if (*r->at == ']')
			break;
		if (*r->at != ',')
			return toml_fail(r, r->at, "a ',' or a ']' is wanted in a list");
	}
	r->at++;
	return 0;
}

static int read_table(struct toml_reader *r, struct pluq__toml *table)
{
	struct pluq__toml ignored;
	const char *key;
	bool flat;
	int rc;

	table->type = PLUQ__TOML_TABLE;
	r->at++;
	skip_space(r);
	if (*r->at == '}') {
		r->at++;
		return 0;
	}
	for (;; r->at++) {
		skip_space(r);
		ignored = (struct pluq__toml){ 0 };
		if ((rc = read_pair(r, &ignored, &key, &flat)))
			return rc;
		skip_space(r);
		if (*r->at == '}')
			break;
		if (*r->at != ',')
			return toml_fail(r, r->at, "a ',' or a '}' is wanted in a table");
	}
	r->at++;
	return 0;
}

static int read_nested(struct toml_reader *r, struct pluq__toml *value)
{
	int rc;

	if (r->depth == PLUQ__TOML_MAX_DEPTH)
		return toml_fail(r, r->at, "nested too deeply");
	r->depth++;
	rc = *r->at == '[' ? read_list(r, value) : read_table(r, value);
	r->depth--;
	return rc;
}

static int read_value(struct toml_reader *r, struct pluq__toml *value)
{
	if (*r->at == '[' || *r->at == '{')
		return read_nested(r, value);
	if (*r->at != '"' && *r->at != '\'')
		return toml_read_bare(r, value);
	value->type = PLUQ__TOML_STRING;
	return toml_read_string(r, false, &value->text);
}

/* --- the file ----------------------------------------------------------------------------------------------------- */

/* [name] or [[name]] */
static int read_header(struct toml_reader *r)
{
	int brackets = r->at[1] == '[' ? 2 : 1;
	const char *name;
	bool flat;
	int rc;

	r->at += brackets;
	skip_space(r);
	if ((rc = read_key(r, &name, &flat)))
		return rc;
	for (int i = 0; i < brackets; i++)
		if (*r->at++ != ']')
			return toml_fail(r, r->at - 1, "a ']' is wanted behind the name of a section");
	return end_line(r);
}

static int check_key(struct toml_reader *r, const char *at, const struct pluq__toml *first, const struct pluq__toml *value)
{
	char text[160];
	int count = 0;

	for (; first; first = first->next, count++)
		if (strcmp(first->key, value->key) == 0) {
			snprintf(text, sizeof(text), "'%.64s' is given twice (first in line %d)", value->key, first->line);
			return toml_fail(r, at, text);
		}
	return count < PLUQ__TOML_MAX_KEYS ? 0 : toml_fail(r, at, "too many keys: not a configuration file");
}

static int read_member(struct toml_reader *r, struct pluq__toml **first, struct pluq__toml ***tail, bool wanted)
{
	struct pluq__toml *value = new_value(r);
	struct toml_reader begin = *r;
	bool flat;
	int rc;

	if (!value)
		return toml_no_memory(r);
	if ((rc = read_pair(r, value, &value->key, &flat)) || (rc = end_line(r)) || !wanted || !flat)
		return rc;
	if ((rc = check_key(&begin, begin.at, *first, value)))
		return rc;
	**tail = value;
	*tail = &value->next;
	return 0;
}

static int read_file(struct toml_reader *r, struct pluq__toml **first)
{
	struct pluq__toml **tail = first;
	bool wanted = true; /* no section has begun */
	int rc = 0;

	for (skip_lines(r); r->at < r->end && !rc; skip_lines(r)) {
		if (*r->at == '[') {
			wanted = false;
			rc = read_header(r);
		} else {
			rc = read_member(r, first, &tail, wanted);
		}
	}
	return rc;
}

/* The length of the character at s, or 0: it is none of UTF-8's. */
static size_t utf8_length(const unsigned char *s, size_t left)
{
	size_t n = *s < 0x80 ? 1 : *s < 0xc2 ? 0 : *s < 0xe0 ? 2 : *s < 0xf0 ? 3 : *s < 0xf5 ? 4 : 0;

	if (!n || n > left || !*s)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if (n > 2 && ((*s == 0xe0 && s[1] < 0xa0) || (*s == 0xed && s[1] > 0x9f) || (*s == 0xf0 && s[1] < 0x90) ||
	              (*s == 0xf4 && s[1] > 0x8f)))
		return 0;
	return n;
}

static int check_encoding(const char *name, const char *text, size_t length, struct pluq__problem *problem)
{
	size_t n;

	for (size_t i = 0; i < length; i += n)
		if (!(n = utf8_length((const unsigned char *)text + i, length - i)))
			return pluq__problem(problem, PLUQ_EINVAL, "%s: byte %zu: the file must be UTF-8 text", name, i);
	return 0;
}

int pluq__toml_text(struct pluq__arena *arena, const char *name, const char *text, size_t length, struct pluq__toml **out,
    struct pluq__problem *problem)
{
	static const char mark[] = "\xef\xbb\xbf"; /* of the encoding; needless, but some editors write it */
	struct toml_reader r = { .line = 1, .arena = arena, .name = name, .problem = problem };
	int rc = check_encoding(name, text, length, problem);

	*out = NULL;
	if (rc)
		return rc;
	if (length >= 3 && memcmp(text, mark, 3) == 0) {
		text += 3;
		length -= 3;
	}
	/* The copy has a 0 behind it, so that one may look at the next character anywhere. */
	if (!(r.at = r.line_start = pluq__arena_copy(arena, text, length)))
		return toml_no_memory(&r);
	r.end = r.at + length;
	return read_file(&r, out);
}

static int read_whole(FILE *file, const char *path, char *buffer, size_t *length, struct pluq__problem *problem)
{
	errno = 0;
	*length = fread(buffer, 1, PLUQ__TOML_MAX_BYTES + 1, file);
	if (ferror(file))
		return pluq__problem(problem, PLUQ_EINVAL, "%s: cannot be read: %s", path, strerror(errno));
	if (*length > PLUQ__TOML_MAX_BYTES)
		return pluq__problem(problem, PLUQ_EINVAL, "%s: larger than 1 MiB: not a configuration file", path);
	return 0;
}

int pluq__toml_file(struct pluq__arena *arena, const char *path, struct pluq__toml **out, struct pluq__problem *problem)
{
	char *buffer = malloc(PLUQ__TOML_MAX_BYTES + 1);
	FILE *file = NULL;
	size_t length = 0;
	int rc;

	if (!buffer)
		rc = pluq__problem(problem, PLUQ_ENOMEM, "%s: out of memory", path);
	else if (!(file = fopen(path, "re")))
		rc = pluq__problem(problem, PLUQ_EINVAL, "%s: cannot be opened: %s", path, strerror(errno));
	else if (!(rc = read_whole(file, path, buffer, &length, problem)))
		rc = pluq__toml_text(arena, path, buffer, length, out, problem);
	if (file)
		fclose(file);
	free(buffer);
	return rc;
}
