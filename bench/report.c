#include "report.h"

#include <ctype.h>
#include <stdio.h>

void report_begin(struct report *r, const char *row)
{
	r->row = row;
	r->count = 0;
}

void report_add(struct report *r, const char *key, double value, int decimals, const char *before, const char *after)
{
	struct report_value *v;

	if (r->count == REPORT_VALUES)
		return;
	v = &r->values[r->count++];
	snprintf(v->key, sizeof v->key, "%s", key);
	/* A key may hold the name of a server's thread: only what needs no escaping in JSON stays. */
	for (char *c = v->key; *c; c++)
		if (!isalnum((unsigned char)*c) && *c != '_' && *c != '.' && *c != '-')
			*c = '_';
	v->value = value;
	v->decimals = decimals;
	v->before = before;
	v->after = after;
}

static void print_json(const struct report *r)
{
	printf("{\"row\":\"%s\"", r->row);
	if (r->label)
		printf(",\"label\":\"%s\"", r->label);
	for (size_t i = 0; i < r->count; i++)
		printf(",\"%s\":%.*f", r->values[i].key, r->values[i].decimals, r->values[i].value);
	printf("}\n");
}

static void print_text(const struct report *r)
{
	const char *separator = ": ";

	printf("%s%s%s", r->label ? r->label : "", r->label ? " " : "", r->row);
	for (size_t i = 0; i < r->count; i++) {
		const struct report_value *v = &r->values[i];

		if (!v->before)
			continue;
		printf("%s%s%.*f%s", separator, v->before, v->decimals, v->value, v->after);
		separator = ", ";
	}
	printf("\n");
}

void report_end(struct report *r)
{
	if (r->json)
		print_json(r);
	else
		print_text(r);
	fflush(stdout);
}
