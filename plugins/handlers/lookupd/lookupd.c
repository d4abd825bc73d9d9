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

const char *lookupd_broadcast_address(const struct lookupd *l)
{
	return *l->conf->broadcast_address ? l->conf->broadcast_address : l->hostname;
}

int64_t lookupd_tcp_port(const struct lookupd *l)
{
	return l->tcp ? l->net->listener_port(l->tcp) : 0;
}

int64_t lookupd_http_port(const struct lookupd *l)
{
	return l->server ? l->http->server_port(l->server) : 0;
}

bool lookupd_active(const struct lookupd *l, const struct peer *p, int64_t now_ns)
{
	return now_ns - p->active_ns <= l->conf->inactive_producer_timeout;
}

bool lookupd_tombstoned(const struct lookupd *l, const struct entry *e, int64_t now_ns)
{
	return e->tombstoned_ns && now_ns - e->tombstoned_ns < l->conf->tombstone_lifetime;
}

static int listen_tcp(struct lookupd *l, struct pluq_why *why)
{
	struct pluq_listen listen = {
		.size = sizeof(listen),
		.address = l->conf->tcp_address,
		.what = "TCP",
		.max_rest = CONN_REST_MAX,
		.ops = &conn_ops,
		.arg = l,
	};

	return *l->conf->tcp_address ? l->net->listen(l->host, &listen, &l->tcp, why) : 0;
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
	int status = listen_tcp(l, why);
	if (status == 0)
		status = http_start(l, why);
	if (status < 0) {
		free(l);
		return status;
	}
	*self = l;
	return 0;
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
	.ops = &ops,
};
