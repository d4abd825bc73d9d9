#include "snapshot.h"

#include <stdlib.h>
#include <string.h>

struct pluq__snapshot *pluq__snapshot_new(int sheets)
{
	struct pluq__snapshot *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->sheets = calloc((size_t)sheets, sizeof(*s->sheets));
	if (!s->sheets) {
		free(s);
		return NULL;
	}
	s->sheet_count = sheets;
	atomic_init(&s->refs, 1);
	return s;
}

struct pluq__snapshot *pluq__snapshot_ref(struct pluq__snapshot *s)
{
	atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
	return s;
}

void pluq__snapshot_unref(struct pluq__snapshot *s)
{
	if (!s || atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1)
		return;
	if (s->queues)
		s->queues_free(s->queues);
	for (int i = 0; i < s->sheet_count; i++)
		pluq__sheet_fini(&s->sheets[i]);
	pluq__sheet_fini(&s->all);
	pluq__arena_free(&s->arena);
	free(s->sheets);
	free(s->told);
	free(s);
}

/* ---- order ---- */

/* NULL comes first. */
static int compare_texts(const char *a, const char *b)
{
	if (a == b)
		return 0;
	if (!a || !b)
		return a ? 1 : -1;
	return strcmp(a, b);
}

static int compare_place(const struct pluq_sample *a, const struct pluq_sample *b)
{
	int order = compare_texts(a->topic, b->topic);

	return order ? order : compare_texts(a->channel, b->channel);
}

static int compare_metric(const struct pluq_metric *a, const struct pluq_metric *b)
{
	int order = a == b ? 0 : strcmp(a->name, b->name);

	return order ? order : (a > b) - (a < b);
}

static int compare(const void *x, const void *y)
{
	const struct pluq_sample *a = x, *b = y;
	int order = compare_place(a, b);

	if (!order)
		order = compare_metric(a->metric, b->metric);
	if (!order)
		order = compare_texts(a->plugin, b->plugin);
	return order ? order : compare_texts(a->detail, b->detail);
}

/* ---- adding up ---- */

static size_t merge_buckets(struct pluq_bucket *out, const struct pluq_histogram *a, const struct pluq_histogram *b)
{
	size_t i = 0, k = 0, n = 0;

	while (i < a->bucket_count || k < b->bucket_count) {
		bool from_a = k == b->bucket_count || (i < a->bucket_count && a->buckets[i].upper <= b->buckets[k].upper);
		const struct pluq_bucket *next = from_a ? &a->buckets[i++] : &b->buckets[k++];

		if (n && !(next->upper > out[n - 1].upper))
			out[n - 1].count += next->count;
		else
			out[n++] = *next;
	}
	return n;
}

static bool add_histogram(struct pluq__snapshot *s, struct pluq_sample *to, const struct pluq_histogram *b)
{
	const struct pluq_histogram *a = to->histogram;
	struct pluq_histogram *sum = pluq__arena_alloc(&s->arena, sizeof(*sum));
	struct pluq_bucket *buckets =
	    pluq__arena_alloc(&s->arena, (a->bucket_count + b->bucket_count + 1) * sizeof(*buckets));

	if (!sum || !buckets)
		return false;
	sum->buckets = buckets;
	sum->bucket_count = merge_buckets(buckets, a, b);
	sum->count = a->count + b->count;
	sum->sum = a->sum + b->sum;
	to->histogram = sum;
	return true;
}

static bool add_up(struct pluq__snapshot *s, struct pluq_sample *to, const struct pluq_sample *more)
{
	to->value += more->value;
	return !to->histogram || !more->histogram || add_histogram(s, to, more->histogram);
}

/* ---- together ---- */

/* What the loops have told, in one sorted list. NULL: no memory. */
static struct pluq_sample *gather_sheets(const struct pluq__snapshot *s, size_t *count)
{
	struct pluq_sample *all;
	size_t n = 0;

	for (int i = 0; i < s->sheet_count; i++)
		n += s->sheets[i].count;
	all = malloc((n + 1) * sizeof(*all));
	if (!all)
		return NULL;
	*count = 0;
	for (int i = 0; i < s->sheet_count; i++) {
		if (s->sheets[i].count)
			memcpy(all + *count, s->sheets[i].samples, s->sheets[i].count * sizeof(*all));
		*count += s->sheets[i].count;
	}
	if (*count)
		qsort(all, *count, sizeof(*all), compare);
	return all;
}

/* Equal ones stand together and become one. Returns how many are left; 0 of several: no memory. */
static size_t add_up_equals(struct pluq__snapshot *s, struct pluq_sample *list, size_t count)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		if (!n || compare(&list[n - 1], &list[i]) != 0)
			list[n++] = list[i];
		else if (!add_up(s, &list[n - 1], &list[i]))
			return 0;
	}
	return n;
}

static bool any_failed(const struct pluq__snapshot *s)
{
	for (int i = 0; i < s->sheet_count; i++)
		if (s->sheets[i].failed)
			return true;
	return s->all.failed;
}

int pluq__snapshot_sort(struct pluq__snapshot *s)
{
	size_t count, left, general = 0;
	struct pluq_sample *told;

	if (any_failed(s) || !(told = gather_sheets(s, &count)))
		return PLUQ_ENOMEM;
	left = add_up_equals(s, told, count);
	while (general < left && !told[general].topic)
		pluq__sheet_borrow(&s->all, &told[general++]);
	s->told_count = left - general;
	if (s->told_count)
		memmove(told, told + general, s->told_count * sizeof(*told));
	s->told = told;
	return (count && !left) || s->all.failed ? PLUQ_ENOMEM : 0;
}

/* Those of sources follow the engine's at each place. */
static int merge(struct pluq__snapshot *s)
{
	const struct pluq_gather first = s->all;
	struct pluq_gather both = {.arena = first.arena};
	size_t i = 0, k = 0;

	if (!pluq__sheet_reserve(&both, first.count + s->told_count))
		return PLUQ_ENOMEM;
	while (i < first.count || k < s->told_count) {
		bool ours = i < first.count && (k == s->told_count || compare_place(&first.samples[i], &s->told[k]) <= 0);

		pluq__sheet_borrow(&both, ours ? &first.samples[i++] : &s->told[k++]);
	}
	free(first.samples);
	s->all = both;
	return 0;
}

int pluq__snapshot_complete(struct pluq__snapshot *s)
{
	if (s->all.failed || (s->told_count && merge(s)))
		return PLUQ_ENOMEM;
	s->pub.size = sizeof(s->pub);
	s->pub.samples = s->all.samples;
	s->pub.count = s->all.count;
	s->pub.stride = sizeof(*s->pub.samples);
	s->pub.host = "";
	return 0;
}
