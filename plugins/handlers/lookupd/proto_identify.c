/* IDENTIFY: who the broker is, and who we are. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "conn.h"
#include "identify.h"
#include "json.h"
#include "metrics.h"

/* As much of what a peer says about itself is logged. */
#define LOGGED 400

static void member(const struct pluq_http *http, struct text *t, const char *key, struct span value)
{
	text_printf(t, ",\"%s\":", key);
	put_string(http, t, value.at, value.length);
}

static bool fill_json(struct conn *c, struct peer *p, const struct identify *i)
{
	const struct pluq_http *http = c->lookupd->http;
	const char *remote = c->lookupd->net->conn_remote(c->net);
	struct text t = {0};

	put_string(http, &t, remote, strlen(remote));
	member(http, &t, "hostname", i->hostname);
	member(http, &t, "broadcast_address", i->broadcast_address);
	text_printf(&t, ",\"tcp_port\":%" PRId64 ",\"http_port\":%" PRId64, i->tcp_port, i->http_port);
	member(http, &t, "version", i->version);
	member(http, &t, "topology_zone", i->topology_zone);
	member(http, &t, "topology_region", i->topology_region);
	char *fitting = t.failed ? NULL : realloc(t.data, t.length);
	p->json = fitting ? fitting : t.data;
	p->json_length = t.length;
	return !t.failed;
}

static bool fill_node(struct peer *p, const struct identify *i)
{
	struct span host = i->broadcast_address;

	if (host.length >= 2 && host.at[0] == '[' && host.at[host.length - 1] == ']')
		host = (struct span){host.at + 1, host.length - 2};
	p->http_port = i->http_port;
	p->host_length = host.length;
	p->host = malloc(host.length + 1);
	if (!p->host)
		return false;
	memcpy(p->host, host.at, host.length);
	p->host[host.length] = 0;
	return true;
}

/* NULL: no memory. */
static struct peer *peer_new(struct conn *c, const struct identify *i)
{
	struct peer *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	if (!fill_json(c, p, i) || !fill_node(p, i)) {
		peer_free(&p);
		return NULL;
	}
	p->active_ns = c->lookupd->host->now_ns(c->lookupd->host);
	return p;
}

static enum step no_memory(struct conn *c)
{
	c->lookupd->net->conn_close(c->net, false);
	return STEP_CLOSE;
}

static enum step reply(struct conn *c)
{
	const struct lookupd *l = c->lookupd;
	const char *address = lookupd_broadcast_address(l);
	struct text t = {0};

	text_str(&t, "{\"broadcast_address\":");
	put_string(l->http, &t, address, strlen(address));
	text_str(&t, ",\"hostname\":");
	put_string(l->http, &t, l->hostname, strlen(l->hostname));
	text_printf(&t, ",\"http_port\":%" PRId64 ",\"tcp_port\":%" PRId64 ",\"version\":\"" LOOKUPD_VERSION "\"",
	    lookupd_http_port(l), lookupd_tcp_port(l));
	if (l->https) /* the original has none; our brokers ask there */
		text_printf(&t, ",\"https_port\":%" PRId64, lookupd_https_port(l));
	text_byte(&t, '}');
	if (!t.failed)
		conn_reply(c, t.data, t.length);
	enum step step = t.failed ? no_memory(c) : STEP_NEXT;
	text_free(&t);
	return step;
}

enum step identify_body(struct conn *c, const uint8_t *body, size_t length)
{
	const struct pluq_host *host = c->lookupd->host;
	struct identify i;

	if (identify_parse(body, length, &i) < 0)
		return conn_fail(c, "E_BAD_BODY IDENTIFY failed to decode JSON body");
	if (!identify_complete(&i)) {
		identify_free(&i);
		return conn_fail(c, "E_BAD_BODY IDENTIFY missing fields");
	}
	c->peer = peer_new(c, &i);
	identify_free(&i);
	if (!c->peer)
		return no_memory(c);
	db_peer_add(&c->lookupd->db, c->peer);
	metrics_state(c->lookupd, LOOKUPD_INIT, -1);
	metrics_state(c->lookupd, LOOKUPD_IDENTIFIED, 1);
	host->log(host, PLUQ_INFO, "client(%s): IDENTIFY %.*s", c->lookupd->net->conn_remote(c->net),
	    (int)(c->peer->json_length < LOGGED ? c->peer->json_length : LOGGED), c->peer->json);
	return reply(c);
}
