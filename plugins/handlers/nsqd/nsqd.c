/* The plugin: descriptor, start, end. */
#include "nsqd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <pluq/metrics.h>
#include <zlib.h>

#include "auth.h"
#include "conn.h"
#include "lookup.h"
#include "lookup_tls.h"
#include "metrics.h"
#include "tls.h"

#define NODE_IDS 1024

const char *status_text(int status)
{
	switch (status) {
#define STATUS_TEXT(name, value, text) case value: return text;
	PLUQ_ERRORS(STATUS_TEXT)
#undef STATUS_TEXT
	default: return "unknown error";
	}
}

const char *nsqd_broadcast_address(const struct nsqd *n)
{
	return *n->conf->broadcast_address ? n->conf->broadcast_address : n->hostname;
}

int64_t nsqd_tcp_port(const struct nsqd *n)
{
	return n->tcp ? n->net->listener_port(n->tcp) : 0;
}

int64_t nsqd_http_port(const struct nsqd *n)
{
	return n->server ? n->http->server_port(n->server) : 0;
}

/* As the original derives it: CRC-32 of the MD5 of the host name. -1: no MD5 to be had. */
static int64_t node_id_of(const char *hostname)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned int length;

	if (EVP_Digest(hostname, strlen(hostname), digest, &length, EVP_md5(), NULL) != 1)
		return -1;
	return (int64_t)(crc32(0, digest, length) % NODE_IDS);
}

static int check_percentiles(const struct conf *conf, struct pluq_why *why)
{
	const struct pluq_floats *list = &conf->e2e_processing_latency_percentile;

	for (size_t i = 0; i < list->count; i++)
		if (!(list->items[i] > 0 && list->items[i] <= 1)) {
			snprintf(why->text, sizeof(why->text), "invalid E2E processing latency percentile: %g "
			    "(e2e_processing_latency_percentile takes numbers above 0 and up to 1)", list->items[i]);
			return PLUQ_EINVAL;
		}
	return 0;
}

/* A copy: options go with a reload, limits stay. */
static int set_percentiles(struct nsqd *n, struct pluq_why *why)
{
	const struct pluq_floats *list = &n->conf->e2e_processing_latency_percentile;
	int status = check_percentiles(n->conf, why);

	if (status < 0 || list->count == 0)
		return status;
	n->percentiles = malloc(list->count * sizeof(*n->percentiles));
	if (!n->percentiles) {
		snprintf(why->text, sizeof(why->text), "out of memory");
		return PLUQ_ENOMEM;
	}
	memcpy(n->percentiles, list->items, list->count * sizeof(*n->percentiles));
	return 0;
}

static int set_limits(struct nsqd *n, struct pluq_why *why)
{
	int64_t node_id = n->conf->node_id;

	if (node_id < 0)
		node_id = node_id_of(n->hostname);
	if (node_id < 0) {
		snprintf(why->text, sizeof(why->text), "the host name cannot be hashed here (no MD5): set node_id");
		return PLUQ_EINVAL;
	}
	n->limits = (struct pluq_limits){
		.size = sizeof(n->limits),
		.node_id = (uint32_t)node_id,
		.mem_queue_size = n->conf->mem_queue_size,
		.max_msg_timeout_ns = n->conf->max_msg_timeout,
		.max_channel_consumers = n->conf->max_channel_consumers,
		.requeue_on_disconnect = n->conf->on_disconnect == ON_DISCONNECT_REQUEUE,
		.e2e_percentiles = n->percentiles,
		.e2e_percentile_count = n->percentiles ? n->conf->e2e_processing_latency_percentile.count : 0,
		.e2e_window_ns = n->conf->e2e_processing_latency_window_time,
	};
	int status = n->broker->use(n->host, &n->limits);
	if (status < 0)
		snprintf(why->text, sizeof(why->text), "another handler has the queues of this process already");
	return status;
}

static int listen_tcp(struct nsqd *n, struct pluq_why *why)
{
	struct pluq_listen listen = {
		.size = sizeof(listen),
		.address = n->conf->tcp_address,
		.what = "TCP",
		.max_rest = CONN_REST_MAX,
		.ops = &conn_ops,
		.arg = n,
	};

	if (!*n->conf->tcp_address)
		return 0;
	(void)auth_required(n); /* tells the daemon that its auth plugins are for something */
	return n->net->listen(n->host, &listen, &n->tcp, why);
}

static struct nsqd *make(const struct pluq_host *host, const struct conf *conf)
{
	struct nsqd *n = calloc(1, sizeof(*n));

	if (!n)
		return NULL;
	n->loops = calloc(host->loops, sizeof(*n->loops));
	if (!n->loops) {
		free(n);
		return NULL;
	}
	for (uint32_t i = 0; i < host->loops; i++) {
		link_init(&n->loops[i].conns);
		link_init(&n->loops[i].pressed);
	}
	n->host = host;
	n->broker = host->broker;
	n->net = host->net;
	n->http = host->http;
	n->validators = host->validators;
	n->conf = conf;
	if (gethostname(n->hostname, sizeof(n->hostname) - 1) < 0)
		strcpy(n->hostname, "localhost");
	return n;
}

/* pluq_plugin.fini */
static void fini(void *self)
{
	struct nsqd *n = self;

	free(n->percentiles);
	free(n->loops);
	free(n);
}

static void announce(const struct nsqd *n)
{
	int64_t port = n->conf->broadcast_http_port ? n->conf->broadcast_http_port : nsqd_http_port(n);

	n->host->metrics->announce(n->host, nsqd_broadcast_address(n), port > 0 ? (int32_t)port : 0);
}

/* pluq_plugin.init */
static int init(const struct pluq_host *host, const void *conf, void **self, struct pluq_why *why)
{
	struct nsqd *n = make(host, conf);

	if (!n) {
		snprintf(why->text, sizeof(why->text), "out of memory");
		return PLUQ_ENOMEM;
	}
	int status = set_percentiles(n, why);
	if (status == 0)
		status = set_limits(n, why);
	if (status == 0)
		status = tls_start(n, why);
	if (status == 0)
		status = listen_tcp(n, why);
	if (status == 0)
		status = http_start(n, why);
	if (status == 0)
		status = lookup_init(n, why);
	if (status == 0)
		status = metrics_init(n);
	if (status < 0) {
		fini(n);
		return status;
	}
	announce(n);
	*self = n;
	return 0;
}

static void configure_lookup(void *arg)
{
	lookup_configure(arg);
}

/* pluq_handler_ops.start */
static int start(void *self, struct pluq_why *why)
{
	struct nsqd *n = self;
	int status = n->host->post(n->host, 0, configure_lookup, n);

	if (status < 0)
		snprintf(why->text, sizeof(why->text), "out of memory");
	return status;
}

/* pluq_handler_ops.drain */
static void drain(void *self)
{
	lookup_stop(self);
}

/* pluq_plugin.reload */
static int reload(void *self, const void *conf, struct pluq_why *why)
{
	struct nsqd *n = self;
	int status = lookup_check(conf, why);

	if (status == 0) /* all is read before anything is changed */
		status = lookup_tls_try(n, conf, why);
	if (status == 0)
		status = tls_reload(n, conf, why);
	if (status == 0)
		status = lookup_tls_set(n, conf, why);
	if (status < 0)
		return status;
	n->conf = conf; /* from here on the loops may be using it, so there is no way back */
	if (n->host->post(n->host, 0, configure_lookup, n) < 0)
		n->host->log(n->host, PLUQ_ERROR, "out of memory: the lookup daemons stay as they were");
	return 0;
}

/* pluq_plugin.check */
static int check(const void *conf, struct pluq_why *why)
{
	int status = check_percentiles(conf, why);

	if (status == 0)
		status = tls_options_check(conf, why);
	return status < 0 ? status : lookup_check(conf, why);
}

static const struct pluq_handler_ops ops = {.size = sizeof(ops), .start = start, .drain = drain};

PLUQ_PLUGIN_ENTRY = {
	.size = sizeof(struct pluq_plugin),
	PLUQ_PLUGIN_ABI,
	.kind = PLUQ_KIND_HANDLER,
	.option_size = sizeof(struct pluq_option),
	.name = "nsqd",
	.version = "0.1.0",
	.summary = "the queue daemon: the NSQ V2 protocol and its HTTP API",
	.options = options,
	.conf_size = sizeof(struct conf),
	.init = init,
	.fini = fini,
	.reload = reload,
	.ops = &ops,
	.check = check,
};
