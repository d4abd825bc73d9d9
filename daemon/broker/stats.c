#include "stats.h"

#include <stdlib.h>

#include "channel.h"
#include "topic.h"

/* Copied in one turn of a loop: so many topics or plain channels, fewer of those that cost more (cost_of). Well under a millisecond. A
 * topic's channels may take several. */
#define SLICE 100

struct names_block {
	struct names_block *next;
	char text[];
};

/* What is free of a names_block; aligned until the names come. */
struct block {
	char *at;
};

/* One home's share, and in the end the whole. */
struct part {
	struct pluq_topic_stats *topic;
	size_t count, room;
	struct names_block *blocks; /* names and channels of the topics */
	bool failed;
};

struct whole {
	struct pluq_stats pub; /* first */
	struct part part;
};

struct snapshot {
	struct pluq__home *back;
	pluq_stats_fn fn;
	void *arg;
	_Atomic int left; /* homes */
	struct pluq__mail mail;
	bool one;
	bool whole; /* with latencies, and unsorted */
	char name[PLUQ_NAME_MAX + 2];
	struct part part[];
};

/* One home's way through its topics. */
struct pluq__slicer {
	struct pluq__mail mail;
	struct pluq__slicer *next; /* of the home's */
	struct snapshot *snapshot;
	struct pluq__home *home;
	struct pluq_topic *at; /* next to be copied; or begun: a topic may have more channels than a slice takes */
	bool begun;
	struct block block;           /* begun: of the topic */
	struct pluq_channel_stats *channels; /* begun: in that block, so far `count`, with room for those that there were at its beginning */
	size_t count, room;
	struct pluq__channel *channel; /* begun: next to be copied */
	struct pluq__latency_sums *sums; /* begun: latencies of all its channels. NULL: they are not kept */
};

/* Quantiles cost as much as some channels do without; looking at this many messages as one. */
#define E2E_COST 8
#define LOOKS_COST 16

static size_t looks_of(const struct pluq__channel *c)
{
	uint64_t held = c->inflight.count + c->requeued.count;

	return (held < PLUQ__CHANNEL_LOOKS ? (size_t)held : PLUQ__CHANNEL_LOOKS) / LOOKS_COST;
}

static size_t cost_of(const struct pluq__channel *c, bool whole)
{
	return (c->home->broker->e2e_count ? E2E_COST : 1) + looks_of(c) + (whole ? pluq__latency_blocks(c->latency) : 0);
}

/* ---- blocks ---- */

static size_t latency_bytes(const struct pluq__channel *c)
{
	return c->latency ? sizeof(struct pluq_histogram) + pluq__latency_bucket_count(c->latency) * sizeof(struct pluq_bucket) : 0;
}

/* What belongs to a channel beside its struct. */
static size_t channel_bytes(const struct pluq__channel *c, bool whole)
{
	return c->home->broker->e2e_count * sizeof(double) + strlen(c->name) + 1 + (c->due ? PLUQ_DUE_CLASSES * sizeof(uint64_t) : 0) +
	    (whole ? latency_bytes(c) : 0);
}

static bool block_new(struct part *p, size_t bytes, struct block *out)
{
	struct names_block *b = malloc(sizeof(*b) + bytes);

	if (!b)
		return false;
	b->next = p->blocks;
	p->blocks = b;
	out->at = b->text;
	return true;
}

static void *carve(struct block *b, size_t bytes)
{
	char *at = b->at;

	b->at += bytes;
	return at;
}

static const char *copy_name(struct block *b, const char *name)
{
	size_t n = strlen(name) + 1;

	return memcpy(carve(b, n), name, n);
}

/* ---- what is kept of a channel ---- */

static const uint64_t *copy_due(struct block *b, const struct pluq__channel *c)
{
	uint64_t *classes;

	if (!c->due)
		return NULL;
	classes = carve(b, PLUQ_DUE_CLASSES * sizeof(*classes));
	pluq__due_classes(c->due, c->home->loop->now_ns, classes);
	return classes;
}

static const struct pluq_histogram *copy_latency(struct block *b, const struct pluq__channel *c)
{
	struct pluq_histogram *h;

	if (!c->latency)
		return NULL;
	h = carve(b, sizeof(*h));
	pluq__latency_copy(c->latency, carve(b, latency_bytes(c) - sizeof(*h)), h);
	return h;
}

static const double *copy_quantiles(struct block *b, const struct pluq__broker *of, const struct pluq__latency_sums *sums)
{
	double *values = carve(b, of->e2e_count * sizeof(*values));

	pluq__latency_quantiles(sums, of->limits->e2e_percentiles, of->e2e_count, values);
	return values;
}

static void add_window(struct pluq__channel *c, struct pluq__latency_sums *sums)
{
	pluq__window_look(&c->window, c->home->loop->now_ns, c->home->broker->e2e_half_ns);
	pluq__latency_accumulate(c->window.half[0], sums);
	pluq__latency_accumulate(c->window.half[1], sums);
}

static void copy_channel_e2e(struct pluq_channel_stats *out, struct pluq__channel *c, struct block *b)
{
	struct pluq__latency_sums sums = {0};

	add_window(c, &sums);
	out->e2e_count = sums.count;
	out->e2e = copy_quantiles(b, c->home->broker, &sums);
}

static void copy_channel(struct pluq_channel_stats *out, struct pluq__channel *c, struct block *b, bool whole)
{
	*out = (struct pluq_channel_stats){.paused = c->paused,
	    .depth = pluq__channel_depth(c),
	    .backend_depth = pluq__channel_backend_depth(c),
	    .in_flight = (int64_t)c->inflight.count,
	    .deferred = (int64_t)c->deferred.count,
	    .consumers = c->sub_count,
	    .message_count = c->message_count,
	    .requeue_count = c->requeue_count,
	    .timeout_count = c->timeout_count,
	    .global_msg_count = c->from_memory_count,
	    .message_bytes = c->message_bytes,
	    .delivered_count = c->delivered_count,
	    .delivered_bytes = c->delivered_bytes,
	    .finish_count = c->finish_count,
	    .oldest_ns = pluq__channel_oldest_ns(c),
	    .due = copy_due(b, c),
	    .latency = whole ? copy_latency(b, c) : NULL};
	memcpy(out->dropped, c->dropped, sizeof(out->dropped));
	if (c->home->broker->e2e_count)
		copy_channel_e2e(out, c, b);
}

static int by_channel(const void *a, const void *b)
{
	return strcmp(((const struct pluq_channel_stats *)a)->name, ((const struct pluq_channel_stats *)b)->name);
}

static int by_topic(const void *a, const void *b)
{
	return strcmp(((const struct pluq_topic_stats *)a)->name, ((const struct pluq_topic_stats *)b)->name);
}

static bool make_room(struct part *p)
{
	size_t room = p->room ? p->room * 2 : 16;
	void *more;

	if (p->count < p->room)
		return true;
	more = realloc(p->topic, room * sizeof(*p->topic));
	if (!more)
		return false;
	p->topic = more;
	p->room = room;
	return true;
}

/* ---- a topic ---- */

static size_t channels_of(const struct pluq_topic *t)
{
	size_t n = 0;

	for (const struct pluq__channel *c = t->channels; c; c = c->next)
		n++;
	return n;
}

static bool begin_topic(struct pluq__slicer *r, struct part *p)
{
	const struct pluq_topic *t = r->at;
	size_t room = channels_of(t);

	if (!make_room(p) ||
	    !block_new(p, room * sizeof(*r->channels) + t->home->broker->e2e_count * sizeof(double) + strlen(t->name) + 1, &r->block))
		return false;
	r->begun = true;
	r->channels = carve(&r->block, room * sizeof(*r->channels));
	r->room = room;
	r->count = 0;
	r->channel = t->channels;
	return true;
}

/* Without consumers nothing is read, and after a start nobody knows how old it is: the next snapshot will. */
static void look(const struct pluq__slicer *r, struct pluq__spill *s, int64_t oldest_ns)
{
	if (r->snapshot->whole && oldest_ns == PLUQ_OLDEST_UNKNOWN && !atomic_load(&r->home->broker->draining))
		pluq__spill_look(s);
}

static bool has_more_channels(const struct pluq__slicer *r)
{
	return r->channel && r->count < r->room; /* those beyond have come since it was begun */
}

/* As many channels as the slice takes. */
static bool copy_channels(struct pluq__slicer *r, struct part *p, size_t *done)
{
	bool whole = r->snapshot->whole;
	const struct pluq__channel *c = r->channel;
	struct pluq_channel_stats *first = r->channels + r->count;
	size_t n = 0, bytes = 0;
	struct block b;

	for (; c && r->count + n < r->room && *done < SLICE; c = c->next, n++) {
		bytes += channel_bytes(c, whole);
		*done += cost_of(c, whole);
	}
	if (!block_new(p, bytes, &b))
		return false;
	c = r->channel;
	for (size_t i = 0; i < n; i++, r->channel = r->channel->next) {
		copy_channel(&first[i], r->channel, &b, whole);
		look(r, r->channel->spill, first[i].oldest_ns);
		if (r->sums)
			add_window(r->channel, r->sums);
	}
	for (size_t i = 0; i < n; i++, c = c->next)
		first[i].name = copy_name(&b, c->name);
	r->count += n;
	return true;
}

static void topic_left(struct pluq__slicer *r, struct pluq_topic *next)
{
	r->at = next;
	r->begun = false;
	r->channel = NULL;
	if (r->sums)
		*r->sums = (struct pluq__latency_sums){0};
}

static void end_topic(struct pluq__slicer *r, struct part *p)
{
	struct pluq_topic *t = r->at;
	struct pluq_topic_stats *out = &p->topic[p->count++];

	*out = (struct pluq_topic_stats){.paused = t->paused,
	    .depth = pluq__topic_depth(t),
	    .backend_depth = pluq__topic_backend_depth(t),
	    .message_count = t->message_count,
	    .message_bytes = t->message_bytes,
	    .channels = r->channels,
	    .channel_count = r->count,
	    .channel_stride = sizeof(*r->channels),
	    .oldest_ns = pluq__topic_oldest_ns(t)};
	look(r, t->spill, out->oldest_ns);
	memcpy(out->dropped, t->dropped, sizeof(out->dropped));
	if (r->count && r->sums) {
		out->e2e_count = r->sums->count;
		out->e2e = copy_quantiles(&r->block, t->home->broker, r->sums);
	}
	out->name = copy_name(&r->block, t->name);
	if (!r->snapshot->whole && r->count)
		qsort(r->channels, r->count, sizeof(*r->channels), by_channel);
	topic_left(r, t->next);
}

/* Goes on with the topic, and behind it if it is complete. */
static bool copy_topic(struct pluq__slicer *r, struct part *p, size_t *done)
{
	*done += 1;
	if (!r->begun && !begin_topic(r, p))
		return false;
	if (has_more_channels(r) && !copy_channels(r, p, done))
		return false;
	if (!has_more_channels(r))
		end_topic(r, p);
	return true;
}

void pluq__stats_sort(struct pluq_stats *s)
{
	struct whole *w = (struct whole *)s;
	struct part *p = &w->part;

	for (size_t i = 0; i < p->count; i++)
		if (p->topic[i].channel_count)
			qsort((void *)(uintptr_t)p->topic[i].channels, p->topic[i].channel_count, sizeof(struct pluq_channel_stats),
			    by_channel);
	if (p->count)
		qsort(p->topic, p->count, sizeof(*p->topic), by_topic);
}

static void free_part(struct part *p)
{
	while (p->blocks) {
		struct names_block *next = p->blocks->next;

		free(p->blocks);
		p->blocks = next;
	}
	free(p->topic);
}

void pluq__stats_free(struct pluq_stats *s)
{
	struct whole *w = (struct whole *)s;

	if (!w)
		return;
	free_part(&w->part);
	free(w);
}

static bool join(struct part *to, struct part *from)
{
	size_t need = to->count + from->count;
	struct names_block **end = &from->blocks;
	void *more;

	if (from->failed)
		return false;
	if (need > to->room) {
		more = realloc(to->topic, need * sizeof(*to->topic));
		if (!more)
			return false;
		to->topic = more;
		to->room = need;
	}
	if (from->count)
		memcpy(to->topic + to->count, from->topic, from->count * sizeof(*to->topic));
	to->count = need;
	while (*end)
		end = &(*end)->next;
	*end = to->blocks;
	to->blocks = from->blocks;
	from->blocks = NULL;
	return true;
}

static void on_complete(struct pluq__mail *mail)
{
	struct snapshot *s = (struct snapshot *)(void *)((char *)mail - offsetof(struct snapshot, mail));
	int homes = s->back->broker->loops->count;
	struct whole *w = calloc(1, sizeof(*w));
	bool good = w != NULL;

	for (int i = 0; i < homes; i++) {
		good = good && join(&w->part, &s->part[i]);
		free_part(&s->part[i]);
	}
	if (good) {
		w->pub = (struct pluq_stats){w->part.topic, w->part.count, sizeof(*w->part.topic)};
		if (!s->whole && w->part.count)
			qsort(w->part.topic, w->part.count, sizeof(*w->part.topic), by_topic);
	} else {
		pluq__stats_free(w ? &w->pub : NULL);
		w = NULL;
	}
	s->fn(s->arg, good ? 0 : PLUQ_ENOMEM, w ? &w->pub : NULL);
	free(s);
}

static void slicer_free(struct pluq__slicer *r)
{
	free(r->sums);
	free(r);
}

static void slicer_done(struct pluq__slicer *r)
{
	struct snapshot *s = r->snapshot;
	struct pluq__slicer **at = &r->home->slicers;

	while (*at != r)
		at = &(*at)->next;
	*at = r->next;
	slicer_free(r);
	if (atomic_fetch_sub(&s->left, 1) == 1) {
		s->mail.fn = on_complete;
		pluq__loop_post(s->back->loop, &s->mail);
	}
}

static void on_slice(struct pluq__mail *mail)
{
	struct pluq__slicer *r = (struct pluq__slicer *)mail;
	struct snapshot *s = r->snapshot;
	struct part *p = &s->part[r->home->loop->index];
	size_t done = 0;

	while (r->at && done < SLICE && !p->failed) {
		if (s->one && strcmp(r->at->name, s->name) != 0) {
			done += 1;
			r->at = r->at->next;
			continue;
		}
		p->failed = !copy_topic(r, p, &done);
	}
	if (r->at && !p->failed)
		pluq__loop_post(r->home->loop, &r->mail);
	else
		slicer_done(r);
}

static void on_start(struct pluq__mail *mail)
{
	struct pluq__slicer *r = (struct pluq__slicer *)mail;

	r->at = r->home->topics;
	r->next = r->home->slicers;
	r->home->slicers = r;
	r->mail.fn = on_slice;
	on_slice(mail);
}

void pluq__stats_skip(struct pluq_topic *t)
{
	for (struct pluq__slicer *r = t->home->slicers; r; r = r->next)
		if (r->at == t)
			topic_left(r, t->next);
}

void pluq__stats_skip_channel(struct pluq__channel *c)
{
	for (struct pluq__slicer *r = c->home->slicers; r; r = r->next)
		if (r->channel == c)
			r->channel = c->next;
}

static struct pluq__slicer *slicer_new(struct snapshot *s, struct pluq__home *home)
{
	struct pluq__slicer *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	*r = (struct pluq__slicer){.mail.fn = on_start, .snapshot = s, .home = home};
	if (!home->broker->e2e_count || (r->sums = calloc(1, sizeof(*r->sums))))
		return r;
	free(r);
	return NULL;
}

static int begin(struct pluq__home *home, const char *topic, bool whole, pluq_stats_fn fn, void *arg)
{
	struct pluq__broker *b = home->broker;
	int homes = b->loops->count;
	struct snapshot *s = calloc(1, sizeof(*s) + (size_t)homes * sizeof(s->part[0]));
	struct pluq__slicer *list = NULL;

	if (!s)
		return PLUQ_ENOMEM;
	*s = (struct snapshot){.back = home, .fn = fn, .arg = arg, .one = topic != NULL, .whole = whole};
	atomic_init(&s->left, homes);
	if (topic) /* one byte more than the longest name is nobody's */
		strncpy(s->name, topic, PLUQ_NAME_MAX + 1);
	for (int i = 0; i < homes; i++) {
		struct pluq__slicer *r = slicer_new(s, &b->homes[i]);

		if (!r)
			goto no_memory;
		r->next = list;
		list = r;
	}
	while (list) {
		struct pluq__slicer *next = list->next;

		pluq__loop_post(list->home->loop, &list->mail);
		list = next;
	}
	return 0;
no_memory:
	while (list) {
		struct pluq__slicer *next = list->next;

		slicer_free(list);
		list = next;
	}
	free(s);
	return PLUQ_ENOMEM;
}

int pluq__stats(struct pluq__home *home, const char *topic, pluq_stats_fn fn, void *arg)
{
	return begin(home, topic, false, fn, arg);
}

int pluq__stats_whole(struct pluq__home *home, pluq_stats_fn fn, void *arg)
{
	return begin(home, NULL, true, fn, arg);
}
