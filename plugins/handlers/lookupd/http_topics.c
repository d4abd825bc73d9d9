/* GET /topics and /channels. */
#include "http_args.h"
#include "json.h"
#include "walk.h"

/* walk.step */
static size_t add_topic(struct walk *w, struct link *item)
{
	const struct topic *t = LINK_OWNER(item, struct topic, link);

	if (!t->listed)
		return 1;
	if (http_may_see(w->lookupd, w->arg, &t->reg))
		put_name(&w->out, &t->reg, &w->some);
	return http_see_work(w->lookupd);
}

/* walk.done */
static void topics_done(struct walk *w)
{
	text_str(&w->out, "]}");
	http_json(w->lookupd, w->arg, &w->out);
}

void http_topics(void *arg, struct pluq_http_request *req)
{
	struct lookupd *l = arg;
	struct text begin = {0};

	text_str(&begin, "{\"topics\":[");
	if (!walk_start(l, &l->db.topics, &begin, false, add_topic, topics_done, req)) {
		text_free(&begin);
		http_failed(l, req);
	}
}

void http_channels(void *arg, struct pluq_http_request *req)
{
	struct lookupd *l = arg;
	struct text text = {0};
	struct span name;

	if (!http_query_ok(l, req) || !http_arg(l, req, "topic", "MISSING_ARG_TOPIC", &name))
		return;
	text_str(&text, "{\"channels\":");
	put_channels(&text, db_topic_find(&l->db, name));
	text_byte(&text, '}');
	http_json(l, req, &text);
}
