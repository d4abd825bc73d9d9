/* Finds a login's rows by its digest. The key is made anew with each table, so nobody can tell from the time of an answer how much of a
 * secret was right, nor choose secrets that collide. */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"

struct entry {
	uint8_t digest[CSV_DIGEST];
	uint32_t row;
};

static bool digest(const struct csv_table *t, const void *bytes, size_t length, uint8_t *out)
{
	return HMAC(EVP_sha256(), t->key, CSV_DIGEST, bytes, length, out, NULL) != NULL;
}

/* --- making --------------------------------------------------------------------------------------------------------- */

static int by_digest(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = memcmp(x->digest, y->digest, CSV_DIGEST);

	return order ? order : x->row < y->row ? -1 : x->row > y->row;
}

static void put_place(struct csv_table *t, uint32_t at, uint32_t row)
{
	t->places[at] = (struct csv_place){ .row = row, .tls_required = t->rows[row].tls_required, .block = t->rows[row].block };
}

static void take_logins(struct csv_table *t, const struct entry *entries, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		struct csv_login *l = t->login_count ? &t->logins[t->login_count - 1] : NULL;

		if (!l || memcmp(l->digest, entries[i].digest, CSV_DIGEST) != 0) {
			l = &t->logins[t->login_count++];
			*l = (struct csv_login){ .first = i };
			memcpy(l->digest, entries[i].digest, CSV_DIGEST);
		}
		put_place(t, i, entries[i].row);
		l->count++;
	}
}

static int index_logins(struct csv_table *t)
{
	struct entry *entries = malloc((t->count + 1) * sizeof(*entries));
	uint32_t count = 0, at;
	bool good = true;

	if (!entries)
		return PLUQ_ENOMEM;
	for (uint32_t i = 0; i < t->count; i++)
		if (t->rows[i].login_length) {
			entries[count].row = i;
			good &= digest(t, t->rows[i].login, t->rows[i].login_length, entries[count++].digest);
		}
	qsort(entries, count, sizeof(*entries), by_digest);
	take_logins(t, entries, count);
	free(entries);
	t->anybody.first = at = count;
	for (uint32_t i = 0; i < t->count; i++)
		if (!t->rows[i].login_length)
			put_place(t, at++, i);
	t->anybody.count = at - count;
	return good ? 0 : PLUQ_ENOMEM;
}

static int by_topic(const void *a, const void *b)
{
	return strcmp((*(struct csv_row *const *)a)->topic, (*(struct csv_row *const *)b)->topic);
}

static int number_topics(struct csv_table *t)
{
	struct csv_row **sorted = malloc((t->count + 1) * sizeof(*sorted));

	if (!sorted)
		return PLUQ_ENOMEM;
	for (uint32_t i = 0; i < t->count; i++)
		sorted[i] = &t->rows[i];
	qsort(sorted, t->count, sizeof(*sorted), by_topic);
	for (uint32_t i = 1; i < t->count; i++)
		sorted[i]->topic_number = sorted[i - 1]->topic_number + (strcmp(sorted[i]->topic, sorted[i - 1]->topic) != 0);
	free(sorted);
	return 0;
}

int csv_index_make(struct csv_table *t)
{
	if (RAND_bytes(t->key, CSV_DIGEST) != 1)
		return PLUQ_EINVAL;
	t->places = malloc((t->count + 1) * sizeof(*t->places));
	t->logins = malloc((t->count + 1) * sizeof(*t->logins));
	if (!t->places || !t->logins)
		return PLUQ_ENOMEM;
	int rc = index_logins(t);
	return rc ? rc : number_topics(t);
}

/* --- finding -------------------------------------------------------------------------------------------------------- */

const struct csv_login *csv_index_find(const struct csv_table *t, const uint8_t *secret, size_t length)
{
	uint8_t wanted[CSV_DIGEST];
	uint32_t low = 0, high = t->login_count;

	if (!length || length > CSV_FIELD_MAX || !high || !digest(t, secret, length, wanted))
		return NULL;
	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (memcmp(t->logins[middle].digest, wanted, CSV_DIGEST) > 0)
			high = middle;
		else
			low = middle;
	}
	const struct csv_login *l = &t->logins[low];
	const struct csv_row *row = &t->rows[t->places[l->first].row];
	if (CRYPTO_memcmp(l->digest, wanted, CSV_DIGEST) != 0)
		return NULL;
	return row->login_length == length && CRYPTO_memcmp(row->login, secret, length) == 0 ? l : NULL;
}
