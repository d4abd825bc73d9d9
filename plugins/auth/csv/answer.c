/* All rows that match count. They are grouped by topic, then by what they permit, in the order in which the file has them first; a group
 * is one grant, with the channels of its rows in the order of the file. */
#include <stdio.h>
#include <stdlib.h>

#include "table.h"

/* Rows that are put in order without asking for memory. */
#define HITS_FEW 32

struct hit {
	const struct csv_row *row;
	uint32_t order;       /* among the hits, from 0 */
	uint32_t topic_first; /* order of the first hit with this topic */
	uint32_t group_first; /* and with these permissions */
};

static bool matches(const struct csv_row *row, const struct csv_address *address, bool tls)
{
	return (tls || !row->tls_required) && csv_block_has(&row->block, address);
}

/* Goes through the rows of the login and those of anybody in the order of the file. hits NULL: only counts. */
static uint32_t gather(const struct csv_table *t, const struct csv_login *login, const struct csv_address *address, bool tls, struct hit *hits)
{
	const uint32_t *a = login ? &t->order[login->first] : t->order, *a_end = a + (login ? login->count : 0);
	const uint32_t *b = &t->order[t->anybody.first], *b_end = b + t->anybody.count;
	uint32_t count = 0;

	while (a < a_end || b < b_end) {
		const struct csv_row *row = &t->rows[b == b_end || (a < a_end && *a < *b) ? *a++ : *b++];

		if (!matches(row, address, tls))
			continue;
		if (hits)
			hits[count] = (struct hit){ .row = row, .order = count };
		count++;
	}
	return count;
}

static int compare(uint32_t a, uint32_t b)
{
	return a < b ? -1 : a > b;
}

static int by_topic(const void *a, const void *b)
{
	const struct hit *x = a, *y = b;
	int c = compare(x->row->topic_number, y->row->topic_number);

	if (!c)
		c = compare(x->row->permissions, y->row->permissions);
	return c ? c : compare(x->order, y->order);
}

static int by_group(const void *a, const void *b)
{
	const struct hit *x = a, *y = b;
	int c = compare(x->topic_first, y->topic_first);

	if (!c)
		c = compare(x->group_first, y->group_first);
	return c ? c : compare(x->order, y->order);
}

static void put_in_order(struct hit *hits, uint32_t count)
{
	qsort(hits, count, sizeof(*hits), by_topic);
	for (uint32_t i = 0, end; i < count; i = end) {
		uint32_t first = hits[i].order;

		for (end = i; end < count && hits[end].row->topic_number == hits[i].row->topic_number; end++) {
			bool same = end > i && hits[end].row->permissions == hits[end - 1].row->permissions;

			hits[end].group_first = same ? hits[end - 1].group_first : hits[end].order;
			first = hits[end].order < first ? hits[end].order : first;
		}
		for (uint32_t j = i; j < end; j++)
			hits[j].topic_first = first;
	}
	qsort(hits, count, sizeof(*hits), by_group);
}

static void tell(const struct hit *hits, uint32_t count, const char **channels, const struct pluq_auth *auth, struct pluq_auth_call *call)
{
	for (uint32_t i = 0, n; i < count; i += n) {
		for (n = 0; i + n < count && hits[i + n].group_first == hits[i].group_first; n++)
			channels[n] = hits[i + n].row->channel;
		auth->grant(call, hits[i].row->permissions, hits[i].row->topic, channels, n);
	}
}

int csv_answer(const struct csv_table *t, int64_t ttl_ns, const struct pluq_auth *auth, const struct pluq_auth_query *query,
    struct pluq_auth_call *call, struct pluq_why *why)
{
	const struct csv_login *login = csv_index_find(t, query->secret, query->secret_length);
	struct csv_address address;
	struct hit few[HITS_FEW], *hits = few;
	const char *few_channels[HITS_FEW], **channels = few_channels;
	uint32_t count;

	/* What is no address has none: it is nobody's that a row names. */
	csv_address_parse(query->remote_ip, &address);
	if (!(count = gather(t, login, &address, query->tls, NULL)))
		return PLUQ_AUTH_SILENT;
	if (count > HITS_FEW) {
		hits = malloc(count * sizeof(*hits));
		channels = malloc(count * sizeof(*channels));
	}
	if (hits && channels) {
		gather(t, login, &address, query->tls, hits);
		put_in_order(hits, count);
		auth->live(call, ttl_ns);
		tell(hits, count, channels, auth, call);
	} else {
		snprintf(why->text, sizeof(why->text), "out of memory");
	}
	bool good = hits && channels;
	if (count > HITS_FEW) {
		free(hits);
		free(channels);
	}
	return good ? PLUQ_AUTH_ALLOW : PLUQ_AUTH_ERROR;
}
