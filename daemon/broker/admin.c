#include "admin.h"

#include <stdlib.h>

#include "channel.h"
#include "directory.h"
#include "metadata.h"
#include "topic.h"

/* One request: from the loop that asks to loop 0, to the topic's home, and back. */
struct request {
	struct pluq__mail mail;
	struct pluq__home *back;
	struct pluq_topic *topic; /* one reference, once loop 0 has found it */
	enum pluq_admin what;
	pluq_done_fn fn;
	void *arg;
	int status;
	struct pluq_why why;
	uint8_t topic_length, channel_length;
	char topic_name[PLUQ_NAME_MAX + 1], channel_name[PLUQ_NAME_MAX + 1];
};

static void on_back(struct pluq__mail *mail)
{
	struct request *r = (struct request *)mail;

	r->fn(r->arg, r->status, &r->why);
	if (r->topic)
		pluq__topic_unref(r->topic);
	free(r);
}

static void answer(void *arg, int status, const struct pluq_why *why)
{
	struct request *r = arg;

	r->status = status;
	if (why)
		r->why = *why;
	r->mail.fn = on_back;
	pluq__loop_post(r->back->loop, &r->mail);
}

static void pause_topic(struct request *r, bool paused)
{
	pluq__topic_pause(r->topic, paused);
	if (pluq__metadata_change(r->topic, PLUQ__TOPIC_PAUSED, "", paused, answer, r) < 0)
		answer(r, PLUQ_ENOMEM, NULL);
}

static void pause_channel(struct request *r, struct pluq__channel *c, bool paused)
{
	pluq__channel_pause(c, paused);
	if (pluq__metadata_change(r->topic, PLUQ__CHANNEL_PAUSED, c->name, paused, answer, r) < 0)
		answer(r, PLUQ_ENOMEM, NULL);
}

static void do_channel(struct request *r)
{
	struct pluq__channel *c = pluq__topic_channel(r->topic, r->channel_name, r->channel_length);

	if (r->what == PLUQ_CHANNEL_CREATE) {
		answer(r, pluq__topic_channel_get(r->topic, r->channel_name, r->channel_length, &c), NULL);
		return;
	}
	if (!c) {
		answer(r, PLUQ_ENOCHANNEL, NULL);
		return;
	}
	if (r->what == PLUQ_CHANNEL_DELETE)
		pluq__topic_channel_delete(r->topic, c, answer, r);
	else if (r->what == PLUQ_CHANNEL_EMPTY)
		pluq__channel_empty(c, answer, r);
	else
		pause_channel(r, c, r->what == PLUQ_CHANNEL_PAUSE);
}

static void at_home(struct pluq__mail *mail)
{
	struct request *r = (struct request *)mail;

	if (r->topic->dead)
		answer(r, PLUQ_ENOTOPIC, NULL);
	else if (r->what == PLUQ_TOPIC_EMPTY)
		pluq__topic_empty(r->topic, answer, r);
	else if (r->what == PLUQ_TOPIC_PAUSE || r->what == PLUQ_TOPIC_UNPAUSE)
		pause_topic(r, r->what == PLUQ_TOPIC_PAUSE);
	else
		do_channel(r);
}

static void at_loop0(struct pluq__mail *mail)
{
	struct request *r = (struct request *)mail;
	struct pluq__broker *b = r->back->broker;
	struct pluq__entry *e = pluq__directory_find(b, r->topic_name, r->topic_length);
	int err;

	if (atomic_load(&b->draining)) {
		answer(r, PLUQ_EEXITING, NULL);
		return;
	}
	if (!e) {
		answer(r, PLUQ_ENOTOPIC, NULL);
		return;
	}
	if (r->what == PLUQ_TOPIC_DELETE) {
		err = pluq__directory_delete(b, r->topic_name, r->topic_length, answer, r);
		if (err < 0)
			answer(r, err, NULL);
		return;
	}
	r->topic = pluq__topic_ref(e->topic);
	r->mail.fn = at_home;
	pluq__loop_post(r->topic->home->loop, &r->mail);
}

int pluq__admin(struct pluq__home *home, enum pluq_admin what, const char *topic, size_t topic_length, const char *channel,
    size_t channel_length, pluq_done_fn fn, void *arg)
{
	struct request *r = calloc(1, sizeof(*r));

	if (!r)
		return PLUQ_ENOMEM;
	r->mail.fn = at_loop0;
	r->back = home;
	r->what = what;
	r->fn = fn;
	r->arg = arg;
	/* A name that is too long names nothing: as many bytes as no name has are enough to find nothing. */
	r->topic_length = (uint8_t)(topic_length > PLUQ_NAME_MAX ? 0 : topic_length);
	r->channel_length = (uint8_t)(channel_length > PLUQ_NAME_MAX ? 0 : channel_length);
	memcpy(r->topic_name, topic, r->topic_length);
	if (channel)
		memcpy(r->channel_name, channel, r->channel_length);
	pluq__loop_post(home->broker->homes[0].loop, &r->mail);
	return 0;
}
