/* GET /stats: asks, waits for all, renders on the pool, answers. */
#include <stdlib.h>
#include <string.h>

#include <pluq/auth.h>

#include "http_args.h"
#include "names.h"
#include "stats.h"

/* Topics judged before other work of the loop has its turn. */
#define SLICE 512

static void job_free(struct stats_job *job)
{
	if (job->stats)
		job->nsqd->broker->stats_free(job->stats);
	stats_parts_free(job);
	free(job->subscribers);
	free(job->producers);
	free(job->hidden);
	text_free(&job->out);
	free(job);
}

static int compare(const void *a, const void *b)
{
	const struct stats_ref *x = a, *y = b;
	int order = strcmp(stats_string(x, x->client->topic), stats_string(y, y->client->topic));

	return order ? order : strcmp(stats_string(x, x->client->channel), stats_string(y, y->client->channel));
}

/* Drops what the request may not see: whoever has published to such topics only is no producer to it. */
static void hide_pubs(const struct stats_job *job, struct stats_part *p, struct stats_client *c)
{
	struct stats_pub *pubs = p->pub + c->first_pub;
	size_t kept = 0;

	if (!job->hidden || !c->published)
		return;
	for (size_t i = 0; i < c->pubs; i++)
		if (stats_topic_allowed(job, p->strings.data + pubs[i].topic))
			pubs[kept++] = pubs[i];
	c->pubs = kept;
	c->published = kept > 0;
}

/* Pool. Lists of subscribers, by topic and channel, and of producers. */
static bool index_clients(struct stats_job *job)
{
	size_t total = 0;

	for (uint32_t i = 0; job->parts && i < job->nsqd->host->loops; i++)
		total += job->parts[i].client_count;
	if (total == 0)
		return true;
	job->subscribers = calloc(total, sizeof(*job->subscribers));
	job->producers = calloc(total, sizeof(*job->producers));
	if (!job->subscribers || !job->producers)
		return false;
	for (uint32_t i = 0; i < job->nsqd->host->loops; i++) {
		struct stats_part *p = &job->parts[i];
		for (size_t k = 0; k < p->client_count; k++) {
			struct stats_ref ref = {p, &p->clients[k]};
			hide_pubs(job, p, &p->clients[k]);
			if (ref.client->subscribed)
				job->subscribers[job->subscriber_count++] = ref;
			if (ref.client->published)
				job->producers[job->producer_count++] = ref;
		}
	}
	qsort(job->subscribers, job->subscriber_count, sizeof(*job->subscribers), compare);
	return true;
}

static int compare_name(const struct stats_ref *r, const char *topic, const char *channel)
{
	int order = strcmp(stats_string(r, r->client->topic), topic);

	return order ? order : strcmp(stats_string(r, r->client->channel), channel);
}

const struct stats_ref *stats_subscribers(
    const struct stats_job *job, const char *topic, const char *channel, size_t *count)
{
	size_t low = 0, high = job->subscriber_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (compare_name(&job->subscribers[middle], topic, channel) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*count = 0;
	while (low + *count < job->subscriber_count &&
	    compare_name(&job->subscribers[low + *count], topic, channel) == 0)
		++*count;
	return job->subscribers ? job->subscribers + low : NULL;
}

bool stats_channel_shown(const struct stats_job *job, const struct pluq_channel_stats *c)
{
	return !*job->channel || strcmp(job->channel, c->name) == 0;
}

bool stats_topic_allowed(const struct stats_job *job, const char *name)
{
	size_t low = 0, high = job->stats->topic_count;

	while (job->hidden && low < high) { /* they are sorted */
		size_t middle = low + (high - low) / 2;
		int order = strcmp(stats_topic(job->stats, middle)->name, name);
		if (order == 0)
			return !job->hidden[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return !job->hidden;
}

bool stats_topic_shown(const struct stats_job *job, size_t index)
{
	const struct pluq_topic_stats *t = stats_topic(job->stats, index);

	if (job->hidden && job->hidden[index])
		return false;
	for (size_t i = 0; *job->channel && i < t->channel_count; i++)
		if (stats_channel_shown(job, stats_channel(t, i)))
			return true;
	return !*job->channel;
}

/* pluq_post_fn, pool */
static void render(void *arg)
{
	struct stats_job *job = arg;

	if (!index_clients(job))
		job->failed = true;
	else if (job->json)
		stats_json(job);
	else
		stats_text(job);
}

/* pluq_post_fn, loop 0 */
static void reply(void *arg)
{
	struct stats_job *job = arg;
	const struct pluq_http *http = job->nsqd->http;

	if (job->failed || job->out.failed)
		http->error(job->req, 500, "INTERNAL_ERROR");
	else if (job->json)
		http_json(job->nsqd, job->req, job->out.data, job->out.length);
	else
		http->reply(job->req, 200, "text/plain; charset=utf-8", job->out.data, job->out.length);
	job_free(job);
}

static void go_on(struct stats_job *job)
{
	const struct pluq_host *host = job->nsqd->host;

	if (!job->failed && host->work(host, render, reply, job) == 0)
		return;
	job->failed = true;
	reply(job);
}

/* pluq_post_fn, loop 0. Asks for each topic whether the request may see it, in slices. */
static void judge(void *arg)
{
	struct stats_job *job = arg;
	const struct pluq_host *host = job->nsqd->host;
	size_t total = job->stats->topic_count, end = job->judged + SLICE < total ? job->judged + SLICE : total;

	for (; job->judged < end; job->judged++) {
		const char *name = stats_topic(job->stats, job->judged)->name;
		job->hidden[job->judged] = !job->nsqd->http->may(
		    job->req, PLUQ_MAY_SUBSCRIBE | PLUQ_MAY_PUBLISH | PLUQ_MAY_ADMIN, name, strlen(name));
	}
	if (job->judged < total && host->post(host, 0, judge, job) == 0)
		return;
	job->failed = job->judged < total;
	go_on(job);
}

static void arrived(struct stats_job *job)
{
	if (--job->waiting > 0)
		return;
	if (!job->nsqd->conf->http_auth || job->failed || !job->stats) {
		go_on(job);
	} else if (!(job->hidden = calloc(job->stats->topic_count + 1, sizeof(*job->hidden)))) {
		job->failed = true;
		go_on(job);
	} else {
		judge(job);
	}
}

/* pluq_stats_fn */
static void on_stats(void *arg, int status, struct pluq_stats *stats)
{
	struct stats_job *job = arg;

	if (status < 0)
		job->failed = true;
	else
		job->stats = stats;
	arrived(job);
}

static void start(struct stats_job *job)
{
	const struct nsqd *n = job->nsqd;

	job->now_real_ns = n->host->real_ns(n->host);
	n->broker->health(n->host, &job->health);
	job->waiting = 1; /* this call itself */
	if (job->clients && !job->nowhere)
		job->waiting += stats_gather(job, arrived);
	if (!job->nowhere) {
		if (n->broker->stats(n->host, *job->topic ? job->topic : NULL, on_stats, job) == 0)
			job->waiting++;
		else
			job->failed = true;
	}
	arrived(job);
}

/* A name that is none matches nothing. false: nothing has it. */
static bool filter(struct nsqd *n, struct pluq_http_request *req, const char *key, char *to)
{
	size_t length;
	const char *name = n->http->query(req, key, &length);

	if (!name || length == 0)
		return true;
	if (!name_valid(name, length))
		return false;
	memcpy(to, name, length);
	return true;
}

void http_stats(void *arg, struct pluq_http_request *req)
{
	struct nsqd *n = arg;
	size_t length;

	if (!http_query_ok(n, req))
		return;
	struct stats_job *job = calloc(1, sizeof(*job));
	if (!job) {
		n->http->error(req, 500, "INTERNAL_ERROR");
		return;
	}
	job->nsqd = n;
	job->req = req;
	const char *format = n->http->query(req, "format", &length);
	job->json = format && strcmp(format, "json") == 0;
	job->clients = http_bool_arg(n, req, "include_clients", true);
	job->mem = http_bool_arg(n, req, "include_mem", true);
	job->nowhere = !filter(n, req, "topic", job->topic);
	if (!filter(n, req, "channel", job->channel))
		strcpy(job->channel, "?"); /* no channel has this name */
	start(job);
}
