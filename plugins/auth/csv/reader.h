/* Comma separated values as RFC 4180 has them, read where they lie: quotes, doubled quotes and line breaks in them, LF, CRLF or CR at the
 * end of a record, a byte order mark. Empty lines are passed over. A quote within a field that does not begin with one is a quote. */
#ifndef CSV_READER_H
#define CSV_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CSV_FIELDS_MAX 64

struct csv_field {
	char *text;    /* in the reader's bytes, terminated, without a NUL in it */
	size_t length;
	uint32_t line, column; /* where it begins, from 1; the column in bytes */
};

struct csv_reader {
	char *at, *end, *line_start;
	uint32_t line;
	struct csv_field fields[CSV_FIELDS_MAX]; /* of the last record */
	size_t count;
	const char *problem; /* constant text; NULL: none */
	uint32_t problem_line, problem_column;
};

/* The bytes are changed by reading and must stay as long as the fields are used; text[length] must be writable too. */
void csv_reader_init(struct csv_reader *, char *text, size_t length);
/* The next record. false: there is none, or there is a problem. */
bool csv_reader_next(struct csv_reader *);

#endif
