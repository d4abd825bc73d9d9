/* The registration database against a plain model of it: tables of booleans, gone through from end to end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pluq/name.h>

#include "../../plugins/handlers/lookupd/db.h"
#include "../../plugins/handlers/lookupd/siphash.h"
#include "../../plugins/handlers/lookupd/walk.h"

static struct span span(const char *s)
{
	return (struct span){s, strlen(s)};
}

static struct peer *peer_make(const char *host, int64_t http_port)
{
	struct peer *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	p->host = strdup(host);
	p->host_length = strlen(host);
	p->http_port = http_port;
	return p;
}

/* --- the model */

enum { TOPICS = 9, CHANNELS = 7, PEERS = 6, ROUNDS = 60000 };

static struct model {
	bool listed[TOPICS];
	bool channel[TOPICS][CHANNELS];
	bool in_topic[PEERS][TOPICS];
	bool in_channel[PEERS][TOPICS][CHANNELS];
} model;

static char topics[TOPICS][32], channels[CHANNELS][32];
static struct peer *peers[PEERS]; /* NULL: not connected */
static struct db db;
static unsigned changes; /* told by on_change */

static void name_all(void)
{
	for (int t = 0; t < TOPICS; t++)
		snprintf(topics[t], sizeof(topics[t]), "t%d%s", t, t % 3 ? "" : PLUQ_EPHEMERAL);
	for (int c = 0; c < CHANNELS; c++)
		snprintf(channels[c], sizeof(channels[c]), "c%d%s", c, c % 2 ? "" : PLUQ_EPHEMERAL);
}

static bool ephemeral(const char *name) { return pluq_name_is_ephemeral(name, strlen(name)); }

static void settle_channel(int t, int c)
{
	for (int p = 0; p < PEERS; p++)
		if (model.in_channel[p][t][c])
			return;
	if (ephemeral(channels[c]))
		model.channel[t][c] = false;
}

static void settle_topic(int t)
{
	for (int p = 0; p < PEERS; p++)
		if (model.in_topic[p][t])
			return;
	if (ephemeral(topics[t]))
		model.listed[t] = false;
}

static void do_register(int p, int t, int c)
{
	assert_int_equal(db_register(&db, peers[p], span(topics[t]), c < 0 ? (struct span){NULL, 0} : span(channels[c])), 0);
	model.listed[t] = model.in_topic[p][t] = true;
	if (c >= 0)
		model.channel[t][c] = model.in_channel[p][t][c] = true;
}

static void do_unregister(int p, int t, int c)
{
	db_unregister(&db, peers[p], span(topics[t]), c < 0 ? (struct span){NULL, 0} : span(channels[c]));
	if (c >= 0) {
		model.in_channel[p][t][c] = false;
		settle_channel(t, c);
		return;
	}
	for (int k = 0; k < CHANNELS; k++)
		model.in_channel[p][t][k] = false;
	model.in_topic[p][t] = false;
	settle_topic(t);
}

static void do_connect(int p)
{
	char host[16];

	snprintf(host, sizeof(host), "q%d", p);
	peers[p] = peer_make(host, 4151);
	db_peer_add(&db, peers[p]);
}

static void do_disconnect(int p)
{
	db_peer_remove(&db, peers[p]);
	peer_free(&peers[p]);
	for (int t = 0; t < TOPICS; t++) {
		for (int c = 0; c < CHANNELS; c++) {
			bool was = model.in_channel[p][t][c];
			model.in_channel[p][t][c] = false;
			if (was)
				settle_channel(t, c);
		}
		bool was = model.in_topic[p][t];
		model.in_topic[p][t] = false;
		if (was)
			settle_topic(t);
	}
}

static void do_delete_channel(int t, int c)
{
	struct topic *topic = db_topic_find(&db, span(topics[t]));
	struct channel *channel = topic ? db_channel_find(&db, topic, span(channels[c])) : NULL;

	assert_int_equal(channel != NULL, model.channel[t][c]);
	if (channel)
		db_channel_delete(&db, channel);
	model.channel[t][c] = false;
	for (int p = 0; p < PEERS; p++)
		model.in_channel[p][t][c] = false;
}

static void do_delete_topic(int t)
{
	struct topic *topic = db_topic_find(&db, span(topics[t]));

	if (topic)
		db_topic_delete(&db, topic);
	model.listed[t] = false;
	memset(model.channel[t], 0, sizeof(model.channel[t]));
	for (int p = 0; p < PEERS; p++) {
		model.in_topic[p][t] = false;
		memset(model.in_channel[p][t], 0, sizeof(model.in_channel[p][t]));
	}
}

static void do_create(int t, int c)
{
	struct topic *topic = db_topic(&db, span(topics[t]));

	assert_non_null(topic);
	model.listed[t] = true;
	if (c < 0)
		return;
	assert_non_null(db_channel(&db, topic, span(channels[c])));
	model.channel[t][c] = true;
}

/* --- comparing */

static unsigned producers(const struct registration *r)
{
	unsigned n = 0;

	for (const struct entry *e = r->producers; e; e = e->next, n++)
		assert_true(e->reg == r && *e->prev == e);
	return n;
}

static void compare_channel(const struct topic *topic, int t, int c)
{
	const struct channel *found = topic ? db_channel_find(&db, topic, span(channels[c])) : NULL;
	unsigned n = 0;

	assert_int_equal(found != NULL, model.channel[t][c]);
	if (!found)
		return;
	assert_string_equal(found->reg.name, channels[c]);
	for (int p = 0; p < PEERS; p++) {
		const struct entry *e = peers[p] ? db_entry_find(peers[p], &found->reg) : NULL;
		assert_int_equal(e != NULL, model.in_channel[p][t][c]);
		n += e != NULL;
	}
	assert_int_equal(producers(&found->reg), n);
}

static void compare_topic(int t)
{
	const struct topic *found = db_topic_find(&db, span(topics[t]));
	unsigned count = 0, n = 0;

	for (int c = 0; c < CHANNELS; c++) {
		compare_channel(found, t, c);
		count += model.channel[t][c];
	}
	assert_int_equal(found != NULL, model.listed[t] || count > 0);
	if (!found)
		return;
	assert_string_equal(found->reg.name, topics[t]);
	assert_int_equal(found->listed, model.listed[t]);
	assert_int_equal(found->channels.count, count);
	for (int p = 0; p < PEERS; p++) {
		const struct entry *e = peers[p] ? db_entry_find(peers[p], &found->reg) : NULL;
		assert_int_equal(e != NULL, model.in_topic[p][t]);
		n += e != NULL;
	}
	assert_int_equal(producers(&found->reg), n);
}

static unsigned length(const struct link *list)
{
	unsigned n = 0;

	for (const struct link *l = list->next; l != list; l = l->next)
		n++;
	return n;
}

static void compare_all(void)
{
	unsigned connected = 0;

	for (int t = 0; t < TOPICS; t++)
		compare_topic(t);
	assert_int_equal(length(&db.topics), db.topic_set.count);
	for (int p = 0; p < PEERS; p++) {
		unsigned in = 0, of = 0;
		connected += peers[p] != NULL;
		for (int t = 0; t < TOPICS; t++) {
			in += model.in_topic[p][t];
			for (int c = 0; c < CHANNELS; c++)
				of += model.in_channel[p][t][c];
		}
		assert_true(peers[p] ? peers[p]->topics.count == in && peers[p]->channels.count == of : in + of == 0);
	}
	assert_int_equal(length(&db.peers), connected);
}

/* What a snapshot would keep. */
static void kept(bool out[TOPICS][CHANNELS + 1])
{
	for (int t = 0; t < TOPICS; t++) {
		out[t][CHANNELS] = model.listed[t] && !ephemeral(topics[t]);
		for (int c = 0; c < CHANNELS; c++)
			out[t][c] = out[t][CHANNELS] && model.channel[t][c] && !ephemeral(channels[c]);
	}
}

static void on_change(void *arg) { changes++; }

static unsigned dice(unsigned sides)
{
	static uint64_t state = 4161;

	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(state >> 33) % sides;
}

static void act(void)
{
	int p = (int)dice(PEERS), t = (int)dice(TOPICS), c = (int)dice(CHANNELS + 2) - 2;

	if (c < 0)
		c = -1;
	if (!peers[p]) {
		do_connect(p);
		return;
	}
	switch (dice(40)) {
	case 0: do_disconnect(p); break;
	case 1: do_delete_topic(t); break;
	case 2: do_delete_channel(t, c < 0 ? 0 : c); break;
	case 3: do_create(t, c); break;
	default:
		if (dice(2))
			do_register(p, t, c);
		else
			do_unregister(p, t, c);
	}
}

/* Somebody who goes through a list bit by bit meanwhile must never stand on what has gone. */
static void stroll(struct walk *w, const struct link *list)
{
	if (w->at == list)
		w->at = list->next;
	else
		w->at = w->at->next;
}

static void the_database_is_as_its_model(void **state)
{
	struct walk over_topics = {.at = NULL}, over_peers = {.at = NULL};
	bool before[TOPICS][CHANNELS + 1], after[TOPICS][CHANNELS + 1];

	name_all();
	db_init(&db);
	db.on_change = on_change;
	over_topics.at = &db.topics;
	over_peers.at = &db.peers;
	link_append(&db.walks, &over_topics.in_db);
	link_append(&db.walks, &over_peers.in_db);
	for (int i = 0; i < ROUNDS; i++) {
		kept(before);
		changes = 0;
		act();
		kept(after);
		if ((memcmp(before, after, sizeof(before)) != 0) != (changes > 0))
			fail_msg("round %d: %u changes were told", i, changes);
		stroll(&over_topics, &db.topics);
		stroll(&over_peers, &db.peers);
		if (i % 16 == 0)
			compare_all();
	}
	for (int p = 0; p < PEERS; p++)
		if (peers[p])
			do_disconnect(p);
	compare_all();
	assert_ptr_equal(over_peers.at, &db.peers);
	link_remove(&over_topics.in_db);
	link_remove(&over_peers.in_db);
	db_fini(&db);
	assert_int_equal(db.topic_set.count, 0);
}

/* Many names, so that sets grow and shrink. */
static void many_names(void **state)
{
	enum { N = 5000 };
	struct peer *p = peer_make("q", 1);
	struct db many;
	char name[16];

	db_init(&many);
	db_peer_add(&many, p);
	for (int i = 0; i < N; i++) {
		snprintf(name, sizeof(name), "t%d", i);
		assert_int_equal(db_register(&many, p, span(name), span("c")), 0);
	}
	assert_int_equal(many.topic_set.count, N);
	assert_int_equal(p->topics.count, N);
	for (int i = 0; i < N; i += 3) {
		snprintf(name, sizeof(name), "t%d", i);
		db_unregister(&many, p, span(name), (struct span){NULL, 0});
		db_topic_delete(&many, db_topic_find(&many, span(name)));
	}
	for (int i = 0; i < N; i++) {
		snprintf(name, sizeof(name), "t%d", i);
		struct topic *t = db_topic_find(&many, span(name));
		assert_int_equal(t != NULL, i % 3 != 0);
		assert_true(!t || db_entry_find(p, &t->reg));
	}
	db_peer_remove(&many, p);
	assert_int_equal(many.topic_set.count, N - (N + 2) / 3);
	peer_free(&p);
	db_fini(&many);
}

static void a_node_is_its_address_and_port(void **state)
{
	static const struct {
		const char *host, *node;
		bool is;
	} cases[] = {
		{"q1", "q1:4151", true}, {"q1", "q1:4150", false}, {"q1", "q1", false}, {"q1", "", false}, {"q1", ":4151", false},
		{"q1", "xq1:4151", false}, {"q1", "q1:4151 ", false}, {"::1", "::1:4151", true}, {"::1", "[::1]:4151", true},
		{"::1", "[::1:4151", false}, {"::1", "[]:4151", false}, {"q1", "[q1]:4151", true},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct peer *p = peer_make(cases[i].host, 4151);
		if (peer_is_node(p, span(cases[i].node)) != cases[i].is)
			fail_msg("%s, %s", cases[i].host, cases[i].node);
		peer_free(&p);
	}
	struct peer *negative = peer_make("q1", -1);
	assert_true(peer_is_node(negative, span("q1:-1")));
	peer_free(&negative);
}

/* Values of the reference implementation, key 00 01 .. 0f, message 00 01 .. n-1. */
static void siphash_is_siphash(void **state)
{
	const uint64_t key[2] = {UINT64_C(0x0706050403020100), UINT64_C(0x0f0e0d0c0b0a0908)};
	uint8_t bytes[16];

	for (uint8_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = i;
	assert_true(siphash(key, bytes, 0) == UINT64_C(0xabac0158050fc4dc));
	assert_true(siphash(key, bytes, 8) != siphash(key, bytes, 9));
	assert_true(siphash(key, bytes, 15) != siphash(key, bytes, 16));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_database_is_as_its_model),
		cmocka_unit_test(many_names),
		cmocka_unit_test(a_node_is_its_address_and_port),
		cmocka_unit_test(siphash_is_siphash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
