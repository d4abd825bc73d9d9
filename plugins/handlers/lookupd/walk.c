#include "walk.h"

#include <stdlib.h>

#include "lookupd.h"

/* Things touched in one slice; with each a cache miss or two that is well under a millisecond. */
#define SLICE 4000

void walk_leave(struct walk *w, const struct link *item)
{
	if (w->at == item)
		w->at = item->next;
}

static void end(struct walk *w)
{
	link_remove(&w->in_db);
	w->done(w);
	text_free(&w->out);
	free(w);
}

/* false: there is more. */
static bool slice(struct walk *w, size_t most)
{
	size_t work = 0;

	while (w->at != w->list && work < most) {
		struct link *item = w->at;
		w->at = item->next;
		work += w->step(w, item);
	}
	return w->at == w->list;
}

void walk_finish_all(struct lookupd *l)
{
	while (!link_alone(&l->db.walks)) {
		struct walk *w = LINK_OWNER(l->db.walks.next, struct walk, in_db);
		slice(w, SIZE_MAX);
		end(w);
	}
}

static void on_letter(void *arg);

/* One letter at a time, however many walks there are. */
static void plan(struct lookupd *l)
{
	if (l->walking || link_alone(&l->db.walks))
		return;
	l->walking = true;
	if (l->host->post(l->host, 0, on_letter, l) < 0) {
		l->walking = false;
		walk_finish_all(l);
	}
}

/* pluq_post_fn: the next slice, of the walk whose turn it is. */
static void on_letter(void *arg)
{
	struct lookupd *l = arg;

	l->walking = false;
	if (link_alone(&l->db.walks))
		return;
	struct walk *w = LINK_OWNER(l->db.walks.next, struct walk, in_db);
	link_remove(&w->in_db);
	link_append(&l->db.walks, &w->in_db);
	if (slice(w, SLICE))
		end(w);
	plan(l);
}

bool walk_start(struct lookupd *l, const struct link *list, struct text *begin, bool some,
    size_t (*step)(struct walk *, struct link *), void (*done)(struct walk *), void *arg)
{
	struct walk *w = calloc(1, sizeof(*w));

	if (!w)
		return false;
	*w = (struct walk){.lookupd = l, .list = list, .at = list->next, .step = step, .done = done, .arg = arg,
	    .out = *begin, .some = some};
	*begin = (struct text){0};
	link_append(&l->db.walks, &w->in_db);
	if (slice(w, SLICE))
		end(w);
	else
		plan(l);
	return true;
}
