/* One request for /stats: what was asked, the snapshots, the way to the answer.
 *
 * Loop 0 asks the engine for its counters and every loop for its connections; when all have answered the pool renders,
 * and loop 0 replies.
 */
#ifndef NSQD_STATS_H
#define NSQD_STATS_H

#include "nsqd.h"
#include "text.h"

struct stats_pub {
	size_t topic; /* offset of the name in the part's strings */
	uint64_t count;
};

/* A connection as it was. Strings are offsets into the part's strings. */
struct stats_client {
	size_t client_id, hostname, user_agent, remote, zone, region;
	size_t topic, channel; /* of its subscription */
	size_t auth_identity, auth_identity_url;
	bool authed;
	uint8_t layers; /* LAYER_* */
	uint16_t tls_version, tls_suite;
	bool subscribed;
	bool published; /* at least once, to whatever topic */
	int state;
	int32_t sample_rate;
	int64_t connected_s; /* UNIX time */
	struct pluq_sub_stats sub;
	size_t first_pub, pubs; /* in the part's array, those that the topic filter lets pass */
};

/* The connections of one loop. */
struct stats_part {
	struct stats_job *job;
	struct member mark; /* how far the loop's list has been copied */
	uint32_t loop;
	bool failed; /* no memory */
	struct text strings; /* each terminated */
	struct stats_client *clients;
	struct stats_pub *pub;
	size_t client_count, client_capacity, pub_count, pub_capacity;
};

/* A client and where its strings are. */
struct stats_ref {
	const struct stats_part *part;
	const struct stats_client *client;
};

struct stats_job {
	struct nsqd *nsqd;
	struct pluq_http_request *req;

	/* what was asked */
	bool json, clients, mem;
	char topic[PLUQ_NAME_MAX + 1], channel[PLUQ_NAME_MAX + 1]; /* "": all */
	bool nowhere; /* the topic named cannot exist */

	/* what was found */
	int64_t now_real_ns;
	struct pluq_health health;
	struct pluq_stats *stats;
	struct stats_part *parts; /* host->loops of them; NULL without clients */
	uint32_t waiting;         /* answers still to come */
	void (*part_done)(struct stats_job *); /* loop 0 */
	bool failed;

	/* Topics that the request may not see: a flag for each of stats->topics. NULL: it may see all. */
	bool *hidden;
	size_t judged;

	/* made on the pool */
	struct stats_ref *subscribers, *producers;
	size_t subscriber_count, producer_count;
	struct text out;
};

/* The connections of every loop are copied; done(job) once per loop, on loop 0. Returns how many will come. */
uint32_t stats_gather(struct stats_job *, void (*done)(struct stats_job *));
void stats_parts_free(struct stats_job *);

/* Pool. */
void stats_text(struct stats_job *);
void stats_json(struct stats_job *);

static inline const char *stats_string(const struct stats_ref *r, size_t offset)
{
	return r->part->strings.data + offset;
}
static inline const struct stats_pub *stats_pubs(const struct stats_ref *r)
{
	return r->part->pub + r->client->first_pub;
}
/* The subscribers of a channel: a run of job->subscribers. */
const struct stats_ref *stats_subscribers(
    const struct stats_job *, const char *topic, const char *channel, size_t *count);

/* The engine's arrays, whatever the size of their elements was when the daemon was built. */
static inline const struct pluq_topic_stats *stats_topic(const struct pluq_stats *s, size_t i)
{
	return (const struct pluq_topic_stats *)((const char *)s->topics + i * s->topic_stride);
}
static inline const struct pluq_channel_stats *stats_channel(const struct pluq_topic_stats *t, size_t i)
{
	return (const struct pluq_channel_stats *)((const char *)t->channels + i * t->channel_stride);
}
/* Whether the request may see topic number i, and the channel filter, if there is one, leaves something of it. */
bool stats_topic_shown(const struct stats_job *, size_t i);
/* Whether it may see the topic of that name. */
bool stats_topic_allowed(const struct stats_job *, const char *name);
bool stats_channel_shown(const struct stats_job *, const struct pluq_channel_stats *);

/* What the "memory" block says: names of the original's, and figures of this process's allocator. */
struct stats_memory {
	const char *key;
	uint64_t value;
};
#define STATS_MEMORY 9
void stats_memory(struct stats_memory out[STATS_MEMORY]);

#endif
