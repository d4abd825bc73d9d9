/* All rows that match count. They are grouped by topic, then by what they permit, in the order in which the file has them first; a group
 * is one grant, with the channels of its rows in the order of the file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"

/* Rows that are put in order without asking for memory. */
#define HITS_FEW 32

struct hit {
	const struct csv_row *row;
	uint32_t order;       /* among the hits, from 0 */
	uint32_t topic_first; /* order of the first hit with this topic */
	uint32_t group_first; /* and with these permissions */
};

struct hits {
	struct hit *items; /* few, or heap */
	uint32_t count, room;
	struct hit few[HITS_FEW];
};

static bool grow(struct hits *h)
{
	struct hit *items = h->items == h->few ? NULL : h->items;

	if (!(items = realloc(items, 2 * (size_t)h->room * sizeof(*items))))
		return false;
	if (h->items == h->few)
		memcpy(items, h->few, sizeof(h->few));
	h->items = items;
	h->room *= 2;
	return true;
}

static void drop(struct hits *h)
{
	if (h->items != h->few)
		free(h->items);
}

/* Goes through the rows of the login and those of anybody in the order of the file. false: no memory. */
static bool gather(struct hits *h, const struct csv_table *t, const struct csv_login *login, const struct csv_address *address, bool tls)
{
	const struct csv_place *a = login ? &t->places[login->first] : t->places, *a_end = a + (login ? login->count : 0);
	const struct csv_place *b = &t->places[t->anybody.first], *b_end = b + t->anybody.count;

	while (a < a_end || b < b_end) {
		const struct csv_place *p = b == b_end || (a < a_end && a->row < b->row) ? a++ : b++;

		if ((p->tls_required && !tls) || !csv_block_has(&p->block, address))
			continue;
		if (h->count == h->room && !grow(h))
			return false;
		h->items[h->count] = (struct hit){ .row = &t->rows[p->row], .order = h->count };
		h->count++;
	}
	return true;
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

/* false: no memory. */
static bool tell(const struct hit *hits, uint32_t count, const struct pluq_auth *auth, struct pluq_auth_call *call)
{
	const char *few[HITS_FEW], **channels = count > HITS_FEW ? malloc(count * sizeof(*channels)) : few;

	if (!channels)
		return false;
	for (uint32_t i = 0, n; i < count; i += n) {
		for (n = 0; i + n < count && hits[i + n].group_first == hits[i].group_first; n++)
			channels[n] = hits[i + n].row->channel;
		auth->grant(call, hits[i].row->permissions, hits[i].row->topic, channels, n);
	}
	if (channels != few)
		free(channels);
	return true;
}

int csv_answer(const struct csv_table *t, int64_t ttl_ns, const struct pluq_auth *auth, const struct pluq_auth_query *query,
    struct pluq_auth_call *call, struct pluq_why *why)
{
	const struct csv_login *login = csv_index_find(t, query->secret, query->secret_length);
	struct csv_address address;
	struct hits h = { .room = HITS_FEW };
	int verdict = PLUQ_AUTH_ERROR;

	h.items = h.few;
	/* What is no address has none: it is nobody's that a row names. */
	csv_address_parse(query->remote_ip, &address);
	if (gather(&h, t, login, &address, query->tls)) {
		verdict = PLUQ_AUTH_SILENT;
		if (h.count) {
			put_in_order(h.items, h.count);
			auth->live(call, ttl_ns);
			verdict = tell(h.items, h.count, auth, call) ? PLUQ_AUTH_ALLOW : PLUQ_AUTH_ERROR;
		}
	}
	if (verdict == PLUQ_AUTH_ERROR)
		snprintf(why->text, sizeof(why->text), "out of memory");
	drop(&h);
	return verdict;
}
