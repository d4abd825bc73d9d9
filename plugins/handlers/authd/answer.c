#include "answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* For an answer that permits nothing, and so has no time to live of its own: the original's default, seconds. */
#define TTL_STANDARD 3600

struct item {
	const struct pluq_grant *grant;
	size_t order;     /* in the answer */
	size_t topic;     /* order of the first one of its topic */
	size_t permitted; /* order of the first one that permits the same there */
};

static int cmp(size_t a, size_t b)
{
	return (a > b) - (a < b);
}

static int by_topic(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	int order = strcmp(x->grant->topic, y->grant->topic);

	return order ? order : cmp(x->order, y->order);
}

static int by_permissions(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	int order = cmp(x->topic, y->topic);

	if (order == 0)
		order = cmp(x->grant->permissions, y->grant->permissions);
	return order ? order : cmp(x->order, y->order);
}

static int by_group(const void *a, const void *b)
{
	const struct item *x = a, *y = b;
	int order = cmp(x->topic, y->topic);

	if (order == 0)
		order = cmp(x->permitted, y->permitted);
	return order ? order : cmp(x->order, y->order);
}

/* The grants that permit something, each group together. */
static size_t group(struct item *items, const struct pluq_auth_answer *a)
{
	size_t n = 0;

	for (size_t i = 0; i < a->grant_count; i++)
		if (a->grants[i].permissions & (PLUQ_MAY_SUBSCRIBE | PLUQ_MAY_PUBLISH | PLUQ_MAY_ADMIN))
			items[n++] = (struct item){.grant = &a->grants[i], .order = i};
	if (n == 0)
		return 0;
	qsort(items, n, sizeof(*items), by_topic);
	for (size_t i = 0; i < n; i++)
		items[i].topic = i > 0 && strcmp(items[i - 1].grant->topic, items[i].grant->topic) == 0 ? items[i - 1].topic :
		                                                                                          items[i].order;
	qsort(items, n, sizeof(*items), by_permissions);
	for (size_t i = 0; i < n; i++)
		items[i].permitted = i > 0 && items[i - 1].topic == items[i].topic &&
		            items[i - 1].grant->permissions == items[i].grant->permissions ?
		        items[i - 1].permitted :
		        items[i].order;
	qsort(items, n, sizeof(*items), by_group);
	return n;
}

static void put_string(const struct pluq_http *http, struct text *t, const char *s)
{
	size_t n = strlen(s), room = 6 * n + 2;
	char *to = n < SIZE_MAX / 8 ? text_room(t, room) : NULL;

	if (to)
		t->length += http->json_quote(to, room, s, n);
	else
		t->failed = true;
}

static void put_permissions(struct text *t, uint32_t permissions)
{
	static const struct {
		uint32_t bit;
		const char *word;
	} table[] = {{PLUQ_MAY_SUBSCRIBE, "\"subscribe\""}, {PLUQ_MAY_PUBLISH, "\"publish\""}, {PLUQ_MAY_ADMIN, "\"admin\""}};
	bool some = false;

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (permissions & table[i].bit) {
			text_str(t, some ? ", " : "");
			text_str(t, table[i].word);
			some = true;
		}
}

/* n items of one group. */
static void put_group(const struct pluq_http *http, struct text *t, const struct item *items, size_t n)
{
	bool some = false;

	text_str(t, "{\"topic\": ");
	put_string(http, t, items->grant->topic);
	text_str(t, ", \"channels\": [");
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < items[i].grant->channels.count; j++) {
			text_str(t, some ? ", " : "");
			put_string(http, t, items[i].grant->channels.items[j]);
			some = true;
		}
	text_str(t, "], \"permissions\": [");
	put_permissions(t, items->grant->permissions);
	text_str(t, "]}");
}

static void put_grants(const struct pluq_http *http, struct text *t, const struct item *items, size_t count)
{
	for (size_t i = 0, n; i < count; i += n) {
		for (n = 1; i + n < count && items[i].topic == items[i + n].topic && items[i].permitted == items[i + n].permitted;)
			n++;
		text_str(t, i ? ", " : "");
		put_group(http, t, &items[i], n);
	}
}

/* Whole seconds, as nsqd wants them: at least one. */
static int64_t seconds(const struct pluq_auth_answer *a)
{
	if (a->verdict != PLUQ_AUTH_ALLOW || a->ttl_ns <= 0)
		return TTL_STANDARD;
	return a->ttl_ns < 1000000000 ? 1 : a->ttl_ns / 1000000000;
}

void answer_put(const struct pluq_http *http, struct text *t, const struct pluq_auth_answer *a, const char *identity)
{
	size_t count = a->verdict == PLUQ_AUTH_ALLOW ? a->grant_count : 0;
	struct item *items = calloc(count + 1, sizeof(*items));
	char ttl[64];

	if (!items) {
		t->failed = true;
		return;
	}
	snprintf(ttl, sizeof(ttl), "{\"ttl\": %lld, \"authorizations\": [", (long long)seconds(a));
	text_str(t, ttl);
	put_grants(http, t, items, count ? group(items, a) : 0);
	text_str(t, "], \"identity\": ");
	put_string(http, t, identity ? identity : a->identity);
	if (*a->identity_url) {
		text_str(t, ", \"identity_url\": ");
		put_string(http, t, a->identity_url);
	}
	text_byte(t, '}');
	free(items);
}
