/* /stats?format=json */
#include "conn.h"
#include "json_out.h"
#include "stats.h"
#include "tls.h"

#define SECOND INT64_C(1000000000)

static void put_health(struct json *j, const struct stats_job *job)
{
	json_key(j, "health");
	if (job->health.storage_ok) {
		json_string(j, "OK", 2);
	} else {
		struct text nok = {0};
		text_printf(&nok, "NOK - %s", job->health.why.text);
		json_string(j, nok.failed ? "NOK" : nok.data, nok.failed ? 3 : nok.length);
		text_free(&nok);
	}
}

static void put_percentiles(struct json *j, const struct pluq_limits *limits, const double *values)
{
	json_open(j, '[');
	for (size_t i = 0; i < limits->e2e_percentile_count; i++) {
		json_open(j, '{');
		json_key(j, "quantile");
		json_double(j, limits->e2e_percentiles[i]);
		json_key(j, "value");
		json_double(j, values[i]);
		json_close(j, '}');
	}
	json_close(j, ']');
}

/* values: NULL: they are not asked for, or there is no channel. */
static void put_e2e(struct json *j, const struct stats_job *job, uint64_t count, const double *values)
{
	json_key(j, "e2e_processing_latency");
	json_open(j, '{');
	json_put_uint(j, "count", count);
	json_key(j, "percentiles");
	if (values)
		put_percentiles(j, &job->nsqd->limits, values);
	else
		json_null(j);
	json_close(j, '}');
}

static void put_pubs(struct json *j, const struct stats_ref *r)
{
	const struct stats_pub *pubs = stats_pubs(r);

	if (r->client->pubs == 0)
		return;
	json_key(j, "pub_counts");
	json_open(j, '[');
	for (size_t i = 0; i < r->client->pubs; i++) {
		json_open(j, '{');
		json_put_string(j, "topic", stats_string(r, pubs[i].topic));
		json_put_uint(j, "count", pubs[i].count);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void put_auth(struct json *j, const struct stats_ref *r)
{
	const char *identity = stats_string(r, r->client->auth_identity);
	const char *url = stats_string(r, r->client->auth_identity_url);

	if (r->client->authed)
		json_put_bool(j, "authed", true);
	if (*identity)
		json_put_string(j, "auth_identity", identity);
	if (*url)
		json_put_string(j, "auth_identity_url", url);
}

static void put_tls(struct json *j, const struct stats_client *c)
{
	bool tls = c->layers & LAYER_TLS;
	char suite[TLS_SUITE_MAX] = "";

	if (tls)
		tls_suite_name(c->tls_suite, suite);
	json_put_bool(j, "tls", tls);
	json_put_string(j, "tls_cipher_suite", suite);
	json_put_string(j, "tls_version", tls ? tls_version_name(c->tls_version) : "");
	json_put_string(j, "tls_negotiated_protocol", "");
	json_put_bool(j, "tls_negotiated_protocol_is_mutual", tls);
}

static void put_client(struct json *j, const struct stats_ref *r)
{
	const struct stats_client *c = r->client;

	json_open(j, '{');
	json_put_string(j, "client_id", stats_string(r, c->client_id));
	json_put_string(j, "hostname", stats_string(r, c->hostname));
	json_put_string(j, "version", "V2");
	json_put_string(j, "remote_address", stats_string(r, c->remote));
	json_put_int(j, "state", c->state);
	json_put_int(j, "ready_count", c->sub.ready);
	json_put_int(j, "in_flight_count", c->sub.in_flight);
	json_put_uint(j, "message_count", c->sub.message_count);
	json_put_uint(j, "finish_count", c->sub.finish_count);
	json_put_uint(j, "requeue_count", c->sub.requeue_count);
	json_put_int(j, "connect_ts", c->connected_s);
	json_put_int(j, "sample_rate", c->sample_rate);
	json_put_bool(j, "deflate", c->layers & LAYER_DEFLATE);
	json_put_bool(j, "snappy", c->layers & LAYER_SNAPPY);
	json_put_string(j, "user_agent", stats_string(r, c->user_agent));
	put_auth(j, r);
	json_put_string(j, "topology_zone", stats_string(r, c->zone));
	json_put_string(j, "topology_region", stats_string(r, c->region));
	put_pubs(j, r);
	put_tls(j, c);
	json_close(j, '}');
}

static void put_clients(struct json *j, const struct stats_ref *refs, size_t count)
{
	json_open(j, '[');
	for (size_t i = 0; i < count; i++)
		put_client(j, &refs[i]);
	json_close(j, ']');
}

static void put_unless_0(struct json *j, const char *key, uint64_t value)
{
	if (value)
		json_put_uint(j, key, value);
}

static void put_channel(
    struct json *j, const struct stats_job *job, const char *topic, const struct pluq_channel_stats *c)
{
	size_t count;
	const struct stats_ref *refs = stats_subscribers(job, topic, c->name, &count);

	json_open(j, '{');
	json_put_string(j, "channel_name", c->name);
	json_put_int(j, "depth", c->depth);
	json_put_int(j, "backend_depth", c->backend_depth);
	json_put_int(j, "in_flight_count", c->in_flight);
	json_put_int(j, "deferred_count", c->deferred);
	json_put_uint(j, "message_count", c->message_count);
	put_unless_0(j, "zone_local_msg_count", c->zone_local_msg_count);
	put_unless_0(j, "region_local_msg_count", c->region_local_msg_count);
	put_unless_0(j, "global_msg_count", c->global_msg_count);
	json_put_uint(j, "requeue_count", c->requeue_count);
	json_put_uint(j, "timeout_count", c->timeout_count);
	json_put_int(j, "client_count", c->consumers);
	json_key(j, "clients");
	if (job->clients)
		put_clients(j, refs, count);
	else
		json_null(j);
	json_put_bool(j, "paused", c->paused);
	put_e2e(j, job, c->e2e_count, c->e2e);
	json_close(j, '}');
}

static void put_topic(struct json *j, const struct stats_job *job, const struct pluq_topic_stats *t)
{
	json_open(j, '{');
	json_put_string(j, "topic_name", t->name);
	json_key(j, "channels");
	json_open(j, '[');
	for (size_t i = 0; i < t->channel_count; i++)
		if (stats_channel_shown(job, stats_channel(t, i)))
			put_channel(j, job, t->name, stats_channel(t, i));
	json_close(j, ']');
	json_put_int(j, "depth", t->depth);
	json_put_int(j, "backend_depth", t->backend_depth);
	json_put_uint(j, "message_count", t->message_count);
	json_put_uint(j, "message_bytes", t->message_bytes);
	json_put_bool(j, "paused", t->paused);
	put_e2e(j, job, t->e2e_count, t->e2e);
	json_close(j, '}');
}

static void put_topics(struct json *j, const struct stats_job *job)
{
	json_open(j, '[');
	for (size_t i = 0; i < job->stats->topic_count; i++)
		if (stats_topic_shown(job, i))
			put_topic(j, job, stats_topic(job->stats, i));
	json_close(j, ']');
}

static void put_memory(struct json *j)
{
	struct stats_memory memory[STATS_MEMORY];

	stats_memory(memory);
	json_key(j, "memory");
	json_open(j, '{');
	for (int i = 0; i < STATS_MEMORY; i++)
		json_put_uint(j, memory[i].key, memory[i].value);
	json_close(j, '}');
}

void stats_json(struct stats_job *job)
{
	struct json json = {.http = job->nsqd->http, .out = &job->out}, *j = &json;
	/* a filter on a topic that does not exist leaves neither topics nor producers */
	bool nothing = job->nowhere || (*job->topic && job->stats->topic_count == 0);

	json_open(j, '{');
	json_put_string(j, "version", NSQD_VERSION);
	put_health(j, job);
	json_put_int(j, "start_time", job->nsqd->host->start_real_ns / SECOND);
	json_key(j, "topics");
	if (nothing)
		json_null(j);
	else
		put_topics(j, job);
	if (job->mem)
		put_memory(j);
	json_key(j, "producers");
	if (nothing || job->producer_count == 0)
		json_null(j);
	else
		put_clients(j, job->producers, job->producer_count);
	json_close(j, '}');
}
