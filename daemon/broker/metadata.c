#include "metadata.h"

#include <pluq/name.h>
#include <stdlib.h>

#include "../base/clock.h"
#include "channel.h"
#include "directory.h"
#include "health.h"
#include "names.h"
#include "topic.h"
#include "watch.h"

/* Changes are gathered this long, unless somebody's publish waits for one. */
#define GATHER_NS (100 * PLUQ__MS)
#define RETRY_NS PLUQ__SEC
/* Ids are promised this far ahead: so far they may jump over a crash. */
#define CEILING_NS (60 * PLUQ__SEC)

/* A change on its way to loop 0, then waiting for a save, then on its way back. */
struct pluq__change {
	struct pluq__mail mail;
	struct pluq__change *next;
	struct pluq__broker *broker;
	struct pluq_topic *topic; /* one reference, or NULL: loop 0's own */
	enum pluq__change_kind kind;
	uint64_t uid, number;
	pluq_done_fn saved;
	void *arg;
	int status;
	bool paused;
	struct pluq_why why;
	char channel[PLUQ_NAME_MAX + 1];
};

struct pluq__metadata {
	struct pluq__broker *broker;
	struct pluq__timer timer;
	struct pluq__change *waiting, **waiting_end; /* in the order of their numbers */
	uint64_t number;                       /* of the last change */
	bool dirty, saving, hurry;
	bool failed; /* the last save; counted by health */
	int64_t ceiling_ns;                    /* wanted */
};

struct save {
	struct pluq__job job;
	struct pluq__broker *broker;
	struct pluq_meta meta;
	uint64_t number;
	int status;
	struct pluq_why why;
	/* behind it: the topics, the channels, the names */
};

static void save_now(struct pluq__metadata *);

static void on_timer(struct pluq__timer *t)
{
	save_now((struct pluq__metadata *)(void *)((char *)t - offsetof(struct pluq__metadata, timer)));
}

int pluq__metadata_new(struct pluq__broker *b)
{
	struct pluq__metadata *m = calloc(1, sizeof(*m));

	if (!m)
		return PLUQ_ENOMEM;
	m->broker = b;
	m->waiting_end = &m->waiting;
	m->timer.fn = on_timer;
	b->metadata = m;
	return 0;
}

void pluq__metadata_free(struct pluq__broker *b)
{
	free(b->metadata);
	b->metadata = NULL;
}

static void schedule(struct pluq__metadata *m)
{
	struct pluq__loop *l = m->broker->homes[0].loop;

	m->dirty = true;
	if (m->saving)
		return;
	if (m->hurry)
		save_now(m);
	else if (!pluq__timer_is_set(&m->timer))
		pluq__loop_set(l, &m->timer, l->now_ns + GATHER_NS);
}

/* ---- building what is saved ---- */

static bool is_ephemeral(const char *name)
{
	return pluq_name_is_ephemeral(name, strlen(name));
}

struct sizes {
	size_t topics, channels, bytes;
};

static void measure(void *arg, struct pluq__entry *e)
{
	struct sizes *s = arg;

	if (e->gone || e->topic->ephemeral)
		return;
	s->topics++;
	s->bytes += strlen(e->topic->name) + 1;
	for (const struct pluq__entry_channel *c = e->channels; c; c = c->next) {
		if (is_ephemeral(c->name))
			continue;
		s->channels++;
		s->bytes += strlen(c->name) + 1;
	}
}

struct filler {
	struct pluq_meta *meta;
	struct pluq_meta_channel *channel;
	char *text;
};

static const char *keep(struct filler *f, const char *name)
{
	size_t n = strlen(name) + 1;
	char *at = f->text;

	memcpy(at, name, n);
	f->text += n;
	return at;
}

static void fill(void *arg, struct pluq__entry *e)
{
	struct filler *f = arg;
	struct pluq_meta_topic *t;

	if (e->gone || e->topic->ephemeral)
		return;
	t = &f->meta->topics[f->meta->topic_count++];
	*t = (struct pluq_meta_topic){.name = keep(f, e->topic->name), .paused = e->paused, .channels = f->channel};
	for (const struct pluq__entry_channel *c = e->channels; c; c = c->next) {
		if (is_ephemeral(c->name))
			continue;
		*f->channel++ = (struct pluq_meta_channel){.name = keep(f, c->name), .paused = c->paused};
		t->channel_count++;
	}
}

static struct save *build(struct pluq__broker *b, int64_t ceiling_ns)
{
	struct sizes n = {0};
	struct save *s;
	struct filler f;

	pluq__directory_each(b, measure, &n);
	s = calloc(1, sizeof(*s) + n.topics * sizeof(*s->meta.topics) + n.channels * sizeof(*f.channel) + n.bytes);
	if (!s)
		return NULL;
	s->broker = b;
	s->meta.topics = (struct pluq_meta_topic *)(s + 1);
	s->meta.id_ceiling_ns = ceiling_ns;
	f.meta = &s->meta;
	f.channel = (struct pluq_meta_channel *)(s->meta.topics + n.topics);
	f.text = (char *)(f.channel + n.channels);
	pluq__directory_each(b, fill, &f);
	return s;
}

/* ---- saving ---- */

static void tell_queue(struct pluq_topic *t, const struct pluq__change *c)
{
	struct pluq__channel *channel;

	if (c->kind == PLUQ__TOPIC_ADDED && t->spill)
		pluq__spill_named(t->spill, c->status, &c->why);
	if (c->kind != PLUQ__CHANNEL_ADDED)
		return;
	channel = pluq__topic_channel_by_uid(t, c->uid);
	if (channel && channel->spill)
		pluq__spill_named(channel->spill, c->status, &c->why);
}

/* What was added is still there, with a queue that is to be named. A channel that has gone meanwhile must not come back to the
 * directory. */
static bool waits_for_name(const struct pluq__change *c)
{
	if (!c->topic || c->topic->dead)
		return false;
	return c->kind == PLUQ__TOPIC_ADDED ||
	    (c->kind == PLUQ__CHANNEL_ADDED && pluq__topic_channel_by_uid(c->topic, c->uid));
}

static void on_saved(struct pluq__mail *mail)
{
	struct pluq__change *c = (struct pluq__change *)mail;

	if (c->topic && !c->topic->dead)
		tell_queue(c->topic, c);
	if (c->saved)
		c->saved(c->arg, c->status, &c->why);
	c->saved = NULL;
	if (c->status < 0 && waits_for_name(c)) {
		pluq__change_send(c);
		return;
	}
	if (c->topic)
		pluq__topic_unref(c->topic);
	free(c);
}

static void send_back(struct pluq__broker *b, struct pluq__change *c, int status, const struct pluq_why *why)
{
	c->status = status;
	c->why = *why;
	c->mail.fn = on_saved;
	pluq__loop_post(c->topic ? c->topic->home->loop : b->homes[0].loop, &c->mail);
}

static void answer(struct pluq__metadata *m, uint64_t number, int status, const struct pluq_why *why)
{
	while (m->waiting && m->waiting->number <= number) {
		struct pluq__change *c = m->waiting;

		m->waiting = c->next;
		if (!m->waiting)
			m->waiting_end = &m->waiting;
		send_back(m->broker, c, status, why);
	}
}

static void on_save_done(struct pluq__job *job)
{
	struct save *s = (struct save *)job;
	struct pluq__broker *b = s->broker;
	struct pluq__metadata *m = b->metadata;
	struct pluq__loop *l = b->homes[0].loop;

	m->saving = false;
	atomic_fetch_add_explicit(&b->progress, 1, memory_order_relaxed);
	answer(m, s->number, s->status, &s->why);
	pluq__health_retrying(b, &m->failed, s->status < 0);
	if (s->status < 0) {
		pluq__health_bad(b, PLUQ__STORAGE_SAVE, "metadata", &s->why);
		m->dirty = true;
		pluq__loop_set(l, &m->timer, l->now_ns + RETRY_NS);
	} else {
		pluq__health_good(b);
		atomic_store(&b->id_ceiling_ns, s->meta.id_ceiling_ns);
		atomic_store(&b->id_ceiling_asked, false); /* after a failure the next try is on its way already */
		if (m->dirty)
			schedule(m);
	}
	free(s);
}

static void save_on_pool(struct pluq__job *job)
{
	struct save *s = (struct save *)job;

	s->status = s->broker->storage->save(s->broker->storage_self, &s->meta, &s->why);
}

static void save_now(struct pluq__metadata *m)
{
	struct pluq__broker *b = m->broker;
	struct pluq__loop *l = b->homes[0].loop;
	struct save *s;

	pluq__loop_clear(l, &m->timer);
	m->hurry = false;
	if (m->saving || !m->dirty)
		return;
	s = build(b, m->ceiling_ns);
	if (!s) {
		pluq__loop_set(l, &m->timer, l->now_ns + RETRY_NS);
		return;
	}
	s->number = m->number;
	s->job.back = l;
	s->job.work = save_on_pool;
	s->job.done = on_save_done;
	s->job.what = "save metadata";
	m->dirty = false;
	m->saving = true;
	pluq__pool_submit(b->meta_lane, &s->job);
}

/* ---- changes ---- */

static struct pluq__entry_channel **find_channel(struct pluq__entry *e, const char *name)
{
	struct pluq__entry_channel **at = &e->channels;

	while (*at && strcmp((*at)->name, name) != 0)
		at = &(*at)->next;
	return at;
}

static int add_channel(struct pluq__broker *b, struct pluq__entry *e, const char *name)
{
	struct pluq__entry_channel *c;

	if (*find_channel(e, name))
		return 0;
	c = calloc(1, sizeof(*c));
	if (!c)
		return PLUQ_ENOMEM;
	memcpy(c->name, name, strlen(name));
	c->next = e->channels;
	e->channels = c;
	pluq__watch_tell(b, PLUQ_CHANNEL_MADE, e->topic->name, name);
	return 0;
}

static int apply(struct pluq__entry *e, const struct pluq__change *c)
{
	struct pluq__entry_channel **at;

	switch (c->kind) {
	case PLUQ__TOPIC_ADDED:
		break;
	case PLUQ__TOPIC_PAUSED:
		e->paused = c->paused;
		break;
	case PLUQ__CHANNEL_ADDED:
		return add_channel(c->broker, e, c->channel);
	case PLUQ__CHANNEL_PAUSED:
		at = find_channel(e, c->channel);
		if (*at)
			(*at)->paused = c->paused;
		break;
	case PLUQ__CHANNEL_REMOVED:
		at = find_channel(e, c->channel);
		if (*at) {
			struct pluq__entry_channel *gone = *at;

			*at = gone->next;
			pluq__watch_tell(c->broker, PLUQ_CHANNEL_GONE, e->topic->name, gone->name);
			free(gone);
		}
		break;
	}
	return 0;
}

static void wait_for_save(struct pluq__metadata *m, struct pluq__change *c)
{
	c->number = ++m->number;
	c->next = NULL;
	*m->waiting_end = c;
	m->waiting_end = &c->next;
	schedule(m);
}

static void on_change(struct pluq__mail *mail)
{
	struct pluq__change *c = (struct pluq__change *)mail;
	struct pluq__broker *b = c->broker;
	struct pluq__entry *e = pluq__directory_entry(b, c->topic);
	static const struct pluq_why none;
	int err = 0;

	/* What is being deleted, or never written, has nothing to wait for. An ephemeral topic that is to expire may have got the channel
	 * that keeps it alive, so its changes count until it is gone. */
	err = e && (!e->deleting || c->topic->ephemeral) ? apply(e, c) : PLUQ_ENOTOPIC;
	if (!err && (c->topic->ephemeral || is_ephemeral(c->channel)))
		return send_back(b, c, 0, &none);
	if (err == PLUQ_ENOTOPIC) {
		c->kind = PLUQ__TOPIC_PAUSED; /* nothing to be named any more */
		return send_back(b, c, 0, &none);
	}
	if (err < 0)
		return send_back(b, c, err, &none);
	wait_for_save(b->metadata, c);
}

struct pluq__change *pluq__change_new(struct pluq_topic *t, enum pluq__change_kind kind, const char *channel, uint64_t uid,
    bool paused, pluq_done_fn saved, void *arg)
{
	struct pluq__change *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->broker = t->home->broker;
	c->topic = pluq__topic_ref(t);
	c->kind = kind;
	c->uid = uid;
	c->paused = paused;
	c->saved = saved;
	c->arg = arg;
	memcpy(c->channel, channel, strlen(channel));
	return c;
}

void pluq__change_free(struct pluq__change **pc)
{
	if (!*pc)
		return;
	pluq__topic_unref((*pc)->topic);
	free(*pc);
	*pc = NULL;
}

void pluq__change_send(struct pluq__change *c)
{
	c->mail.fn = on_change;
	pluq__loop_post(c->broker->homes[0].loop, &c->mail);
}

int pluq__metadata_change(struct pluq_topic *t, enum pluq__change_kind kind, const char *channel, bool paused,
    pluq_done_fn saved, void *arg)
{
	struct pluq__change *c = pluq__change_new(t, kind, channel, 0, paused, saved, arg);

	if (!c)
		return PLUQ_ENOMEM;
	pluq__change_send(c);
	return 0;
}

int pluq__metadata_changed(struct pluq__broker *b, pluq_done_fn saved, void *arg)
{
	struct pluq__change *c = calloc(1, sizeof(*c));

	if (!c)
		return PLUQ_ENOMEM;
	c->broker = b;
	c->saved = saved;
	c->arg = arg;
	wait_for_save(b->metadata, c);
	return 0;
}

/* ---- haste, and the ceiling of ids ---- */

struct nudge {
	struct pluq__mail mail;
	struct pluq__broker *broker;
	int64_t ceiling_ns; /* 0: only haste */
};

static void on_nudge(struct pluq__mail *mail)
{
	struct nudge *n = (struct nudge *)mail;
	struct pluq__metadata *m = n->broker->metadata;

	m->hurry = true;
	if (n->ceiling_ns > m->ceiling_ns)
		m->ceiling_ns = n->ceiling_ns;
	if (n->ceiling_ns || m->dirty)
		schedule(m);
	free(n);
}

static bool nudge(struct pluq__broker *b, int64_t ceiling_ns)
{
	struct nudge *n = malloc(sizeof(*n));

	if (!n)
		return false;
	*n = (struct nudge){.mail.fn = on_nudge, .broker = b, .ceiling_ns = ceiling_ns};
	pluq__loop_post(b->homes[0].loop, &n->mail);
	return true;
}

void pluq__metadata_hurry(struct pluq__home *home)
{
	nudge(home->broker, 0);
}

static int64_t ceiling_above(int64_t used_ns)
{
	int64_t now = pluq__clock_real_ns();

	return (used_ns > now ? used_ns : now) + CEILING_NS;
}

void pluq__metadata_raise_ceiling(struct pluq__home *home, int64_t used_ns)
{
	if (atomic_exchange(&home->broker->id_ceiling_asked, true))
		return;
	if (!nudge(home->broker, ceiling_above(used_ns)))
		atomic_store(&home->broker->id_ceiling_asked, false);
}

int pluq__metadata_last(struct pluq__broker *b, int64_t used_ns, pluq_done_fn saved, void *arg)
{
	b->metadata->ceiling_ns = used_ns;
	b->metadata->hurry = true;
	return pluq__metadata_changed(b, saved, arg);
}

int pluq__metadata_first(struct pluq__broker *b, int64_t used_ns, struct pluq_why *why)
{
	struct save *s = build(b, ceiling_above(used_ns));
	int err;

	if (!s)
		return PLUQ_ENOMEM;
	b->metadata->ceiling_ns = s->meta.id_ceiling_ns;
	err = b->storage->save(b->storage_self, &s->meta, why);
	if (!err)
		atomic_store(&b->id_ceiling_ns, s->meta.id_ceiling_ns);
	free(s);
	return err;
}
