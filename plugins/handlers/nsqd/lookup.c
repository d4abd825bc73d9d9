#include "lookup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lookup_peer.h"
#include "lookup_tls.h"

#define HOST_MAX 253 /* as names are */
#define PATH_MAX_UNIX 107
#define PORT_DIGITS 5

static bool is_graphic(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text <= ' ' || *text == 0x7f)
			return false;
	return true;
}

static bool port_ok(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	return digits >= 1 && digits <= PORT_DIGITS && !text[digits] && atoi(text) >= 1 && atoi(text) <= UINT16_MAX;
}

bool lookup_address_ok(const char *entry)
{
	bool tls;
	const char *address = lookup_tls_address(entry, &tls);
	const char *colon = strrchr(address, ':');
	size_t host = colon ? (size_t)(colon - address) : 0;
	bool bracketed = host > 2 && *address == '[' && colon[-1] == ']';

	if (!is_graphic(address) || strstr(address, "://"))
		return false;
	if (strchr(address, '/'))
		return !tls && strlen(address) <= PATH_MAX_UNIX;
	if (tls && !host)
		return false; /* there is no name that its certificate could be for */
	return colon && host <= HOST_MAX && (bracketed || strcspn(address, ":[]") == host) && port_ok(colon + 1);
}

bool lookup_entry_ok(const struct nsqd *n, const char *entry)
{
	bool tls;

	if (!lookup_address_ok(entry))
		return false;
	lookup_tls_address(entry, &tls);
	if (tls && !n->lookup.tls)
		n->host->log(n->host, PLUQ_ERROR, "%s: no lookup daemon is spoken to under TLS yet: set lookupd_tls_root_ca_file, then SIGHUP",
		    entry);
	return !tls || n->lookup.tls;
}

static bool is_listed(const struct lookup *l, const char *address)
{
	for (const struct lookup_peer *p = l->peers; p; p = p->next)
		if (strcmp(p->address, address) == 0)
			return true;
	return false;
}

/* The peer of that address, taken out of the list; NULL: none. */
static struct lookup_peer *take(struct lookup_peer **list, const char *address)
{
	struct lookup_peer *p;

	while (*list && strcmp((*list)->address, address) != 0)
		list = &(*list)->next;
	p = *list;
	if (p)
		*list = p->next;
	return p;
}

void lookup_set(struct nsqd *n, const char *const *addresses, size_t count)
{
	struct lookup *l = &n->lookup;
	struct lookup_peer *before = l->peers, **end = &l->peers;

	if (l->stopping)
		return;
	l->peers = NULL;
	for (size_t i = 0; i < count; i++) {
		struct lookup_peer *p;

		if (is_listed(l, addresses[i]))
			continue;
		p = take(&before, addresses[i]);
		if (!p)
			p = lookup_peer_new(n, addresses[i]);
		if (!p) {
			n->host->log(n->host, PLUQ_ERROR, "lookupd %s: left out: out of memory", addresses[i]);
			continue;
		}
		p->next = NULL;
		*end = p;
		end = &p->next;
	}
	while (before) {
		struct lookup_peer *next = before->next;

		lookup_peer_leave(before);
		before = next;
	}
}

void lookup_put(const struct nsqd *n, struct json *j)
{
	json_open(j, '[');
	for (const struct lookup_peer *p = n->lookup.peers; p; p = p->next)
		json_string(j, p->address, strlen(p->address));
	json_close(j, ']');
}

/* pluq_watch_fn */
static void on_change(void *arg, enum pluq_change change, const char *topic, const char *channel)
{
	struct nsqd *n = arg;

	for (struct lookup_peer *p = n->lookup.peers; p; p = p->next)
		lookup_peer_tell(p, change, topic, channel);
}

int lookup_check(const struct conf *conf, struct pluq_why *why)
{
	const struct pluq_strings *list = &conf->lookupd_tcp_address;

	for (size_t i = 0; i < list->count; i++)
		if (!lookup_address_ok(list->items[i])) {
			snprintf(why->text, sizeof(why->text),
			    "lookupd_tcp_address: '%.150s' is neither host:port nor tls://host:port nor the path of a socket", list->items[i]);
			return PLUQ_EINVAL;
		}
	return lookup_tls_check(conf, why);
}

int lookup_init(struct nsqd *n, struct pluq_why *why)
{
	const struct conf *conf = n->conf;
	int err = lookup_check(conf, why);

	if (!err)
		err = lookup_tls_set(n, conf, why);
	if (err < 0)
		return err;
	err = n->broker->watch(n->host, on_change, n);
	if (!err)
		err = n->broker->gate(n->host, conf->http_client_connect_timeout + conf->http_client_request_timeout, lookup_on_gate, n);
	if (err < 0)
		snprintf(why->text, sizeof(why->text), "out of memory");
	return err;
}

void lookup_configure(struct nsqd *n)
{
	const struct pluq_strings *list = &n->conf->lookupd_tcp_address;

	lookup_set(n, list->items, list->count);
}

void lookup_stop(struct nsqd *n)
{
	lookup_set(n, NULL, 0);
	n->lookup.stopping = true;
	lookup_drop_asks(n);
}
