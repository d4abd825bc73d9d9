/* The registration database: topics and channels, the peers that have them, and the entries that join the two. A name is stored
 * once, with its registration; an entry points both ways and is found from its peer by hash and from its registration by list,
 * so that nothing here takes longer for there being many brokers.
 *
 * All of it is touched by loop 0 only (and by main before the loops run and after they have ended). */
#ifndef LOOKUPD_DB_H
#define LOOKUPD_DB_H

#include <pluq/broker.h>

#include "line.h"
#include "link.h"
#include "set.h"

/* A topic or a channel. */
struct registration {
	struct entry *producers; /* list */
	uint32_t hash;
	uint8_t length;
	bool ephemeral, is_topic;
	char *name; /* terminated; behind the topic or channel */
};

struct topic {
	struct registration reg;
	struct link link; /* in db.topics */
	struct set channels; /* of struct channel */
	/* false: the topic is not registered, and is here only because channels of it are: what un-registering an ephemeral
	 * topic leaves behind. */
	bool listed;
};

struct channel {
	struct registration reg;
	struct topic *topic;
};

/* One peer in one registration. */
struct entry {
	struct registration *reg;
	struct peer *peer;
	struct entry *next, **prev; /* among the producers of reg */
	int64_t tombstoned_ns; /* monotonic; 0: never */
};

/* A connection that has identified itself. */
struct peer {
	struct link link; /* in db.peers */
	struct set topics, channels; /* of struct entry */
	int64_t active_ns; /* monotonic: IDENTIFY, then each PING */
	char *json; /* its constant members, from the value of remote_address on: "1.2.3.4:5","hostname":"h",... */
	size_t json_length;
	char *host; /* broadcast address without brackets */
	size_t host_length;
	int64_t http_port;
};

struct walk;

struct db {
	struct set topic_set; /* of struct topic */
	struct link topics, peers;
	struct link walks; /* of struct walk */
	uint64_t key[2]; /* of the hash */
	/* Topics and channels other than ephemeral ones have come or gone. May be NULL. */
	void (*on_change)(void *arg);
	void *arg;
};

void db_init(struct db *);
/* No peer is left. */
void db_fini(struct db *);

/* Names are valid. NULL: no memory. db_topic also lists a topic that is only kept for its channels. */
struct topic *db_topic(struct db *, struct span name);
struct channel *db_channel(struct db *, struct topic *, struct span name);
/* Any bytes. NULL: there is none. A topic that is not listed is found too. */
struct topic *db_topic_find(const struct db *, struct span name);
struct channel *db_channel_find(const struct db *, const struct topic *, struct span name);

/* With all channels and all producers. */
void db_topic_delete(struct db *, struct topic *);
void db_channel_delete(struct db *, struct channel *);

/* Peers (db_peer.c). A peer belongs to who made it; texts in it are the peer's and freed by peer_free. */
void db_peer_add(struct db *, struct peer *);
/* Leaves every registration; ephemeral ones that are empty then go too. */
void db_peer_remove(struct db *, struct peer *);
void peer_free(struct peer **);

/* channel.length 0: the topic alone. Valid names. PLUQ_ENOMEM: it may have been done in part. */
int db_register(struct db *, struct peer *, struct span topic, struct span channel);
void db_unregister(struct db *, struct peer *, struct span topic, struct span channel);
struct entry *db_entry_find(const struct peer *, const struct registration *); /* NULL: not in it */
/* The producer is out of the registration, which stays. */
void db_entry_delete(struct entry *);

/* The rules of what goes when it has no producer left. */
void db_channel_settle(struct db *, struct channel *);
void db_topic_settle(struct db *, struct topic *);

/* The first item behind the one that `at` stands at is where each walk goes on that stands there (walk.c). */
void db_unlink(struct db *, struct link *at);

/* Is it this peer that "host:port" names? An IPv6 host may have brackets or not. */
bool peer_is_node(const struct peer *, struct span node);

#endif
