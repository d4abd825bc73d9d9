#include "gate.h"

#include <stdlib.h>
#include <string.h>

#include "../base/log.h"
#include "home.h"
#include "topic.h"

struct pluq_gate {
	struct pluq__mail mail;
	struct pluq_topic *topic; /* one reference */
	size_t count;
	char *names; /* count of them, each terminated; NULL: none */
};

int pluq__gate_use(struct pluq__broker *b, int64_t most_ns, pluq_gate_fn fn, void *arg)
{
	if (b->gate_fn)
		return PLUQ_EBUSY;
	b->gate_fn = fn;
	b->gate_arg = arg;
	b->gate_most_ns = most_ns;
	return 0;
}

static void on_shut(struct pluq__mail *mail)
{
	struct pluq_gate *g = (struct pluq_gate *)mail;
	struct pluq__broker *b = g->topic->home->broker;

	b->gate_fn(b->gate_arg, g->topic->name, g);
}

int pluq__gate_shut(struct pluq__broker *b, struct pluq_topic *t)
{
	struct pluq_gate *g;

	if (!b->gate_fn)
		return 0;
	g = calloc(1, sizeof(*g));
	if (!g)
		return PLUQ_ENOMEM;
	g->mail.fn = on_shut;
	g->topic = pluq__topic_ref(t);
	t->gated = true;
	pluq__loop_post(b->homes[0].loop, &g->mail);
	return 0;
}

static void let_through(struct pluq_topic *t)
{
	t->gated = false;
	pluq__loop_clear(t->home->loop, &t->gate_timer);
	pluq__topic_kick(t);
}

static void on_time_up(struct pluq__timer *timer)
{
	struct pluq_topic *t = (struct pluq_topic *)(void *)((char *)timer - offsetof(struct pluq_topic, gate_timer));

	pluq__log(PLUQ_WARN, "core", "topic %s: its channels elsewhere are not known in time: it begins without them", t->name);
	let_through(t);
}

void pluq__gate_watch(struct pluq_topic *t)
{
	if (!t->gated)
		return;
	t->gate_timer.fn = on_time_up;
	pluq__loop_set(t->home->loop, &t->gate_timer, t->home->loop->now_ns + t->home->broker->gate_most_ns);
}

/* Home. */
static void on_open(struct pluq__mail *mail)
{
	struct pluq_gate *g = (struct pluq_gate *)mail;
	struct pluq_topic *t = g->topic;
	const char *name = g->names;

	for (size_t i = 0; i < g->count && !t->dead; i++) {
		size_t length = strlen(name);
		struct pluq__channel *c;
		int err = pluq__topic_channel_get(t, name, length, &c);

		if (err < 0)
			pluq__log(PLUQ_ERROR, "core", "topic %s: channel %s could not be made", t->name, name);
		name += length + 1;
	}
	if (!t->dead && t->gated)
		let_through(t);
	pluq__topic_unref(t);
	free(g->names);
	free(g);
}

static char *join(const char *const *names, size_t n)
{
	size_t bytes = 0;
	char *all, *at;

	for (size_t i = 0; i < n; i++)
		bytes += strlen(names[i]) + 1;
	all = at = malloc(bytes);
	for (size_t i = 0; i < n && all; i++)
		at = stpcpy(at, names[i]) + 1;
	return all;
}

void pluq__gate_open(struct pluq_gate *g, const char *const *channels, size_t n)
{
	g->names = n ? join(channels, n) : NULL;
	g->count = g->names ? n : 0;
	if (n && !g->names)
		pluq__log(PLUQ_ERROR, "core", "topic %s: out of memory: it begins without its channels elsewhere", g->topic->name);
	g->mail.fn = on_open;
	pluq__loop_post(g->topic->home->loop, &g->mail);
}
