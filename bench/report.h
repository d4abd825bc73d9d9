/* bench/report.h: one row of results, as a line for people or as a JSON object on a line. */
#ifndef PLUQ_BENCH_REPORT_H
#define PLUQ_BENCH_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#define REPORT_VALUES 40

struct report_value {
	char key[48];
	double value;
	int decimals;
	const char *before, *after; /* for people; NULL: the value is in JSON only */
};

struct report {
	bool json;
	const char *row, *label;
	struct report_value values[REPORT_VALUES];
	size_t count;
};

/* Begins a row; row and the texts given to report_add are borrowed until report_end. */
void report_begin(struct report *, const char *row);
void report_add(struct report *, const char *key, double value, int decimals, const char *before, const char *after);
void report_end(struct report *); /* prints the row on standard output */

#endif
