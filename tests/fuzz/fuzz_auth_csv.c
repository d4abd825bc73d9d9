/* auth-csv's data file: any bytes make a table or are refused with file, line and column, and every row of a table is found. */
#undef NDEBUG
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../plugins/auth/csv/table.h"

static uint32_t granted; /* channels */

static void live(struct pluq_auth_call *k, int64_t ns)
{
	assert(ns == 5);
}

static void grant(struct pluq_auth_call *k, uint32_t permissions, const char *topic, const char *const *channels, size_t n)
{
	assert(permissions && n && topic);
	for (size_t i = 0; i < n; i++)
		granted += strlen(channels[i]) <= CSV_FIELD_MAX;
}

static const struct pluq_auth auth = { .size = sizeof(auth), .live = live, .grant = grant };

static void ask(const struct csv_table *t, const struct csv_row *row)
{
	struct pluq_auth_query query = { .size = sizeof(query), .secret = (const uint8_t *)row->login, .secret_length = row->login_length,
		.remote_ip = row->block.family == 4 ? "127.0.0.1" : "::1", .common_name = "", .tls = true };
	struct pluq_why why = { "" };

	granted = 0;
	int verdict = csv_answer(t, 5, &auth, &query, NULL, &why);
	assert(verdict == PLUQ_AUTH_ALLOW ? granted > 0 : verdict == PLUQ_AUTH_SILENT && !granted);
	if (!row->block.family)
		assert(verdict == PLUQ_AUTH_ALLOW);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct csv_table t;
	struct pluq_why why = { "" };

	assert(text);
	memcpy(text, data, size);
	text[size] = 0;
	int rc = csv_table_make(&t, NULL, "f", text, size, &why);
	assert(rc == 0 || (rc == PLUQ_EINVAL && strncmp(why.text, "f:", 2) == 0 && strlen(why.text) > 6));
	for (uint32_t i = 0; rc == 0 && i < t.count && i < 64; i++)
		ask(&t, &t.rows[i]);
	csv_table_fini(&t);
	return 0;
}
