#include "keys.h"

#include <pluq/name.h>
#include <stdlib.h>
#include <string.h>

/* ---- what the original has ---- */

struct key {
	const char *metric; /* behind "topic_" or "channel_" */
	const char *name;
	bool change;        /* a counter */
};

static const struct key topic_keys[] = {
	{"published_messages", "message_count", true},
	{"published", "message_bytes", true},
	{"depth", "depth", false},
	{"backend_depth", "backend_depth", false},
};

static const struct key channel_keys[] = {
	{"received_messages", "message_count", true},
	{"depth", "depth", false},
	{"backend_depth", "backend_depth", false},
	{"in_flight_messages", "in_flight_count", false},
	{"deferred_messages", "deferred_count", false},
	{"requeued_messages", "requeue_count", true},
	{"timed_out_messages", "timeout_count", true},
	{"consumers", "clients", false},
};

/* Those without a metric are of the original's collector, or what no allocator counts here: names that dashboards ask for, always 0. */
static const struct key memory_keys[] = {
	{NULL, "heap_objects", false},
	{"heap_idle", "heap_idle_bytes", false},
	{"heap_in_use", "heap_in_use_bytes", false},
	{NULL, "heap_released_bytes", false},
	{NULL, "gc_pause_usec_100", false},
	{NULL, "gc_pause_usec_99", false},
	{NULL, "gc_pause_usec_95", false},
	{NULL, "next_gc_bytes", false},
	{NULL, "gc_runs", true},
};

#define COUNT(a) (sizeof(a) / sizeof(*(a)))
#define KEYS_MOST COUNT(memory_keys)

struct keys {
	const struct key *items;
	size_t count;
	const char *before; /* what their metrics' names begin with */
};

static const struct keys of_topic = {topic_keys, COUNT(topic_keys), "topic_"};
static const struct keys of_channel = {channel_keys, COUNT(channel_keys), "channel_"};
static const struct keys of_memory = {memory_keys, COUNT(memory_keys), ""};

static const struct keys *keys_of(const struct pluq_sample *s)
{
	if (s->channel)
		return &of_channel;
	return s->topic ? &of_topic : &of_memory;
}

/* Behind what the names of these metrics begin with; NULL: it is none of them. */
static const char *name_within(const struct keys *k, const struct pluq_sample *s)
{
	size_t n = strlen(k->before);

	return strncmp(s->metric->name, k->before, n) == 0 ? s->metric->name + n : NULL;
}

/* -1: none. */
static int find_key(const struct keys *k, const struct pluq_sample *s)
{
	const char *name = name_within(k, s);

	for (size_t i = 0; name && i < k->count; i++)
		if (k->items[i].metric && strcmp(k->items[i].metric, name) == 0)
			return (int)i;
	return -1;
}

static bool is_percentile(const struct pluq_sample *s)
{
	const char *name = s->topic && s->detail ? name_within(keys_of(s), s) : NULL;

	return name && strcmp(name, "e2e_latency") == 0;
}

bool keys_have(const struct pluq_sample *s)
{
	return find_key(keys_of(s), s) >= 0 || is_percentile(s);
}

/* ---- names ---- */

static bool is_ephemeral(const char *name)
{
	return name && pluq_name_is_ephemeral(name, strlen(name));
}

bool keys_leave_out(const struct settings *s, const struct pluq_sample *sample)
{
	return s->exclude_ephemeral && (is_ephemeral(sample->topic) || is_ephemeral(sample->channel));
}

/* Blanks and control characters are always unwanted. */
static void put_without(const struct lines *l, const char *text, const char *unwanted)
{
	struct text *t = &l->to->text;

	for (; *text; text++) {
		bool bad = (unsigned char)*text <= ' ' || strchr(unwanted, *text);

		text_put(t, bad ? "_" : text, 1);
	}
}

void keys_put_label(const struct lines *l, const char *text)
{
	put_without(l, text, ".:|@#,/");
}

static void put_tag(const struct lines *l, const char **before, const char *name, const char *value)
{
	if (!value)
		return;
	text_put_string(&l->to->text, *before);
	text_put_string(&l->to->text, name);
	text_put(&l->to->text, ":", 1);
	put_without(l, value, "|,");
	*before = ",";
}

void keys_put_tags(const struct lines *l, const struct pluq_sample *s, bool detail)
{
	const char *before = "|#";

	if (!l->settings->dogstatsd)
		return;
	put_tag(l, &before, "topic", s->topic);
	put_tag(l, &before, "channel", s->channel);
	if (!detail)
		return;
	put_tag(l, &before, "plugin", s->plugin);
	put_tag(l, &before, s->metric->detail ? s->metric->detail : "detail", s->detail);
}

static void put_place(const struct lines *l, const struct pluq_sample *s)
{
	struct text *t = &l->to->text;

	text_put(t, l->prefix, l->prefix_length);
	if (l->settings->dogstatsd) {
		text_put_string(t, s->channel ? "channel." : "topic.");
		return;
	}
	text_put_string(t, "topic.");
	text_put_string(t, s->topic);
	text_put(t, ".", 1);
	if (!s->channel)
		return;
	text_put_string(t, "channel.");
	text_put_string(t, s->channel);
	text_put(t, ".", 1);
}

/* ---- lines ---- */

struct values {
	const struct pluq_sample *of[KEYS_MOST]; /* NULL: it is not told */
	int64_t is[KEYS_MOST];                   /* what is sent of it */
};

static void put_value(const struct lines *l, int64_t value, bool change)
{
	text_printf(&l->to->text, ":%lld|%c", (long long)value, change ? 'c' : 'g');
}

static void put_keys(const struct lines *l, const struct keys *k, const struct values *v)
{
	for (size_t i = 0; i < k->count; i++) {
		if (!v->of[i])
			continue;
		put_place(l, v->of[i]);
		text_put_string(&l->to->text, k->items[i].name);
		put_value(l, v->is[i], k->items[i].change);
		keys_put_tags(l, v->of[i], false);
		packets_end_line(l->to);
	}
}

/* 0.99 is 99; what is between two is the even one, as the original prints it. Seconds become nanoseconds. */
static void put_percentile(const struct lines *l, const struct pluq_sample *s)
{
	put_place(l, s);
	text_printf(&l->to->text, "e2e_processing_latency_%.0f", strtod(s->detail, NULL) * 100.0);
	put_value(l, (int64_t)(s->value * 1e9 + 0.5), false);
	keys_put_tags(l, s, false);
	packets_end_line(l->to);
}

/* One topic's or channel's. Changes are kept up to date though it may not be told of them: a reload may change that. */
static void put_group(const struct lines *l, size_t from, size_t end, struct past *now, struct past *before)
{
	const struct pluq_sample *first = sample_at(l->snapshot, from);
	const struct keys *k = keys_of(first);
	struct values v = {{NULL}, {0}};

	for (size_t i = from; i < end; i++) {
		const struct pluq_sample *s = sample_at(l->snapshot, i);
		int key = find_key(k, s);

		if (key < 0)
			continue;
		v.of[key] = s;
		v.is[key] = (int64_t)s->value;
		if (k->items[key].change)
			v.is[key] -= (int64_t)past_pass(now, before, s).of[0];
	}
	if (keys_leave_out(l->settings, first))
		return;
	put_keys(l, k, &v);
	for (size_t i = from; i < end; i++)
		if (is_percentile(sample_at(l->snapshot, i)))
			put_percentile(l, sample_at(l->snapshot, i));
}

static void put_memory(const struct lines *l, size_t from, size_t end)
{
	int64_t values[COUNT(memory_keys)] = {0};

	for (size_t i = from; i < end; i++) {
		const struct pluq_sample *s = sample_at(l->snapshot, i);
		int key = find_key(&of_memory, s);

		if (key >= 0)
			values[key] = (int64_t)s->value;
	}
	for (size_t i = 0; i < of_memory.count; i++) {
		text_put(&l->to->text, l->prefix, l->prefix_length);
		text_put_string(&l->to->text, "mem.");
		text_put_string(&l->to->text, memory_keys[i].name);
		put_value(l, values[i], memory_keys[i].change);
		packets_end_line(l->to);
	}
}

void keys_put(const struct lines *l, struct past *now, struct past *before)
{
	size_t about_none = 0, end;

	for (size_t i = 0; i < l->snapshot->count; i = end) {
		end = samples_end(l->snapshot, i);
		if (sample_at(l->snapshot, i)->topic)
			put_group(l, i, end, now, before);
		else
			about_none = end;
	}
	if (l->settings->mem_stats)
		put_memory(l, 0, about_none);
}
