/* Copies what /stats shows of connections, loop by loop, in slices. */
#include <stdlib.h>
#include <string.h>

#include <pluq/auth.h>

#include "conn.h"
#include "peer.h"
#include "stats.h"

#define SECOND INT64_C(1000000000)
/* Connections copied before other work of the loop has its turn: a few hundred microseconds. */
#define SLICE 512

/* NULL: "". */
static size_t put(struct stats_part *p, const char *s)
{
	size_t at = p->strings.length;

	if (s)
		text_str(&p->strings, s);
	text_byte(&p->strings, 0);
	return at;
}

/* Makes room for one more element of `size` bytes. */
static bool room(void **items, size_t count, size_t *capacity, size_t size)
{
	if (count < *capacity)
		return true;
	size_t more = *capacity ? *capacity * 2 : 64;
	void *grown = realloc(*items, more * size);
	if (!grown)
		return false;
	*items = grown;
	*capacity = more;
	return true;
}

static size_t put_peer(struct stats_part *p, const char *remote)
{
	char ip[PEER_IP_MAX];

	return put(p, peer_ip(remote, ip));
}

/* What AUTH and the upgrades have come to. */
static void put_rights(struct stats_part *p, struct stats_client *to, const struct conn *c)
{
	const struct pluq_auth *auth = c->nsqd->host->auth;

	to->layers = c->layers;
	to->tls_version = c->tls_version;
	to->tls_suite = c->tls_suite;
	to->authed = c->authed;
	to->auth_identity = put(p, c->authed ? auth->identity(c->session) : "");
	to->auth_identity_url = put(p, c->authed ? auth->identity_url(c->session) : "");
}

static bool put_pubs(struct stats_part *p, struct stats_client *client, const struct conn *c)
{
	const char *only = p->job->topic;

	client->first_pub = p->pub_count;
	for (uint32_t i = 0; i < c->counts.count; i++) {
		const struct pub_count *count = c->counts.items[i];
		if (*only && strcmp(only, count->name) != 0)
			continue;
		if (!room((void **)&p->pub, p->pub_count, &p->pub_capacity, sizeof(*p->pub)))
			return false;
		p->pub[p->pub_count++] = (struct stats_pub){put(p, count->name), count->count};
	}
	client->pubs = p->pub_count - client->first_pub;
	return true;
}

/* Whether any list would show the connection. */
static bool wanted(const struct stats_job *job, const struct conn *c, const char *topic)
{
	if (c->counts.count)
		return true;
	return topic && (!*job->topic || strcmp(job->topic, topic) == 0) &&
	    (!*job->channel || strcmp(job->channel, c->sub_channel) == 0);
}

static bool copy(struct stats_part *p, const struct conn *c)
{
	const struct nsqd *n = c->nsqd;
	const char *topic = c->sub_topic ? n->broker->topic_name(c->sub_topic) : NULL;
	const char *remote = n->net->conn_remote(c->net);

	if (!wanted(p->job, c, topic))
		return true;
	if (!room((void **)&p->clients, p->client_count, &p->client_capacity, sizeof(*p->clients)))
		return false;
	struct stats_client *to = &p->clients[p->client_count++];
	*to = (struct stats_client){
		.client_id = c->identified ? put(p, c->identity.client_id) : put_peer(p, remote),
		.hostname = c->identified ? put(p, c->identity.hostname) : put_peer(p, remote),
		.user_agent = put(p, c->identity.user_agent),
		.remote = put(p, remote),
		.zone = put(p, c->identity.zone),
		.region = put(p, c->identity.region),
		.topic = put(p, topic),
		.channel = put(p, c->sub_channel),
		.subscribed = topic != NULL,
		.published = c->counts.count > 0,
		.state = c->state,
		.sample_rate = c->sample_rate,
		.connected_s = c->connected_real / SECOND,
	};
	put_rights(p, to, c);
	if (c->sub)
		n->broker->sub_stats(c->sub, &to->sub);
	return put_pubs(p, to, c);
}

/* pluq_post_fn, loop 0 */
static void finish(void *arg)
{
	struct stats_part *p = arg;

	p->job->failed |= p->failed || p->strings.failed;
	p->job->part_done(p->job);
}

/* pluq_post_fn, the part's loop. Goes on behind the mark, which stays in the list between slices. */
static void slice(void *arg)
{
	struct stats_part *p = arg;
	const struct pluq_host *host = p->job->nsqd->host;
	struct link *conns = &p->job->nsqd->loops[p->loop].conns;
	struct link *at = link_alone(&p->mark.link) ? conns->next : p->mark.link.next;
	int left = SLICE;

	link_remove(&p->mark.link);
	for (; at != conns && left > 0 && !p->failed; at = at->next, left--) {
		const struct conn *c = ((struct member *)at)->conn;
		if (c && !copy(p, c))
			p->failed = true;
	}
	if (at != conns && !p->failed) {
		link_append(at, &p->mark.link); /* before it: that one is next */
		if (host->post(host, p->loop, slice, p) == 0)
			return;
		link_remove(&p->mark.link);
		p->failed = true;
	}
	host->post(host, 0, finish, p);
}

uint32_t stats_gather(struct stats_job *job, void (*done)(struct stats_job *))
{
	const struct pluq_host *host = job->nsqd->host;
	uint32_t coming = 0;

	job->part_done = done;
	job->parts = calloc(host->loops, sizeof(*job->parts));
	if (!job->parts) {
		job->failed = true;
		return 0;
	}
	for (uint32_t i = 0; i < host->loops; i++) {
		struct stats_part *p = &job->parts[i];
		p->job = job;
		p->loop = i;
		link_init(&p->mark.link);
		if (host->post(host, i, slice, p) == 0)
			coming++;
		else
			job->failed = true;
	}
	return coming;
}

void stats_parts_free(struct stats_job *job)
{
	for (uint32_t i = 0; job->parts && i < job->nsqd->host->loops; i++) {
		text_free(&job->parts[i].strings);
		free(job->parts[i].clients);
		free(job->parts[i].pub);
	}
	free(job->parts);
	job->parts = NULL;
}
