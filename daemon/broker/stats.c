#include "stats.h"

#include <stdlib.h>

#include "channel.h"
#include "topic.h"

/* Topics and channels copied in one turn of a loop: well under a millisecond. */
#define SLICE 1000

struct names_block {
	struct names_block *next;
	char text[];
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
	char name[PLUQ_NAME_MAX + 2];
	struct part part[];
};

struct pluq__slicer {
	struct pluq__mail mail;
	struct pluq__slicer *next; /* of the home's */
	struct snapshot *snapshot;
	struct pluq__home *home;
	struct pluq_topic *at; /* next to be copied */
};

static size_t cost_of(const struct pluq_topic *t)
{
	size_t n = 1;

	for (const struct pluq__channel *c = t->channels; c; c = c->next)
		n++;
	return n;
}

/* One block holds the channels of a topic and all its names. */
static void *block_for(struct part *p, const struct pluq_topic *t, size_t channels)
{
	size_t bytes = strlen(t->name) + 1 + channels * sizeof(struct pluq_channel_stats);
	struct names_block *b;

	for (const struct pluq__channel *c = t->channels; c; c = c->next)
		bytes += strlen(c->name) + 1;
	b = malloc(sizeof(*b) + bytes);
	if (!b)
		return NULL;
	b->next = p->blocks;
	p->blocks = b;
	return b->text;
}

static const char *copy_name(char **text, const char *name)
{
	size_t n = strlen(name) + 1;
	char *at = *text;

	memcpy(at, name, n);
	*text += n;
	return at;
}

static void copy_channel(struct pluq_channel_stats *out, const struct pluq__channel *c, char **text)
{
	*out = (struct pluq_channel_stats){.name = copy_name(text, c->name),
	    .paused = c->paused,
	    .depth = pluq__channel_depth(c),
	    .backend_depth = pluq__channel_backend_depth(c),
	    .in_flight = (int64_t)c->inflight.count,
	    .deferred = (int64_t)c->deferred.count,
	    .consumers = c->sub_count,
	    .message_count = c->message_count,
	    .requeue_count = c->requeue_count,
	    .timeout_count = c->timeout_count,
	    .global_msg_count = c->from_memory_count};
}

static int by_channel(const void *a, const void *b)
{
	return strcmp(((const struct pluq_channel_stats *)a)->name, ((const struct pluq_channel_stats *)b)->name);
}

static int by_topic(const void *a, const void *b)
{
	return strcmp(((const struct pluq_topic_stats *)a)->name, ((const struct pluq_topic_stats *)b)->name);
}

static bool copy_topic(struct part *p, const struct pluq_topic *t)
{
	size_t channels = cost_of(t) - 1, n = 0;
	struct pluq_channel_stats *cs;
	char *text;

	if (p->count == p->room) {
		size_t room = p->room ? p->room * 2 : 16;
		void *more = realloc(p->topic, room * sizeof(*p->topic));

		if (!more)
			return false;
		p->topic = more;
		p->room = room;
	}
	cs = block_for(p, t, channels);
	if (!cs)
		return false;
	text = (char *)(cs + channels);
	for (const struct pluq__channel *c = t->channels; c; c = c->next)
		copy_channel(&cs[n++], c, &text);
	qsort(cs, n, sizeof(*cs), by_channel);
	p->topic[p->count++] = (struct pluq_topic_stats){.name = copy_name(&text, t->name),
	    .paused = t->paused,
	    .depth = pluq__topic_depth(t),
	    .backend_depth = pluq__topic_backend_depth(t),
	    .message_count = t->message_count,
	    .message_bytes = t->message_bytes,
	    .channels = cs,
	    .channel_count = n,
	    .channel_stride = sizeof(*cs)};
	return true;
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
		if (w->part.count)
			qsort(w->part.topic, w->part.count, sizeof(*w->part.topic), by_topic);
		w->pub = (struct pluq_stats){w->part.topic, w->part.count, sizeof(*w->part.topic)};
	} else {
		pluq__stats_free(w ? &w->pub : NULL);
		w = NULL;
	}
	s->fn(s->arg, good ? 0 : PLUQ_ENOMEM, w ? &w->pub : NULL);
	free(s);
}

static void slicer_done(struct pluq__slicer *r)
{
	struct snapshot *s = r->snapshot;
	struct pluq__slicer **at = &r->home->slicers;

	while (*at != r)
		at = &(*at)->next;
	*at = r->next;
	free(r);
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

	for (; r->at && done < SLICE && !p->failed; r->at = r->at->next) {
		if (s->one && strcmp(r->at->name, s->name) != 0) {
			done += 1;
			continue;
		}
		done += cost_of(r->at);
		p->failed = !copy_topic(p, r->at);
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
			r->at = t->next;
}

static struct pluq__slicer *slicer_new(struct snapshot *s, struct pluq__home *home)
{
	struct pluq__slicer *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	*r = (struct pluq__slicer){.mail.fn = on_start, .snapshot = s, .home = home};
	return r;
}

int pluq__stats(struct pluq__home *home, const char *topic, pluq_stats_fn fn, void *arg)
{
	struct pluq__broker *b = home->broker;
	int homes = b->loops->count;
	struct snapshot *s = calloc(1, sizeof(*s) + (size_t)homes * sizeof(s->part[0]));
	struct pluq__slicer *list = NULL;

	if (!s)
		return PLUQ_ENOMEM;
	*s = (struct snapshot){.back = home, .fn = fn, .arg = arg, .one = topic != NULL};
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

		free(list);
		list = next;
	}
	free(s);
	return PLUQ_ENOMEM;
}
