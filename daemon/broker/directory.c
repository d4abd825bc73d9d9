#include "directory.h"

#include <stdlib.h>

#include "../base/log.h"
#include "channel.h"
#include "gate.h"
#include "metadata.h"
#include "names.h"
#include "topic.h"
#include "watch.h"

struct pluq__directory {
	struct pluq__names *entries; /* struct pluq__entry */
	unsigned next_home;
	int64_t id_floor_ns;
};

/* One topic_get on its way to loop 0 and back. */
struct pluq__get {
	struct pluq__mail mail;
	struct pluq__get *next;
	struct pluq__home *back;
	pluq_topic_fn fn;
	void *arg;
	struct pluq_topic *topic; /* the answer: a reference */
	int status;
	bool create;
	uint8_t length;
	char name[PLUQ_NAME_MAX + 1];
};

struct pluq__farewell {
	struct pluq__farewell *next;
	pluq_done_fn done;
	void *arg;
};

/* Between loop 0 and a topic's home. */
struct errand {
	struct pluq__mail mail;
	struct pluq__broker *broker;
	struct pluq_topic *topic; /* one reference */
	struct pluq__change *added; /* of a new topic; NULL: ephemeral */
	bool expire;
	int64_t above_ns;
};

static struct pluq__home *loop0(struct pluq__broker *b)
{
	return &b->homes[0];
}

int pluq__directory_new(struct pluq__broker *b)
{
	struct pluq__directory *d = calloc(1, sizeof(*d));

	if (!d)
		return PLUQ_ENOMEM;
	d->entries = pluq__names_new();
	if (!d->entries) {
		free(d);
		return PLUQ_ENOMEM;
	}
	b->directory = d;
	return 0;
}

static void entry_free(struct pluq__entry *e)
{
	while (e->channels) {
		struct pluq__entry_channel *next = e->channels->next;

		free(e->channels);
		e->channels = next;
	}
	pluq__topic_unref(e->topic);
	free(e);
}

static void free_thing(void *arg, void *thing)
{
	(void)arg;
	entry_free(thing);
}

void pluq__directory_free(struct pluq__broker *b)
{
	if (!b->directory)
		return;
	pluq__names_each(b->directory->entries, free_thing, NULL);
	pluq__names_free(&b->directory->entries);
	free(b->directory);
	b->directory = NULL;
}

struct pluq__entry *pluq__directory_find(struct pluq__broker *b, const char *name, size_t length)
{
	struct pluq__entry *e = pluq__names_find(b->directory->entries, name, length);

	return e && !e->deleting ? e : NULL;
}

struct pluq__entry *pluq__directory_entry(struct pluq__broker *b, const struct pluq_topic *t)
{
	struct pluq__entry *e = pluq__names_find(b->directory->entries, t->name, strlen(t->name));

	return e && e->topic == t && !e->gone ? e : NULL;
}

struct each {
	void (*fn)(void *, struct pluq__entry *);
	void *arg;
};

static void each_thing(void *arg, void *thing)
{
	const struct each *e = arg;

	e->fn(e->arg, thing);
}

void pluq__directory_each(struct pluq__broker *b, void (*fn)(void *, struct pluq__entry *), void *arg)
{
	struct each e = {fn, arg};

	pluq__names_each(b->directory->entries, each_thing, &e);
}

void pluq__directory_raise_floor(struct pluq__broker *b, int64_t ns)
{
	if (ns > b->directory->id_floor_ns)
		b->directory->id_floor_ns = ns;
}

int64_t pluq__directory_floor(const struct pluq__broker *b)
{
	return b->directory->id_floor_ns;
}

static struct pluq__entry *entry_new(struct pluq__broker *b, const char *name, size_t length)
{
	struct pluq__directory *d = b->directory;
	struct pluq__home *home = &b->homes[d->next_home % (unsigned)b->loops->count];
	struct pluq__entry *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	e->topic = pluq__topic_new(home, name, length, d->id_floor_ns);
	if (!e->topic)
		goto no_topic;
	if (pluq__names_add(d->entries, e->topic->name, e) < 0)
		goto no_place;
	d->next_home++;
	return e;
no_place:
	pluq__topic_unref(e->topic);
no_topic:
	free(e);
	return NULL;
}

/* ---- start ---- */

static int load_channel(struct pluq__entry *e, const struct pluq_meta_channel *mc, struct pluq_why *why)
{
	size_t length = strlen(mc->name);
	struct pluq__entry_channel *ec = calloc(1, sizeof(*ec));
	struct pluq__channel *c = ec ? pluq__topic_channel_load(e->topic, mc->name, length) : NULL;

	if (!c) {
		free(ec);
		return PLUQ_ENOMEM;
	}
	memcpy(ec->name, mc->name, length);
	ec->paused = c->paused = mc->paused;
	ec->next = e->channels;
	e->channels = ec;
	return c->spill ? pluq__spill_open_now(c->spill, why) : 0;
}

int pluq__directory_load(struct pluq__broker *b, const struct pluq_meta_topic *mt, struct pluq_why *why)
{
	size_t length = strlen(mt->name);
	struct pluq__entry *e;
	int err = 0;

	if (length > PLUQ_NAME_MAX || pluq__directory_find(b, mt->name, length))
		return 0; /* the metadata names it twice */
	e = entry_new(b, mt->name, length);
	if (!e)
		return PLUQ_ENOMEM;
	pluq__topic_start(e->topic);
	e->paused = e->topic->paused = mt->paused;
	if (e->topic->spill)
		err = pluq__spill_open_now(e->topic->spill, why);
	for (size_t i = 0; i < mt->channel_count && !err; i++)
		if (strlen(mt->channels[i].name) <= PLUQ_NAME_MAX &&
		    !pluq__topic_channel(e->topic, mt->channels[i].name, strlen(mt->channels[i].name)))
			err = load_channel(e, &mt->channels[i], why);
	return err;
}

/* ---- get ---- */

static void on_start(struct pluq__mail *mail)
{
	struct errand *r = (struct errand *)mail;

	pluq__topic_start(r->topic);
	if (r->topic->spill)
		pluq__spill_open(r->topic->spill);
	if (r->added)
		pluq__change_send(r->added);
	pluq__topic_unref(r->topic);
	free(r);
}

/* The home is told before anybody else can send it something for this topic. */
static int make(struct pluq__broker *b, const char *name, size_t length, struct pluq_topic **out)
{
	struct errand *r = malloc(sizeof(*r));
	struct pluq__entry *e = r ? entry_new(b, name, length) : NULL;
	struct pluq__change *added = NULL;

	if (e && e->topic->spill && !(added = pluq__change_new(e->topic, PLUQ__TOPIC_ADDED, "", 0, false, NULL, NULL))) {
		pluq__names_remove(b->directory->entries, e->topic->name, length);
		entry_free(e);
		e = NULL;
	}
	if (!e) {
		free(r);
		return PLUQ_ENOMEM;
	}
	*r = (struct errand){.mail.fn = on_start, .broker = b, .topic = pluq__topic_ref(e->topic), .added = added};
	pluq__watch_tell(b, PLUQ_TOPIC_MADE, e->topic->name, NULL);
	if (pluq__gate_shut(b, e->topic) < 0)
		pluq__log(PLUQ_ERROR, "core", "topic %s: out of memory: it begins without its channels elsewhere", e->topic->name);
	if (e->topic->home == loop0(b))
		on_start(&r->mail);
	else
		pluq__loop_post(e->topic->home->loop, &r->mail);
	*out = pluq__topic_ref(e->topic);
	return 0;
}

/* Loop 0. PLUQ_ELATER: it is being deleted, and has to be asked for again afterwards. */
static int find_or_make(struct pluq__broker *b, const char *name, size_t length, bool create, struct pluq_topic **out)
{
	struct pluq__entry *e = pluq__names_find(b->directory->entries, name, length);

	if (e && e->deleting)
		return create ? PLUQ_ELATER : PLUQ_ENOTOPIC;
	if (e) {
		*out = pluq__topic_ref(e->topic);
		return 0;
	}
	if (!create)
		return PLUQ_ENOTOPIC;
	if (atomic_load(&b->draining))
		return PLUQ_EEXITING;
	return make(b, name, length, out);
}

static void cache(struct pluq__home *home, struct pluq_topic *t)
{
	size_t length = strlen(t->name);
	struct pluq_topic *old = pluq__names_find(home->cache, t->name, length);

	if (old == t)
		return;
	if (old)
		pluq__topic_forget(home, old);
	if (pluq__names_add(home->cache, t->name, t) == 0)
		pluq__topic_ref(t);
}

void pluq__topic_forget(struct pluq__home *home, struct pluq_topic *t)
{
	size_t length = strlen(t->name);

	if (pluq__names_find(home->cache, t->name, length) != t)
		return;
	pluq__names_remove(home->cache, t->name, length);
	pluq__topic_unref(t);
}

static void on_get_back(struct pluq__mail *mail)
{
	struct pluq__get *g = (struct pluq__get *)mail;

	if (!g->status)
		cache(g->back, g->topic);
	g->fn(g->arg, g->status, g->topic);
	free(g);
}

static void serve_get(struct pluq__broker *b, struct pluq__get *g)
{
	g->status = find_or_make(b, g->name, g->length, g->create, &g->topic);
	if (g->status == PLUQ_ELATER) {
		struct pluq__entry *e = pluq__names_find(b->directory->entries, g->name, g->length);

		g->next = e->gets;
		e->gets = g;
		return;
	}
	g->mail.fn = on_get_back;
	pluq__loop_post(g->back->loop, &g->mail);
}

static void on_get(struct pluq__mail *mail)
{
	struct pluq__get *g = (struct pluq__get *)mail;

	serve_get(g->back->broker, g);
}

int pluq__topic_get(struct pluq__home *home, const char *name, size_t length, bool create, struct pluq_topic **out,
    pluq_topic_fn fn, void *arg)
{
	struct pluq__broker *b = home->broker;
	struct pluq_topic *t = pluq__names_find(home->cache, name, length);
	struct pluq__get *g;
	int err;

	if (t && atomic_load_explicit(&t->dead, memory_order_acquire))
		pluq__topic_forget(home, t);
	else if (t) {
		*out = pluq__topic_ref(t);
		return 0;
	}
	if (home == loop0(b) && (err = find_or_make(b, name, length, create, out)) != PLUQ_ELATER) {
		if (!err)
			cache(home, *out);
		return err;
	}
	g = calloc(1, sizeof(*g));
	if (!g)
		return PLUQ_ENOMEM;
	*g = (struct pluq__get){.mail.fn = on_get, .back = home, .fn = fn, .arg = arg, .create = create,
	    .length = (uint8_t)length};
	memcpy(g->name, name, length);
	pluq__loop_post(loop0(b)->loop, &g->mail);
	return PLUQ_ELATER;
}

/* ---- deletion ---- */

static void on_forget(struct pluq__mail *mail)
{
	struct errand *r = (struct errand *)mail;

	pluq__topic_forget(pluq__home_of(r->broker, pluq__loop_self()), r->topic);
	pluq__topic_unref(r->topic);
	free(r);
}

static void tell_to_forget(struct pluq__broker *b, struct pluq_topic *t)
{
	for (int i = 0; i < b->loops->count; i++) {
		struct errand *r = malloc(sizeof(*r));

		if (!r) /* its next use there finds it stale */
			continue;
		*r = (struct errand){.mail.fn = on_forget, .broker = b, .topic = pluq__topic_ref(t)};
		pluq__loop_post(b->homes[i].loop, &r->mail);
	}
}

static void say_farewell(struct pluq__entry *e, int status, const struct pluq_why *why)
{
	while (e->farewells) {
		struct pluq__farewell *f = e->farewells;

		e->farewells = f->next;
		if (f->done)
			f->done(f->arg, status, why);
		free(f);
	}
}

/* The metadata no longer names it (or, after a failure, will not once it can be written). */
static void on_unnamed(void *arg, int status, const struct pluq_why *why)
{
	struct pluq__entry *e = arg;
	struct pluq__broker *b = e->topic->home->broker;
	struct pluq__get *gets = e->gets;

	pluq__names_remove(b->directory->entries, e->topic->name, strlen(e->topic->name));
	tell_to_forget(b, e->topic);
	say_farewell(e, status, why);
	entry_free(e);
	while (gets) {
		struct pluq__get *g = gets;

		gets = g->next;
		serve_get(b, g);
	}
}

/* Loop 0: the home has ended it. */
static void on_gone(struct pluq__mail *mail)
{
	struct errand r = *(struct errand *)mail;
	struct pluq__entry *e = pluq__names_find(r.broker->directory->entries, r.topic->name, strlen(r.topic->name));
	static const struct pluq_why none;

	free(mail);
	pluq__directory_raise_floor(r.broker, r.above_ns);
	e->gone = true;
	for (const struct pluq__entry_channel *c = e->channels; c; c = c->next)
		pluq__watch_tell(r.broker, PLUQ_CHANNEL_GONE, r.topic->name, c->name);
	pluq__watch_tell(r.broker, PLUQ_TOPIC_GONE, r.topic->name, NULL);
	pluq__topic_unref(r.topic);
	if (e->topic->ephemeral || pluq__metadata_changed(r.broker, on_unnamed, e) < 0)
		on_unnamed(e, 0, &none);
}

/* Home: everything of it has ended. The errand that brought its deletion goes back. */
static void on_topic_gone(struct pluq_topic *t, void *arg)
{
	struct errand *r = arg;

	r->mail.fn = on_gone;
	r->above_ns = pluq__idgen_above_ns(&t->ids);
	pluq__loop_post(loop0(r->broker)->loop, &r->mail);
}

/* Loop 0: it got a channel before it could expire, or the daemon stops and keeps it. */
static void on_alive(struct pluq__mail *mail)
{
	struct errand *r = (struct errand *)mail;
	struct pluq__entry *e = pluq__names_find(r->broker->directory->entries, r->topic->name, strlen(r->topic->name));
	struct pluq__get *gets = e->gets;
	static const struct pluq_why none;

	e->deleting = false;
	e->gets = NULL;
	say_farewell(e, atomic_load(&r->broker->draining) ? PLUQ_EEXITING : PLUQ_EBUSY, &none);
	while (gets) {
		struct pluq__get *g = gets;

		gets = g->next;
		serve_get(r->broker, g);
	}
	pluq__topic_unref(r->topic);
	free(r);
}

/* Home. */
static void on_delete(struct pluq__mail *mail)
{
	struct errand *r = (struct errand *)mail;

	if (r->topic->dead || (r->expire && r->topic->channels)) {
		r->mail.fn = on_alive;
		pluq__loop_post(loop0(r->broker)->loop, &r->mail);
		return;
	}
	pluq__topic_end(r->topic, false, on_topic_gone, r);
}

static int begin_delete(struct pluq__broker *b, struct pluq__entry *e, bool expire, pluq_done_fn done, void *arg)
{
	struct errand *r = malloc(sizeof(*r));
	struct pluq__farewell *f = malloc(sizeof(*f));

	if (!r || !f) {
		free(r);
		free(f);
		return PLUQ_ENOMEM;
	}
	*f = (struct pluq__farewell){e->farewells, done, arg};
	e->farewells = f;
	e->deleting = true;
	*r = (struct errand){
	    .mail.fn = on_delete, .broker = b, .topic = pluq__topic_ref(e->topic), .expire = expire};
	pluq__loop_post(e->topic->home->loop, &r->mail);
	return 0;
}

int pluq__directory_delete(struct pluq__broker *b, const char *name, size_t length, pluq_done_fn done, void *arg)
{
	struct pluq__entry *e = pluq__directory_find(b, name, length);

	return e ? begin_delete(b, e, false, done, arg) : PLUQ_ENOTOPIC;
}

static void on_expire(struct pluq__mail *mail)
{
	struct errand *r = (struct errand *)mail;
	struct pluq__entry *e = pluq__directory_find(r->broker, r->topic->name, strlen(r->topic->name));

	if (e && e->topic == r->topic)
		begin_delete(r->broker, e, true, NULL, NULL);
	pluq__topic_unref(r->topic);
	free(r);
}

void pluq__directory_expire(struct pluq_topic *t)
{
	struct errand *r = malloc(sizeof(*r));

	if (!r) /* it stays until a channel of it goes again */
		return;
	*r = (struct errand){.mail.fn = on_expire, .broker = t->home->broker, .topic = pluq__topic_ref(t)};
	pluq__loop_post(loop0(r->broker)->loop, &r->mail);
}
