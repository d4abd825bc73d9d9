/* The data file as it was read: constant once it is made. */
#ifndef CSV_TABLE_H
#define CSV_TABLE_H

#include <pluq/auth.h>

#include "address.h"

/* Longest field, and largest file, bytes. */
#define CSV_FIELD_MAX 65535
#define CSV_FILE_MAX (INT64_C(64) << 20)

/* One line of the file that grants something. Texts lie in the table's. */
struct csv_row {
	const char *login;   /* "": anybody */
	const char *topic, *channel;
	uint32_t login_length, line;
	uint32_t topic_number; /* the same for the same topic */
	uint32_t permissions;  /* PLUQ_MAY_*, not 0 */
	struct csv_block block;
	bool tls_required;
};

/* What is looked at of a row that may fit, side by side with that of the next one: thousands may have to be looked at. */
struct csv_place {
	uint32_t row;
	bool tls_required;
	struct csv_block block;
};

#define CSV_DIGEST 32

/* The rows of one login: places[first] .. in the order of the file. */
struct csv_login {
	uint8_t digest[CSV_DIGEST]; /* under the table's key: where a secret is looked for tells nothing about it */
	uint32_t first, count;
};

struct csv_table {
	char *text;
	size_t length;
	struct csv_row *rows;
	uint32_t count;
	uint8_t key[CSV_DIGEST];
	struct csv_place *places; /* by login, then by row */
	struct csv_login *logins; /* sorted by digest */
	uint32_t login_count;
	struct csv_login anybody; /* rows without a login */
};

/* Takes the text (heap, text[length] is a NUL) in any case. name: of the file, for `why` and warnings. PLUQ_EINVAL with file, line and column;
 * PLUQ_ENOMEM. Rows that grant nothing are left out with a warning; host may be NULL: without. */
int csv_table_make(struct csv_table *, const struct pluq_host *, const char *name, char *text, size_t length, struct pluq_why *);
/* Reads the file and makes it. PLUQ_EIO, PLUQ_EINVAL, PLUQ_ENOMEM. */
int csv_table_load(struct csv_table *, const struct pluq_host *, const char *path, struct pluq_why *);
void csv_table_fini(struct csv_table *);

/* index.c */
int csv_index_make(struct csv_table *); /* PLUQ_ENOMEM; PLUQ_EINVAL: no random numbers */
/* The rows whose login is this secret, compared in constant time; NULL: none. */
const struct csv_login *csv_index_find(const struct csv_table *, const uint8_t *secret, size_t length);

/* answer.c: what the table says, told to the daemon by `identify`, `live` and `grant`. A verdict. */
int csv_answer(const struct csv_table *, int64_t ttl_ns, const struct pluq_auth *, const struct pluq_auth_query *,
    struct pluq_auth_call *, struct pluq_why *);

#endif
