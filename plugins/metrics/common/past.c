#include "past.h"

#include <stdlib.h>
#include <string.h>

#define NONE SIZE_MAX /* a text that is not there */

struct past_group {
	size_t topic, channel; /* in names, or NONE */
	size_t first;          /* its first entry; its last one is before that of the next group */
};

struct past_entry {
	const struct pluq_metric *metric;
	size_t plugin, detail; /* in names, or NONE */
	struct past_values values;
};

/* ---- names: NULL is before all others ---- */

static int compare(const char *a, const char *b)
{
	if (a == b)
		return 0;
	if (!a || !b)
		return a ? 1 : -1;
	return strcmp(a, b);
}

static int compare_places(const char *topic, const char *channel, const char *other_topic, const char *other_channel)
{
	int c = compare(topic, other_topic);

	return c ? c : compare(channel, other_channel);
}

static const char *name_at(const struct past *p, size_t at)
{
	return at == NONE ? NULL : p->names.bytes + at;
}

static size_t keep_name(struct past *p, const char *name)
{
	size_t at = p->names.length;

	if (!name)
		return NONE;
	text_put(&p->names, name, strlen(name) + 1);
	return at;
}

/* ---- noting ---- */

/* Room for one more item of a list; false: no memory. */
static bool grow(void **items, size_t *room, size_t count, size_t size)
{
	size_t more = *room ? *room * 2 : 64;
	void *bigger;

	if (count < *room)
		return true;
	if (more > SIZE_MAX / size || !(bigger = realloc(*items, more * size)))
		return false;
	*items = bigger;
	*room = more;
	return true;
}

static void note(struct past *p, const struct pluq_sample *s, struct past_values values)
{
	const struct past_group *last = p->group_count ? &p->groups[p->group_count - 1] : NULL;
	void *items = p->groups;

	if (p->failed)
		return;
	if (!last || compare_places(name_at(p, last->topic), name_at(p, last->channel), s->topic, s->channel)) {
		p->failed = !grow(&items, &p->group_room, p->group_count, sizeof(*p->groups));
		p->groups = items;
		if (p->failed)
			return;
		p->groups[p->group_count++] = (struct past_group){
		    .topic = keep_name(p, s->topic), .channel = keep_name(p, s->channel), .first = p->entry_count};
	}
	items = p->entries;
	p->failed = !grow(&items, &p->entry_room, p->entry_count, sizeof(*p->entries));
	p->entries = items;
	if (p->failed)
		return;
	p->entries[p->entry_count++] = (struct past_entry){
	    .metric = s->metric, .plugin = keep_name(p, s->plugin), .detail = keep_name(p, s->detail), .values = values};
	p->failed = p->names.failed;
}

/* ---- finding ---- */

static bool is_entry(const struct past *p, size_t at, const struct pluq_sample *s)
{
	const struct past_entry *e = &p->entries[at];

	return e->metric == s->metric && compare(name_at(p, e->plugin), s->plugin) == 0 &&
	       compare(name_at(p, e->detail), s->detail) == 0;
}

/* Most often it is the one behind that which was found last. */
static const struct past_entry *find_within(struct past *p, size_t first, size_t end, const struct pluq_sample *s)
{
	size_t count = end - first, from = p->entry >= first && p->entry < end ? p->entry - first : 0;

	for (size_t i = 0; i < count; i++) {
		size_t at = first + (from + i) % count;

		if (!is_entry(p, at, s))
			continue;
		p->entry = at + 1;
		return &p->entries[at];
	}
	return NULL;
}

static const struct past_entry *find(struct past *p, const struct pluq_sample *s)
{
	for (; p->group < p->group_count; p->group++) {
		const struct past_group *g = &p->groups[p->group];
		int c = compare_places(name_at(p, g->topic), name_at(p, g->channel), s->topic, s->channel);

		if (c > 0)
			return NULL;
		if (c == 0)
			return find_within(p, g->first, p->group + 1 < p->group_count ? g[1].first : p->entry_count, s);
	}
	return NULL;
}

/* ---- for the others ---- */

struct past_values past_values_of(const struct pluq_sample *s)
{
	if (s->histogram)
		return (struct past_values){{(double)s->histogram->count, s->histogram->sum}};
	return (struct past_values){{s->value, 0}};
}

struct past_values past_pass(struct past *now, struct past *before, const struct pluq_sample *s)
{
	const struct past_entry *e = find(before, s);

	note(now, s, past_values_of(s));
	return e ? e->values : (struct past_values){{0, 0}};
}

void past_clear(struct past *p)
{
	p->group_count = p->entry_count = 0;
	p->group = p->entry = 0;
	p->failed = p->known = false;
	text_clear(&p->names);
}

void past_turn(struct past *now, struct past *before)
{
	struct past old = *before;

	*before = *now;
	before->known = true;
	*now = old;
	past_clear(now);
	before->group = before->entry = 0;
}

void past_fini(struct past *p)
{
	free(p->groups);
	free(p->entries);
	text_fini(&p->names);
	*p = (struct past){0};
}

size_t samples_end(const struct pluq_snapshot *s, size_t from)
{
	const struct pluq_sample *first = sample_at(s, from);
	size_t end = from + 1;

	while (end < s->count && compare_places(sample_at(s, end)->topic, sample_at(s, end)->channel, first->topic, first->channel) == 0)
		end++;
	return end;
}
