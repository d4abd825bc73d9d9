#include "watch.h"

#include <stdlib.h>
#include <string.h>

#include "../base/log.h"
#include "directory.h"
#include "home.h"
#include "topic.h"

struct pluq__watcher {
	struct pluq__watcher *next;
	pluq_watch_fn fn;
	void *arg;
};

/* A letter, because what makes a topic may be a call of the watcher's. */
struct news {
	struct pluq__mail mail;
	struct pluq__broker *broker;
	enum pluq_change change;
	bool of_channel;
	char topic[PLUQ_NAME_MAX + 1], channel[PLUQ_NAME_MAX + 1];
};

int pluq__watch(struct pluq__broker *b, pluq_watch_fn fn, void *arg)
{
	struct pluq__watcher *w = malloc(sizeof(*w));

	if (!w)
		return PLUQ_ENOMEM;
	*w = (struct pluq__watcher){b->watchers, fn, arg};
	b->watchers = w;
	return 0;
}

void pluq__watch_free(struct pluq__broker *b)
{
	while (b->watchers) {
		struct pluq__watcher *next = b->watchers->next;

		free(b->watchers);
		b->watchers = next;
	}
}

static void on_news(struct pluq__mail *mail)
{
	struct news *n = (struct news *)mail;

	for (const struct pluq__watcher *w = n->broker->watchers; w; w = w->next)
		w->fn(w->arg, n->change, n->topic, n->of_channel ? n->channel : NULL);
	free(n);
}

void pluq__watch_tell(struct pluq__broker *b, enum pluq_change change, const char *topic, const char *channel)
{
	struct news *n;

	if (!b->watchers)
		return;
	n = calloc(1, sizeof(*n));
	if (!n) {
		pluq__log(PLUQ_ERROR, "core", "topic %s: out of memory: who follows topics was not told of a change", topic);
		return;
	}
	n->mail.fn = on_news;
	n->broker = b;
	n->change = change;
	n->of_channel = channel != NULL;
	memcpy(n->topic, topic, strlen(topic));
	if (channel)
		memcpy(n->channel, channel, strlen(channel));
	pluq__loop_post(b->homes[0].loop, &n->mail);
}

static void tell_entry(void *arg, struct pluq__entry *e)
{
	const struct pluq__watcher *w = arg;

	if (e->gone) /* what is only being deleted may yet stay, and its going will be told */
		return;
	w->fn(w->arg, PLUQ_TOPIC_MADE, e->topic->name, NULL);
	for (const struct pluq__entry_channel *c = e->channels; c; c = c->next)
		w->fn(w->arg, PLUQ_CHANNEL_MADE, e->topic->name, c->name);
}

void pluq__watch_each(struct pluq__broker *b, pluq_watch_fn fn, void *arg)
{
	struct pluq__watcher w = {.fn = fn, .arg = arg};

	pluq__directory_each(b, tell_entry, &w);
}
