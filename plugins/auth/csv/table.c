/* From the file's records to rows. */
#include "table.h"

#include <openssl/crypto.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../file.h"
#include "../pattern.h"
#include "reader.h"

/* Warnings about rows of one file; what goes beyond is counted. */
#define WARNINGS_MAX 10

enum column { LOGIN, IP, TLS, TOPIC, CHANNEL, SUBSCRIBE, PUBLISH, ADMIN, COLUMNS };

static const struct {
	const char *name, *other;
	bool optional;
} columns[COLUMNS] = {
	[LOGIN] = { "login", NULL, false },
	[IP] = { "ip", NULL, false },
	[TLS] = { "tls_required", "tls", false }, /* the example's README has the other name */
	[TOPIC] = { "topic", NULL, false },
	[CHANNEL] = { "channel", NULL, false },
	[SUBSCRIBE] = { "subscribe", NULL, false },
	[PUBLISH] = { "publish", NULL, false },
	[ADMIN] = { "admin", NULL, true },
};

struct making {
	struct csv_table *table;
	struct csv_reader reader;
	const struct pluq_host *host;
	const char *name;
	int place[COLUMNS]; /* of the column in a record; -1: there is none */
	size_t width;       /* fields of a record */
	uint32_t room;
	unsigned warnings;
	struct pluq_why *why;
};

static int PLUQ_PRINTF(4, 5) bad(struct making *m, uint32_t line, uint32_t column, const char *fmt, ...)
{
	char text[160];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	for (char *c = text; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	snprintf(m->why->text, sizeof(m->why->text), "%.80s:%u:%u: %.140s", m->name, line, column, text);
	return PLUQ_EINVAL;
}

static int no_memory(struct pluq_why *why)
{
	snprintf(why->text, sizeof(why->text), "out of memory");
	return PLUQ_ENOMEM;
}

static void PLUQ_PRINTF(3, 4) warn(struct making *m, uint32_t line, const char *fmt, ...)
{
	char text[160];
	va_list args;

	if (!m->host || m->warnings++ >= WARNINGS_MAX)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	m->host->log(m->host, PLUQ_WARN, "%s:%u: %s", m->name, line, text);
}

/* --- the header ----------------------------------------------------------------------------------------------------- */

static int take_column(struct making *m, const struct csv_field *f, int at)
{
	for (size_t i = 0; i < COLUMNS; i++) {
		if (strcmp(f->text, columns[i].name) != 0 && (!columns[i].other || strcmp(f->text, columns[i].other) != 0))
			continue;
		if (m->place[i] >= 0)
			return bad(m, f->line, f->column, "the column %s is there twice", columns[i].name);
		m->place[i] = at;
		return 0;
	}
	warn(m, f->line, "there is no column '%.40s': it is passed over", f->text);
	return 0;
}

static int read_header(struct making *m)
{
	const struct csv_reader *r = &m->reader;
	int rc;

	for (size_t i = 0; i < COLUMNS; i++)
		m->place[i] = -1;
	if (!csv_reader_next(&m->reader))
		return r->problem ? bad(m, r->problem_line, r->problem_column, "%s", r->problem)
		                  : bad(m, 1, 1, "the line that names the columns is missing");
	m->width = r->count;
	for (size_t i = 0; i < r->count; i++)
		if ((rc = take_column(m, &r->fields[i], (int)i)))
			return rc;
	for (size_t i = 0; i < COLUMNS; i++)
		if (m->place[i] < 0 && !columns[i].optional)
			return bad(m, r->fields[0].line, 1, "the column %s is missing", columns[i].name);
	return 0;
}

/* --- a row ---------------------------------------------------------------------------------------------------------- */

static const struct csv_field *field(const struct making *m, enum column c)
{
	return m->place[c] < 0 ? NULL : &m->reader.fields[m->place[c]];
}

static int read_tls(struct making *m, bool *out)
{
	const struct csv_field *f = field(m, TLS);

	*out = strcmp(f->text, "true") == 0 || strcmp(f->text, "True") == 0;
	if (*out || !*f->text || strcmp(f->text, "false") == 0 || strcmp(f->text, "False") == 0)
		return 0;
	return bad(m, f->line, f->column, "%s: '%.40s' is neither true nor false", columns[TLS].name, f->text);
}

static int read_pattern(struct making *m, enum column c, const char **out)
{
	const struct csv_field *f = field(m, c);
	char why[160];

	*out = f->text;
	if (auth_pattern_is_good(f->text, f->length, why, sizeof(why)))
		return 0;
	return bad(m, f->line, f->column, "%s: not a pattern: %s", columns[c].name, why);
}

static bool grants(const struct making *m, enum column c)
{
	const struct csv_field *f = field(m, c);

	return f && strcasecmp(f->text, columns[c].name) == 0;
}

static int check_form(struct making *m)
{
	const struct csv_reader *r = &m->reader;

	if (r->count != m->width)
		return bad(m, r->fields[0].line, r->count < m->width ? 1 : r->fields[m->width].column, "%zu fields, where the first line has %zu",
		    r->count, m->width);
	for (size_t i = 0; i < r->count; i++)
		if (r->fields[i].length > CSV_FIELD_MAX)
			return bad(m, r->fields[i].line, r->fields[i].column, "a field is longer than %d bytes", CSV_FIELD_MAX);
	return 0;
}

static int read_row(struct making *m, struct csv_row *row)
{
	const struct csv_field *login, *ip;
	int rc = check_form(m);

	if (rc)
		return rc;
	login = field(m, LOGIN);
	ip = field(m, IP);
	*row = (struct csv_row){ .login = login->text, .login_length = (uint32_t)login->length, .line = m->reader.fields[0].line };
	if (!csv_block_parse(ip->text, &row->block))
		return bad(m, ip->line, ip->column, "%s: '%.60s' is neither an address nor a network", columns[IP].name, ip->text);
	if ((rc = read_tls(m, &row->tls_required)) || (rc = read_pattern(m, TOPIC, &row->topic)) ||
	    (rc = read_pattern(m, CHANNEL, &row->channel)))
		return rc;
	row->permissions = (grants(m, SUBSCRIBE) ? PLUQ_MAY_SUBSCRIBE : 0) | (grants(m, PUBLISH) ? PLUQ_MAY_PUBLISH : 0) |
	    (grants(m, ADMIN) ? PLUQ_MAY_ADMIN : 0);
	return 0;
}

static int grow(struct making *m)
{
	struct csv_table *t = m->table;
	struct csv_row *rows;

	if (t->count < m->room)
		return 0;
	m->room = m->room ? m->room * 2 : 64;
	if (!(rows = realloc(t->rows, m->room * sizeof(*rows))))
		return no_memory(m->why);
	t->rows = rows;
	return 0;
}

static int read_rows(struct making *m)
{
	const struct csv_reader *r = &m->reader;
	int rc;

	while (csv_reader_next(&m->reader)) {
		struct csv_row *row;

		if ((rc = grow(m)))
			return rc;
		row = &m->table->rows[m->table->count];
		if ((rc = read_row(m, row)))
			return rc;
		if (row->permissions)
			m->table->count++;
		else
			warn(m, row->line, "grants nothing: it is passed over");
	}
	if (r->problem)
		return bad(m, r->problem_line, r->problem_column, "%s", r->problem);
	if (m->host && m->warnings > WARNINGS_MAX)
		m->host->log(m->host, PLUQ_WARN, "%s: %u more warnings of this kind", m->name, m->warnings - WARNINGS_MAX);
	return 0;
}

/* --- the table ------------------------------------------------------------------------------------------------------ */

int csv_table_make(struct csv_table *t, const struct pluq_host *host, const char *name, char *text, size_t length, struct pluq_why *why)
{
	struct making m = { .table = t, .host = host, .name = name, .why = why };
	int rc;

	*t = (struct csv_table){ .text = text, .length = length };
	csv_reader_init(&m.reader, text, length);
	if ((rc = read_header(&m)) == 0 && (rc = read_rows(&m)) == 0 && (rc = csv_index_make(t)))
		snprintf(why->text, sizeof(why->text), "%.80s: %s", name, rc == PLUQ_ENOMEM ? "out of memory" : "no random numbers to be had");
	if (rc)
		csv_table_fini(t);
	return rc;
}

int csv_table_load(struct csv_table *t, const struct pluq_host *host, const char *path, struct pluq_why *why)
{
	size_t length;
	char *text;
	int rc = auth_file_read(host, path, CSV_FILE_MAX, "secrets", &text, &length, why);

	return rc ? rc : csv_table_make(t, host, path, text, length, why);
}

void csv_table_fini(struct csv_table *t)
{
	if (t->text)
		OPENSSL_cleanse(t->text, t->length);
	free(t->text);
	free(t->rows);
	free(t->places);
	free(t->logins);
	*t = (struct csv_table){ 0 };
}
