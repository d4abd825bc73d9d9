#include "db.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <pluq/name.h>

#include "siphash.h"
#include "walk.h"

static uint32_t reg_hash(const void *item)
{
	return ((const struct registration *)item)->hash;
}

static bool reg_is(const void *item, const void *key)
{
	const struct registration *r = item;
	const struct span *name = key;

	return r->length == name->length && memcmp(r->name, name->at, name->length) == 0;
}

/* Topics and channels both begin with their registration. */
static const struct set_kind reg_kind = {reg_hash, reg_is};

void db_init(struct db *db)
{
	*db = (struct db){0};
	link_init(&db->topics);
	link_init(&db->peers);
	link_init(&db->walks);
	if (getrandom(db->key, sizeof(db->key), GRND_NONBLOCK) != (ssize_t)sizeof(db->key)) /* early at boot: better than nothing */
		db->key[0] = (uintptr_t)db;
}

void db_fini(struct db *db)
{
	db->on_change = NULL;
	while (!link_alone(&db->topics))
		db_topic_delete(db, LINK_OWNER(db->topics.next, struct topic, link));
}

static void changed(struct db *db)
{
	if (db->on_change)
		db->on_change(db->arg);
}

static uint32_t hash_of(const struct db *db, struct span name)
{
	return (uint32_t)siphash(db->key, name.at, name.length);
}

static void name_set(struct registration *r, char *to, struct span name, uint32_t hash)
{
	memcpy(to, name.at, name.length);
	to[name.length] = 0;
	r->name = to;
	r->length = (uint8_t)name.length;
	r->hash = hash;
	r->ephemeral = pluq_name_is_ephemeral(name.at, name.length);
}

struct topic *db_topic_find(const struct db *db, struct span name)
{
	return set_find(&db->topic_set, &reg_kind, hash_of(db, name), &name);
}

struct channel *db_channel_find(const struct db *db, const struct topic *t, struct span name)
{
	return set_find(&t->channels, &reg_kind, hash_of(db, name), &name);
}

static struct topic *topic_new(struct db *db, struct span name)
{
	struct topic *t = calloc(1, sizeof(*t) + name.length + 1);

	if (!t)
		return NULL;
	name_set(&t->reg, (char *)(t + 1), name, hash_of(db, name));
	t->reg.is_topic = true;
	if (!set_add(&db->topic_set, &reg_kind, t)) {
		free(t);
		return NULL;
	}
	link_append(&db->topics, &t->link);
	return t;
}

struct topic *db_topic(struct db *db, struct span name)
{
	struct topic *t = db_topic_find(db, name);

	if (!t)
		t = topic_new(db, name);
	if (!t || t->listed)
		return t;
	t->listed = true;
	if (!t->reg.ephemeral)
		changed(db);
	return t;
}

struct channel *db_channel(struct db *db, struct topic *t, struct span name)
{
	struct channel *c = db_channel_find(db, t, name);

	if (c)
		return c;
	c = calloc(1, sizeof(*c) + name.length + 1);
	if (!c)
		return NULL;
	name_set(&c->reg, (char *)(c + 1), name, hash_of(db, name));
	c->topic = t;
	if (!set_add(&t->channels, &reg_kind, c)) {
		free(c);
		return NULL;
	}
	if (!c->reg.ephemeral && !t->reg.ephemeral)
		changed(db);
	return c;
}

static void drop_producers(struct registration *r)
{
	while (r->producers)
		db_entry_delete(r->producers);
}

static void topic_free(struct db *db, struct topic *t)
{
	db_unlink(db, &t->link);
	set_remove(&db->topic_set, &reg_kind, t);
	free(t);
}

void db_channel_delete(struct db *db, struct channel *c)
{
	struct topic *t = c->topic;

	if (!c->reg.ephemeral && !t->reg.ephemeral)
		changed(db);
	drop_producers(&c->reg);
	set_remove(&t->channels, &reg_kind, c);
	free(c);
	if (!t->listed && !t->channels.count)
		topic_free(db, t);
}

void db_topic_delete(struct db *db, struct topic *t)
{
	if (!t->reg.ephemeral)
		changed(db);
	drop_producers(&t->reg);
	SET_EACH(&t->channels, struct channel, c) {
		drop_producers(&c->reg);
		free(c);
	}
	set_free(&t->channels);
	topic_free(db, t);
}

void db_channel_settle(struct db *db, struct channel *c)
{
	if (c->reg.ephemeral && !c->reg.producers)
		db_channel_delete(db, c);
}

void db_topic_settle(struct db *db, struct topic *t)
{
	if (!t->reg.ephemeral || t->reg.producers || !t->listed)
		return;
	t->listed = false;
	if (!t->channels.count)
		topic_free(db, t);
}

void db_unlink(struct db *db, struct link *at)
{
	for (struct link *l = db->walks.next; l != &db->walks; l = l->next)
		walk_leave(LINK_OWNER(l, struct walk, in_db), at);
	link_remove(at);
}
