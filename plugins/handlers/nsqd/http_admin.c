/* POST /topic/ACTION and /channel/ACTION. */
#include <stdlib.h>
#include <string.h>

#include "http_args.h"
#include "names.h"

static const struct {
	const char *path;
	enum pluq_admin what;
} actions[] = {
	{"/topic/delete", PLUQ_TOPIC_DELETE},
	{"/topic/empty", PLUQ_TOPIC_EMPTY},
	{"/topic/pause", PLUQ_TOPIC_PAUSE},
	{"/topic/unpause", PLUQ_TOPIC_UNPAUSE},
	{"/channel/create", PLUQ_CHANNEL_CREATE},
	{"/channel/delete", PLUQ_CHANNEL_DELETE},
	{"/channel/empty", PLUQ_CHANNEL_EMPTY},
	{"/channel/pause", PLUQ_CHANNEL_PAUSE},
	{"/channel/unpause", PLUQ_CHANNEL_UNPAUSE},
};

/* Routes lead here only with a path of the table. */
static enum pluq_admin action_of(const char *path)
{
	size_t i = 0;

	while (strcmp(actions[i].path, path) != 0)
		i++;
	return actions[i].what;
}

struct admin {
	struct nsqd *nsqd;
	struct pluq_http_request *req;
};

static void answer(struct nsqd *n, struct pluq_http_request *req, int status)
{
	switch (status) {
	case 0: n->http->reply(req, 200, NULL, "", 0); break;
	case PLUQ_ENOTOPIC: n->http->error(req, 404, "TOPIC_NOT_FOUND"); break;
	case PLUQ_ENOCHANNEL: n->http->error(req, 404, "CHANNEL_NOT_FOUND"); break;
	case PLUQ_EEXITING: n->http->error(req, 503, "EXITING"); break;
	default: n->http->error(req, 500, "INTERNAL_ERROR"); break;
	}
}

/* pluq_done_fn */
static void on_done(void *arg, int status, const struct pluq_why *why)
{
	struct admin *a = arg;

	if (status == PLUQ_EIO)
		a->nsqd->host->log(a->nsqd->host, PLUQ_ERROR, "%s failed: %s", a->nsqd->http->path(a->req),
		    why ? why->text : status_text(status));
	answer(a->nsqd, a->req, status);
	free(a);
}

static struct admin *admin_new(struct nsqd *n, struct pluq_http_request *req)
{
	struct admin *a = malloc(sizeof(*a));

	if (!a)
		answer(n, req, PLUQ_ENOMEM);
	else
		*a = (struct admin){n, req};
	return a;
}

static void act(struct nsqd *n, struct pluq_http_request *req, const struct name_arg *topic,
    const struct name_arg *channel)
{
	struct admin *a = admin_new(n, req);

	if (!a)
		return;
	int status = n->broker->admin(n->host, action_of(n->http->path(req)), topic->name, topic->length,
	    channel ? channel->name : NULL, channel ? channel->length : 0, on_done, a);
	if (status < 0)
		on_done(a, status, NULL);
}

/* Only emptying judges the name; elsewhere an invalid one is a topic that does not exist. */
void http_topic_admin(void *arg, struct pluq_http_request *req)
{
	struct nsqd *n = arg;
	struct name_arg topic;

	if (!http_query_ok(n, req) || !http_arg(n, req, "topic", "MISSING_ARG_TOPIC", &topic))
		return;
	if (name_valid(topic.name, topic.length))
		act(n, req, &topic, NULL);
	else if (action_of(n->http->path(req)) == PLUQ_TOPIC_EMPTY)
		n->http->error(req, 400, "INVALID_TOPIC");
	else
		n->http->error(req, 404, "TOPIC_NOT_FOUND");
}

void http_channel_admin(void *arg, struct pluq_http_request *req)
{
	struct nsqd *n = arg;
	struct name_arg topic, channel;

	if (http_query_ok(n, req) &&
	    http_name_arg(n, req, "topic", "MISSING_ARG_TOPIC", "INVALID_ARG_TOPIC", &topic) &&
	    http_name_arg(n, req, "channel", "MISSING_ARG_CHANNEL", "INVALID_ARG_CHANNEL", &channel))
		act(n, req, &topic, &channel);
}

/* pluq_topic_fn */
static void on_created(void *arg, int status, struct pluq_topic *topic)
{
	struct admin *a = arg;

	if (topic)
		a->nsqd->broker->topic_unref(topic);
	on_done(a, status, NULL);
}

/* /topic/create */
void http_topic(void *arg, struct pluq_http_request *req)
{
	struct nsqd *n = arg;
	struct name_arg name;
	struct pluq_topic *topic = NULL;

	if (!http_query_ok(n, req) || !http_name_arg(n, req, "topic", "MISSING_ARG_TOPIC", "INVALID_TOPIC", &name))
		return;
	struct admin *a = admin_new(n, req);
	if (!a)
		return;
	int status = n->broker->topic_get(n->host, name.name, name.length, true, &topic, on_created, a);
	if (status != PLUQ_ELATER)
		on_created(a, status, topic);
}
