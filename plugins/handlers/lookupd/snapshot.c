/* When a snapshot is made and written. */
#include "snapshot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "lookupd.h"
#include "snapshot_file.h"
#include "walk.h"

#define SECOND INT64_C(1000000000)
/* From a change to the snapshot that has it; what changes meanwhile is in it too. */
#define PAUSE SECOND
/* The pause doubles so many times while writing fails: half a minute. */
#define DOUBLINGS 5

static const char begin[] = "{\"pluq_lookupd_snapshot\":1,\"topics\":[", finish[] = "\n]}\n";

/* walk.step */
static size_t add_topic(struct walk *w, struct link *item)
{
	const struct topic *t = LINK_OWNER(item, struct topic, link);
	bool some = false;

	if (t->reg.ephemeral || !t->listed)
		return 1;
	put_comma(&w->out, &w->some);
	text_str(&w->out, "\n{\"name\":");
	put_name(&w->out, &t->reg, &some);
	text_str(&w->out, ",\"channels\":[");
	some = false;
	SET_EACH(&t->channels, const struct channel, c)
		if (!c->reg.ephemeral)
			put_name(&w->out, &c->reg, &some);
	text_str(&w->out, "]}");
	return 1 + t->channels.count;
}

static void make(struct lookupd *l);

/* pluq_timer_fn */
static void on_timer(void *arg)
{
	make(arg);
}

/* Sees to it that what has changed gets written. */
static void plan(struct lookupd *l)
{
	struct snapshot *s = &l->snapshot;

	if (!s->dirty || s->making || s->writing)
		return;
	if (s->draining) {
		make(l);
		return;
	}
	if (!s->timer)
		s->timer = l->host->timer_new(l->host, on_timer, l);
	int64_t delay = PAUSE << (s->failures < DOUBLINGS ? s->failures : DOUBLINGS);
	if (s->timer) /* without memory for one the next change tries again */
		l->host->timer_set(s->timer, l->host->now_ns(l->host) + delay);
}

/* db.on_change */
static void on_change(void *arg)
{
	struct lookupd *l = arg;

	if (l->snapshot.dirty)
		return;
	l->snapshot.dirty = true;
	plan(l);
}

static void failed(struct lookupd *l, const char *why)
{
	l->snapshot.dirty = true;
	if (l->snapshot.failures++ == 0 || l->snapshot.draining)
		l->host->log(l->host, PLUQ_ERROR, "snapshot_file: %s; it is tried again", why);
}

static void succeeded(struct lookupd *l)
{
	if (l->snapshot.failures)
		l->host->log(l->host, PLUQ_INFO, "snapshot_file: %s is written again", l->snapshot.file);
	l->snapshot.failures = 0;
}

/* pluq_post_fn: pool */
static void on_write(void *arg)
{
	struct lookupd *l = arg;

	snapshot_write(l->snapshot.file, &l->snapshot.text, &l->snapshot.why);
}

/* pluq_post_fn: loop 0. When stopping it is not tried again here but at the very end, once. */
static void on_written(void *arg)
{
	struct lookupd *l = arg;
	struct snapshot *s = &l->snapshot;

	s->writing = false;
	text_free(&s->text);
	if (*s->why.text)
		failed(l, s->why.text);
	else
		succeeded(l);
	if (!*s->why.text || !s->draining)
		plan(l);
}

/* walk.done */
static void on_made(struct walk *w)
{
	struct lookupd *l = w->lookupd;
	struct snapshot *s = &l->snapshot;

	s->making = false;
	text_str(&w->out, finish);
	s->text = w->out;
	w->out = (struct text){0};
	s->why.text[0] = 0;
	s->writing = true;
	if (!s->text.failed && l->host->work(l->host, on_write, on_written, l) == 0)
		return;
	s->writing = false;
	text_free(&s->text);
	failed(l, "out of memory");
	if (!s->draining)
		plan(l);
}

static void make(struct lookupd *l)
{
	struct snapshot *s = &l->snapshot;
	struct text text = {0};

	s->dirty = false;
	s->making = true;
	text_str(&text, begin);
	if (walk_start(l, &l->db.topics, &text, false, add_topic, on_made, l))
		return;
	s->making = false;
	text_free(&text);
	failed(l, "out of memory");
	if (!s->draining)
		plan(l);
}

int snapshot_start(struct lookupd *l, struct pluq_why *why)
{
	if (!*l->conf->snapshot_file)
		return 0;
	l->snapshot.file = strdup(l->conf->snapshot_file);
	if (!l->snapshot.file) {
		snprintf(why->text, sizeof(why->text), "out of memory");
		return PLUQ_ENOMEM;
	}
	int status = snapshot_read(&l->db, l->snapshot.file, why);
	if (status < 0)
		return status;
	l->snapshot.on = true;
	l->db.on_change = on_change;
	l->db.arg = l;
	return 0;
}

void snapshot_drain(struct lookupd *l)
{
	struct snapshot *s = &l->snapshot;

	s->draining = true;
	l->host->timer_free(&s->timer);
	plan(l);
	walk_finish_all(l);
}

static void write_rest(struct lookupd *l)
{
	struct snapshot *s = &l->snapshot;
	struct walk w = {.lookupd = l};

	text_str(&w.out, begin);
	for (struct link *at = l->db.topics.next; at != &l->db.topics; at = at->next)
		add_topic(&w, at);
	text_str(&w.out, finish);
	if (w.out.failed)
		l->host->log(l->host, PLUQ_ERROR, "snapshot_file: out of memory; the last changes are not in it");
	else if (snapshot_write(l->snapshot.file, &w.out, &s->why) < 0)
		l->host->log(l->host, PLUQ_ERROR, "snapshot_file: %s; the last changes are not in it", s->why.text);
	text_free(&w.out);
}

void snapshot_fini(struct lookupd *l)
{
	struct snapshot *s = &l->snapshot;

	if (s->on && (s->dirty || s->making || s->writing))
		write_rest(l);
	free(s->file);
}
