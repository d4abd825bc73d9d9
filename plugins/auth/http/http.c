/* The plugin: descriptor, start, reload, end.
 *
 * Asks auth servers over HTTP as the original does, without ever waiting: a question is a request on the loop of its connection. */
#include <stdio.h>
#include <stdlib.h>

#include "asker.h"

static struct pluq_tls_params tls_params(const struct conf *conf)
{
	return (struct pluq_tls_params){
		.size = sizeof(struct pluq_tls_params),
		.client = true,
		.peer = PLUQ_TLS_PEER_VERIFY,
		.cert_file = conf->tls_cert,
		.key_file = conf->tls_key,
		.ca_file = conf->tls_root_ca_file,
		.min_version = 0x0301 + (uint32_t)conf->tls_min_version,
		.ciphers = "",
		.ciphersuites = "",
	};
}

/* pluq_plugin.reload. Questions on their way go on with what they have begun with. */
static int reload(void *self, const void *conf, struct pluq_why *why)
{
	struct asker *a = self;
	struct pluq_tls_params params = tls_params(conf);
	struct servers *fresh, *old;
	int rc = servers_new(conf, &fresh, why);

	if (rc)
		return rc;
	if ((rc = a->host->net->tls_change(a->tls, &params, why))) {
		servers_unref(fresh);
		return rc;
	}
	pthread_mutex_lock(&a->lock);
	old = a->servers;
	a->servers = fresh;
	pthread_mutex_unlock(&a->lock);
	servers_unref(old);
	return 0;
}

/* pluq_plugin.fini. The loops have ended. */
static void fini(void *self)
{
	struct asker *a = self;

	question_drop_all(a);
	servers_unref(a->servers);
	pthread_mutex_destroy(&a->lock);
	free(a);
}

/* pluq_plugin.init. The TLS configuration is made though no address may be https: a server may ask for it. */
static int init(const struct pluq_host *host, const void *conf, void **self, struct pluq_why *why)
{
	struct pluq_tls_params params = tls_params(conf);
	struct asker *a = calloc(1, sizeof(*a));
	int rc;

	if (!a) {
		snprintf(why->text, sizeof(why->text), "out of memory");
		return PLUQ_ENOMEM;
	}
	a->host = host;
	a->http = host->http;
	if ((rc = servers_new(conf, &a->servers, why)))
		goto no_servers;
	if ((rc = host->net->tls_new(host, &params, &a->tls, why)))
		goto no_tls;
	pthread_mutex_init(&a->lock, NULL);
	*self = a;
	return 0;

no_tls:
	servers_unref(a->servers);
no_servers:
	free(a);
	return rc;
}

/* pluq_plugin.check */
static int check(const void *conf, struct pluq_why *why)
{
	struct servers *s;
	int rc = servers_new(conf, &s, why);

	if (rc == 0)
		servers_unref(s);
	return rc;
}

#define OPTION(member, kind, more, help_) \
	{ .key = #member, .type = PLUQ_OPT_##kind, .offset = offsetof(struct conf, member), .help = help_, more }
#define MORE(...) __VA_ARGS__
#define MS INT64_C(1000000)
#define LONGEST (INT64_MAX / 4)

static const struct pluq_option options[] = {
	OPTION(address, STRINGS, MORE(.flags = PLUQ_OPT_REQUIRED | PLUQ_OPT_RELOAD, .original = "auth_http_addresses"),
	    "auth servers to ask: host:port (asked at http://host:port/auth), the path of a unix socket, or a whole URL, http or https"),
	OPTION(request_method, ENUM,
	    MORE(.flags = PLUQ_OPT_RELOAD, .words = "get|post", .standard = "get", .original = "auth_http_request_method"),
	    "how they are asked: with a query, or with a JSON body"),
	OPTION(connect_timeout, DURATION,
	    MORE(.flags = PLUQ_OPT_RELOAD, .standard = "2s", .min = MS, .max = LONGEST, .original = "http_client_connect_timeout"),
	    "time to connect to one"),
	OPTION(request_timeout, DURATION,
	    MORE(.flags = PLUQ_OPT_RELOAD, .standard = "5s", .min = MS, .max = LONGEST, .original = "http_client_request_timeout"),
	    "time of a whole request to one, redirects included; then the next one is asked"),
	OPTION(tls_root_ca_file, STRING, MORE(.flags = PLUQ_OPT_RELOAD, .original = "tls_root_ca_file"),
	    "PEM file of the roots that https servers are verified against; empty means the system's"),
	OPTION(tls_min_version, ENUM,
	    MORE(.flags = PLUQ_OPT_RELOAD, .words = "tls1.0|tls1.1|tls1.2|tls1.3", .standard = "tls1.2", .original = "tls_min_version"),
	    "lowest version of TLS for https"),
	OPTION(tls_cert, STRING, .flags = PLUQ_OPT_RELOAD, "PEM file of the certificate, then its chain, that https servers are shown; empty is none"),
	OPTION(tls_key, STRING, .flags = PLUQ_OPT_RELOAD, "PEM file of its key"),
	{ .key = NULL },
};

static const struct pluq_auth_ops ops = { .size = sizeof(ops), .ask = question_ask, .cancel = question_cancel };

PLUQ_PLUGIN_ENTRY = {
	.size = sizeof(struct pluq_plugin),
	PLUQ_PLUGIN_ABI,
	.kind = PLUQ_KIND_AUTH,
	.option_size = sizeof(struct pluq_option),
	.name = "auth-http",
	.version = "0.1.0",
	.summary = "asks auth servers over HTTP, as the original does",
	.options = options,
	.conf_size = sizeof(struct conf),
	.init = init,
	.fini = fini,
	.reload = reload,
	.ops = &ops,
	.check = check,
};
