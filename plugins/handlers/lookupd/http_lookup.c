/* GET /lookup: the question that every consumer asks. Two look-ups by hash, then what is found is copied out. */
#include "http_args.h"
#include "json.h"

void http_lookup(void *arg, struct pluq_http_request *req)
{
	struct lookupd *l = arg;
	int64_t now = l->host->now_ns(l->host);
	struct text text = {0};
	struct span name;
	bool some = false;

	if (!http_query_ok(l, req) || !http_arg(l, req, "topic", "MISSING_ARG_TOPIC", &name))
		return;
	const struct topic *t = db_topic_find(&l->db, name);
	if (!t || !t->listed) {
		l->http->error(req, 404, "TOPIC_NOT_FOUND");
		return;
	}
	text_str(&text, "{\"channels\":");
	put_channels(&text, t);
	text_str(&text, ",\"producers\":[");
	for (const struct entry *e = t->reg.producers; e; e = e->next) {
		if (!lookupd_active(l, e->peer, now) || lookupd_tombstoned(l, e, now))
			continue;
		put_comma(&text, &some);
		put_peer(&text, "remote_address", e->peer);
		text_byte(&text, '}');
	}
	text_str(&text, "]}");
	http_json(l, req, &text);
}
