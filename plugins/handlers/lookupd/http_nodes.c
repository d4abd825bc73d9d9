/* GET /nodes: every active peer, with its topics. */
#include "http_args.h"
#include "json.h"
#include "walk.h"

static void add_tombstones(const struct walk *w, struct text *t, const struct peer *p, int64_t now)
{
	bool some = false;

	SET_EACH(&p->topics, const struct entry, e) {
		if (!http_may_see(w->lookupd, w->arg, e->reg))
			continue;
		put_comma(t, &some);
		text_str(t, lookupd_tombstoned(w->lookupd, e, now) ? "true" : "false");
	}
}

static void add_topics(const struct walk *w, struct text *t, const struct peer *p)
{
	bool some = false;

	SET_EACH(&p->topics, const struct entry, e)
		if (http_may_see(w->lookupd, w->arg, e->reg))
			put_name(t, e->reg, &some);
}

/* walk.step */
static size_t add_node(struct walk *w, struct link *item)
{
	const struct peer *p = LINK_OWNER(item, struct peer, link);
	int64_t now = w->lookupd->host->now_ns(w->lookupd->host);
	struct text *t = &w->out;

	if (!lookupd_active(w->lookupd, p, now))
		return 1;
	put_comma(t, &w->some);
	put_peer(t, "remote_address", p);
	text_str(t, ",\"tombstones\":[");
	add_tombstones(w, t, p, now);
	text_str(t, "],\"topics\":[");
	add_topics(w, t, p);
	text_str(t, "]}");
	return 1 + http_see_work(w->lookupd) * p->topics.count;
}

/* walk.done */
static void nodes_done(struct walk *w)
{
	text_str(&w->out, "]}");
	http_json(w->lookupd, w->arg, &w->out);
}

void http_nodes(void *arg, struct pluq_http_request *req)
{
	struct lookupd *l = arg;
	struct text begin = {0};

	text_str(&begin, "{\"producers\":[");
	if (!walk_start(l, &l->db.peers, &begin, false, add_node, nodes_done, req)) {
		text_free(&begin);
		http_failed(l, req);
	}
}
