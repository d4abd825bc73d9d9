#include "families.h"

#include <pluq/name.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"

#define OMITTED(id, what)                                                                                              \
	static const struct pluq_metric id = {.name = "prometheus_omitted_" what, .unit = "", .type = PLUQ_GAUGE,      \
	    .detail = "reason", .help = "What is left out here: " what " beyond max_" what ", and ephemeral ones if they are excluded"}
OMITTED(omitted_topics, "topics");
OMITTED(omitted_channels, "channels");

enum reason { LIMIT, EPHEMERAL, REASONS };
static const char *const reasons[REASONS] = {"limit", "ephemeral"};

/* Which family a metric belongs to: open addressing, grown before it is half full. */
struct seat {
	const struct pluq_metric *metric; /* NULL: empty */
	uint32_t family;                  /* NO_FAMILY: another one has the name with another type */
};
#define NO_FAMILY UINT32_MAX
#define FAMILIES_MOST UINT16_MAX
#define FIRST_SEATS 256
#define YIELD_SAMPLES 1024

struct sorting {
	struct families *f;
	const struct limits *limits;
	struct seat *seats;
	uint32_t seat_count, seat_used;
	struct line *lines;
	size_t line_count;
	const char *topic, *channel; /* of the sample before */
	uint32_t place;              /* its place; if it is left out ... */
	bool topic_out, out;
	enum reason topic_reason;
	int64_t topics, channels; /* let in so far */
	uint64_t omitted_topics[REASONS], omitted_channels[REASONS];
};

static bool grow(struct families *f, void *pointer, size_t size, size_t room)
{
	void **block = pointer, *bigger = realloc(*block, size * room);

	if (!bigger) {
		f->failed = true;
		return false;
	}
	*block = bigger;
	return true;
}

/* ---- places ---- */

size_t label_escape(char *to, const char *text)
{
	char *at = to;

	for (; *text; text++) {
		if (*text == '\\' || *text == '"' || *text == '\n')
			*at++ = '\\';
		*at++ = *text == '\n' ? 'n' : *text;
	}
	return (size_t)(at - to);
}

static void put_label(struct families *f, const char *name, const char *value)
{
	size_t n = strlen(name);

	memcpy(f->texts + f->texts_used, name, n);
	f->texts_used += n;
	f->texts_used += label_escape(f->texts + f->texts_used, value);
	f->texts[f->texts_used++] = '"';
}

/* Returns its number; 0 is the place of what is about no topic. */
static uint32_t add_place(struct families *f, const char *topic, const char *channel)
{
	size_t most = 32 + (topic ? 2 * strlen(topic) : 0) + (channel ? 2 * strlen(channel) : 0), at = f->texts_used;

	if (f->place_count == f->place_room) {
		f->place_room = f->place_room ? f->place_room * 2 : 64;
		if (!grow(f, &f->places, sizeof(*f->places), f->place_room))
			return 0;
	}
	if (f->texts_room - f->texts_used < most) {
		f->texts_room = f->texts_room * 2 + most;
		if (!grow(f, &f->texts, 1, f->texts_room))
			return 0;
	}
	if (topic)
		put_label(f, "topic=\"", topic);
	if (channel)
		put_label(f, topic ? ",channel=\"" : "channel=\"", channel);
	f->places[f->place_count] = (struct place){at, (uint32_t)(f->texts_used - at)};
	return f->place_count++;
}

static bool over(int64_t limit, int64_t count)
{
	return limit != NO_LIMIT && count >= limit;
}

/* true: it is let in. */
static bool judge(const struct limits *l, const char *name, int64_t limit, int64_t *count, enum reason *why)
{
	bool ephemeral = l->exclude_ephemeral && pluq_name_is_ephemeral(name, strlen(name));

	*why = ephemeral ? EPHEMERAL : LIMIT;
	if (ephemeral || over(limit, *count))
		return false;
	++*count;
	return true;
}

static void enter_topic(struct sorting *s, const char *topic)
{
	s->topic_out = topic && !judge(s->limits, topic, s->limits->topics, &s->topics, &s->topic_reason);
	if (s->topic_out)
		s->omitted_topics[s->topic_reason]++;
}

static void enter_channel(struct sorting *s, const char *channel)
{
	enum reason why = s->topic_reason;

	s->out = s->topic_out;
	if (!channel)
		return;
	if (!s->out)
		s->out = !judge(s->limits, channel, s->limits->channels, &s->channels, &why);
	if (s->out)
		s->omitted_channels[why]++;
}

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static void enter_place(struct sorting *s, const struct pluq_sample *x)
{
	bool same_topic = same(s->topic, x->topic);

	if (same_topic && same(s->channel, x->channel))
		return;
	if (!same_topic)
		enter_topic(s, x->topic);
	s->topic = x->topic;
	s->channel = x->channel;
	enter_channel(s, x->channel);
	if (!s->out)
		s->place = add_place(s->f, x->topic, x->channel);
}

/* ---- families ---- */

static struct seat *seat_of(struct seat *seats, uint32_t count, const struct pluq_metric *m)
{
	uint32_t i = (uint32_t)(((uintptr_t)m >> 3) * UINT64_C(0x9E3779B97F4A7C15) >> 32) & (count - 1);

	while (seats[i].metric && seats[i].metric != m)
		i = (i + 1) & (count - 1);
	return &seats[i];
}

static bool grow_seats(struct sorting *s)
{
	uint32_t count = s->seat_count ? s->seat_count * 2 : FIRST_SEATS;
	struct seat *seats = calloc(count, sizeof(*seats));

	if (!seats) {
		s->f->failed = true;
		return false;
	}
	for (uint32_t i = 0; i < s->seat_count; i++)
		if (s->seats[i].metric)
			*seat_of(seats, count, s->seats[i].metric) = s->seats[i];
	free(s->seats);
	s->seats = seats;
	s->seat_count = count;
	return true;
}

/* Two metrics may come by the same name from two plugins: of one type they are one family, else the first has the name. */
static uint32_t find_family(const struct families *f, const struct family *wanted)
{
	for (uint32_t i = 0; i < f->count; i++)
		if (strcmp(f->list[i].name, wanted->name) == 0)
			return f->list[i].type == wanted->type ? i : NO_FAMILY;
	return f->count;
}

static uint32_t make_family(struct families *f, const struct pluq_metric *m)
{
	struct family fresh;
	uint32_t i;

	if (!family_name(&fresh, m)) {
		f->failed = true;
		return NO_FAMILY;
	}
	i = find_family(f, &fresh);
	if (i != f->count || f->count == FAMILIES_MOST) {
		family_fini(&fresh);
		return f->count == FAMILIES_MOST && i == f->count ? NO_FAMILY : i;
	}
	if (f->count == f->room) {
		f->room = f->room ? f->room * 2 : 128;
		if (!grow(f, &f->list, sizeof(*f->list), f->room)) {
			family_fini(&fresh);
			return NO_FAMILY;
		}
	}
	f->list[f->count++] = fresh;
	return i;
}

static uint32_t family_of(struct sorting *s, const struct pluq_metric *m)
{
	struct seat *seat = seat_of(s->seats, s->seat_count, m);

	if (seat->metric)
		return seat->family;
	seat->family = make_family(s->f, m);
	seat->metric = m;
	if (++s->seat_used * 2 > s->seat_count) {
		uint32_t family = seat->family;

		grow_seats(s);
		return family;
	}
	return seat->family;
}

/* ---- together ---- */

static void add_line(struct sorting *s, const struct pluq_sample *x, uint32_t place)
{
	uint32_t family = family_of(s, x->metric);

	if (family == NO_FAMILY || (!x->histogram && x->metric->type == PLUQ_HISTOGRAM))
		return;
	s->f->list[family].count++;
	s->lines[s->line_count++] = (struct line){.sample = x, .value = x->value, .place = place, .family = (uint16_t)family,
	    .bare = !x->plugin && !x->detail && !x->histogram};
}

static void add_own(struct sorting *s, const char *instance)
{
	struct pluq_sample *own = s->f->own;

	for (int r = 0; r < REASONS; r++) {
		own[r] = (struct pluq_sample){.metric = &omitted_topics, .plugin = instance, .detail = reasons[r],
		    .value = (double)s->omitted_topics[r]};
		own[REASONS + r] = (struct pluq_sample){.metric = &omitted_channels, .plugin = instance, .detail = reasons[r],
		    .value = (double)s->omitted_channels[r]};
	}
	for (int i = 0; i < 2 * REASONS; i++)
		add_line(s, &own[i], 0);
}

static void read_samples(struct sorting *s, const struct pluq_snapshot *snapshot, const char *instance)
{
	add_place(s->f, NULL, NULL);
	for (size_t i = 0; i < snapshot->count && !s->f->failed; i++) {
		const struct pluq_sample *x = (const void *)((const char *)snapshot->samples + i * snapshot->stride);

		enter_place(s, x);
		if (!s->out)
			add_line(s, x, s->place);
		if (i % YIELD_SAMPLES == YIELD_SAMPLES - 1)
			sched_yield(); /* see exposition.c */
	}
	if (!s->f->failed) /* then lists may be shorter than they look */
		add_own(s, instance);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct family *)a)->name, ((const struct family *)b)->name);
}

/* Counting sort: each family's lines together, nothing else changed. */
static void sort_lines(struct sorting *s)
{
	struct families *f = s->f;
	uint32_t *to = calloc(f->count + 1u, sizeof(*to)), first = 0;

	f->lines = malloc((s->line_count + 1) * sizeof(*f->lines));
	if (!to || !f->lines) {
		f->failed = true;
		free(to);
		return;
	}
	for (uint32_t i = 0; i < f->count; i++) {
		f->list[i].first = to[i] = first;
		first += f->list[i].count;
	}
	for (size_t i = 0; i < s->line_count; i++)
		f->lines[to[s->lines[i].family]++] = s->lines[i];
	free(to);
	qsort(f->list, f->count, sizeof(*f->list), by_name);
}

bool families_init(struct families *f, const struct pluq_snapshot *snapshot, const struct limits *limits, const char *instance)
{
	struct sorting s = {.f = f, .limits = limits};

	memset(f, 0, sizeof(*f));
	s.lines = malloc((snapshot->count + 2 * REASONS) * sizeof(*s.lines));
	if (!s.lines || snapshot->count > UINT32_MAX - 2 * REASONS || !grow_seats(&s))
		f->failed = true;
	if (!f->failed)
		read_samples(&s, snapshot, instance);
	if (!f->failed && f->count)
		sort_lines(&s);
	free(s.lines);
	free(s.seats);
	return !f->failed;
}

void families_fini(struct families *f)
{
	for (uint32_t i = 0; i < f->count; i++)
		family_fini(&f->list[i]);
	free(f->list);
	free(f->lines);
	free(f->places);
	free(f->texts);
	memset(f, 0, sizeof(*f));
}
