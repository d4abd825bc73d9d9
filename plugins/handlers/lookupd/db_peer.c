/* Peers, and their entries in registrations. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db.h"

static uint32_t entry_hash(const void *item)
{
	return ((const struct entry *)item)->reg->hash;
}

static bool entry_is(const void *item, const void *key)
{
	return ((const struct entry *)item)->reg == key;
}

static const struct set_kind entry_kind = {entry_hash, entry_is};

static struct set *set_of(struct peer *p, const struct registration *r)
{
	return r->is_topic ? &p->topics : &p->channels;
}

void peer_free(struct peer **p)
{
	if (!*p)
		return;
	free((*p)->json);
	free((*p)->host);
	free(*p);
	*p = NULL;
}

void db_peer_add(struct db *db, struct peer *p)
{
	link_append(&db->peers, &p->link);
}

struct entry *db_entry_find(const struct peer *p, const struct registration *r)
{
	return set_find(r->is_topic ? &p->topics : &p->channels, &entry_kind, r->hash, r);
}

static int join(struct peer *p, struct registration *r)
{
	if (db_entry_find(p, r))
		return 0;
	struct entry *e = malloc(sizeof(*e));
	if (!e)
		return PLUQ_ENOMEM;
	*e = (struct entry){.reg = r, .peer = p, .next = r->producers, .prev = &r->producers};
	if (!set_add(set_of(p, r), &entry_kind, e)) {
		free(e);
		return PLUQ_ENOMEM;
	}
	if (e->next)
		e->next->prev = &e->next;
	r->producers = e;
	return 0;
}

static void unlist(struct entry *e)
{
	*e->prev = e->next;
	if (e->next)
		e->next->prev = e->prev;
}

void db_entry_delete(struct entry *e)
{
	unlist(e);
	set_remove(set_of(e->peer, e->reg), &entry_kind, e);
	free(e);
}

static void part(struct peer *p, const struct registration *r)
{
	struct entry *e = db_entry_find(p, r);

	if (e)
		db_entry_delete(e);
}

int db_register(struct db *db, struct peer *p, struct span topic, struct span channel)
{
	struct topic *t = db_topic(db, topic);
	struct channel *c = t && channel.length ? db_channel(db, t, channel) : NULL;

	if (!t || (channel.length && !c))
		return PLUQ_ENOMEM;
	int status = c ? join(p, &c->reg) : 0;
	return status < 0 ? status : join(p, &t->reg);
}

void db_unregister(struct db *db, struct peer *p, struct span topic, struct span channel)
{
	struct topic *t = db_topic_find(db, topic);

	if (!t)
		return;
	if (channel.length) {
		struct channel *c = db_channel_find(db, t, channel);
		if (!c)
			return;
		part(p, &c->reg);
		db_channel_settle(db, c);
		return;
	}
	SET_EACH(&t->channels, struct channel, c)
		part(p, &c->reg);
	part(p, &t->reg);
	db_topic_settle(db, t);
}

void db_peer_remove(struct db *db, struct peer *p)
{
	db_unlink(db, &p->link);
	/* the entries leave their registrations first, channels before topics: settling may free both */
	SET_EACH(&p->channels, struct entry, e) {
		struct channel *c = (struct channel *)e->reg;
		unlist(e);
		free(e);
		db_channel_settle(db, c);
	}
	SET_EACH(&p->topics, struct entry, e) {
		struct topic *t = (struct topic *)e->reg;
		unlist(e);
		free(e);
		db_topic_settle(db, t);
	}
	set_free(&p->channels);
	set_free(&p->topics);
}

bool peer_is_node(const struct peer *p, struct span node)
{
	char port[24];
	size_t n = (size_t)snprintf(port, sizeof(port), ":%" PRId64, p->http_port);
	const char *host = node.at;

	if (node.length < n || memcmp(node.at + node.length - n, port, n) != 0)
		return false;
	size_t length = node.length - n;
	if (length >= 2 && host[0] == '[' && host[length - 1] == ']') {
		host++;
		length -= 2;
	}
	return length == p->host_length && memcmp(host, p->host, length) == 0;
}
