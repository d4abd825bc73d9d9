/* GET /debug: every registration that has producers, with them: first all peers, as the registration "client", then the topics and
 * their channels. */
#include <inttypes.h>

#include "http_args.h"
#include "json.h"
#include "walk.h"

/* What the original shows as the time of a tombstone that never was: the zero of Go's time, in nanoseconds. */
#define NEVER INT64_C(-6795364578871345152)

/* Times are kept by the clock that never jumps. */
static int64_t real_of(const struct lookupd *l, int64_t mono_ns)
{
	return l->host->real_ns(l->host) - (l->host->now_ns(l->host) - mono_ns);
}

static void add_producer(const struct lookupd *l, struct text *t, const struct peer *p, int64_t tombstoned_ns)
{
	put_peer(t, "id", p);
	text_printf(t, ",\"last_update\":%" PRId64 ",\"tombstoned\":%s,\"tombstoned_at\":%" PRId64 "}",
	    real_of(l, p->active_ns), tombstoned_ns ? "true" : "false", tombstoned_ns ? real_of(l, tombstoned_ns) : NEVER);
}

static size_t add_registration(struct walk *w, const char *category, const char *topic, const char *channel,
    const struct registration *r)
{
	struct text *t = &w->out;
	bool some = false;
	size_t work = 1;

	if (!r->producers)
		return work;
	put_comma(t, &w->some);
	text_printf(t, "\"%s:%s:%s\":[", category, topic, channel); /* names need no escape */
	for (const struct entry *e = r->producers; e; e = e->next, work++) {
		put_comma(t, &some);
		add_producer(w->lookupd, t, e->peer, e->tombstoned_ns);
	}
	text_byte(t, ']');
	return work;
}

/* walk.step */
static size_t add_topic(struct walk *w, struct link *item)
{
	const struct topic *t = LINK_OWNER(item, struct topic, link);
	size_t work = add_registration(w, "topic", t->reg.name, "", &t->reg);

	SET_EACH(&t->channels, const struct channel, c)
		work += add_registration(w, "channel", t->reg.name, c->reg.name, &c->reg);
	return work;
}

/* walk.done */
static void debug_done(struct walk *w)
{
	text_byte(&w->out, '}');
	http_json(w->lookupd, w->arg, &w->out);
}

/* walk.step */
static size_t add_client(struct walk *w, struct link *item)
{
	text_str(&w->out, w->some ? "," : "\"client::\":[");
	w->some = true;
	add_producer(w->lookupd, &w->out, LINK_OWNER(item, struct peer, link), 0);
	return 1;
}

/* walk.done: the second walk goes on with what the first has written. */
static void clients_done(struct walk *w)
{
	if (w->some)
		text_byte(&w->out, ']');
	if (!walk_start(w->lookupd, &w->lookupd->db.topics, &w->out, w->some, add_topic, debug_done, w->arg))
		http_failed(w->lookupd, w->arg);
}

void http_debug(void *arg, struct pluq_http_request *req)
{
	struct lookupd *l = arg;
	struct text begin = {0};

	text_byte(&begin, '{');
	if (!walk_start(l, &l->db.peers, &begin, false, add_client, clients_done, req)) {
		text_free(&begin);
		http_failed(l, req);
	}
}
