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
	if (w->posted)
		w->over = true;
	else
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

static void finish(struct walk *w)
{
	slice(w, SIZE_MAX);
	end(w);
}

static void go_on(struct walk *w);

/* pluq_post_fn */
static void on_letter(void *arg)
{
	struct walk *w = arg;

	w->posted = false;
	if (w->over)
		free(w);
	else
		go_on(w);
}

static void go_on(struct walk *w)
{
	const struct pluq_host *host = w->lookupd->host;

	if (slice(w, SLICE)) {
		end(w);
		return;
	}
	w->posted = true;
	if (host->post(host, 0, on_letter, w) < 0) {
		w->posted = false;
		finish(w);
	}
}

void walk_finish_all(struct db *db)
{
	while (!link_alone(&db->walks))
		finish(LINK_OWNER(db->walks.next, struct walk, in_db));
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
	go_on(w);
	return true;
}
