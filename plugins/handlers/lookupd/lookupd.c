/* The plugin: descriptor, start, end.
 *
 * The discovery daemon: brokers say over TCP what topics and channels they have, consumers ask over HTTP who has a topic. The whole
 * state is one database in memory. It lives on loop 0, where HTTP runs anyway, and every TCP connection moves there with
 * its first input: a broker says little, and so nothing needs a lock. */
#include "lookupd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conn.h"
#include "metrics.h"
#include "tls.h"

const char *lookupd_broadcast_address(const struct lookupd *l)
{
	return *l->conf->broadcast_address ? l->conf->broadcast_address : l->hostname;
}

int64_t lookupd_tcp_port(const struct lookupd *l)
{
	const struct pluq_listener *listener = l->tcp ? l->tcp : l->tls_tcp;

	return listener ? l->net->listener_port(listener) : 0;
}

int64_t lookupd_http_port(const struct lookupd *l)
{
	return l->server ? l->http->server_port(l->server) : 0;
}

int64_t lookupd_https_port(const struct lookupd *l)
{
	return l->https ? l->http->server_port(l->https) : 0;
}

bool lookupd_active(const struct lookupd *l, const struct peer *p, int64_t now_ns)
{
	return now_ns - p->active_ns <= l->conf->inactive_producer_timeout;
}

bool lookupd_tombstoned(const struct lookupd *l, const struct entry *e, int64_t now_ns)
{
	return e->tombstoned_ns && now_ns - e->tombstoned_ns < l->conf->tombstone_lifetime;
}

/* tls NULL: in the clear. An empty address is off. */
static int listen_tcp(struct lookupd *l, const char *address, struct pluq_tls *tls, struct pluq_listener **out, struct pluq_why *why)
{
	struct pluq_listen listen = {
		.size = sizeof(listen),
		.address = address,
		.what = tls ? "TLS TCP" : "TCP",
		.max_rest = CONN_REST_MAX,
		.ops = &conn_ops,
		.arg = l,
		.tls = tls,
	};

	return *address ? l->net->listen(l->host, &listen, out, why) : 0;
}

/* pluq_plugin.fini. Loops and connections have ended. */
static void fini(void *self)
{
	struct lookupd *l = self;

	snapshot_fini(l);
	db_fini(&l->db);
	free(l);
}

/* pluq_plugin.init */
static int init(const struct pluq_host *host, const void *conf, void **self, struct pluq_why *why)
{
	struct lookupd *l = calloc(1, sizeof(*l));

	if (!l) {
		snprintf(why->text, sizeof(why->text), "out of memory");
		return PLUQ_ENOMEM;
	}
	l->host = host;
	l->net = host->net;
	l->http = host->http;
	l->conf = conf;
	db_init(&l->db);
	if (gethostname(l->hostname, sizeof(l->hostname) - 1) < 0)
		strcpy(l->hostname, "localhost");
	int status = tls_start(l, why);
	if (status == 0)
		status = listen_tcp(l, l->conf->tcp_address, NULL, &l->tcp, why);
	if (status == 0)
		status = listen_tcp(l, l->conf->tls_tcp_address, l->tls, &l->tls_tcp, why);
	if (status == 0)
		status = http_start(l, why);
	if (status == 0 && (status = metrics_start(l)) < 0)
		snprintf(why->text, sizeof(why->text), "out of memory");
	if (status < 0) {
		free(l);
		return status;
	}
	*self = l;
	return 0;
}

/* pluq_plugin.reload */
static int reload(void *self, const void *conf, struct pluq_why *why)
{
	struct lookupd *l = self;
	int status = tls_reload(l, conf, why);

	if (status == 0)
		l->conf = conf;
	return status;
}

/* pluq_handler_ops.start: by now the process has become the user whose file the snapshot is. */
static int start(void *self, struct pluq_why *why)
{
	return snapshot_start(self, why);
}

/* pluq_handler_ops.drain */
static void drain(void *self)
{
	snapshot_drain(self);
}

static const struct pluq_handler_ops ops = {.size = sizeof(ops), .start = start, .drain = drain};

PLUQ_PLUGIN_ENTRY = {
	.size = sizeof(struct pluq_plugin),
	PLUQ_PLUGIN_ABI,
	.kind = PLUQ_KIND_HANDLER,
	.option_size = sizeof(struct pluq_option),
	.name = "lookupd",
	.version = "0.1.0",
	.summary = "the discovery daemon: where brokers announce their topics and consumers find them",
	.options = options,
	.conf_size = sizeof(struct conf),
	.init = init,
	.fini = fini,
	.reload = reload,
	.ops = &ops,
};
