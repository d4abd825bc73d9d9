/* POST /topic/create, /topic/delete, /topic/tombstone, /channel/create, /channel/delete: they change what is known here, and nothing on
 * any broker. */
#include "http_args.h"

void http_topic_create(void *arg, struct pluq_http_request *req)
{
	struct lookupd *l = arg;
	struct span topic;

	if (!http_query_ok(l, req) || !http_name_arg(l, req, "topic", "MISSING_ARG_TOPIC", "INVALID_ARG_TOPIC", &topic))
		return;
	if (db_topic(&l->db, topic))
		http_done(l, req);
	else
		http_failed(l, req);
}

/* What is no valid name is a topic that does not exist. */
void http_topic_delete(void *arg, struct pluq_http_request *req)
{
	struct lookupd *l = arg;
	struct span name;

	if (!http_query_ok(l, req) || !http_arg(l, req, "topic", "MISSING_ARG_TOPIC", &name))
		return;
	struct topic *t = db_topic_find(&l->db, name);
	if (t)
		db_topic_delete(&l->db, t);
	http_done(l, req);
}

void http_topic_tombstone(void *arg, struct pluq_http_request *req)
{
	struct lookupd *l = arg;
	int64_t now = l->host->now_ns(l->host);
	struct span name, node;

	if (!http_query_ok(l, req) || !http_arg(l, req, "topic", "MISSING_ARG_TOPIC", &name) ||
	    !http_arg(l, req, "node", "MISSING_ARG_NODE", &node))
		return;
	const struct topic *t = db_topic_find(&l->db, name);
	for (struct entry *e = t ? t->reg.producers : NULL; e; e = e->next)
		if (peer_is_node(e->peer, node))
			e->tombstoned_ns = now;
	http_done(l, req);
}

static bool channel_args(struct lookupd *l, struct pluq_http_request *req, struct span *topic, struct span *channel)
{
	return http_query_ok(l, req) &&
	    http_name_arg(l, req, "topic", "MISSING_ARG_TOPIC", "INVALID_ARG_TOPIC", topic) &&
	    http_name_arg(l, req, "channel", "MISSING_ARG_CHANNEL", "INVALID_ARG_CHANNEL", channel);
}

void http_channel_create(void *arg, struct pluq_http_request *req)
{
	struct lookupd *l = arg;
	struct span topic, channel;

	if (!channel_args(l, req, &topic, &channel))
		return;
	struct topic *t = db_topic(&l->db, topic);
	if (t && db_channel(&l->db, t, channel))
		http_done(l, req);
	else
		http_failed(l, req);
}

void http_channel_delete(void *arg, struct pluq_http_request *req)
{
	struct lookupd *l = arg;
	struct span topic, channel;

	if (!channel_args(l, req, &topic, &channel))
		return;
	struct topic *t = db_topic_find(&l->db, topic);
	struct channel *c = t ? db_channel_find(&l->db, t, channel) : NULL;
	if (c) {
		db_channel_delete(&l->db, c);
		http_done(l, req);
	} else {
		l->http->error(req, 404, "CHANNEL_NOT_FOUND");
	}
}
